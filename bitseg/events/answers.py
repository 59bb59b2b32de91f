"""An answer is which of many values pass a test: the tests of columns, on the arrays of tallies."""

from __future__ import annotations

from math import ceil, floor, inf
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from bitseg.bitmap import Mask


def counts_in(
    values: npt.NDArray[np.unsignedinteger[Any]], intervals: tuple[tuple[float, float], ...]
) -> Mask:
    """Return bool[k]: which unsigned integers lie in closed intervals of floats.

    The bounds are brought into the integers' own range first, so that one narrow compare does.
    """
    top = int(np.iinfo(values.dtype).max)
    out: Mask | None = None
    for lo, hi in intervals:
        if lo > top or hi < 0:
            continue
        mask = values >= values.dtype.type(0 if lo <= 0 else ceil(lo))
        if hi < top:
            mask &= values <= values.dtype.type(floor(hi))
        out = mask if out is None else out | mask
    return np.zeros(values.size, np.bool_) if out is None else out


def numbers_in(values: npt.NDArray[np.float64], intervals: tuple[tuple[float, float], ...]) -> Mask:
    """Return bool[k]: which float64 values lie in closed intervals; NaN never does."""
    out = np.zeros(values.size, np.bool_)
    for lo, hi in intervals:
        mask = values >= lo
        if hi != inf:
            mask &= values <= hi
        out |= mask
    return out


def instants_in(
    values: npt.NDArray[np.int64], intervals: tuple[tuple[int, int], ...], missing: int
) -> Mask:
    """Return bool[k]: which instants lie in sorted, disjoint half-open intervals."""
    if len(intervals) == 1:
        lo, hi = intervals[0]
        found: Mask = (values >= lo) & (values < hi) & (values != missing)
        return found
    edges = np.array(intervals, np.int64).reshape(-1)
    inside: Mask = (np.searchsorted(edges, values, side="right") & 1) == 1
    inside &= values != missing
    return inside
