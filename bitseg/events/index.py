"""A contact index finds the events of some contacts in a log that is sorted by time.

It lists positions by contact; what a log appended or moved since is looked through instead, until
that is so much that the index is made again. It exists only once something asked for contacts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bitseg.bitmap import among
from bitseg.kernel import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    from bitseg.bitmap import Rows

    Positions = npt.NDArray[np.int64]

UNINDEXED_LEAST: Final = 16_384
UNINDEXED_SHARE: Final = 64
"""The index is made again when more than 1/64 of the log, and this many, lie outside it: looking
through 16 k rows takes about 30 µs, making the index of 10 M events about 100 ms."""


@kernel
def group_by_row(rows: Rows, n: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Return the places of uint32 rows (all < n) by row, stable, and where each row's begin."""
    starts = np.zeros(n + 1, np.int64)
    for row in rows:
        starts[row + 1] += 1
    for i in range(n):
        starts[i + 1] += starts[i]
    cursor = starts[:-1].copy()
    order = np.empty(rows.size, np.uint32)
    for place in range(rows.size):
        row = rows[place]
        order[cursor[row]] = place
        cursor[row] += 1
    return order, starts


@kernel
def _listed(
    order: npt.NDArray[np.uint32], starts: npt.NDArray[np.int64], rows: Rows, limit: int
) -> Positions:
    """Return the indexed positions below ``limit`` of some rows."""
    total = 0
    for row in rows:
        if row + 1 < starts.size:
            total += starts[row + 1] - starts[row]
    out = np.empty(total, np.int64)
    at = 0
    for row in rows:
        if row + 1 < starts.size:
            for i in range(starts[row], starts[row + 1]):
                if order[i] >= limit:
                    break
                out[at] = order[i]
                at += 1
    return out[:at]


class ContactIndex:
    """Positions of a log by contact."""

    def __init__(self) -> None:
        """Begin with nothing indexed."""
        self._order = np.empty(0, np.uint32)
        self._starts = np.zeros(1, np.int64)
        self._valid = 0

    def changed_from(self, position: int) -> None:
        """Note that the log's positions from this one on are not what they were."""
        self._valid = min(self._valid, position)

    def positions_of(self, rows: Rows, log_rows: Rows) -> Positions:
        """Return the positions of distinct, ascending rows in a log, by row, then by position."""
        outside = log_rows.size - self._valid
        if outside > max(UNINDEXED_LEAST, log_rows.size // UNINDEXED_SHARE):
            self._make(log_rows)
            outside = 0
        listed = _listed(self._order, self._starts, rows, self._valid)
        if outside == 0:
            return listed
        late = np.flatnonzero(among(log_rows[self._valid :], rows)) + self._valid
        if late.size == 0:
            return listed
        both = np.concatenate((listed, late))
        return both[np.lexsort((both, log_rows[both]))]

    def _make(self, log_rows: Rows) -> None:
        self._order, self._starts = group_by_row(log_rows, int(log_rows.max(initial=0)) + 1)
        self._valid = log_rows.size

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return int(self._order.nbytes + self._starts.nbytes)
