"""A count tally is how many matching events each contact has inside a window.

A small integer a contact: uint8 until one needs more. A window that moves subtracts the events
that left and adds those that entered (DESIGN, idea 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bitseg.bitmap import RowSet
from bitseg.columns.tests import AnyTest, NumberIn
from bitseg.events.answers import counts_in
from bitseg.events.tally import Tally, Window, crossings
from bitseg.growing import Growing
from bitseg.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.events.log import Events, KindLog
    from bitseg.events.where import Where

    Counts = npt.NDArray[np.unsignedinteger[Any]]


@kernel
def _add(counts: Counts, rows: Rows, start: int, top: int) -> int:
    """Count rows from a place on; return the first place whose count has no room, or the end."""
    for i in range(start, rows.size):
        if counts[rows[i]] == top:
            return i
        counts[rows[i]] += 1
    return rows.size


@kernel
def _subtract(counts: Counts, rows: Rows) -> None:
    for row in rows:
        counts[row] -= 1


class CountTally(Tally):
    """How many events of one kind, matching ``where``, each contact has inside the window."""

    def __init__(self, log: KindLog, where: Where | None, window: Callable[[Now], Window]) -> None:
        """Take the log to count in."""
        super().__init__(window)
        self._log = log
        self._where = where
        self._counts = Growing(np.uint8)

    def _followed(self) -> tuple[KindLog, ...]:
        return (self._log,)

    def _grow(self, n: int) -> None:
        self._counts.resize(n, 0)

    def _build(self, window: Window) -> None:
        n = self._counts.size
        self._counts = Growing(np.uint8)
        self._counts.resize(n, 0)
        self._count(self._rows_in(window))

    def _rows_in(self, window: Window) -> Rows:
        """Return the rows of the matching events of a window, a row an event."""
        events = self._log.stretch(*self._log.between(*window))
        return events.rows if self._where is None else events.rows[self._where(events)]

    def _count(self, rows: Rows) -> None:
        at = 0
        while True:
            values = self._counts.values
            at = _add(values, rows, at, int(np.iinfo(values.dtype).max))
            if at == rows.size:
                return
            self._counts.widen()

    def _move(self, old: Window, new: Window) -> None:
        entering, leaving = crossings(old, new)
        for stretch in entering:
            self._change(self._rows_in(stretch), comes=True)
        for stretch in leaving:
            self._change(self._rows_in(stretch), comes=False)

    def _change(self, rows: Rows, *, comes: bool) -> None:
        if rows.size == 0:
            return
        if comes:
            self._count(rows)
        else:
            _subtract(self._counts.values, rows)
        self._tell(rows)

    def _recompute(self, rows: Rows) -> None:
        """Never asked: counts are added to and taken from at once."""

    def record(self, kind: str, events: Events) -> None:
        """Count the new events that lie in the window."""
        del kind
        self._write(events, comes=True)

    def removed(self, kind: str, events: Events) -> None:
        """Count the events that are no longer out of the window."""
        del kind
        self._write(events, comes=False)

    def _write(self, events: Events, *, comes: bool) -> None:
        if self._window is None:
            return
        self._calm = None
        lo, hi = self._window
        mask = (events.at >= lo) & (events.at < hi)
        if self._where is not None:
            mask &= self._where(events)
        rows = events.rows[mask]
        self._grow(int(rows.max(initial=0)) + 1 if rows.size else 0)
        self._change(rows, comes=comes)

    def values(self) -> Counts:
        """Return the counts of all rows."""
        return cast("Counts", self._counts.values)

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose count passes."""
        return RowSet.from_mask(counts_in(self.values(), cast("NumberIn", test).intervals))

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: which of the rows' counts pass."""
        return counts_in(self.values()[rows], cast("NumberIn", test).intervals)

    def value_at(self, row: int) -> int:
        """Return one row's count."""
        return int(self._counts.values[row])

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._counts.nbytes
