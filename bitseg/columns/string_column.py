"""A string column keeps a code a row, in the narrowest dtype, over a dictionary of its strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.columns.cells import Array, CellColumn
from bitseg.columns.dictionary import Codes, Dictionary
from bitseg.columns.scans import FEW, between, listed, packed, within
from bitseg.columns.tests import AnyTest, Present, StringIn, StringLike, unfit
from bitseg.strings import strings_used

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.columns.protocol import Rows, Uses, Words
    from bitseg.strings import StringPool


class StringColumn(CellColumn):
    """Strings; a cell is a code + 1, and 0 is missing."""

    data_type: Final = "string"

    def __init__(self) -> None:
        """Begin without rows."""
        super().__init__(np.uint8, 0)
        self._dictionary = Dictionary()

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow included."""
        return super().nbytes + self._dictionary.nbytes

    def write(self, rows: Rows, values: pa.Array) -> None:
        """Set the values of uint32[k] distinct rows; null takes a row's value away."""
        codes = np.zeros(rows.size, np.uint32)
        if values.null_count == 0:
            codes[:] = self._dictionary.hold(values)
            codes += np.uint32(1)
        else:
            given = values.is_valid().to_numpy(zero_copy_only=False)
            codes[given] = self._dictionary.hold(values.drop_null()) + np.uint32(1)
        self._fit()
        self._swap(rows, codes)

    def erase(self, rows: Rows) -> None:
        """Take away the values of uint32[k] distinct rows, and forget those no other row has."""
        self._swap(rows, np.zeros(rows.size, np.uint32))

    def uses(self, rows: Rows | None = None) -> Uses:
        """Take which strings uint32[k] rows have now, or all, quickly; they are counted later."""
        pool = self._dictionary.pool.view()
        if rows is None:
            uses = self._dictionary.uses()
            return pool, lambda: uses
        cells = self._cells.values[rows]
        return pool, lambda: np.bincount(cells, minlength=len(pool) + 1)[1:]

    def freeze(self, start: int, stop: int) -> Callable[[], pa.Array]:
        """Take the values of rows [start, stop) as they are now; they are read later."""
        cells = self._cells.values[start:stop].copy()
        pool = self._dictionary.pool.view()
        return lambda: _encoded(cells, pool)

    def _shown(self, cells: Array) -> pa.Array:
        present = cells != 0
        codes = cells[present].astype(np.uint32) - np.uint32(1)
        strings = self._dictionary.pool.take(codes)
        if len(strings) == cells.size:
            return strings
        places = np.cumsum(present) - 1
        return pc.take(strings, pa.array(places, mask=~present))

    def _words(self, test: AnyTest, cells: Array) -> Words:
        match test:
            case Present():
                return between(cells, 1, np.iinfo(cells.dtype).max)
            case StringIn(values):
                return self._among(cells, self._dictionary.pool.codes_of(values))
            case StringLike():
                return self._alike(cells, test)
            case _:
                raise unfit("string", test)

    def _among(self, cells: Array, codes: Codes) -> Words:
        if codes.size <= FEW:
            wanted = (codes + np.uint32(1)).astype(cells.dtype)
            return within(cells, wanted, wanted)
        table = np.zeros(len(self._dictionary.pool) + 1, np.bool_)
        table[codes + np.uint32(1)] = True
        return listed(cells, table)

    def _alike(self, cells: Array, test: StringLike) -> Words:
        """Test each distinct string once, or, for fewer rows than strings, only theirs."""
        pool = self._dictionary.pool
        if cells.size >= len(pool):
            return listed(cells, np.append([False], pool.matching(test.how, test.needle)))
        mask = cells != 0
        codes = cells[mask].astype(np.uint32) - np.uint32(1)
        mask[mask] = pool.matching_of(test.how, test.needle, codes)
        return packed(mask)

    def _swap(self, rows: Rows, codes: Codes) -> None:
        """Set cells, and release the strings that were there."""
        old = self._replace(rows, codes)
        self._dictionary.release(old[old != 0].astype(np.uint32) - np.uint32(1))
        renumbered = self._dictionary.renumbered()
        if renumbered is not None:
            table = np.concatenate((np.zeros(1, np.uint32), renumbered + np.uint32(1)))
            cells = self._cells.values
            cells[:] = table[cells]

    def _fit(self) -> None:
        """Widen the cells until the last code fits."""
        dtype = np.min_scalar_type(len(self._dictionary.pool))
        if dtype.itemsize > self._cells.dtype.itemsize:
            self._cells.become(dtype, 0)


def _encoded(cells: Array, pool: StringPool) -> pa.Array:
    """Return the values of cells, dictionary-encoded; a forgotten string is null."""
    used, places = strings_used(cells, pool)
    present = (cells != 0) & (places >= 0)
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32(), mask=~present), used)
