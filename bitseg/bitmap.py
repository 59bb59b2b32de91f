"""A row set is which rows hold something: a roaring bitmap while sparse, 64-bit words when dense.

This is the only file that imports pyroaring. Roaring is the form that is handed out and stored;
words are a dense set's twin, because roaring turns every container of a thin ``A & B`` of dense
sets into an array (DESIGN, idea 9), where words go at memory speed.
"""

from __future__ import annotations

import itertools
from array import array
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap, FrozenBitMap

from bitseg.kernel import kernel
from bitseg.words import popcount, rows_of, some_rows

Rows: TypeAlias = npt.NDArray[np.uint32]
Words: TypeAlias = npt.NDArray[np.uint64]
Mask: TypeAlias = npt.NDArray[np.bool_]

SPARSE: Final = 128
"""A set with fewer than one row in this many is kept as roaring: past that a roaring array
container (2 bytes a row) saves memory and time against a bit for every row."""

VERSIONS: Final = itertools.count(1)
"""Every change of a kept set takes the next number, so that equal numbers mean equal sets."""

_CONTAINER_WORDS: Final = 1024
_ARRAY_LIMIT: Final = 4096
_NO_RUNS_COOKIE: Final = 12346


@kernel
def _count(words: Words) -> np.uint64:
    total = np.uint64(0)
    for i in range(words.size):
        total += popcount(words[i])
    return total


@kernel
def _and(left: Words, right: Words, out: Words) -> np.uint64:
    total = np.uint64(0)
    for i in range(out.size):
        out[i] = left[i] & right[i]
        total += popcount(out[i])
    return total


@kernel
def _and_count(left: Words, right: Words) -> np.uint64:
    total = np.uint64(0)
    for i in range(left.size):
        total += popcount(left[i] & right[i])
    return total


@kernel
def _or(left: Words, right: Words, out: Words) -> np.uint64:
    total = np.uint64(0)
    for i in range(out.size):
        out[i] = left[i] | right[i]
        total += popcount(out[i])
    return total


@kernel
def _minus(left: Words, right: Words, out: Words) -> np.uint64:
    total = np.uint64(0)
    for i in range(out.size):
        out[i] = left[i] & ~right[i]
        total += popcount(out[i])
    return total


@kernel
def _set_rows(words: Words, rows: Rows) -> None:
    for row in rows:
        words[row >> 6] |= np.uint64(1) << np.uint64(row & 63)


@kernel
def _patch(words: Words, rows: Rows, truth: Mask) -> int:
    change = 0
    for i in range(rows.size):
        at = rows[i] >> 6
        bit = np.uint64(1) << np.uint64(rows[i] & 63)
        held = (words[at] & bit) != 0
        if truth[i] and not held:
            words[at] |= bit
            change += 1
        elif held and not truth[i]:
            words[at] &= ~bit
            change -= 1
    return change


@kernel
def _test(words: Words, rows: Rows) -> Mask:
    out = np.empty(rows.size, np.bool_)
    for i in range(rows.size):
        out[i] = (words[rows[i] >> 6] >> np.uint64(rows[i] & 63)) & np.uint64(1)
    return out


@kernel
def _container(words: Words, body: npt.NDArray[np.uint8], at: int, count: int) -> int:
    """Write one container's rows at ``at`` and return where the next begins."""
    if count > _ARRAY_LIMIT:
        for i in range(_CONTAINER_WORDS):
            word = words[i] if i < words.size else np.uint64(0)
            for shift in range(0, 64, 8):
                body[at] = np.uint8((word >> np.uint64(shift)) & np.uint64(255))
                at += 1
        return at
    for i in range(words.size):
        word = words[i]
        while word:
            low = word & (~word + np.uint64(1))
            row = i * 64 + int(popcount(low - np.uint64(1)))
            body[at] = np.uint8(row & 255)
            body[at + 1] = np.uint8(row >> 8)
            at += 2
            word ^= low
    return at


