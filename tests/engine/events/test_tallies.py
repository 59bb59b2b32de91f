"""Every tally is what one would count by hand, after any writes and any move of time.

A listener also has to hear of each row whose value changed: kept answers rest on that.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from bitseg.bitmap import Mask, Rows
from bitseg.clock import Now
from bitseg.events.counts import CountTally
from bitseg.events.distincts import DistinctTally
from bitseg.events.habits import OpenedLastTally, UsualTimeTally
from bitseg.events.lasts import LastTally
from bitseg.events.log import Events
from bitseg.events.logs import EventLogs
from bitseg.events.sequences import SequenceTally
from bitseg.events.sums import SumTally
from bitseg.events.tally import Tally, Window, crossings
from bitseg.zones import get_zone
from tests.engine.events.logging import TYPES, Event, batch

HALF_HOUR = 1_800_000
START = 1_792_879_200_000  # 2026-10-24T22:00Z: the day in Berlin that has 25 hours
BERLIN = get_zone("Europe/Berlin")
N = 8
KINDS = ("sent", "open", "conversion")
History = dict[str, list[Event]]


def _last(hours: int) -> Any:
    return lambda now: (now.at - hours * 2 * HALF_HOUR + 1, now.at + 1)


def _ever(now: Now) -> Window:
    return -(2**63), now.at + 1


def _fixed(now: Now) -> Window:
    return START + 4 * HALF_HOUR, min(START + 9 * HALF_HOUR, now.at + 1)


def _paid(events: Events) -> Mask:
    amounts = events.property("amount")
    mask: Mask = np.zeros(len(events), np.bool_) if amounts is None else amounts > 0
    return mask


def _tallies(logs: EventLogs) -> dict[str, tuple[tuple[str, ...], Tally]]:
    sent, opens, conversions = (logs.log(kind) for kind in KINDS)
    steps: Any = (("sent", None), ("open", None), ("open", _paid))
    paid: Any = _paid
    return {
        "opens in 3 h": (("open",), CountTally(opens, None, _last(3))),
        "opens in a span": (("open",), CountTally(opens, None, _fixed)),
        "paid in 5 h": (("conversion",), CountTally(conversions, paid, _last(5))),
        "last": (("open", "sent"), LastTally({"open": opens, "sent": sent}, _ever)),
        "sum in 4 h": (
            ("conversion",),
            SumTally("conversion", conversions, "amount", None, _last(4)),
        ),
        "campaigns": (("open",), DistinctTally("open", opens, "campaign", None, _last(6))),
        "hour": (("open",), UsualTimeTally("hour", opens, BERLIN, _ever)),
        "weekday": (("open",), UsualTimeTally("weekday", opens, BERLIN, _ever)),
        "opened last": (("sent", "open"), OpenedLastTally(sent, opens, _ever)),
        "sequence": (
            ("sent", "open"),
            SequenceTally({"sent": sent, "open": opens}, steps, 4 * HALF_HOUR, _last(7)),
        ),
    }


def _inside(events: list[Event], row: int, window: Window) -> list[Event]:
    return [one for one in events if one.row == row and window[0] <= one.at < window[1]]


def _most(values: list[int]) -> int | None:
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else None


def _did(sent: list[Event], opens: list[Event]) -> bool:
    paid = [one for one in opens if (one.amount or 0) > 0]
    gap = 4 * HALF_HOUR
    return any(
        0 < b.at - a.at <= gap and 0 < c.at - b.at <= gap for a, b, c in product(sent, opens, paid)
    )


def _by_hand(history: History, row: int, now: Now) -> dict[str, Any]:
    def of(kind: str, window: Window) -> list[Event]:
        return _inside(history[kind], row, window)

    ever = _ever(now)
    opens, sent = of("open", ever), of("sent", ever)
    local = [
        datetime.fromtimestamp(one.at / 1_000, UTC).astimezone(ZoneInfo("Europe/Berlin"))
        for one in opens
    ]
    amounts = [one.amount for one in of("conversion", _last(4)(now)) if one.amount is not None]
    last = sent[-1].campaign if sent else None
    return {
        "opens in 3 h": len(of("open", _last(3)(now))),
        "opens in a span": len(of("open", _fixed(now))),
        "paid in 5 h": len([e for e in of("conversion", _last(5)(now)) if (e.amount or 0) > 0]),
        "last": max((one.at for one in opens + sent), default=None),
        "sum in 4 h": math.fsum(amounts),
        "campaigns": len({e.campaign for e in of("open", _last(6)(now))} - {None}),
        "hour": _most([one.hour for one in local]),
        "weekday": _most([one.isoweekday() for one in local]),
        "opened last": None if last is None else last in {one.campaign for one in opens},
        "sequence": _did(of("sent", _last(7)(now)), of("open", _last(7)(now))),
    }


class _Ear:
    """A listener that keeps the arrays it was told and reads them late, as kept answers do."""

    def __init__(self) -> None:
        self._told: list[Rows] = []

    def touch(self, rows: Rows) -> None:
        self._told.append(rows)

    def forget(self) -> None:
        self._told.append(np.arange(N, dtype=np.uint32))

    def heard(self) -> set[int]:
        told, self._told = self._told, []
        return {row for rows in told for row in rows.tolist()}


class TalliesAgainstAList(RuleBasedStateMachine):
    """All tallies over one history; each is settled only now and then."""

    places = st.integers(0, 30)
    events = st.builds(
        Event,
        row=st.integers(0, N - 1),
        at=places.map(lambda place: START + place * HALF_HOUR),
        campaign=st.sampled_from((None, 1, 2, 3)),
        amount=st.sampled_from((None, 0.1, 0.2, -0.3, 1e16, 1.0, -1e16)),
        code=st.just(0),
        first=st.none(),
    )

    def __init__(self) -> None:
        """Begin with no events."""
        super().__init__()
        self.logs = EventLogs(30)
        self.logs.dictionaries.pool("campaign").intern(pa.array(list("abc"), pa.large_string()))
        self.plain: History = {kind: [] for kind in KINDS}
        self.tallies = _tallies(self.logs)
        self.ears = {}
        self.seen: dict[str, dict[int, Any]] = {}
        for name, (kinds, tally) in self.tallies.items():
            self.logs.tally(name, kinds, partial(self._same, tally))
            self.ears[name] = _Ear()
            tally.listen(self.ears[name])

    @staticmethod
    def _same(tally: Tally) -> Tally:
        return tally

    @rule(kind=st.sampled_from(KINDS), events=st.lists(events, min_size=1, max_size=5))
    def record(self, kind: str, events: list[Event]) -> None:
        self.logs.record(kind, batch(events), TYPES)
        self.plain[kind] = sorted([*self.plain[kind], *events], key=lambda event: event.at)

    @rule(rows=st.sets(st.integers(0, N - 1), min_size=1, max_size=2))
    def erase(self, rows: set[int]) -> None:
        self.logs.erase(np.array(sorted(rows), np.uint32))
        for kind in KINDS:
            self.plain[kind] = [one for one in self.plain[kind] if one.row not in rows]

    @rule(kind=st.sampled_from(KINDS), count=st.integers(0, 3))
    def drop(self, kind: str, count: int) -> None:
        count = min(count, len(self.plain[kind]))
        self.logs.log(kind).between(0, 0)
        self.logs.drop(kind, count)
        self.plain[kind] = self.plain[kind][count:]

    @rule(place=places, beside=st.sampled_from((-1, 0, 1)), which=st.integers(0, 1_023))
    def settle(self, place: int, beside: int, which: int) -> None:
        now = Now(START + place * HALF_HOUR + beside, BERLIN)
        want = [_by_hand(self.plain, row, now) for row in range(N)]
        for i, (name, (_, tally)) in enumerate(self.tallies.items()):
            if (which >> i) & 1:
                tally.settle(now, N)
                self._check(name, tally, {row: want[row][name] for row in range(N)})

    def _check(self, name: str, tally: Tally, want: dict[int, Any]) -> None:
        assert {row: tally.value_at(row) for row in range(N)} == want, name
        seen = self.seen.get(name, want)
        changed = {row for row in range(N) if seen[row] != want[row]}
        self.seen[name] = want
        assert changed <= self.ears[name].heard(), name


TalliesAgainstAList.TestCase.settings = settings(
    max_examples=120, stateful_step_count=20, deadline=None
)
TestTalliesAgainstAList = TalliesAgainstAList.TestCase


@pytest.mark.parametrize(
    ("old", "new", "entering", "leaving"),
    [
        ((0, 10), (3, 14), ((10, 14),), ((0, 3),)),
        ((3, 14), (0, 10), ((0, 3),), ((10, 14),)),
        ((0, 10), (20, 30), ((20, 30),), ((0, 10),)),
        ((0, 30), (10, 20), (), ((0, 10), (20, 30))),
        ((10, 20), (0, 30), ((0, 10), (20, 30)), ()),
        ((0, 10), (0, 10), (), ()),
        ((0, 10), (7, 7), (), ((0, 10),)),
        ((9, 5), (0, 10), ((0, 10),), ()),
        ((9, 5), (5, 9), ((5, 9),), ()),
        ((0, 10), (10, 20), ((10, 20),), ((0, 10),)),
    ],
)
def test_crossings_are_what_only_one_of_two_windows_holds(
    old: Window, new: Window, entering: tuple[Window, ...], leaving: tuple[Window, ...]
) -> None:
    assert crossings(old, new) == (entering, leaving)
