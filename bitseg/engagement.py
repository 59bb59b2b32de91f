"""Engagement is the ``engagement.`` fields: what events say over a lifetime, plus a baseline.

A baseline is what a contacts file carried, and what retention took out of the event log (SPEC
sections 2 and 3). Totals add to it, dates take the later; a baseline date after now waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.bitmap import RowSet
from bitseg.columns.tests import AnyTest, DateIn, NumberIn, Present
from bitseg.events.answers import instants_in, numbers_in
from bitseg.events.counts import CountTally
from bitseg.events.habits import LastDeviceTally, OpenedLastTally, UsualTimeTally
from bitseg.events.lasts import NEVER, LastTally
from bitseg.events.recomputed import RecomputedTally, grouped
from bitseg.events.sums import PARTIALS, SumTally, amounts, sums, with_more
from bitseg.fields import LAST_DATES, TOTALS
from bitseg.sources import Dateless, DerivedSource, HeldSource, Intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.columns import Column, DateColumn
    from bitseg.contacts import Contacts
    from bitseg.events.logs import EventLogs
    from bitseg.events.tally import Listener, Tally, Window
    from bitseg.zones import Zone

    Floats = npt.NDArray[np.float64]
    Instants = npt.NDArray[np.int64]

REVENUE: Final = "engagement.revenue"
_OTHER_LASTS: Final = (
    "engagement.last_opened_at",
    "engagement.last_clicked_at",
    "engagement.last_converted_at",
)


def retained(path: str) -> str:
    """Return the name of the column that holds what retention took out, for a derived field."""
    return f"retained.{path}"


_OTHER_KINDS: Final = {
    REVENUE: ("conversion",),
    "engagement.last_opened_device": ("open",),
    "engagement.preferred_open_hour": ("open",),
    "engagement.preferred_open_weekday": ("open",),
    "engagement.opened_last_email": ("sent", "open"),
}
"""The kinds of event behind the derived fields that are no total and no last date."""

RETAINED_REVENUE: Final = (
    retained(REVENUE),
    *(f"{retained(REVENUE)}.{i}" for i in range(1, PARTIALS)),
)
"""The columns whose sum is the revenue that retention took out: more than one where a single
number would round it, so that the whole is still rounded only once. Few ever exist."""


def baseline_paths(path: str) -> tuple[str, ...]:
    """Return the stored columns that a derived field rests on besides events."""
    if path == REVENUE:
        return (path, *RETAINED_REVENUE)
    own = (path, *_OTHER_LASTS) if path == "engagement.last_activity_at" else (path,)
    return (*own, *(retained(one) for one in own))


class Baselines:
    """The baseline columns of one derived field; most tenants have none."""

    def __init__(self, contacts: Contacts, paths: tuple[str, ...]) -> None:
        """Take the contacts and the columns' paths."""
        self._contacts = contacts
        self._paths = paths

    def dates(self) -> list[DateColumn]:
        """Return the columns of a date field that exist."""
        return [cast("DateColumn", column) for column in self.columns()]

    def columns(self) -> list[Column]:
        """Return the columns that exist, with room for all rows."""
        found = [self._contacts.columns.get(path) for path in self._paths]
        columns = [column for column in found if column is not None and column.held]
        for column in columns:
            column.grow(self._contacts.n)
        return columns

    def listen(self, listener: Listener) -> None:
        """Tell this one of writes to any of the columns."""
        for path in self._paths:
            self._contacts.listen(path, listener)

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        for path in self._paths:
            self._contacts.leave(path, listener)

    def numbers(self, rows: Rows) -> list[Floats]:
        """Return float64[k] a column, 0 where it has no value."""
        return [
            pc.fill_null(column.values_at(rows), 0.0).to_numpy(zero_copy_only=False)
            for column in self.columns()
        ]

    def instants(self, rows: Rows, until: int) -> list[Instants]:
        """Return int64[k] a column, ``NEVER`` where it has no value or one after ``until``."""
        found = []
        for column in self.columns():
            filled = pc.fill_null(column.values_at(rows), NEVER)
            values = filled.to_numpy(zero_copy_only=False)
            found.append(np.where(values > until, NEVER, values))
        return found