def _roaring(words: Words) -> BitMap:
    """Return the words as roaring through its portable format (DESIGN, idea 2).

    Format: https://github.com/RoaringBitmap/RoaringFormatSpec, the form without run containers.
    """
    pages = -(-words.size // _CONTAINER_WORDS)
    counts = np.add.reduceat(
        np.bitwise_count(words).astype(np.int64), np.arange(pages) * _CONTAINER_WORDS
    )
    keys = np.flatnonzero(counts)
    if keys.size == 0:
        return BitMap()
    counts = counts[keys]
    sizes = np.where(counts > _ARRAY_LIMIT, _CONTAINER_WORDS * 8, counts * 2)
    header = 8 + 8 * keys.size
    ends = header + np.cumsum(sizes)
    body = np.empty(int(ends[-1]), np.uint8)
    body[:8].view("<u4")[:] = (_NO_RUNS_COOKIE, keys.size)
    descriptions = body[8 : 8 + 4 * keys.size].view("<u2")
    descriptions[0::2] = keys
    descriptions[1::2] = counts - 1
    body[8 + 4 * keys.size : header].view("<u4")[:] = ends - sizes
    for key, start, count in zip(keys, ends - sizes, counts, strict=True):
        page = words[key * _CONTAINER_WORDS : (key + 1) * _CONTAINER_WORDS]
        _container(page, body, int(start), int(count))
    return BitMap.deserialize(body.tobytes())


class RowSet:
    """Which of ``n`` rows hold something.

    The operations return new sets and leave their operands alone; only ``patch`` and ``grow``
    change a set, and only its owner calls them.
    """

    __slots__ = ("_sparse", "_words", "count", "n")

    def __init__(self, n: int, count: int, words: Words | None, sparse: BitMap | None) -> None:
        """Take exactly one of the two forms; the class methods are the way in."""
        self.n = n
        self.count = count
        self._words = words
        self._sparse = sparse

    @classmethod
    def empty(cls, n: int) -> RowSet:
        """Return the set of none of n rows."""
        return cls(n, 0, None, BitMap())

    @classmethod
    def from_words(cls, words: Words, n: int) -> RowSet:
        """Return the set of the bits in uint64[ceil(n / 64)]; bits past n must be 0."""
        return cls._settled(words, int(_count(words)), n)

    @classmethod
    def from_mask(cls, mask: Mask) -> RowSet:
        """Return the set of the true places of bool[n]."""
        words = np.zeros(-(-mask.size // 64), np.uint64)
        packed = np.packbits(mask, bitorder="little")
        words.view(np.uint8)[: packed.size] = packed
        return cls.from_words(words, mask.size)

    @classmethod
    def from_rows(cls, rows: Rows, n: int) -> RowSet:
        """Return the set of uint32 rows, in any order, repeats allowed, all below n."""
        if rows.size * SPARSE < n:
            sparse = _sparse(rows)
            return cls(n, len(sparse), None, sparse)
        words = np.zeros(-(-n // 64), np.uint64)
        _set_rows(words, rows.astype(np.uint32, copy=False))
        return cls.from_words(words, n)

    @classmethod
    def from_bitmap(cls, rows: BitMap | FrozenBitMap, n: int) -> RowSet:
        """Return the set of a roaring bitmap's rows, all below n."""
        if len(rows) * SPARSE < n:
            return cls(n, len(rows), None, BitMap(rows))
        return cls.from_rows(_array(rows), n)

    @classmethod
    def _settled(cls, words: Words, count: int, n: int) -> RowSet:
        """Choose the form that fits the count."""
        if count * SPARSE < n:
            return cls(n, count, None, _sparse(rows_of(words, count)))
        return cls(n, count, words, None)

    def and_(self, other: RowSet) -> RowSet:
        """Return the rows of both."""
        if self._words is not None and other._words is not None:
            out = np.empty_like(self._words)
            return RowSet._settled(out, int(_and(self._words, other._words, out)), self.n)
        if self._sparse is not None and other._sparse is not None:
            return RowSet._of(self._sparse & other._sparse, self.n)
        thin, thick = (self, other) if self._sparse is not None else (other, self)
        rows = thin.rows()
        return RowSet._of(_sparse(rows[thick.test(rows)]), self.n)

    def and_count(self, other: RowSet) -> int:
        """Return how many rows are in both, without making the set."""
        if self._words is not None and other._words is not None:
            return int(_and_count(self._words, other._words))
        if self._sparse is not None and other._sparse is not None:
            return self._sparse.intersection_cardinality(other._sparse)
        thin, thick = (self, other) if self._sparse is not None else (other, self)
        return int(np.count_nonzero(thick.test(thin.rows())))

    def or_(self, other: RowSet) -> RowSet:
        """Return the rows of either."""
        if self._sparse is not None and other._sparse is not None:
            return RowSet.from_bitmap(self._sparse | other._sparse, self.n)
        if self._words is not None and other._words is not None:
            out = np.empty_like(self._words)
            return RowSet(self.n, int(_or(self._words, other._words, out)), out, None)
        thin, thick = (self, other) if self._sparse is not None else (other, self)
        both = thick.copy()
        rows = thin.rows()
        both.patch(rows, np.ones(rows.size, np.bool_))
        return both

    def minus(self, other: RowSet) -> RowSet:
        """Return the rows of this that are not in the other."""
        if self._sparse is not None:
            if other._sparse is not None:
                return RowSet._of(self._sparse - other._sparse, self.n)
            rows = self.rows()
            return RowSet._of(_sparse(rows[~other.test(rows)]), self.n)
        if other._words is not None and self._words is not None:
            out = np.empty_like(self._words)
            return RowSet._settled(out, int(_minus(self._words, other._words, out)), self.n)
        rest = self.copy()
        rows = other.rows()
        rest.patch(rows, np.zeros(rows.size, np.bool_))
        return rest

    @classmethod
    def _of(cls, sparse: BitMap, n: int) -> RowSet:
        return cls(n, len(sparse), None, sparse)

    def others(self) -> RowSet:
        """Return the rows that are not in this."""
        mask = np.ones(self.n, np.bool_)
        mask[self.rows()] = False
        return RowSet.from_mask(mask)

    def test(self, rows: Rows) -> Mask:
        """Return bool[k]: whether each of uint32[k] rows is in."""
        if self._words is not None:
            return _test(self._words, rows)
        return among(rows, self.rows())

    def rows(self) -> Rows:
        """Return the rows, uint32[count], ascending."""
        if self._words is not None:
            return rows_of(self._words, self.count)
        return _array(self._sparse) if self._sparse is not None else np.empty(0, np.uint32)

    def some(self, skip: int, limit: int, first: int = 0) -> Rows:
        """Return up to ``limit`` rows from row ``first`` on, without the first ``skip`` of them."""
        if self._words is not None:
            return some_rows(self._words, first, skip, min(limit, self.count))
        rows = self.rows()
        start = int(np.searchsorted(rows, first)) + skip
        return rows[start : start + limit]

    def bitmap(self) -> BitMap:
        """Return a roaring copy."""
        return _roaring(self._words) if self._words is not None else BitMap(self._sparse)

    def to_bytes(self) -> bytes:
        """Return the rows in roaring's portable format."""
        return bytes(self.bitmap().serialize())

    @classmethod
    def from_bytes(cls, data: bytes, n: int) -> RowSet:
        """Return the set of rows that ``to_bytes`` wrote, all below n.

        Raises:
            ValueError: these are no such bytes, or hold a row from n on.
        """
        rows = BitMap.deserialize(data)
        if rows and rows.max() >= n:
            message = f"Expected rows below {n}, got {rows.max()}"
            raise ValueError(message)
        return cls.from_bitmap(rows, n)

    def copy(self) -> RowSet:
        """Return a set of the same rows that nobody else holds."""
        words = None if self._words is None else self._words.copy()
        sparse = None if self._sparse is None else BitMap(self._sparse)
        return RowSet(self.n, self.count, words, sparse)

    def patch(self, rows: Rows, truth: Mask) -> None:
        """Put in the rows whose truth is true and take out the others; rows are distinct."""
        if self._words is None and self._sparse is not None:
            self._sparse |= _sparse(rows[truth])
            self._sparse -= _sparse(rows[~truth])
            self.count = len(self._sparse)
            if self.count * SPARSE >= self.n * 2:
                self._words = np.zeros(-(-self.n // 64), np.uint64)
                _set_rows(self._words, _array(self._sparse))
                self._sparse = None
        elif self._words is not None:
            self.count += int(_patch(self._words, rows, truth))

    def grow(self, n: int) -> None:
        """Let there be n rows; the new ones are out."""
        if self._words is not None and -(-n // 64) > self._words.size:
            words = np.zeros(-(-n // 64), np.uint64)
            words[: self._words.size] = self._words
            self._words = words
        self.n = n

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        if self._words is not None:
            return int(self._words.nbytes)
        if self._sparse is None:
            return 0
        held = self._sparse.get_statistics()
        return (
            held["n_bytes_array_containers"]
            + held["n_bytes_bitset_containers"]
            + held["n_bytes_run_containers"]
        )


def _array(rows: BitMap | FrozenBitMap) -> Rows:
    """Return a roaring bitmap's rows as uint32, ascending, without a Python loop."""
    return np.frombuffer(rows.to_array(), np.uint32)


def _sparse(rows: Rows) -> BitMap:
    """Return uint32 rows as roaring.

    Through array.array: 8,000 rows take 45 µs, a numpy array, which pyroaring walks, 330 µs.
    """
    return BitMap(array("I", rows.astype(np.uint32, copy=False).tobytes()))


def among(values: Rows, rows: Rows) -> Mask:
    """Return bool[k]: whether each of uint32[k] values is in distinct, ascending rows."""
    if rows.size == 0:
        return np.zeros(values.size, np.bool_)
    at = np.searchsorted(rows, values)
    at[at == rows.size] = 0
    found: Mask = rows[at] == values
    return found
