"""A kind's log holds its events in time order, of one instant in order of arrival."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bitseg.events import index, log
from bitseg.events.log import KindLog
from tests.engine.events.logging import TYPES, Event, batch, listed, log_of, whole


def test_what_arrives_late_goes_where_its_instant_is() -> None:
    kept = log_of([Event(1, 10), Event(2, 30)], [Event(3, 20)], [Event(4, 5), Event(5, 40)])
    assert [event.at for event in whole(kept)] == [5, 10, 20, 30, 40]
    assert [event.row for event in whole(kept)] == [4, 1, 3, 2, 5]


def test_of_one_instant_the_order_is_that_of_arrival_also_when_each_was_read_before_the_next() -> (
    None
):
    first, second = [Event(1, 10), Event(2, 10)], [Event(3, 10), Event(0, 9), Event(4, 10)]
    unread = log_of(first, second, [Event(5, 10)])
    read = KindLog()
    for events in (first, second, [Event(5, 10)]):
        read.append(batch(events), TYPES)
        assert read.ends()[1] == 10
    assert [e.row for e in whole(unread)] == [e.row for e in whole(read)] == [0, 1, 2, 3, 4, 5]


def test_an_event_that_came_before_a_property_was_known_lacks_it() -> None:
    kept = log_of([Event(1, 10)])
    assert kept.between(0, 99) == (0, 1)
    kept.append(batch([Event(2, 5, amount=1.5), Event(3, 20, first=2)]), TYPES)
    kept.append(batch([Event(4, 30, campaign=7)]), TYPES)
    assert whole(kept) == [
        Event(2, 5, amount=1.5),
        Event(1, 10),
        Event(3, 20, first=2),
        Event(4, 30, campaign=7),
    ]


def test_event_ids_of_late_batches_stay_with_their_events() -> None:
    kept = log_of([Event(1, 10)], [Event(2, 5, code=8)], [Event(3, 7), Event(4, 1, code=9)])
    assert [event.code for event in whole(kept)] == [9, 8, 0, 0]
    assert kept.positions_of_ids(np.array([8, 9, 77], np.uint32)).tolist() == [0, 1]
    assert log_of([Event(1, 10)]).positions_of_ids(np.array([8], np.uint32)).size == 0


@pytest.mark.parametrize("top", [255, 256, 65_535, 65_536, 2**32 - 2])
def test_codes_widen_and_keep_their_values(top: int) -> None:
    codes = [1, 255, top - 1, top]
    kept = log_of(
        [Event(0, 10, campaign=1)],
        [Event(row, 20 - row, campaign=code) for row, code in enumerate(codes)],
        [Event(9, 3)],
    )
    assert [event.campaign for event in whole(kept)] == [None, 1, *codes[::-1]]


def test_between_takes_the_start_and_leaves_the_end() -> None:
    kept = log_of([Event(0, at) for at in (10, 20, 20, 30)])
    assert kept.between(10, 20) == (0, 1)
    assert kept.between(20, 21) == (1, 3)
    assert kept.between(-(2**63), 2**63 - 1) == (0, 4)
    assert kept.between(20, 10) == (1, 1)
    assert KindLog().between(0, 1) == (0, 0)
    assert KindLog().ends() == ()


class LogAgainstAList(RuleBasedStateMachine):
    """A log equals a list that is sorted by instant, stably, whatever is done to it."""

    events = st.builds(
        Event,
        row=st.integers(0, 6),
        at=st.integers(0, 12),
        code=st.sampled_from((0, 0, 1, 2, 3)),
        campaign=st.sampled_from((None, 1, 255, 256, 70_000)),
        amount=st.sampled_from((None, 0.5, -1e300)),
        first=st.sampled_from((None, 1, 2)),
    )

    def __init__(self) -> None:
        """Begin with nothing in either."""
        super().__init__()
        self.kept = KindLog()
        self.plain: list[Event] = []

    @rule(events=st.lists(events, min_size=1, max_size=6))
    def append(self, events: list[Event]) -> None:
        self.kept.append(batch(events), TYPES)
        self.plain = sorted([*self.plain, *events], key=lambda event: event.at)

    @rule(lo=st.integers(0, 13), hi=st.integers(0, 13))
    def read(self, lo: int, hi: int) -> None:
        stretch = self.kept.stretch(*self.kept.between(lo, hi))
        assert listed(stretch) == [event for event in self.plain if lo <= event.at < hi]

    @rule(rows=st.sets(st.integers(0, 7)))
    def look_up(self, rows: set[int]) -> None:
        positions = self.kept.positions_of(np.array(sorted(rows), np.uint32))
        want = sorted(
            (event.row, place) for place, event in enumerate(self.plain) if event.row in rows
        )
        assert positions.tolist() == [place for _, place in want]
        assert listed(self.kept.at_positions(positions)) == [self.plain[p] for _, p in want]

    @rule(codes=st.sets(st.integers(1, 4)))
    def find_ids(self, codes: set[int]) -> None:
        positions = self.kept.positions_of_ids(np.array(sorted(codes), np.uint32))
        assert positions.tolist() == [p for p, one in enumerate(self.plain) if one.code in codes]

    @precondition(lambda self: self.plain)
    @rule(seed=st.integers(0, 99))
    def remove(self, seed: int) -> None:
        self.kept.between(0, 0)
        gone = np.flatnonzero(np.random.default_rng(seed).random(len(self.plain)) < 0.3)
        self.kept.remove(gone)
        self.plain = [one for place, one in enumerate(self.plain) if place not in gone]

    @invariant()
    def as_long(self) -> None:
        assert len(self.kept) == len(self.plain)


class IndexedAtOnce(LogAgainstAList):
    """The same with an index that is made again at every chance."""

    def __init__(self) -> None:
        """Set the least before anything is indexed."""
        super().__init__()
        self._least = index.UNINDEXED_LEAST
        index.UNINDEXED_LEAST = 2  # type: ignore[misc] # a log of 16 k events has no short story

    def teardown(self) -> None:
        """Set it back."""
        index.UNINDEXED_LEAST = self._least  # type: ignore[misc]


class SortedAtOnce(IndexedAtOnce):
    """The same with arrivals that hardly wait."""

    def __init__(self) -> None:
        """Set the least before anything arrives."""
        super().__init__()
        self._waiting = log.WAITING_LEAST
        log.WAITING_LEAST = 3  # type: ignore[misc]

    def teardown(self) -> None:
        """Set it back."""
        super().teardown()
        log.WAITING_LEAST = self._waiting  # type: ignore[misc]


for machine in (LogAgainstAList, IndexedAtOnce, SortedAtOnce):
    machine.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestLogAgainstAList = LogAgainstAList.TestCase
TestIndexedAtOnce = IndexedAtOnce.TestCase
TestSortedAtOnce = SortedAtOnce.TestCase
