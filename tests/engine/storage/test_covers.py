"""What a file is said to hold is what it holds: covers against parts that are plain lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bitseg.storage.codec import PartName
from bitseg.storage.coverage import Coverage, Stretch
from bitseg.storage.event_cover import EVER, EventCover
from tests.oracle.profile import profile

SMALL = 3
EXAMPLES = 5_000 if profile().name == "long" else 300
Step = tuple[str, Any]
place = st.integers(0, 25)


def _name(number: int) -> PartName:
    return number, b""


class Column:
    """A column of versions, the parts that hold stretches of it, and its coverage."""

    def __init__(self) -> None:
        """Begin empty."""
        self.cells: list[int] = []
        self.cover = Coverage()
        self.parts: dict[int, list[int]] = {}
        self._later: list[Callable[[], None]] = []
        self._version = 0
        self.untouched: set[int] = set()

    def grow(self, by: int, *, adopted: bool) -> None:
        """Add rows, which a part may already hold."""
        start = len(self.cells)
        self._version += 1
        self.cells += [self._version] * by
        self.cover.touch(np.arange(start, start + by, dtype=np.uint32))
        if adopted and by:
            self.cover.adopt(start, start + by, self._part(self.cells[start:]))

    def write(self, rows: list[int]) -> None:
        """Write to rows that there are."""
        self._version += 1
        there = sorted({row for row in rows if row < len(self.cells)})
        for row in there:
            self.cells[row] = self._version
        for one in self.cover.stretches:
            if one.part and any(one.start <= row < one.start + one.size for row in there):
                self.untouched.discard(one.part[0])
        self.cover.touch(np.array(there, np.uint32))

    def capture(self) -> None:
        """Plan a snapshot, as the real one does; its parts are held by ``finish``."""
        self.finish()
        self.check()
        stretches: list[Stretch] = []
        for start, stop, whole in [*self.cover.runs(len(self.cells), SMALL)]:
            if whole is not None:
                stretches.append(whole)
                continue
            new = Stretch(stop, None, stop - start, made=False, start=start)
            stretches.append(new)
            taken = self.cells[start:stop]
            self._later.append(lambda new=new, taken=taken: new.hold(self._part(taken)))  # type: ignore[misc]
        self.cover.replace(stretches)

    def finish(self) -> None:
        """Hold the parts that were planned."""
        for one in self._later:
            one()
        self._later = []

    def check(self) -> None:
        """See that runs follow each other, and that what is whole is as it should be."""
        at = 0
        for start, stop, whole in self.cover.runs(len(self.cells), SMALL):
            assert start == at < stop
            at = stop
            if whole is not None:
                assert whole.part is not None
                assert self.parts[whole.part[0]] == self.cells[start:stop]
        assert at == len(self.cells)

    def kept(self) -> set[int]:
        """Return the parts that a snapshot now would keep."""
        runs = self.cover.runs(len(self.cells), SMALL)
        return {one.part[0] for _, _, one in runs if one is not None and one.part}

    def large_untouched(self) -> set[int]:
        """Return the parts of some size that nothing was written to since."""
        return {
            one.part[0]
            for one in self.cover.stretches
            if one.part and one.part[0] in self.untouched and one.size >= SMALL
        }

    def _part(self, cells: list[int]) -> PartName:
        number = len(self.parts) + 1
        self.parts[number] = [*cells]
        if not self._later:
            self.untouched.add(number)
        return _name(number)


column_steps = st.one_of(
    st.tuples(st.just("grow"), st.integers(1, 6)),
    st.tuples(st.just("adopt"), st.integers(1, 6)),
    st.tuples(st.just("write"), st.lists(place, min_size=1, max_size=3)),
    st.tuples(st.sampled_from(["capture", "finish"]), st.none()),
)


@settings(max_examples=EXAMPLES)
@given(st.lists(column_steps, max_size=30))
def test_a_coverage_never_calls_whole_what_is_not(steps: list[Step]) -> None:
    column = Column()
    for name, value in steps:
        if name in ("grow", "adopt"):
            column.grow(value, adopted=name == "adopt")
        elif name == "write":
            column.write(value)
        else:
            getattr(column, name)()
        column.check()
    column.finish()
    column.check()
    assert column.large_untouched() <= column.kept()


class Log:
    """Events of a kind in order of arrival, the parts that hold some, and their cover."""

    def __init__(self) -> None:
        """Begin empty."""
        self.events: list[tuple[int, int]] = []
        self.cover = EventCover()
        self.parts: dict[int, list[tuple[int, int]]] = {}
        self._later: list[tuple[Stretch, list[tuple[int, int]]]] = []
        self._number = 0

    def come(self, instants: list[int], *, adopted: bool) -> None:
        """Record events; a part of just these may be adopted."""
        new = []
        for at in instants:
            self._number += 1
            new.append((at, self._number))
        self.events += new
        self.cover.came(np.array(instants, np.int64))
        if adopted:
            self.cover.adopt(self._part(new))

    def go(self, places: list[int]) -> None:
        """Take events out."""
        gone = {self.events[at] for at in places if at < len(self.events)}
        self.events = [one for one in self.events if one not in gone]
        if gone:
            self.cover.went(np.array([at for at, _ in gone], np.int64))

    def snapshot(self) -> list[Stretch]:
        """Plan one, as the real one does; its parts are held by ``finish``; return its spans."""
        self.finish()
        self.cover.settle()
        kept: list[Stretch] = []
        new: list[Stretch] = []
        last: int | None = EVER
        for begin, end, whole in [*self.cover.runs(SMALL)]:
            assert begin == last
            last = end
            if whole:
                kept += whole
                continue
            until = 2**62 if end is None else end
            here = [one for one in self._in_order() if begin <= one[0] < until]
            if here:
                span = Stretch(here[-1][0] + 1, None, len(here), made=False, start=here[0][0])
                new.append(span)
                self._later.append((span, here))
        assert last is None
        order = {id(span): at for at, span in enumerate(self.cover.spans)}
        kept.sort(key=lambda span: order[id(span)])
        self.cover.replace(kept + new)
        return kept + new

    def finish(self) -> None:
        """Hold the parts that were planned."""
        for span, events in self._later:
            span.hold(self._part(events))
        self._later = []

    def read(self, spans: list[Stretch]) -> list[tuple[int, int]]:
        """Return the events of spans as whoever reads the file finds them, in time order."""
        found: list[tuple[int, int]] = []
        for span in spans:
            assert span.part is not None
            found += self.parts[span.part[0]]
        return sorted(found, key=lambda one: one[0])

    def _in_order(self) -> list[tuple[int, int]]:
        return sorted(self.events, key=lambda one: one[0])

    def expected(self) -> list[tuple[int, int]]:
        """Return all events in time order; of one instant, in order of arrival."""
        return self._in_order()

    def _part(self, events: list[tuple[int, int]]) -> PartName:
        number = len(self.parts) + 1
        self.parts[number] = [*events]
        return _name(number)


instants = st.lists(st.integers(0, 20), min_size=1, max_size=6)
log_steps = st.one_of(
    st.tuples(st.sampled_from(["come", "adopt", "adopt"]), instants),
    st.tuples(st.just("go"), st.lists(place, min_size=1, max_size=2)),
    st.tuples(st.sampled_from(["snapshot", "finish"]), st.none()),
)


@settings(max_examples=2 * EXAMPLES)
@given(st.lists(log_steps, max_size=25))
def test_a_snapshot_holds_each_event_once_and_in_order(steps: list[Step]) -> None:
    log = Log()
    spans: list[Stretch] | None = None
    at_snapshot: list[tuple[int, int]] = []
    for name, value in [*steps, ("snapshot", None), ("finish", None)]:
        if name in ("come", "adopt"):
            log.come(value, adopted=name == "adopt")
        elif name == "go":
            log.go(value)
        elif name == "snapshot":
            spans, at_snapshot = log.snapshot(), log.expected()
        elif spans is not None:
            log.finish()
            assert log.read(spans) == at_snapshot
            spans = None


def test_a_large_span_that_nothing_came_near_stays() -> None:
    log = Log()
    log.come([1, 2, 3, 4], adopted=True)
    log.come([9], adopted=False)
    first, second = log.snapshot()
    log.finish()
    assert (first.part, second.part) == (_name(1), _name(2))
    log.come([5], adopted=False)
    assert log.snapshot()[0].part == _name(1)
    log.come([2], adopted=False)
    assert log.snapshot()[0].part is None
