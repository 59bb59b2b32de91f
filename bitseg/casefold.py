"""Case folding is ``str.casefold`` over many strings at once, as UTF-8 bytes.

The table is asked of Python itself, so the result is Python's to the letter (``ß`` becomes ``ss``);
folding looks at one code point at a time, so a table of code points is all there is to it.
"""

# ruff: noqa: PLR0913, PLR0917 - a kernel takes each array by itself
from __future__ import annotations

from functools import cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel

Bytes: TypeAlias = npt.NDArray[np.uint8]
Offsets: TypeAlias = npt.NDArray[np.int64]

FOLDING: Final = 0x20000
"""Code points from here on fold to themselves (the tests ask Python whether that still holds)."""

_WIDEST: Final = 3
"""A code point's folded bytes are at most this many times its own (``ΐ``: 2 bytes to 6)."""


def fold(data: Bytes, offsets: Offsets) -> tuple[Bytes, Offsets]:
    """Return the casefolded bytes and offsets of n strings.

    Args:
        data: uint8, UTF-8 text.
        offsets: int64[n + 1], where each string begins in ``data``, and the end of the last.
    """
    starts, folded = _table()
    out = np.empty((int(offsets[-1]) - int(offsets[0])) * _WIDEST, np.uint8)
    ends = np.zeros(offsets.size, np.int64)
    _fold(data, offsets, starts, folded, out, ends)
    return out[: int(ends[-1])].copy(), ends


@cache
def _table() -> tuple[npt.NDArray[np.int32], Bytes]:
    """Return where each code point's folded bytes lie, and these; none where it stays itself."""
    lengths = np.zeros(FOLDING + 1, np.int32)
    parts = []
    for point in range(FOLDING):
        text = chr(point)
        folded = text.casefold()
        if folded != text:
            parts.append(folded.encode())
            lengths[point + 1] = len(parts[-1])
    return np.cumsum(lengths, dtype=np.int32), np.frombuffer(b"".join(parts), np.uint8)


@kernel
def _decode(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the code point at a place and its bytes; a byte that begins none stands alone."""
    lead = int(data[at])
    if lead >= 0xF0 and at + 4 <= end:
        high = ((lead & 0x07) << 18) | (int(data[at + 1] & 0x3F) << 12)
        return high | (int(data[at + 2] & 0x3F) << 6) | int(data[at + 3] & 0x3F), 4
    if 0xE0 <= lead < 0xF0 and at + 3 <= end:
        high = ((lead & 0x0F) << 12) | (int(data[at + 1] & 0x3F) << 6)
        return high | int(data[at + 2] & 0x3F), 3
    if 0xC0 <= lead < 0xE0 and at + 2 <= end:
        return ((lead & 0x1F) << 6) | int(data[at + 1] & 0x3F), 2
    return lead if lead < 0x80 else FOLDING, 1


@kernel
def _fold(
    data: Bytes,
    offsets: Offsets,
    starts: npt.NDArray[np.int32],
    folded: Bytes,
    out: Bytes,
    ends: Offsets,
) -> None:
    size = 0
    for i in range(offsets.size - 1):
        at = offsets[i]
        while at < offsets[i + 1]:
            byte = data[at]
            if byte < 0x80:
                out[size] = byte + 32 if 65 <= byte <= 90 else byte
                size += 1
                at += 1
                continue
            point, width = _decode(data, at, offsets[i + 1])
            begin = end = 0
            if point < FOLDING:
                begin, end = starts[point], starts[point + 1]
            if begin == end:
                for k in range(at, at + width):
                    out[size] = data[k]
                    size += 1
            for k in range(begin, end):
                out[size] = folded[k]
                size += 1
            at += width
        ends[i + 1] = size
