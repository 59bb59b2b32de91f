"""An array column keeps all elements of all rows in one arena of codes, each with its row.

A row's elements stand together; ``starts`` says where. A row written anew gets a new place, its
old elements are dead, and once the dead are the most the arena is packed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from bitseg.bitmap import RowSet
from bitseg.columns import elements
from bitseg.columns.cells import Cells
from bitseg.columns.dictionary import Dictionary
from bitseg.columns.elements import DEAD
from bitseg.columns.scans import FEW, between, blank, listed, within
from bitseg.columns.tests import AnyTest, ArrayHas, Present, unfit
from bitseg.growing import Growing
from bitseg.strings import strings_used

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from bitseg.columns.protocol import Mask, Rows, Uses, Words
    from bitseg.strings import StringPool

_SLACK: Final = 1024
"""So many dead elements are never worth packing the arena."""


class ArrayColumn:
    """Arrays of distinct strings, in the order they were given; an empty one is no value."""

    data_type: Final = "array"

    def __init__(self) -> None:
        """Begin without rows."""
        self.held = 0
        self._starts = Cells(np.uint32, 0)  # place + 1 of a row's first element
        self._codes = Growing(np.uint8)
        self._owners = Growing(np.uint32)
        self._dead = 0
        self._dictionary = Dictionary()

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self._starts.n

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow included."""
        arena = self._codes.nbytes + self._owners.nbytes
        return self._starts.nbytes + arena + self._dictionary.nbytes

    def grow(self, n: int) -> None:
        """Let there be n rows; fewer than now changes nothing."""
        self._starts.grow(n)

    def write(self, rows: Rows, values: pa.Array) -> None:
        """Set the values of uint32[k] distinct rows; null takes a row's value away."""
        lengths = values.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        codes = self._dictionary.hold(values.flatten())
        self._drop(rows)
        starts = self._codes.size + 1 + np.cumsum(lengths) - lengths
        self._starts.values[rows] = np.where(lengths > 0, starts, 0)
        self.held += int(np.count_nonzero(lengths))
        self._codes.extend(codes)
        self._owners.extend(np.repeat(rows, lengths))
        self._settle()

    def erase(self, rows: Rows) -> None:
        """Take away the values of uint32[k] distinct rows, and forget those no other row has."""
        self._drop(rows)
        self._settle()

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose values pass."""
        match test:
            case Present():
                words = between(self._starts.values, 1, np.iinfo(np.uint32).max)
            case ArrayHas():
                words = self._having(test)
            case _:
                raise unfit("array", test)
        return RowSet.from_words(words, self.n)

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: whether the values of uint32[k] rows pass."""
        starts = self._starts.values[rows]
        match test:
            case Present():
                return np.asarray(starts != 0)
            case ArrayHas(values, mode):
                wanted = self._dictionary.pool.codes_of(values)
                needed = len(set(values)) if mode == "all" else 1
                return elements.at_rows(
                    self._codes.values, self._owners.values, starts, rows, wanted, needed
                )
            case _:
                raise unfit("array", test)

    def value_at(self, row: int) -> list[str] | None:
        """Return one row's value, or None."""
        value: list[str] | None = self.values_at(np.array([row], np.uint32))[0].as_py()
        return value

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the values of uint32[k] rows, in their order, as lists of large_string."""
        places, lengths = elements.places_of(self._owners.values, self._starts.values[rows], rows)
        codes = self._codes.values[places].astype(np.uint32)
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        return pa.LargeListArray.from_arrays(
            pa.array(offsets), self._dictionary.pool.take(codes), mask=pa.array(lengths == 0)
        )

    def uses(self, rows: Rows | None = None) -> Uses:
        """Take which strings uint32[k] rows have now, or all, quickly; they are counted later."""
        pool = self._dictionary.pool.view()
        if rows is None:
            uses = self._dictionary.uses()
            return pool, lambda: uses
        codes, owners, n = self._codes.values.copy(), self._owners.values.copy(), self.n
        return pool, lambda: elements.uses(codes, owners, rows, n, len(pool))

    def freeze(self, start: int, stop: int) -> Callable[[], pa.Array]:
        """Take the values of rows [start, stop) as they are now; they are read later."""
        starts = self._starts.values[start:stop]
        codes, lengths = elements.taken(self._codes.values, self._owners.values, starts, start)
        pool = self._dictionary.pool.view()
        return lambda: _encoded(codes, lengths, pool)

    def _having(self, test: ArrayHas) -> Words:
        """Return the rows with any of the elements, or with as many as all of them."""
        wanted = self._dictionary.pool.codes_of(test.values)
        needed = len(set(test.values)) if test.mode == "all" else 1
        if wanted.size < needed:
            return blank(self.n)
        codes = self._codes.values
        if wanted.size <= FEW:
            hits = within(codes, wanted.astype(codes.dtype), wanted.astype(codes.dtype))
        else:
            table = np.zeros(len(self._dictionary.pool), np.bool_)
            table[wanted] = True
            hits = listed(codes, table)
        if needed == 1:
            words = blank(self.n)
            elements.mark(hits, self._owners.values, words)
            return words
        tally = np.zeros(self.n, np.uint16)
        elements.count(hits, self._owners.values, tally)
        return between(tally, needed, needed)

    def _drop(self, rows: Rows) -> None:
        """Make the elements of rows dead, and release their strings."""
        places, lengths = elements.places_of(self._owners.values, self._starts.values[rows], rows)
        self._owners.values[places] = DEAD
        self._dead += places.size
        self._starts.values[rows] = 0
        self.held -= int(np.count_nonzero(lengths))
        self._dictionary.release(self._codes.values[places].astype(np.uint32))

    def _settle(self) -> None:
        """Pack the arena once most of it is dead, and take new codes where there are."""
        if self._dead > self._codes.size // 2 + _SLACK:
            alive = self._owners.values != DEAD
            self._codes.keep(alive)
            self._owners.keep(alive)
            self._dead = 0
            elements.restart(self._owners.values, self._starts.values)
        renumbered = self._dictionary.renumbered()
        if renumbered is not None:
            codes = self._codes.values
            codes[:] = renumbered[codes]


def _encoded(
    codes: npt.NDArray[np.uint32], lengths: npt.NDArray[np.int64], pool: StringPool
) -> pa.Array:
    """Return the elements as lists, dictionary-encoded, without forgotten strings."""
    used, places = strings_used(codes + np.uint32(1), pool)
    known, offsets = elements.without_lost(places, lengths)
    strings = pa.DictionaryArray.from_arrays(pa.array(known, pa.int32()), used)
    none = pa.array(offsets[1:] == offsets[:-1])
    return pa.LargeListArray.from_arrays(pa.array(offsets), strings, mask=none)
