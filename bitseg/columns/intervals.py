"""An interval table tests int64 values against many intervals in one pass.

The range from the first interval to the last is cut into buckets of ``2 ** shift``; a bucket knows
the first interval that ends behind its start, so a value has few intervals to look at, mostly one,
however many there are.
"""

# ruff: noqa: PLR0913, PLR0917 - a kernel takes each array by itself
from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from bitseg.columns.protocol import Words
from bitseg.columns.scans import BLOCK, blank, pack
from bitseg.kernel import kernel

_BUCKETS_EACH: Final = 8
_LAST: Final = 2**63 - 1

Int64s = npt.NDArray[np.int64]
Firsts = npt.NDArray[np.uint32]


class IntervalTable:
    """Half-open intervals [start, stop), at least one, sorted, disjoint and none empty."""

    def __init__(self, starts: Int64s, stops: Int64s) -> None:
        """Take int64[k] starts and stops."""
        span = int(stops[-1]) - int(starts[0])
        self._shift = max(0, (span // (starts.size * _BUCKETS_EACH)).bit_length())
        edges = np.arange((span >> self._shift) + 1, dtype=np.uint64) << np.uint64(self._shift)
        behind = stops.view(np.uint64) - starts.view(np.uint64)[0]
        self._firsts = np.searchsorted(behind, edges, side="right").astype(np.uint32)
        # A last interval that nothing is in, so that there always is a next one.
        self._starts = np.append(starts, _LAST)
        self._stops = np.append(stops, _LAST)

    def test(self, values: Int64s) -> Words:
        """Return which values lie in an interval; 2 ** 63 - 1 never does."""
        words = blank(values.size)
        _test(values, self._starts, self._stops, self._firsts, self._shift, words)
        return words


@kernel
def _test(
    values: Int64s, starts: Int64s, stops: Int64s, firsts: Firsts, shift: int, words: Words
) -> None:
    flags = np.empty(BLOCK, np.uint8)
    buckets, origin = np.uint64(firsts.size - 1), np.uint64(starts[0])
    for base in range(0, values.size, BLOCK):
        part = values[base : base + BLOCK]
        for i in range(part.size):
            value = part[i]
            bucket = min((np.uint64(value) - origin) >> np.uint64(shift), buckets)
            at = np.int64(firsts[bucket])
            at += np.int64(stops[at] <= value)
            if stops[at] <= value < _LAST:
                at = np.searchsorted(stops, value, side="right")
            flags[i] = (starts[at] <= value) & (value < stops[at])
        pack(flags, part.size, words, base // 64)
