"""The tracker finds who entered and left dynamic segments, by each write and as time passes.

A write touches few rows: only the segments whose leaves it touched are asked, and only about those
rows. Time is followed from one due-time to the next: each leaf says when the next value, or event,
crosses one of its bounds. What is found is recorded with the instant at which it came to hold.
"""

from __future__ import annotations

from contextlib import contextmanager
from heapq import heappop, heappush
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from bitseg.changes import ChangeMembers, DefineSegment, RefreshSegments
from bitseg.clock import Now
from bitseg.commits import Staged
from bitseg.plan.nodes import Both, Either, Everyone, Nobody, Not, SegmentLeaf, leaves_of
from bitseg.segments.records import unpacked
from bitseg.tracking.watched import WatchedLeaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from threading import RLock

    from bitseg.bitmap import Mask, Rows
    from bitseg.changes import Change, MembersChanged
    from bitseg.events.log import Events
    from bitseg.plan.execute import Executor
    from bitseg.plan.nodes import Leaf, Plan
    from bitseg.segments import Segments
    from bitseg.tenant import Tenant

WHOLE_SHARE: Final = 8
"""With more than one row in eight to look at, asking about all of them is faster."""

HELD_UP_S: Final = 0.001
"""So long it goes on before others are let come: a lock that is let go of and taken at once is
seldom had by who waits for it."""

SLICE: Final = 8
"""Segments that are asked before evaluations of others may come between."""


class _Tracked(msgspec.Struct, frozen=True):
    """A dynamic segment, its plan, and the leaves of it that are watched."""

    plan: Plan
    leaves: tuple[WatchedLeaf, ...]


class _Question(msgspec.Struct, frozen=True):
    """Rows, an instant, and which of the rows plans were found to hold at it."""

    rows: Rows
    live: Mask
    now: Now
    known: dict[Plan, Mask] = msgspec.field(default_factory=dict)


