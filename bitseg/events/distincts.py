"""A distinct tally is how many different values of a property a contact's events have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bitseg.columns.tests import AnyTest, NumberIn
from bitseg.events.answers import counts_in
from bitseg.events.recomputed import PropertyTally, grouped
from bitseg.kernel import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.events.tally import Window


@kernel
def _distinct(
    values: npt.NDArray[np.float64], edges: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint32]:
    """Count the different values of each stretch; NaN is none."""
    out = np.zeros(edges.size - 1, np.uint32)
    for group in range(edges.size - 1):
        stretch = np.sort(values[edges[group] : edges[group + 1]])
        for i in range(stretch.size):
            if np.isnan(stretch[i]):
                break
            if i == 0 or stretch[i] != stretch[i - 1]:
                out[group] += 1
    return out


class DistinctTally(PropertyTally):
    """How many different values of a property the kind's matching events have; missing is none."""

    dtype = np.uint32
    fill = 0

    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        found = grouped(self._log, window, self._where, rows, self._values.size)
        codes = found.events.property(self._of)
        if codes is None:
            return found.rows, np.zeros(found.rows.size, np.uint32)
        values = codes.astype(np.float64)
        if codes.dtype != np.float64:
            values[codes == 0] = np.nan
        return found.rows, _distinct(values, found.edges)

    def _pass(self, values: npt.NDArray[Any], test: AnyTest) -> Mask:
        return counts_in(values, cast("NumberIn", test).intervals)

    def value_at(self, row: int) -> int:
        """Return one row's number of different values."""
        return int(self._values.values[row])
