"""A life is a tenant's writes and passing time, and what each segment's record must then say.

The record of who entered and left is replayed by plain sets onto members that were known earlier;
instants are judged by the oracle, which evaluates a definition for one contact at any instant.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import bitseg
from tests.oracle import draw_rules, values
from tests.oracle.dates import Moment, from_ms, to_ms
from tests.oracle.draw_rows import draw_contact, draw_events, draw_ids, typed_events
from tests.oracle.evaluate import Json, in_segment
from tests.oracle.pools import Pool, draw_pool, pool_at
from tests.oracle.world import World

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
FIXED: Final = ("f0", "f1", "f2")
"""The static segments."""

TIMED: Final = ("within", "now", "today", "anniversary", "more_than_a", "last_", "total_")
"""What a definition that time alone may change has in it."""

Key = tuple[str, int]
"""A contact: its id, and how often one of that id was erased before."""


class Kind(NamedTuple):
    """What a life is like.

    Attributes:
        segments: how many dynamic segments there are.
        people: how many contacts, about.
        durable: whether it is in a file that is closed and opened again.
        keep_bytes: what queries may keep.
        retention_days: for how long events are kept; the oracle keeps all, and is not asked then.
    """

    segments: int = 200
    people: int = 40
    durable: bool = False
    keep_bytes: int = 2**30
    retention_days: int | None = None


class Known(NamedTuple):
    """Members that a segment had at a number of its record."""

    seq: int
    members: frozenset[Key]


class Remembered(NamedTuple):
    """Members that a segment had at an instant that is past."""

    segment: str
    at: int
    members: frozenset[Key]


class Life:
    """One tenant, in an engine and as plain dicts.

    Attributes:
        mutations: rows written, contacts erased, segments and members set, and moves of the clock.
        writes: calls that wrote.
    """

    def __init__(self, seed: int, kind: Kind, directory: Path) -> None:
        """Draw a tenant with its segments."""
        self.random = Random(seed)  # noqa: S311 - a seed replays it
        self.kind = kind
        drawn = draw_pool(self.random)
        self.world = World(drawn.timezone)
        self.clock = drawn.nows[0]
        self.instant = self.clock
        self.pool = self._pool()
        self._file = directory / f"{seed}.db"
        self.engine = self._open()
        self.mutations = self.writes = 0
        self._births: dict[str, int] = {}
        self._known: dict[str, list[Known]] = {}
        self._remembered: list[Remembered] = []
        self._before: World | None = None
        self._since = self.instant
        self._begin()

    def _open(self) -> bitseg.Engine:
        kind, zone = self.kind, self.world.timezone
        if not kind.durable:
            return bitseg.Engine(
                zone,
                clock=lambda: self.clock,
                keep_bytes=kind.keep_bytes,
                retention_days=kind.retention_days,
            )
        return bitseg.open(
            self._file,
            timezone=zone,
            clock=lambda: self.clock,
            keep_bytes=kind.keep_bytes,
            retention_days=kind.retention_days,
            sync="normal",
        )

    def close(self) -> None:
        """Let go of the file."""
        self.engine.close()

    def _begin(self) -> None:
        for path, data_type in values.CUSTOM_FIELDS.items():
            self._write("define_field", path, data_type)
        ids = draw_ids(self.pool, self.kind.people)
        self._write("load_contacts", [draw_contact(self.pool, one, 0.4) for one in ids])
        self._write("load_events", typed_events(ids[0], self.pool.instant()))
        self._write("load_events", draw_events(self.pool, self.world, len(ids) * 3))
        for name in FIXED:
            self._set_static(name)
        for number in range(self.kind.segments):
            self._set_dynamic(f"s{number}")
        self.check()

    def _pool(self) -> Pool:
        return pool_at(self.random, self.world.timezone, self.clock)

    # Steps

    def step(self) -> None:
        """Move the clock or not, ask or not, write or not; then check everything."""
        self._move_clock()
        for _ in range(self.random.choice((0, 0, 1, 3))):
            self._ask_aside()
        for _ in range(self.random.choice((0, 1, 1, 1, 2))):
            self.random.choice(_WRITES)(self)
        self.check()

    def _move_clock(self) -> None:
        if self.random.random() < 0.35:
            return
        self.mutations += 1
        before = self.clock
        due = self._due() if self.random.random() < 0.4 else None
        if due is not None and due - before < 7 * DAY:
            self.clock = due + self.random.choice((-1, 0, 0, 1))
        else:
            self.clock += self.random.choice(_MOVES)
        if self.kind.durable and self.random.random() < 0.25:
            self._stop()
        if self.clock > self.instant:
            self._before = copy.deepcopy(self.world)
            self._since, self.instant = self.instant, self.clock
        self.pool = self._pool()

    def _stop(self) -> None:
        """Close the file and open it again, or go on with what a kill would have left."""
        if self.random.random() < 0.3:
            self.engine.snapshot()
        if self.random.random() < 0.5:
            left = self._file.with_name(f"{self._file.stem}-{self.writes}")
            left.mkdir(exist_ok=True)
            for one in self._file.parent.glob(f"{self._file.name}*"):
                if not one.name.endswith(("-lock", "-shm")):
                    shutil.copy(one, left / one.name)
            self._file = left / self._file.name
        self.engine.close()
        self.engine = self._open()

    def _due(self) -> int | None:
        due = self.engine.segments.advance()
        return None if due is None else to_ms(due)

    def _ask_aside(self) -> None:
        """Ask at other instants, or forget what is kept, which is to change nothing."""
        way = self.random.random()
        if way < 0.15:
            self.engine.drop_kept()
            return
        then = self.clock + self.random.choice((-1, 1)) * self.random.choice(_ASIDE)
        name = self._dynamic()
        content = self.world.segments[name]
        now = None if way < 0.4 else from_ms(then)
        if way < 0.7:
            self.engine.preview(content, breakdown=True, now=now, against=name)
        else:
            self.engine.count(content, now)

    # Writes

    def _write(self, call: str, *arguments: Any) -> None:
        self.instant = max(self.instant, self.clock)
        self.world.clock = self.clock
        expected = getattr(self.world, call)(*arguments)
        done = getattr(self.engine, call)(*arguments)
        self.writes += 1
        if call == "load_contacts":
            assert sorted(one.index for one in done.rejected) == expected.rejected
        if call == "load_events":
            assert done.accepted == expected.accepted, (done, expected)

    def _ids(self, most: int) -> list[str]:
        ids = list(self.world.contacts)
        return self.random.sample(ids, min(len(ids), self.random.randint(1, most)))

    def _dynamic(self) -> str:
        return f"s{self.random.randrange(self.kind.segments)}"

    def upsert(self) -> None:
        """Change a few contacts, and perhaps make one."""
        ids = self._ids(3)
        if self.random.random() < 0.3:
            ids.append(f"new{self.random.randrange(60)}")
        self._load([draw_contact(self.pool, one, 0.25) for one in ids])

    def upsert_many(self) -> None:
        """Change most contacts."""
        ids = self._ids(len(self.world.contacts))
        self._load([draw_contact(self.pool, one, 0.1) for one in ids])

    def touch(self) -> None:
        """Write contacts that do not change but in when they were written."""
        self._load([{"id": one} for one in self._ids(2)])

    def _load(self, rows: list[Json]) -> None:
        self.mutations += len(rows)
        self._write("load_contacts", rows)

    def record(self) -> None:
        """Record a few events, late, of now, and of the future."""
        self._record(self.random.randint(1, 5))

    def record_many(self) -> None:
        """Record events of most contacts."""
        self._record(len(self.world.contacts) * 2)

    def record_and_create(self) -> None:
        """Record events of contacts that are not there."""
        self.world.clock = self.clock
        rows = draw_events(self.pool, self.world, 3)
        rows = [{**row, "contact_id": f"new{self.random.randrange(60)}"} for row in rows]
        self.mutations += len(rows)
        self._write("load_events", rows, True)  # noqa: FBT003 - as a user may write it

    def _record(self, count: int) -> None:
        self.world.clock = self.clock
        rows = draw_events(self.pool, self.world, count)
        self.mutations += len(rows)
        self._write("load_events", rows)

    def withdraw(self) -> None:
        """Take events back."""
        self.world.clock = self.clock
        used = self.world.remembered_event_ids()
        if used:
            chosen = self.random.sample(used, min(len(used), self.random.choice((1, 2, 40))))
            self.mutations += len(chosen)
            self._write("withdraw_events", chosen)

    def erase(self) -> None:
        """Erase contacts; now and then they come back at once."""
        ids = self._ids(self.random.choice((1, 2, 12)))
        if len(self.world.contacts) - len(ids) < 5:
            return
        self.mutations += len(ids)
        self._write("delete_contacts", ids)
        for one in ids:
            self._forget(one)
        if self.random.random() < 0.5:
            self._load([draw_contact(self.pool, one, 0.3) for one in ids])

    def make_and_erase(self) -> None:
        """Make contacts and erase them again before anybody looks."""
        ids = [f"gone{self.random.randrange(1000)}" for _ in range(3)]
        self._load([draw_contact(self.pool, one, 0.5) for one in dict.fromkeys(ids)])
        self._write("delete_contacts", ids)
        for one in dict.fromkeys(ids):
            self._forget(one)

    def _forget(self, contact_id: str) -> None:
        gone = (contact_id, self._births.get(contact_id, 0))
        self._births[contact_id] = gone[1] + 1
        for segment, known in self._known.items():
            self._known[segment] = [Known(one.seq, one.members - {gone}) for one in known]
        self._remembered = [one._replace(members=one.members - {gone}) for one in self._remembered]

    def edit(self) -> None:
        """Give a segment another definition."""
        self._set_dynamic(self._dynamic())

    def edit_static(self) -> None:
        """Set a static segment, or put contacts in and take some out."""
        name = self.random.choice(FIXED)
        ids = self._ids(12)
        way = self.random.random()
        self.mutations += 1
        if way < 0.3:
            self._set_static(name)
            return
        self.instant = max(self.instant, self.clock)
        had = self.world.segments[name]
        assert isinstance(had, list)
        if way < 0.65:
            self.engine.segments.add_contacts(name, ids)
            self.world.segments[name] = [*dict.fromkeys([*had, *ids])]
        else:
            self.engine.segments.remove_contacts(name, ids)
            self.world.segments[name] = [one for one in had if one not in ids]
        self.writes += 1

    def remake(self) -> None:
        """Remove a segment that nobody speaks of, and make another of its id."""
        name = self._dynamic()
        if self.engine.segments.dependents(name):
            return
        self._write("remove_segment", name)
        self._known.pop(name)
        self._remembered = [one for one in self._remembered if one.segment != name]
        self._set_dynamic(name)

    def drop_expired(self) -> None:
        """Drop what is older than the retention."""
        self.instant = max(self.instant, self.clock)
        self.engine.drop_expired_events()
        self.writes += 1

    def do_nothing(self) -> None:
        """Let time alone have passed."""
        if self.random.random() < 0.5:
            self.engine.segments.advance()

    def _set_static(self, name: str) -> None:
        self.mutations += 1
        ids = list(self.world.contacts)
        self._write(
            "define_segment", name, self.random.sample(ids, self.random.randint(0, len(ids)))
        )

    def _set_dynamic(self, name: str) -> None:
        self.mutations += 1
        before = [f"s{one}" for one in range(int(name[1:])) if f"s{one}" in self.world.segments]
        near = self.random.sample(before, min(len(before), 3))
        for _ in range(3):
            drawn = draw_rules.definition(self.pool, self.world, [*near, *FIXED])
            text = json.dumps(drawn)
            if any(word in text for word in TIMED):
                break
        self._write("define_segment", name, drawn)

    # Checks

    def key(self, contact_id: str) -> Key:
        """Return a contact that is there."""
        return contact_id, self._births.get(contact_id, 0)

    def check(self) -> None:
        """See that the record, the definitions and the oracle agree."""
        refreshed = self.engine.refresh_segments()
        assert refreshed == {}, self._said(next(iter(refreshed)), f"refreshed {refreshed}")
        for segment in self.world.segments:
            self._check_record(segment)
        self._check_past()
        if self.kind.retention_days is None:
            self._check_by_oracle()
        self._before, self._since = None, self.instant

    def _check_record(self, segment: str) -> None:
        known = self._known.setdefault(segment, [Known(0, frozenset())])
        last = self.engine.segments.last_seq(segment)
        newest = known[-1]
        starts = {len(known) - 1}
        if self.random.random() < 0.1 or last != newest.seq:
            starts.add(self.random.randrange(len(known)))
        now = frozenset(self.key(one) for one in self.engine.segments.members(segment).ids())
        for start in sorted(starts):
            replayed = self._replayed(segment, known[start], last)
            if self.clock >= self.instant:
                assert replayed == now, self._said(
                    segment, f"after {known[start].seq}: {replayed ^ now} is not so"
                )
        if last != newest.seq:
            known.append(Known(last, replayed))
            if len(known) > 8:
                del known[self.random.randrange(1, 7)]
        else:
            assert replayed == newest.members, self._said(segment, "members without a record")

    def _replayed(self, segment: str, start: Known, last: int) -> frozenset[Key]:
        if start.seq == last:
            return start.members
        said = self.engine.segments.history(segment, after=start.seq, limit=10**9)
        assert said.last_seq == last
        assert [one.seq for one in said.items] == list(range(start.seq + 1, last + 1))
        instants = [one.at for one in said.items]
        assert instants == sorted(instants), self._said(segment, f"instants {instants}")
        assert instants[-1] <= bitseg.clock.show_instant(self.instant)
        members = set(start.members)
        for one in said.items:
            if one.contact_id is None:
                continue
            key = self.key(one.contact_id)
            assert (key in members) == (one.change == "left"), self._said(segment, f"{one} twice")
            (members.add if one.change == "entered" else members.remove)(key)
        assert said.sizes[-1].count == len(members), self._said(segment, f"{said.sizes[-1]}")
        if self._before is not None and self.kind.retention_days is None:
            for one in said.items:
                self._check_boundary(segment, one)
        return frozenset(members)

    def _check_boundary(self, segment: str, one: Any) -> None:
        """See that what time alone changed holds from its instant on, and not a ms before."""
        at = to_ms(datetime.fromisoformat(one.at))
        world = self._before
        assert world is not None
        if not self._since < at < self.instant or one.contact_id not in world.contacts:
            return
        contact = world.contacts[one.contact_id]
        was, came = (
            in_segment(world, segment, contact, Moment(when, world.timezone))
            for when in (at - 1, at)
        )
        entered = one.change == "entered"
        assert (was, came) == (not entered, entered), self._said(
            segment, f"{one}: a ms before {was}, then {came}"
        )

    def _check_past(self) -> None:
        for one in self.random.sample(self._remembered, min(3, len(self._remembered))):
            assert self._members_at(one.segment, one.at) == one.members, self._said(
                one.segment, f"as of {from_ms(one.at)}"
            )
        if self.instant > self._since + 1:
            for _ in range(2):
                segment = self.random.choice(list(self.world.segments))
                at = self.random.randrange(self._since, self.instant)
                found = Remembered(segment, at, self._members_at(segment, at))
                self._remembered.append(found)
            if len(self._remembered) > 60:
                del self._remembered[:20]

    def _members_at(self, segment: str, at: int) -> frozenset[Key]:
        ids = self.engine.segments.members(segment, at=from_ms(at)).ids()
        return frozenset(self.key(one) for one in ids)

    def _check_by_oracle(self) -> None:
        names = list(self.world.segments)
        for segment in self.random.sample(names, 2):
            want = self._oracle(self.world, segment, self.clock)
            got = set(self.engine.segments.members(segment).ids())
            assert got == want, self._said(segment, f"now: {got ^ want} is not so")
        if self._before is None:
            return
        gone = self._before.contacts.keys() - self.world.contacts.keys()
        for segment in self.random.sample(names, 3):
            if self._before.segments.get(segment) != self.world.segments[segment]:
                continue
            at = self._instant_between()
            if not self._since < at < self.instant:
                continue
            want = self._oracle(self._before, segment, at) - gone
            got = {one for one, _ in self._members_at(segment, at)} & self._before.contacts.keys()
            reborn = {one for one in want | got if one in self.reborn}
            assert got - reborn == want - reborn, self._said(
                segment, f"as of {from_ms(at)}: {got ^ want} is not so"
            )

    @property
    def reborn(self) -> set[str]:
        """Ids that somebody else had before."""
        return set(self._births)

    def _instant_between(self) -> int:
        near = [one for one in self.pool.instants if self._since < one < self.instant]
        if near and self.random.random() < 0.7:
            return self.random.choice(near)
        return self.random.randint(self._since, self.instant)

    def _oracle(self, world: World, segment: str, at: int) -> set[str]:
        moment = Moment(at, world.timezone)
        return {
            one.id for one in world.contacts.values() if in_segment(world, segment, one, moment)
        }

    def _said(self, segment: str, what: str) -> str:
        rules = json.dumps(self.world.segments[segment], ensure_ascii=False)
        return (
            f"{segment}: {what}\nclock {from_ms(self.clock)}, instant {from_ms(self.instant)}, "
            f"since {from_ms(self._since)}, {self.world.timezone}\n{rules}"
        )


_MOVES: Final = (
    1, 1, 999, 1_000, 60_000, 15 * 60_000 - 1, 15 * 60_000, HOUR, HOUR + 1, 5 * HOUR, DAY - 1,
    DAY, DAY + HOUR, 2 * DAY, 7 * DAY, -1, -HOUR, -2 * DAY,
)  # fmt: skip
_ASIDE: Final = (1, HOUR, 6 * HOUR, DAY, 8 * DAY, 40 * DAY, 400 * DAY)

_WRITES: Final[tuple[Callable[[Life], None], ...]] = (
    *(Life.upsert,) * 4, *(Life.record,) * 5, Life.touch, Life.upsert_many, Life.record_many,
    Life.record_and_create, Life.withdraw, Life.withdraw, Life.erase, Life.make_and_erase,
    *(Life.edit,) * 3, Life.edit_static, Life.edit_static, Life.remake, Life.drop_expired,
    Life.do_nothing, Life.do_nothing,
)  # fmt: skip
