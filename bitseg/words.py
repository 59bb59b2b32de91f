"""Words are rows as bits: row 64 i + k is in where bit k of word i is set."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel

Rows: TypeAlias = npt.NDArray[np.uint32]
Words: TypeAlias = npt.NDArray[np.uint64]


@kernel
def popcount(word: np.uint64) -> np.uint64:
    """Return how many bits of a word are set (Hacker's Delight, section 5-1)."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@kernel
def rows_of(words: Words, count: int) -> Rows:
    """Return the places of the bits that are set, of which there are ``count``."""
    out = np.empty(count, np.uint32)
    at = 0
    for i in range(words.size):
        word = words[i]
        while word:
            low = word & (~word + np.uint64(1))
            out[at] = np.uint32(i * 64) + np.uint32(popcount(low - np.uint64(1)))
            at += 1
            word ^= low
    return out


@kernel
def some_rows(words: Words, first: int, skip: int, limit: int) -> Rows:
    """Return up to ``limit`` places from ``first`` on, without the first ``skip`` of them."""
    out = np.empty(limit, np.uint32)
    size = 0
    for i in range(first >> 6, words.size):
        word = words[i]
        if i == first >> 6:
            word &= ~np.uint64(0) << np.uint64(first & 63)
        held = int(popcount(word))
        if held <= skip:
            skip -= held
            continue
        while word and size < limit:
            low = word & (~word + np.uint64(1))
            word ^= low
            if skip:
                skip -= 1
            else:
                out[size] = np.uint32(i * 64) + np.uint32(popcount(low - np.uint64(1)))
                size += 1
        if size == limit:
            break
    return out[:size]
