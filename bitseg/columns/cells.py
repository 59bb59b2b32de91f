"""Cells are one number a row, in a dtype as narrow as the values allow, with room to grow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bitseg.bitmap import RowSet
from bitseg.columns.scans import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from bitseg.columns.protocol import Mask, Rows, Value, Words
    from bitseg.columns.tests import AnyTest

Array = npt.NDArray[Any]


class Cells:
    """An array of n cells in which one value, the missing mark, says "no value".

    Attributes:
        n: how many cells there are.
        missing: the mark; NaN for floats.
    """

    def __init__(self, dtype: npt.DTypeLike, missing: float) -> None:
        """Begin empty."""
        self.n = 0
        self.missing = missing
        self._data = np.empty(0, dtype)

    @property
    def values(self) -> Array:
        """The cells, a view."""
        return self._data[: self.n]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The cells' dtype."""
        return self._data.dtype

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow included."""
        return self._data.nbytes

    def grow(self, n: int) -> None:
        """Let there be n cells, the new ones missing; room grows by a quarter at least."""
        if n > self._data.size:
            size = max(n, self._data.size + self._data.size // 4)
            room = self.blank(size)
            room[: self.n] = self.values
            self._data = room
        self.n = max(n, self.n)

    def blank(self, size: int) -> Array:
        """Return new cells without values; zeros, where they are the mark, cost no memory yet."""
        if self.missing == 0:
            return np.zeros(size, self.dtype)
        return np.full(size, self.missing, self.dtype)

    def present(self, cells: Array) -> Mask:
        """Return which of some cells of this dtype have a value."""
        found: Mask = ~np.isnan(cells) if cells.dtype.kind == "f" else cells != self.missing
        return found

    def become(self, dtype: npt.DTypeLike, missing: float) -> None:
        """Change the dtype to one that holds all values, and the mark with it."""
        lost = ~self.present(self._data)
        self._data = self._data.astype(dtype)
        self.missing = missing
        self._data[lost] = missing


class CellColumn(ABC):
    """What columns of one cell a row share: a kind adds its dtype and how it reads a test.

    ``matches`` and ``matches_at`` both go through ``_words``, so they cannot disagree.
    """

    def __init__(self, dtype: npt.DTypeLike, missing: float) -> None:
        """Begin without rows."""
        self._cells = Cells(dtype, missing)
        self.held = 0

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self._cells.n

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow included."""
        return self._cells.nbytes

    def grow(self, n: int) -> None:
        """Let there be n rows; fewer than now changes nothing."""
        self._cells.grow(n)

    @abstractmethod
    def write(self, rows: Rows, values: pa.Array) -> None:
        """Set the values of uint32[k] distinct rows; null takes a row's value away."""

    def erase(self, rows: Rows) -> None:
        """Take away the values of uint32[k] distinct rows."""
        self._replace(rows, self._cells.blank(rows.size))

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose values pass."""
        return RowSet.from_words(self._words(test, self._cells.values), self.n)

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: whether the values of uint32[k] rows pass."""
        return unpacked(self._words(test, self._cells.values[rows]), rows.size)

    def value_at(self, row: int) -> Value:
        """Return one row's value, or None."""
        value: Value = self.values_at(np.array([row], np.uint32))[0].as_py()
        return value

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the values of uint32[k] rows, in their order."""
        return self._shown(self._cells.values[rows])

    def freeze(self, start: int, stop: int) -> Callable[[], pa.Array]:
        """Take the values of rows [start, stop) as they are now; they are read later."""
        cells = self._cells.values[start:stop].copy()
        return lambda: self._shown(cells)

    @abstractmethod
    def _shown(self, cells: Array) -> pa.Array:
        """Return the values of some cells, in their order."""

    @abstractmethod
    def _words(self, test: AnyTest, cells: Array) -> Words:
        """Return which of some cells pass, a bit each."""

    def _replace(self, rows: Rows, cells: Array) -> Array:
        """Set cells and return those that were there, keeping ``held`` right."""
        old: Array = self._cells.values[rows]
        self._cells.values[rows] = cells
        present = self._cells.present
        self.held += int(np.count_nonzero(present(cells))) - int(np.count_nonzero(present(old)))
        return old
