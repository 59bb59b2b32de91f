"""A date column keeps instants as int64 ms, and finds the rows of a stretch of time by an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.columns.cells import Array, CellColumn
from bitseg.columns.date_index import DateIndex
from bitseg.columns.intervals import IntervalTable
from bitseg.columns.scans import FEW, between, within
from bitseg.columns.tests import AnyTest, DateIn, Present, unfit
from bitseg.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitseg.columns.protocol import Rows, Words

MISSING: Final = -(2**63)
LAST: Final = 2**63 - 1

Int64s = npt.NDArray[np.int64]


class DateColumn(CellColumn):
    """Instants, in ms since 1970 UTC."""

    data_type: Final = "date"

    def __init__(self) -> None:
        """Begin without rows."""
        super().__init__(np.int64, MISSING)
        self._index: DateIndex | None = None
        self._extent: tuple[int, int] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow and the index included."""
        return super().nbytes + (0 if self._index is None else self._index.nbytes)

    def write(self, rows: Rows, values: pa.Array) -> None:
        """Set the values of uint32[k] distinct rows; null takes a row's value away."""
        instants = values.fill_null(MISSING).to_numpy(zero_copy_only=False)
        old = self._set(rows, instants)
        if self._index is not None:
            self._index.note(rows, old)
            if self._index.is_stale(self.n):
                self._index = None

    def erase(self, rows: Rows) -> None:
        """Take away the values of uint32[k] distinct rows, from the index too."""
        old = self._set(rows, self._cells.blank(rows.size))
        if self._index is not None:
            self._index.forget(rows, old)

    def _shown(self, cells: Array) -> pa.Array:
        return pa.array(cells, mask=cells == MISSING)

    def extent(self) -> tuple[int, int] | None:
        """Return the first and the last instant held, or None when there is none."""
        if self._extent is None and self.held:
            self._extent = _extent(self._cells.values)
        return self._extent

    def drop_built(self) -> None:
        """Drop the index, which questions built."""
        self._index = None

    def rows_between(self, intervals: Sequence[tuple[int, int]]) -> Rows:
        """Return the rows with an instant in half-open ms intervals, and perhaps a few others.

        The cost is that of the rows returned and of the rows written since the index was built
        (at most one in ``date_index.STALE``), except when the index is built.

        Args:
            intervals: sorted and disjoint.

        Returns:
            uint32[], ascending and distinct.
        """
        index = self._indexed()
        written = index.written
        inside = self.matches_at(DateIn(tuple(intervals)), written)
        return np.union1d(index.rows_between(intervals), written[inside])

    def next_from(self, instant: int) -> int | None:
        """Return the first instant held at or behind one, or an earlier one; None = none is."""
        index = self._indexed()
        written = self._cells.values[index.written]
        later = written[written >= max(instant, MISSING + 1)]
        found = [index.next_from(instant), int(later.min()) if later.size else None]
        return min((one for one in found if one is not None), default=None)

    def _indexed(self) -> DateIndex:
        """Return the index, made where there is none."""
        if self._index is None:
            cells = self._cells.values
            self._index = DateIndex(cells, cells != MISSING)
        return self._index

    def _set(self, rows: Rows, instants: Int64s) -> Int64s:
        """Set cells and return the old; the extent is found anew when an end may have gone."""
        old = self._replace(rows, instants)
        new = instants[instants != MISSING]
        if self._extent is None:
            if new.size and new.size == self.held:  # the first there are
                self._extent = int(new.min()), int(new.max())
            return old
        low, high = self._extent
        if np.isin(old, (low, high)).any():
            self._extent = None
        elif new.size:
            self._extent = min(low, int(new.min())), max(high, int(new.max()))
        return old

    def _words(self, test: AnyTest, cells: Array) -> Words:
        match test:
            case Present():
                return between(cells, MISSING + 1, LAST)
            case DateIn(intervals):
                ends = np.array(intervals, np.int64).reshape(-1, 2)
                starts, stops = ends[:, 0].copy(), ends[:, 1].copy()
                if starts.size <= FEW:
                    return within(cells, starts, stops - 1)
                return IntervalTable(starts, stops).test(cells)
            case _:
                raise unfit("date", test)


@kernel
def _extent(cells: Int64s) -> tuple[int, int]:
    """Return the first and the last instant of cells that hold at least one."""
    first = LAST
    last = MISSING
    for cell in cells:
        if cell != MISSING:
            first = min(first, cell)
            last = max(last, cell)
    return first, last
