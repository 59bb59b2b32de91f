"""A scan tests every cell of a column and packs the answers, 64 rows to a word.

Cells are tested a block at a time into flags of a byte each, in loops the compiler turns into
vector code; the flags stay in the nearest cache until they are packed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bitseg.columns.protocol import Mask, Words
from bitseg.kernel import kernel

Cells = npt.NDArray[Any]
Flags = npt.NDArray[np.uint8]

BLOCK: Final = 1024
"""Cells tested before their flags are packed; a multiple of 64."""

FEW: Final = 16
"""Up to so many ranges are compared one after the other; more are cheaper looked up."""


def blank(size: int) -> Words:
    """Return the words of a test that none of ``size`` cells has passed yet."""
    return np.zeros(-(-size // 64), np.uint64)


def packed(mask: Mask) -> Words:
    """Return bool[n] as words."""
    words = blank(mask.size)
    octets = np.packbits(mask, bitorder="little")
    words.view(np.uint8)[: octets.size] = octets
    return words


def unpacked(words: Words, size: int) -> Mask:
    """Return bool[size] of the first bits of the words."""
    return np.unpackbits(words.view(np.uint8), count=size, bitorder="little").view(np.bool_)


def between(cells: Cells, low: float, high: float) -> Words:
    """Return which cells are from ``low`` to ``high``, both included and of the cells' dtype."""
    ends = np.array([low, high], cells.dtype)
    return within(cells, ends[:1], ends[1:])


def within(cells: Cells, lows: Cells, highs: Cells) -> Words:
    """Return which cells lie in one of k closed ranges; the ends are of the cells' dtype."""
    words = blank(cells.size)
    _within(cells, lows, highs, words)
    return words


def listed(cells: Cells, table: Mask) -> Words:
    """Return which unsigned cells have a true place in the table."""
    words = blank(cells.size)
    _listed(cells, table, words)
    return words


@kernel
def pack(flags: Flags, size: int, words: Words, first: int) -> None:
    """Pack flags of 0 or 1 into the words from ``first`` on; those past ``size`` become 0.

    The multiplication moves the low bits of eight bytes side by side into the top byte.
    """
    flags[size:] = 0
    eights = flags.view(np.uint64)
    for w in range((size + 63) // 64):
        word = np.uint64(0)
        for j in range(8):
            octet = (eights[w * 8 + j] * np.uint64(0x0102040810204080)) >> np.uint64(56)
            word |= octet << np.uint64(8 * j)
        words[first + w] = word


@kernel
def _within(cells: Cells, lows: Cells, highs: Cells, words: Words) -> None:
    flags = np.empty(BLOCK, np.uint8)
    for base in range(0, cells.size, BLOCK):
        part = cells[base : base + BLOCK]
        flags[:] = 0
        for k in range(lows.size):
            low, high = lows[k], highs[k]
            for i in range(part.size):
                flags[i] |= (part[i] >= low) & (part[i] <= high)
        pack(flags, part.size, words, base // 64)


@kernel
def _listed(cells: Cells, table: Mask, words: Words) -> None:
    flags = np.empty(BLOCK, np.uint8)
    for base in range(0, cells.size, BLOCK):
        part = cells[base : base + BLOCK]
        for i in range(part.size):
            flags[i] = table[part[i]]
        pack(flags, part.size, words, base // 64)