class _Beside:
    """A tally with baselines beside it: who listens hears of events and of baselines, at once."""

    is_timeless = False
    _tally: Tally
    _baselines: Baselines

    @property
    def pending(self) -> int:
        """How many values, at least, the next settling makes anew."""
        return self._tally.pending

    def listen(self, listener: Listener) -> None:
        """Tell this one of events and baselines."""
        self._tally.listen(listener)
        self._baselines.listen(listener)

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        self._tally.leave(listener)
        self._baselines.leave(listener)


class TotalSource(_Beside, Dateless):
    """A lifetime count plus its baseline."""

    _tally: CountTally

    def __init__(self, tally: CountTally, baselines: Baselines) -> None:
        """Take the count of events and what stands beside it."""
        self._tally = tally
        self._baselines = baselines
        self.settle = tally.settle
        self.due = tally.due

    def _values(self, rows: Rows) -> Floats:
        values = self._tally.values()[rows].astype(np.float64)
        for numbers in self._baselines.numbers(rows):
            values += numbers
        return values

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose total passes."""
        if not self._baselines.columns():
            return self._tally.matches(test)
        everyone = np.arange(self._tally.values().size, dtype=np.uint32)
        return RowSet.from_mask(self.matches_at(test, everyone))

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return which of the rows' totals pass."""
        return numbers_in(self._values(rows), cast("NumberIn", test).intervals)

    def value_at(self, row: int) -> float:
        """Return one row's total."""
        return float(self._values(np.array([row], np.uint32))[0])

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the totals of uint32[k] rows, float64[k]."""
        return pa.array(self._values(rows))


class LastSource(_Beside):
    """The later of a last date by events and its baselines up to now."""

    _tally: LastTally

    def __init__(self, tally: LastTally, baselines: Baselines) -> None:
        """Take the last dates of events and what stands beside them."""
        self._tally = tally
        self._baselines = baselines
        self._listeners: list[Listener] = []
        self._at: int | None = None

    def settle(self, now: Now, n: int) -> None:
        """Bring events to the instant, and let in the baselines that it reached."""
        self._tally.settle(now, n)
        if self._at is not None and self._at != now.at:
            lo, hi = sorted((self._at, now.at))
            for column in self._baselines.dates():
                rows = column.rows_between(((lo + 1, hi + 1),))
                for listener in self._listeners:
                    listener.touch(rows)
        self._at = now.at

    def _values(self, rows: Rows) -> Instants:
        values = self._tally.values()[rows]
        for instants in self._baselines.instants(rows, cast("int", self._at)):
            values = np.maximum(values, instants)
        return values

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose last date passes."""
        if not self._baselines.columns():
            return self._tally.matches(test)
        everyone = np.arange(self._tally.values().size, dtype=np.uint32)
        return RowSet.from_mask(self.matches_at(test, everyone))

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return which of the rows' last dates pass."""
        values = self._values(rows)
        if isinstance(test, Present):
            return cast("Mask", values != NEVER)
        return instants_in(values, cast("DateIn", test).intervals, NEVER)

    def rows_between(self, intervals: Intervals) -> Rows:
        """Return a superset of the rows whose last date lies in the intervals."""
        found = [column.rows_between(intervals) for column in self._baselines.dates()]
        return np.unique(np.concatenate((self._tally.rows_between(intervals), *found)))

    def extent(self) -> tuple[int, int] | None:
        """Return the range of all instants these may have."""
        found = [column.extent() for column in self._baselines.dates()]
        ranges = [one for one in (self._tally.extent(), *found) if one is not None]
        if not ranges:
            return None
        return min(lo for lo, _ in ranges), max(hi for _, hi in ranges)

    def next_from(self, instant: int) -> int | None:
        """Return the first instant that these may have from one on."""
        found = [column.next_from(instant) for column in self._baselines.dates()]
        found.append(self._tally.next_from(instant))
        return min((one for one in found if one is not None), default=None)

    def due(self, now: Now, until: int) -> int | None:
        """Return when the next event or baseline is no longer in the future."""
        found = [column.next_from(now.at + 1) for column in self._baselines.dates()]
        found.append(self._tally.due(now, until))
        return min((one for one in found if one is not None and one <= until), default=None)

    def value_at(self, row: int) -> int | None:
        """Return one row's last date, ms."""
        at = int(self._values(np.array([row], np.uint32))[0])
        return None if at == NEVER else at

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the last dates of uint32[k] rows, int64[k] in ms, null where there is none."""
        values = self._values(rows)
        return pa.array(values, mask=values == NEVER)

    def listen(self, listener: Listener) -> None:
        """Tell this one of events, baselines and baselines that now reached."""
        self._listeners.append(listener)
        super().listen(listener)

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        self._listeners.remove(listener)
        super().leave(listener)


class RevenueTally(SumTally):
    """The correctly rounded sum of all conversions' amounts and the baselines."""

    def __init__(
        self, events: EventLogs, baselines: Baselines, window: Callable[[Now], Window]
    ) -> None:
        """Take the events and what stands beside their amounts."""
        super().__init__("conversion", events.log("conversion"), "amount", None, window)
        self._baselines = baselines
        baselines.listen(self)

    def close(self) -> None:
        """Stop listening to the baselines."""
        self._baselines.leave(self)

    def touch(self, rows: Rows) -> None:
        """Hear of new baselines."""
        self._look_again(rows)

    def forget(self) -> None:
        """Hear that any baseline may have changed."""
        self._drop()

    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        """Sum each contact's baselines and amounts in one go, so that rounding happens once."""
        everyone = np.arange(self._values.size, dtype=np.uint32) if rows is None else rows
        first = self._baselines.numbers(everyone)
        found = grouped(self._log, window, None, rows, self._values.size)
        values = amounts(found, "amount")
        if not first:
            return found.rows, sums(values, found.edges)
        starts = found.edges[np.searchsorted(found.rows, everyone)]
        stretches = np.append(starts, found.edges[-1])
        together, edges = with_more(values, stretches, np.stack(first, axis=1))
        return everyone, sums(together, edges)


