"""A source is where a leaf's answers come from: a column, a tally, or a tally with its baseline.

All share one protocol, so a leaf needs not know whether it asks for a city or for clicks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from bitseg.bitmap import Mask, Rows, RowSet
    from bitseg.clock import Now
    from bitseg.columns import Column, DateColumn
    from bitseg.columns.tests import AnyTest
    from bitseg.contacts import Contacts, IdColumn
    from bitseg.events.recomputed import RecomputedTally
    from bitseg.events.tally import Listener, Tally

Intervals = tuple[tuple[int, int], ...]


class Source(Protocol):
    """What a leaf asks. Answers hold for the instant of the last ``settle``."""

    is_timeless: bool
    """Whether answers change by writes only, of which the listeners hear at once."""

    @property
    def pending(self) -> int:
        """How many rows' answers, at least, the next settling makes anew."""
        ...

    def settle(self, now: Now, n: int) -> None:
        """Bring the answers for n rows to an instant, telling the listeners what changed."""
        ...

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows that pass a test; never rows whose value is missing."""
        ...

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: which of uint32[k] rows pass a test."""
        ...

    def rows_between(self, intervals: Intervals) -> Rows:
        """Return a superset of the rows whose instant lies in half-open intervals of ms."""
        ...

    def extent(self) -> tuple[int, int] | None:
        """Return the lowest and highest instant that a date may have, or None without any."""
        ...

    def next_from(self, instant: int) -> int | None:
        """Return the first instant that a date has at or behind one, or an earlier one, or None."""
        ...

    def due(self, now: Now, until: int) -> int | None:
        """Return the first instant in (now, until] at which time alone may change an answer.

        What a date's own test makes of time is not looked at. The ends of windows do not fall on
        the way. None = no instant up to ``until``.
        """
        ...

    def value_at(self, row: int) -> Any:
        """Return one row's value, None where it is missing."""
        ...

    def listen(self, listener: Listener) -> None:
        """Tell this one of changes."""
        ...

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        ...


class DerivedSource(Source, Protocol):
    """A source that gives the values of many rows at once."""

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the values of uint32[k] rows, null where missing, as a column would."""
        ...


class StoredSource:
    """A stored field: its column, and the writes to it."""

    is_timeless = True
    pending = 0

    def __init__(
        self, contacts: Contacts, path: str, column: Callable[[], Column | IdColumn]
    ) -> None:
        """Take the field's path and where its column is found."""
        self._contacts = contacts
        self._path = path
        self._column = column

    def settle(self, now: Now, n: int) -> None:
        """Do nothing: stored values do not depend on time, and writes are told at once."""

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose stored value passes."""
        return self._column().matches(test)

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return which of the rows' stored values pass."""
        return self._column().matches_at(test, rows)

    def rows_between(self, intervals: Intervals) -> Rows:
        """Return a superset of the rows with an instant in the intervals."""
        return cast("DateColumn", self._column()).rows_between(intervals)

    def extent(self) -> tuple[int, int] | None:
        """Return the range of a date column's values."""
        return cast("DateColumn", self._column()).extent()

    def next_from(self, instant: int) -> int | None:
        """Return the first instant that the date column holds from one on."""
        return cast("DateColumn", self._column()).next_from(instant)

    def due(self, now: Now, until: int) -> int | None:
        """Return None: stored values do not depend on time."""
        del now, until
        return None

    def value_at(self, row: int) -> Any:
        """Return one row's stored value."""
        return self._contacts.value(self._path, row)

    def listen(self, listener: Listener) -> None:
        """Tell this one of writes to the field."""
        self._contacts.listen(self._path, listener)

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        self._contacts.leave(self._path, listener)


class Dateless:
    """The part of sources whose values are no dates."""

    def rows_between(self, intervals: Intervals) -> Rows:
        """Return no rows: no value is an instant."""
        del intervals
        return np.empty(0, np.uint32)

    def extent(self) -> tuple[int, int] | None:
        """Return None: no value is an instant."""
        return None

    def next_from(self, instant: int) -> int | None:
        """Return None: likewise."""
        del instant
        return None


class TallySource(Dateless):
    """What a tally says, with no baseline: event rules, sequences and habits."""

    is_timeless = False

    def __init__(self, tally: Tally) -> None:
        """Take the tally."""
        self._tally = tally
        self.settle = tally.settle
        self.due = tally.due
        self.matches = tally.matches
        self.matches_at = tally.matches_at
        self.value_at = tally.value_at

    @property
    def pending(self) -> int:
        """How many values, at least, the next settling makes anew."""
        return self._tally.pending

    def listen(self, listener: Listener) -> None:
        """Tell this one of events."""
        self._tally.listen(listener)

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        self._tally.leave(listener)


class HeldSource(TallySource):
    """Likewise, of a tally that gives the values of many rows at once."""

    def __init__(self, tally: RecomputedTally) -> None:
        """Take the tally."""
        super().__init__(tally)
        self.values_at = tally.values_at