class Tracker:
    """Who entered and left the dynamic segments of a tenant; whoever writes asks it.

    The instants that it is asked for are those of commits, which never fall.
    """

    def __init__(self, tenant: Tenant, segments: Segments, executor: Executor, lock: RLock) -> None:
        """Take the data, who evaluates whole segments, and the lock of evaluations."""
        self._tenant = tenant
        self._segments = segments
        self._executor = executor
        self._lock = lock
        self._at: int | None = None  # up to which all is recorded, ms; None = it has not begun
        self._n = 0
        self._version = -1
        self._place: dict[str, int] = {}
        self._speaking: list[tuple[str, tuple[str, ...]]] = []
        self._tracked: dict[str, _Tracked] = {}
        self._watched: dict[Leaf, WatchedLeaf] = {}
        self._by_kind: dict[str, set[WatchedLeaf]] = {}
        self._due: list[tuple[int, int, WatchedLeaf]] = []
        self._pushed = 0
        self._went_on = 0.0
        self._stirred: set[WatchedLeaf] = set()
        self._whole: set[str] = set()
        self._changed: set[str] = set()
        self._rows: list[Rows] = []
        tenant.events.watch(self)

    # What it hears

    def came(self, kind: str, events: Events) -> None:
        """Hear of events that were recorded."""
        del events
        self._stirred |= self._by_kind.get(kind, set())

    def went(self, kind: str, events: Events) -> None:
        """Hear of events that were taken out."""
        self.came(kind, events)

    # What commits ask of it

    def begin(self, at: int) -> None:
        """Begin with members that were recorded by ms ``at``, and perhaps not all."""
        self._at = at
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Let every segment be evaluated whole, the next time."""
        self._whole |= {one for one in self._segments.ids() if self._segments.plan(one)}

    def ahead(self, at: int) -> Iterator[Staged[None]]:
        """Yield what time alone changed up to ms ``at``, an instant at a time, to be kept.

        Each is to be kept, or given up, before the next is asked for.
        """
        began = self._at
        if began is None:
            began = at
            self.begin(at)
        if self._whole:
            yield from self._staged(began, ())
        while (due := self._next_due()) is not None and due <= at:
            yield from self._staged(due, ())
        self._at = at

    def behind(self, changes: Sequence[Change], at: int) -> Iterator[Staged[None]]:
        """Yield what changes that were applied at ms ``at`` made of the segments, to be kept."""
        yield from self._staged(at, changes)

    @property
    def nbytes(self) -> int:
        """Bytes that the members of leaves hold."""
        return sum(one.nbytes for one in self._watched.values())

    @property
    def next_due(self) -> int | None:
        """The next instant at which time alone may change a segment, ms; None = never."""
        with self._lock:
            return self._next_due()

    def _next_due(self) -> int | None:
        while self._due:
            due, _, one = self._due[0]
            if one.due == due and one.users:
                return due
            heappop(self._due)  # it looked ahead again since, or nobody watches it any more
        return None

    def _staged(self, at: int, changes: Sequence[Change]) -> Iterator[Staged[None]]:
        try:
            moved = self._look(at, changes)
        except BaseException:
            self._begin_anew()  # what was touched may be forgotten by now
            raise
        self._at = at
        if not moved:
            return
        # Until it is kept it is to be found again: what was touched is forgotten by now.
        self._whole |= {one.segment for one in moved}

        def publish() -> None:
            for one in moved:
                self._segments.history.record(one, self._tenant.contacts.n)
                self._whole.discard(one.segment)

        yield Staged((RefreshSegments(at, moved),), publish)

    # Finding

    def _look(self, at: int, changes: Sequence[Change]) -> tuple[MembersChanged, ...]:
        """Return who entered and left by ms ``at``, and look ahead from there."""
        now, n = Now(at, self._tenant.zone), self._tenant.contacts.n
        self._note(changes)
        self._sync(now, n)
        if not self._tracked:
            self._n, self._rows = n, []
            return ()
        whole, asked, rows = self._affected(self._leaf_changes(now, n), n)
        with self._lock:
            question = _Question(rows, self._tenant.contacts.live.test(rows), now)
        found: list[MembersChanged | None] = []
        for start in range(0, len(asked), SLICE):
            with self._slice():
                found += self._find(asked[start : start + SLICE], question)
        for segment in whole:
            with self._slice():
                members = self._executor.members(SegmentLeaf(segment), now)
                found.append(self._segments.history.changed(segment, members, at))
        return tuple(one for one in found if one is not None)

    @contextmanager
    def _slice(self) -> Iterator[None]:
        """Hold the lock of evaluations for the block, and let who waits for it come then."""
        with self._lock:
            yield
        if perf_counter() - self._went_on > HELD_UP_S:
            sleep(0)
            self._went_on = perf_counter()

    def _note(self, changes: Iterable[Change]) -> None:
        """Note the members that changes of segments moved: those that speak of them follow."""
        for change in changes:
            if isinstance(change, DefineSegment | ChangeMembers) and change.moved is not None:
                self._rows += [unpacked(change.moved.entered), unpacked(change.moved.left)]
                self._changed.add(change.moved.segment)

    def _leaf_changes(self, now: Now, n: int) -> list[tuple[WatchedLeaf, Rows | None]]:
        """Bring the leaves that something touched, or whose time has come, to an instant.

        Returns:
            Each with the rows whose answer changed; None = any may have.
        """
        with self._lock:
            while self._due and self._due[0][0] <= now.at:
                one = heappop(self._due)[2]
                if one.users:
                    self._stirred.add(one)
        found: dict[WatchedLeaf, Rows | None] = {}
        ahead: dict[object, int | None] = {}
        while True:  # who shares a tally is touched with it
            with self._slice():
                next_ = next((leaf for leaf in self._stirred if leaf not in found), None)
                if next_ is None:
                    return list(found.items())
                next_.settle(now, n)
                found[next_] = next_.changes(n)
                self._stirred.discard(next_)
                self._look_ahead(next_, now, ahead)

    def _affected(
        self, moved: Iterable[tuple[WatchedLeaf, Rows | None]], n: int
    ) -> tuple[list[str], list[str], Rows]:
        """Return the segments to ask as a whole, those to ask about rows, and the rows."""
        whole, asked = self._whole & self._tracked.keys(), set(self._changed)
        rows, self._rows, self._changed, self._whole = self._rows, [], set(), set()
        for one, changed in moved:
            if changed is None:
                whole |= one.users
            elif changed.size:
                asked |= one.users
                rows.append(changed)
        if n > self._n:
            rows.append(np.arange(self._n, n, dtype=np.uint32))
            asked.update(self._tracked)
            self._n = n
        together = np.unique(np.concatenate(rows)) if rows else np.empty(0, np.uint32)
        if together.size * WHOLE_SHARE > n:
            whole |= asked
        for segment, targets in self._speaking:  # each behind those that it speaks of
            if not whole.isdisjoint(targets):
                whole.add(segment)
            elif not asked.isdisjoint(targets):
                asked.add(segment)
        asked = (asked & self._tracked.keys()) - whole
        return (
            sorted(whole, key=self._place.__getitem__),
            sorted(asked, key=self._place.__getitem__),
            together,
        )

    def _find(
        self, segments: Sequence[str], question: _Question
    ) -> Iterator[MembersChanged | None]:
        """Yield who of some rows entered and left each of some segments."""
        history, rows, n = self._segments.history, question.rows, self._n
        for segment in segments:
            truth = self._truth(SegmentLeaf(segment), question) & question.live
            moved = truth != history.members(segment, n).test(rows)
            if moved.any():
                entered, left = rows[moved & truth], rows[moved & ~truth]
                yield history.made(segment, entered, left, question.now.at)

    def _truth(self, plan: Plan, question: _Question) -> Mask:
        """Return bool[k]: which of the rows are in a plan."""
        known = question.known.get(plan)
        if known is None:
            known = question.known[plan] = self._made(plan, question)
        return known

    def _made(self, plan: Plan, question: _Question) -> Mask:
        made: Mask
        match plan:
            case Everyone():
                made = question.live
            case Nobody():
                made = np.zeros(question.rows.size, np.bool_)
            case Not():
                made = ~self._truth(plan.of, question)
            case Both():
                made = np.logical_and.reduce([self._truth(one, question) for one in plan.parts])
            case Either():
                made = np.logical_or.reduce([self._truth(one, question) for one in plan.parts])
            case SegmentLeaf() if plan.segment in self._tracked:
                made = self._truth(self._tracked[plan.segment].plan, question) & question.live
            case SegmentLeaf():
                made = self._segments.static(plan.segment, self._n)[0].test(question.rows)
            case _:
                made = self._watched[plan].truth(question.rows, self._n)
        return made

    # Watching

    def _sync(self, now: Now, n: int) -> None:
        """Watch the leaves of the definitions as they are now."""
        if self._version == self._segments.version:
            return
        if not self._tracked:
            self._n = n
        order = self._segments.behind(self._segments.ids())
        plans = {one: plan for one in order if (plan := self._segments.plan(one))}
        self._place = {one: place for place, one in enumerate(order)}
        self._speaking = [
            (one, targets) for one in plans if (targets := self._segments.get(one).targets)
        ]
        for segment, tracked in list(self._tracked.items()):
            if plans.get(segment) != tracked.plan:
                with self._lock:
                    self._leave(segment)
        for segment, plan in plans.items():
            if segment not in self._tracked:
                leaves = []
                for leaf in leaves_of(plan):
                    with self._slice():
                        leaves.append(self._watch(leaf, segment, now, n))
                self._tracked[segment] = _Tracked(plan, tuple(leaves))
        self._version = self._segments.version  # only now: what failed midway is gone on with

    def _watch(self, leaf: Leaf, segment: str, now: Now, n: int) -> WatchedLeaf:
        watched = self._watched.get(leaf)
        if watched is None:
            watched = WatchedLeaf(leaf, self._tenant, self._stirred_by)
            try:
                watched.begin(now, n)
            except BaseException:
                watched.close()
                raise
            finally:
                self._stirred.discard(watched)  # its first answers are no news
            self._watched[leaf] = watched
            for kind in watched.kinds:
                self._by_kind.setdefault(kind, set()).add(watched)
            watched.users.add(segment)
            self._look_ahead(watched, now, {})
        watched.users.add(segment)
        return watched

    def _leave(self, segment: str) -> None:
        for watched in self._tracked.pop(segment).leaves:
            watched.users.discard(segment)
            if not watched.users:
                watched.close()
                del self._watched[watched.leaf]
                self._stirred.discard(watched)
                for kind in watched.kinds:
                    self._by_kind[kind].discard(watched)

    def _stirred_by(self, watched: WatchedLeaf) -> None:
        self._stirred.add(watched)

    def _look_ahead(self, watched: WatchedLeaf, now: Now, known: dict[object, int | None]) -> None:
        watched.look_ahead(now, known)
        if watched.due is not None:
            self._pushed += 1
            heappush(self._due, (watched.due, self._pushed, watched))
