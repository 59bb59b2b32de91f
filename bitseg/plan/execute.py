"""Executing a plan brings its leaves to an instant and joins them, rarest first."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from bitseg.bitmap import VERSIONS, RowSet
from bitseg.limits import check_building
from bitseg.plan.asks import ask
from bitseg.plan.kept import LEAST_BYTES, KeptLeaf
from bitseg.plan.nodes import (
    Both,
    Either,
    Everyone,
    Leaf,
    Nobody,
    Not,
    Plan,
    SegmentLeaf,
    segments_of,
)
from bitseg.plan.sizes import size_of
from bitseg.plan.work import MUCH, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bitseg.clock import Now
    from bitseg.tenant import Tenant

    Answer = tuple[RowSet, int]


APART_BYTES: Final = 2**28
"""So much an executor apart keeps, so that a check of all does not hold all twice."""

ASKED_MOST: Final = 4_096
"""So many plans that were asked once, or counted, are remembered."""


class Segments(Protocol):
    """What an executor must know of segments."""

    def plan(self, segment: str) -> Plan | None:
        """Return what a segment's definition became; None where it is static."""
        ...

    def behind(self, segments: Iterable[str]) -> list[str]:
        """Return segments and all that they speak of, each once, behind what it speaks of."""
        ...

    def static(self, segment: str, n: int) -> Answer:
        """Return a static segment's members among n rows, and their version."""
        ...


class _Question(NamedTuple):
    """An instant, and what segments were found to hold at it."""

    now: Now
    segments: dict[str, Answer]


class _Join:
    """A join's members, and the versions of the parts they were made from."""

    __slots__ = ("members", "parts", "version", "versions", "wanted")

    def __init__(
        self,
        parts: tuple[Plan, ...],
        wanted: int,
        members: RowSet,
        versions: tuple[int, ...],
    ) -> None:
        self.parts = parts
        self.wanted = wanted
        self.members = members
        self.versions = versions
        self.version = next(VERSIONS)

    @property
    def nbytes(self) -> int:
        return LEAST_BYTES + self.members.nbytes

    def close(self) -> None:
        """Do nothing: a join listens to nobody."""


