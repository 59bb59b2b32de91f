"""A number column keeps its values in the narrowest dtype that holds them all without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.columns.cells import Array, CellColumn
from bitseg.columns.intervals import IntervalTable
from bitseg.columns.scans import FEW, blank, listed, within
from bitseg.columns.tests import AnyTest, NumberIn, Present, unfit

if TYPE_CHECKING:
    from bitseg.columns.protocol import Rows, Words

_SMALL: Final = 2
"""Cells of so many bytes are looked up in a table of all their values."""

_SLICE: Final = 1 << 20
"""Cells that are widened at once for a look-up; a multiple of 64."""

Floats = npt.NDArray[np.float64]

RANGES: Final[dict[np.dtype[np.generic], tuple[int, int]]] = {
    np.dtype(np.uint8): (0, 254),
    np.dtype(np.int16): (-(2**15) + 1, 2**15 - 1),
    np.dtype(np.int32): (-(2**31) + 1, 2**31 - 1),
}
"""The integer dtypes, narrowest first, and what they hold; the value left over is missing."""


class NumberColumn(CellColumn):
    """Finite float64 numbers; -0.0 is 0.0."""

    data_type: Final = "number"

    def __init__(self) -> None:
        """Begin without rows."""
        super().__init__(np.uint8, _mark(np.dtype(np.uint8)))

    def write(self, rows: Rows, values: pa.Array) -> None:
        """Set the values of uint32[k] distinct rows; null takes a row's value away."""
        numbers: Floats = values.to_numpy(zero_copy_only=False) + 0.0  # makes -0.0 0.0
        lost = values.is_null().to_numpy(zero_copy_only=False)
        dtype = _narrowest(numbers[~lost] if lost.any() else numbers)
        if dtype.itemsize > self._cells.dtype.itemsize:
            self._cells.become(dtype, _mark(dtype))
        numbers[lost] = self._cells.missing
        self._replace(rows, numbers.astype(self._cells.dtype))

    def _shown(self, cells: Array) -> pa.Array:
        missing = np.isnan(cells) if cells.dtype.kind == "f" else cells == _mark(cells.dtype)
        return pa.array(cells.astype(np.float64), mask=missing)

    def _words(self, test: AnyTest, cells: Array) -> Words:
        match test:
            case Present():
                lows, highs = np.array([-np.inf]), np.array([np.inf])
            case NumberIn(intervals):
                ends = np.array(intervals, np.float64).reshape(-1, 2) + 0.0
                lows, highs = ends[:, 0].copy(), ends[:, 1].copy()
            case _:
                raise unfit("number", test)
        if cells.dtype.kind != "f":
            lows, highs = _whole(lows, highs, *RANGES[cells.dtype])
        if lows.size <= FEW:
            return within(cells, lows.astype(cells.dtype), highs.astype(cells.dtype))
        if cells.dtype.itemsize <= _SMALL:
            return _look_up_small(cells, lows, highs)
        return _look_up(cells, lows, highs)


def _mark(dtype: np.dtype[np.generic]) -> float:
    """Return a dtype's missing mark: the one value outside its range."""
    if dtype.kind == "f":
        return np.nan
    return 255 if dtype.kind == "u" else RANGES[dtype][0] - 1


def _narrowest(numbers: Floats) -> np.dtype[np.generic]:
    """Return the narrowest dtype that holds all numbers."""
    if numbers.size and np.any(np.trunc(numbers) != numbers):
        return np.dtype(np.float64)
    least, most = numbers.min(initial=0), numbers.max(initial=0)
    for dtype, (low, high) in RANGES.items():
        if low <= least and most <= high:
            return dtype
    return np.dtype(np.float64)


def _whole(lows: Floats, highs: Floats, least: int, most: int) -> tuple[Floats, Floats]:
    """Return the intervals that hold the same integers of a range, both ends integers in it."""
    lows, highs = np.maximum(np.ceil(lows), least), np.minimum(np.floor(highs), most)
    kept = lows <= highs
    return lows[kept], highs[kept]


def _look_up_small(cells: Array, lows: Floats, highs: Floats) -> Words:
    """Look cells of one or two bytes up in a table of all values."""
    unsigned = np.dtype(f"u{cells.dtype.itemsize}")
    places = 1 << 8 * cells.dtype.itemsize
    offset = places if cells.dtype.kind == "i" else 0
    steps = np.zeros(2 * places, np.int64)
    np.add.at(steps, lows.astype(np.int64) + offset, 1)
    np.add.at(steps, highs.astype(np.int64) + offset + 1, -1)
    truth = np.cumsum(steps) > 0
    return listed(cells.view(unsigned), truth[:places] | truth[places:])


def _look_up(cells: Array, lows: Floats, highs: Floats) -> Words:
    """Look wide cells up by int64 intervals: integers as they are, floats by their order."""
    ordered = _ordered if cells.dtype.kind == "f" else _as_int64
    table = IntervalTable(ordered(lows), ordered(highs) + 1)
    slices = [
        table.test(ordered(cells[start : start + _SLICE])) for start in range(0, cells.size, _SLICE)
    ]
    return np.concatenate(slices) if slices else blank(0)


def _as_int64(numbers: Array) -> npt.NDArray[np.int64]:
    return numbers.astype(np.int64)


def _ordered(numbers: Array) -> npt.NDArray[np.int64]:
    """Return int64s in the same order as the floats; NaN comes after infinity."""
    bits = numbers.view(np.int64)
    return bits ^ ((bits >> 63) & np.int64(2**63 - 1))
