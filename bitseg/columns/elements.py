"""An element is one string of one row's array: a code in an arena, and its owner, the row."""

# ruff: noqa: PLR0913, PLR0917 - a kernel takes each array by itself
from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bitseg.columns.protocol import Mask, Rows, Words
from bitseg.kernel import kernel
from bitseg.words import popcount

Codes = npt.NDArray[Any]

DEAD: Final = 2**32 - 1
"""The owner of an element that no row has any more."""


@kernel
def mark(hits: Words, owners: Rows, words: Words) -> None:
    """Set the bits of the rows, in ``words``, that own an element whose bit is set in ``hits``."""
    for w in range(hits.size):
        word = hits[w]
        while word != 0:
            low = word & (~word + np.uint64(1))
            word ^= low
            owner = owners[w * 64 + np.int64(popcount(low - np.uint64(1)))]
            if owner != DEAD:
                words[owner >> 6] |= np.uint64(1) << np.uint64(owner & 63)


@kernel
def count(hits: Words, owners: Rows, tally: npt.NDArray[np.uint16]) -> None:
    """Count, for each row, its elements whose bits are set in ``hits``."""
    for w in range(hits.size):
        word = hits[w]
        while word != 0:
            low = word & (~word + np.uint64(1))
            word ^= low
            owner = owners[w * 64 + np.int64(popcount(low - np.uint64(1)))]
            if owner != DEAD:
                tally[owner] += np.uint16(1)


@kernel
def at_rows(
    codes: Codes, owners: Rows, starts: Rows, rows: Rows, wanted: Rows, needed: int
) -> Mask:
    """Return bool[k]: whether rows have ``needed`` elements among the wanted, ascending codes."""
    out = np.zeros(rows.size, np.bool_)
    for i in range(rows.size):
        found = 0
        place = np.int64(starts[i]) - 1
        while 0 <= place < owners.size and owners[place] == rows[i]:
            at = np.searchsorted(wanted, codes[place])
            if at < wanted.size and wanted[at] == codes[place]:
                found += 1
            place += 1
        out[i] = found >= needed
    return out


@kernel
def places_of(
    owners: Rows, starts: Rows, rows: Rows
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the places of the elements of uint32[k] rows in turn, and how many each row has."""
    lengths = np.zeros(rows.size, np.int64)
    for i in range(rows.size):
        place = np.int64(starts[i]) - 1
        while 0 <= place < owners.size and owners[place] == rows[i]:
            lengths[i] += 1
            place += 1
    places = np.empty(lengths.sum(), np.int64)
    at = 0
    for i in range(rows.size):
        for k in range(lengths[i]):
            places[at] = np.int64(starts[i]) - 1 + k
            at += 1
    return places, lengths


@kernel
def taken(
    codes: Codes, owners: Rows, starts: Rows, first: int
) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Return the codes of the elements of rows from ``first`` on, and how many each row has."""
    lengths = np.zeros(starts.size, np.int64)
    for i in range(starts.size):
        place = np.int64(starts[i]) - 1
        while 0 <= place < owners.size and owners[place] == first + i:
            lengths[i] += 1
            place += 1
    out = np.empty(lengths.sum(), np.uint32)
    at = 0
    for i in range(starts.size):
        place = np.int64(starts[i]) - 1
        for k in range(lengths[i]):
            out[at] = codes[place + k]
            at += 1
    return out, lengths


@kernel
def uses(codes: Codes, owners: Rows, rows: Rows, n: int, distinct: int) -> npt.NDArray[np.int64]:
    """Return how many of some of n rows have an element of each of ``distinct`` codes."""
    meant = np.zeros(n, np.bool_)
    for row in rows:
        meant[row] = True
    out = np.zeros(distinct, np.int64)
    for i in range(codes.size):
        if owners[i] != DEAD and meant[owners[i]]:
            out[codes[i]] += 1
    return out


@kernel
def without_lost(
    places: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the places that are not -1, and int64[n + 1] offsets of n rows' shares of them."""
    kept = np.empty(places.size, np.int32)
    offsets = np.zeros(lengths.size + 1, np.int64)
    at = size = 0
    for i in range(lengths.size):
        for _ in range(lengths[i]):
            if places[at] >= 0:
                kept[size] = places[at]
                size += 1
            at += 1
        offsets[i + 1] = size
    return kept[:size], offsets


@kernel
def restart(owners: Rows, starts: Rows) -> None:
    """Set where each row's elements begin, as place + 1; 0 for a row that has none."""
    starts[:] = 0
    for i in range(owners.size):
        if i == 0 or owners[i] != owners[i - 1]:
            starts[owners[i]] = i + 1