class Executor:
    """Evaluates plans for one tenant and keeps what leaves and joins answered, within a limit."""

    def __init__(self, tenant: Tenant, segments: Segments, limit_bytes: int) -> None:
        """Take the tenant, its segments, and how many bytes to keep."""
        self.check_room: Callable[[Callable[[], int]], None] = lambda _: None
        """Called with what reckons the bytes of an answer, before it is built; may refuse."""
        self._tenant = tenant
        self._segments = segments
        self._limit = limit_bytes
        self._kept: OrderedDict[Plan, KeptLeaf | _Join] = OrderedDict()
        # To add all sizes up whenever a join is made again would cost more than the join.
        self._sizes: dict[Plan, int] = {}
        self._size = 0
        self._tally_size = 0
        # A join that is asked once is not kept: most definitions on their way to what somebody
        # means are never asked again, and memory that is new costs more than the join.
        self._asked: set[Plan] = set()
        self._counted: dict[tuple[Plan, Plan], tuple[int, int, int]] = {}
        self.dropped = 0
        """How many answers were kept and are not any more."""

    def members(self, plan: Plan, now: Now) -> RowSet:
        """Return the members of a plan at an instant; do not change the set."""
        return self._answered(plan, now)[0]

    def count_in(self, plan: Plan, other: Plan, now: Now) -> tuple[int, int]:
        """Return how many members a plan has, and how many of them are in another plan."""
        members, version = self._answered(plan, now)
        others, other_version = self._answered(other, now)
        counted = self._counted.get((plan, other))
        if counted is not None and counted[:2] == (version, other_version):
            return members.count, counted[2]
        both = members.and_count(others)
        if len(self._counted) >= ASKED_MOST:
            self._counted.clear()
        self._counted[plan, other] = (version, other_version, both)
        return members.count, both

    def work(self, plan: Plan, now: Now) -> int:
        """Return about how many rows answering a plan looks at."""
        n = self._tenant.contacts.n

        def segment(one: str) -> int:
            defined = self._segments.plan(one)
            if defined is None:
                return 0
            if any(segments_of(defined)):
                return MUCH  # a chain of segments, which may be long
            return work(defined, now, n, self._kept.get, segment)

        return work(plan, now, n, self._kept.get, segment)

    def _answered(self, plan: Plan, now: Now) -> Answer:
        question = _Question(now, {})
        segments = _segments(plan)
        if segments:
            for segment in self._segments.behind(segments):
                self._segment(segment, question)  # deepest first: no call goes down a chain
        return self._answer(plan, question)

    def drop_kept(self) -> None:
        """Drop everything that any query built."""
        self._drop_all()
        self._tenant.events.drop_built()
        self._tenant.contacts.drop_built()

    def apart(self) -> Executor:
        """Return an executor that looks all up anew, tallies too; ``end`` it when done."""
        return Executor(self._tenant.apart(), self._segments, APART_BYTES)

    def end(self) -> None:
        """Let go of what an executor apart keeps."""
        self._drop_all()
        self._tenant.events.end()

    def _drop_all(self) -> None:
        while self._kept:
            self._drop_oldest()

    @property
    def size(self) -> int:
        """Bytes kept, tallies included, as they were when they were last looked at."""
        return self._size + self._tally_size

    def shrink(self, most: int) -> None:
        """Drop the oldest until no more than so many bytes are kept."""
        self._shrink(most, 0)

    @property
    def nbytes(self) -> int:
        """Bytes kept, those of the tallies that leaves rest on not included."""
        return sum(one.nbytes for one in self._kept.values())

    def __len__(self) -> int:
        """Return how many leaves and joins are kept."""
        return len(self._kept)

    def _answer(self, plan: Plan, question: _Question) -> Answer:
        """Return a plan's members and their version."""
        if isinstance(plan, Not | Both | Either):
            return self._join(plan, question)
        if isinstance(plan, Everyone):
            return self._tenant.contacts.live, self._tenant.contacts.live_version
        if isinstance(plan, Nobody):
            return RowSet.empty(self._tenant.contacts.n), -self._tenant.contacts.n
        if isinstance(plan, SegmentLeaf):
            return self._segment(plan.segment, question)
        return self._leaf(plan, question.now)

    def _segment(self, segment: str, question: _Question) -> Answer:
        """Return a segment's members; within one question each is looked at once."""
        answer = question.segments.get(segment)
        if answer is None:
            plan = self._segments.plan(segment)
            if plan is None:
                answer = self._segments.static(segment, self._tenant.contacts.n)
            else:
                answer = self._answer(plan, question)
            question.segments[segment] = answer
        return answer

    def _leaf(self, plan: Leaf, now: Now) -> Answer:
        kept = self._kept.get(plan)
        n = self._tenant.contacts.n
        if not isinstance(kept, KeptLeaf):
            check_building()
            self.check_room(lambda: size_of(plan, self._tenant))
            kept = KeptLeaf(*ask(plan, self._tenant))
            try:
                members = kept.settle(now, n)
            except BaseException:
                kept.close()
                raise
            self._tally_size = self._tenant.events.tally_bytes
            self._keep(plan, kept)
            return members, kept.version
        if kept.is_forgotten:
            check_building()
        before = kept.version
        members = kept.settle(now, n)
        if kept.version != before:
            self._measure(plan, kept)
        self._kept.move_to_end(plan)
        return members, kept.version

    def _join(self, plan: Not | Both | Either, question: _Question) -> Answer:
        kept = self._kept.get(plan)
        join = kept if isinstance(kept, _Join) else None
        parts, wanted = _sides(plan) if join is None else (join.parts, join.wanted)
        answers = [self._answer(part, question) for part in parts]
        versions = (self._tenant.contacts.live_version, *[version for _, version in answers])
        if join is not None and join.versions == versions:
            self._kept.move_to_end(plan)
            return join.members, join.version
        sets = [members for members, _ in answers]
        made = _either(sets) if isinstance(plan, Either) else self._both(sets, wanted)
        new = _Join(parts, wanted, made, versions)
        if join is not None or self._was_asked(plan):
            if kept is None:
                self.check_room(lambda: new.nbytes)
            self._keep(plan, new)
        return made, new.version

    def _was_asked(self, plan: Plan) -> bool:
        """Return whether a plan was asked before, and remember that it was."""
        if plan in self._asked:
            self._asked.discard(plan)
            return True
        if len(self._asked) >= ASKED_MOST:
            self._asked.clear()
        self._asked.add(plan)
        return False

    def _both(self, sets: list[RowSet], number: int) -> RowSet:
        """Intersect so many sets rarest first, and take the others away, largest first."""
        wanted = sorted(sets[:number], key=_count)
        unwanted = sorted(sets[number:], key=_count, reverse=True)
        made = wanted[0] if wanted else self._tenant.contacts.live
        for one in wanted[1:]:
            if made.count == 0:
                break
            made = made.and_(one)
        for one in unwanted:
            if made.count == 0:
                break
            made = made.minus(one)
        return made

    def _keep(self, plan: Plan, one: KeptLeaf | _Join) -> None:
        self._kept[plan] = one
        self._kept.move_to_end(plan)
        self._measure(plan, one)
        self._shrink(self._limit, 1)

    def _shrink(self, most: int, number: int) -> None:
        """Drop the oldest likewise, but the newest so many not, whatever they take."""
        events = self._tenant.events
        while len(self._kept) > number and self.size > most:
            self._drop_oldest()
            events.drop_unheard()
            self._tally_size = events.tally_bytes

    def _measure(self, plan: Plan, one: KeptLeaf | _Join) -> None:
        """Note how many bytes an answer has now."""
        size = one.nbytes
        self._size += size - self._sizes.get(plan, 0)
        self._sizes[plan] = size

    def _drop_oldest(self) -> None:
        plan, oldest = self._kept.popitem(last=False)
        self.dropped += 1
        self._size -= self._sizes.pop(plan)
        oldest.close()


_count: Final = attrgetter("count")


@lru_cache(ASKED_MOST)
def _segments(plan: Plan) -> tuple[str, ...]:
    return tuple(segments_of(plan))


def _sides(plan: Not | Both | Either) -> tuple[tuple[Plan, ...], int]:
    """Return the parts to join, those to take away behind them, and how many the first are.

    What is taken away needs no complement of its own.
    """
    if isinstance(plan, Not):
        return (plan.of,), 0
    if isinstance(plan, Either):
        return plan.parts, len(plan.parts)
    wanted: list[Plan] = [part for part in plan.parts if not isinstance(part, Not)]
    unwanted = [part.of for part in plan.parts if isinstance(part, Not)]
    return (*wanted, *unwanted), len(wanted)


def _either(sets: list[RowSet]) -> RowSet:
    made = sets[0]
    for one in sets[1:]:
        made = made.or_(one)
    return made