class RevenueSource(_Beside, HeldSource):
    """The revenue; who listens hears of new baselines at once, and not when they are looked at."""

    _tally: RecomputedTally

    def __init__(self, tally: RecomputedTally, baselines: Baselines) -> None:
        """Take the sums and what stands beside their amounts."""
        super().__init__(tally)
        self._baselines = baselines


def up_to_now(now: Now) -> Window:
    """Return the window of all events that count: those not after now."""
    return NEVER, now.at + 1


def derived_source(path: str, contacts: Contacts, events: EventLogs, zone: Zone) -> DerivedSource:
    """Return the source of a derived field."""
    baselines = Baselines(contacts, baseline_paths(path))
    if path in TOTALS:
        kind = TOTALS[path]
        counts = events.tally(
            ("total", kind), (kind,), lambda: CountTally(events.log(kind), None, up_to_now)
        )
        return TotalSource(cast("CountTally", counts), baselines)
    if path in LAST_DATES:
        kinds = LAST_DATES[path]
        logs = {kind: events.log(kind) for kind in kinds}
        lasts = events.tally(("last", kinds), kinds, lambda: LastTally(logs, up_to_now))
        return LastSource(cast("LastTally", lasts), baselines)
    made = events.tally(path, kinds_behind(path), _others(contacts, events, zone)[path])
    tally = cast("RecomputedTally", made)
    return RevenueSource(tally, baselines) if path == REVENUE else HeldSource(tally)


def kinds_behind(path: str) -> tuple[str, ...]:
    """Return the kinds of event that a derived field is made from."""
    if path in TOTALS:
        return (TOTALS[path],)
    return LAST_DATES.get(path) or _OTHER_KINDS[path]


def _others(
    contacts: Contacts, events: EventLogs, zone: Zone
) -> dict[str, Callable[[], RecomputedTally]]:
    """Return the maker of each derived field's tally that is no total or last."""
    opens = events.log("open")
    revenue = Baselines(contacts, baseline_paths(REVENUE))
    return {
        REVENUE: lambda: RevenueTally(events, revenue, up_to_now),
        "engagement.last_opened_device": lambda: LastDeviceTally(
            opens, events.dictionaries, up_to_now
        ),
        "engagement.preferred_open_hour": lambda: UsualTimeTally("hour", opens, zone, up_to_now),
        "engagement.preferred_open_weekday": lambda: UsualTimeTally(
            "weekday", opens, zone, up_to_now
        ),
        "engagement.opened_last_email": lambda: OpenedLastTally(
            events.log("sent"), opens, up_to_now
        ),
    }
