"""A date index is a column's instants in order of time, to find the rows that a boundary crosses.

An entry is one uint64: the instant's distance from the first one above, its row below. So sorting
entries sorts instants, and a million rows take 8 MB. Where both do not fit, the distance loses its
lowest bits: the rows found are a superset in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from bitseg.growing import Growing
from bitseg.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitseg.columns.protocol import Mask, Rows

Int64s = npt.NDArray[np.int64]
Entries = npt.NDArray[np.uint64]

STALE: Final = 16
"""When one row in so many has been written since the index was built, it is built anew."""


class DateIndex:
    """Entries of the instants held when it was built, and the rows written since."""

    def __init__(self, instants: Int64s, present: Mask) -> None:
        """Sort the instants int64[n] that are present."""
        rows = np.flatnonzero(present)
        held = instants[rows]
        self._first = int(held.min(initial=0)) if rows.size else 0
        self._last = int(held.max(initial=self._first)) if rows.size else self._first - 1
        self._size = instants.size
        self._row_bits = instants.size.bit_length()
        span = max(0, self._last - self._first)
        self._shift = max(0, span.bit_length() + self._row_bits - 64)
        self._entries = self._packed(held, rows.astype(np.uint64))
        self._entries.sort()
        self._written = Growing(np.uint32)
        self._unsorted = False

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._entries.nbytes + self._written.nbytes

    @property
    def written(self) -> Rows:
        """The rows written since it was built, ascending and distinct."""
        if self._unsorted:
            self._written.splice(0, np.unique(self._written.values))
            self._unsorted = False
        return self._written.values

    def note(self, rows: Rows, old: Int64s) -> None:
        """Take rows whose instants were ``old``, or missing, as written."""
        self.forget(rows, old)
        self._written.extend(rows)
        self._unsorted = True

    def is_stale(self, n: int) -> bool:
        """Tell whether too many of n rows have been written since."""
        return self._written.size * STALE > n

    def forget(self, rows: Rows, old: Int64s) -> None:
        """Overwrite the entries of rows whose instants were ``old`` by those before them."""
        known = (old >= self._first) & (old <= self._last) & (rows < self._size)
        gone = np.sort(self._packed(old[known], rows[known].astype(np.uint64)))
        places = np.searchsorted(self._entries, gone)
        here = places < self._entries.size
        here[here] = self._entries[places[here]] == gone[here]
        _overwrite(self._entries, places[here])

    def rows_between(self, intervals: Sequence[tuple[int, int]]) -> Rows:
        """Return the rows that have an instant in the half-open intervals, and near them."""
        ends = np.array(intervals, np.int64).reshape(-1, 2)
        lows = np.maximum(ends[:, 0], self._first)
        highs = np.minimum(ends[:, 1] - 1, self._last)
        kept = lows <= highs
        lows, highs = lows[kept], highs[kept]
        every = np.uint64((1 << self._row_bits) - 1)
        starts = np.searchsorted(self._entries, self._packed(lows, np.zeros(lows.size, np.uint64)))
        upper = self._packed(highs, np.full(highs.size, every))
        stops = np.searchsorted(self._entries, upper, side="right")
        slices = [
            self._entries[start:stop]
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
            if start < stop
        ]
        found = np.concatenate(slices) if slices else np.empty(0, np.uint64)
        return (found & every).astype(np.uint32)

    def next_from(self, instant: int) -> int | None:
        """Return the first instant at or behind one, or up to a lost bit earlier; None = none."""
        if instant > self._last:
            return None
        sought = np.array([max(instant, self._first)], np.int64)
        place = int(np.searchsorted(self._entries, self._packed(sought, np.zeros(1, np.uint64)))[0])
        if place == self._entries.size:
            return None
        distance = int(self._entries[place]) >> self._row_bits << self._shift
        return self._first + distance

    def _packed(self, instants: Int64s, rows: Entries) -> Entries:
        """Return entries; the instants lie between the first and the last."""
        distances = instants.view(np.uint64) - np.int64(self._first).view(np.uint64)
        shifted = (distances >> np.uint64(self._shift)) << np.uint64(self._row_bits)
        return np.asarray(shifted | rows)


@kernel
def _overwrite(entries: Entries, places: npt.NDArray[np.int64]) -> None:
    for place in places:
        entries[place] = entries[place - 1] if place > 0 else np.uint64(0)
