"""Cells are where the values of delimited text lie: one pass over the bytes finds them all.

The pass keeps what a general CSV parser hides: the line of every row, and rows that are not well
formed, which are set aside while the others go on. Quoting is RFC 4180's, and a line may end in
CRLF, LF or CR, each as it comes.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from bitseg.formats.utf8 import is_utf8
from bitseg.kernel import kernel

Bytes: TypeAlias = npt.NDArray[np.uint8]
Int32s: TypeAlias = npt.NDArray[np.int32]
Int64s: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

GOOD: Final = 0
RAGGED: Final = 1
"""The row has fewer or more cells than the header."""
LOOSE_TEXT: Final = 2
"""Text stands between a closing quote and the next delimiter."""
NOT_UTF8: Final = 3

_QUOTE: Final = 34
_LF: Final = 10
_CR: Final = 13


class Cells(msgspec.Struct, frozen=True):
    """Room for the rows of one pass, used again for the next.

    Attributes:
        places: int32[rows, columns, 3]: first byte, bytes, and doubled quotes among these.
        bounds: int32[rows, 2]: the row's first byte, and the one behind it.
        lines: int64[rows], the line it begins on, from 1.
        counts: int32[rows], how many cells it has.
        verdicts: uint8[rows], ``GOOD`` or what is wrong.
    """

    places: Int32s
    bounds: Int32s
    lines: Int64s
    counts: Int32s
    verdicts: Bytes


class Stop(NamedTuple):
    """Where a pass stopped.

    Attributes:
        rows: rows found.
        at: the first byte that belongs to none of them.
        line: the line of that byte.
        quote: the line on which a quote opens that does not close in the data, or 0.
    """

    rows: int
    at: int
    line: int
    quote: int


def make_cells(rows: int, columns: int) -> Cells:
    """Return room for so many rows; memory is touched only where rows are found."""
    return Cells(
        places=np.empty((rows, columns, 3), np.int32),
        bounds=np.empty((rows, 2), np.int32),
        lines=np.empty(rows, np.int64),
        counts=np.empty(rows, np.int32),
        verdicts=np.empty(rows, np.uint8),
    )


def find_cells(  # noqa: PLR0913 - a place in the data, and what to look for
    data: Bytes, at: int, line: int, delimiter: int, cells: Cells, *, last: bool
) -> Stop:
    """Find the rows from a byte on that end in the data, as many as there is room for.

    Args:
        data: uint8, UTF-8 text without BOM.
        at: a row's first byte.
        line: the line of that byte.
        delimiter: the byte between cells.
        cells: where to put what is found; its width is the number of cells a good row has.
        last: whether the text ends with the data; otherwise its last row may go on.
    """
    found = _find(
        data, at, line, delimiter, last,
        cells.places, cells.bounds, cells.lines, cells.counts, cells.verdicts,
    )  # fmt: skip
    return Stop(*found)


@kernel
def _find(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - calls would cost more than the work
    data: Bytes,
    at: int,
    line: int,
    delimiter: int,
    last: bool,  # noqa: FBT001 - a kernel's arguments go by position
    places: Int32s,
    bounds: Int32s,
    lines: Int64s,
    counts: Int32s,
    verdicts: Bytes,
) -> tuple[int, int, int, int]:
    """Do what ``find_cells`` says."""
    stop = len(data)
    room, width = places.shape[0], places.shape[1]
    ends = np.zeros(256, np.bool_)
    ends[delimiter] = ends[_LF] = ends[_CR] = True
    row = 0
    while at < stop and row < room:
        if data[at] == _LF:
            at += 1
            line += 1
            continue
        if data[at] == _CR:
            if at + 1 == stop and not last:
                break
            at += 2 if at + 1 < stop and data[at + 1] == _LF else 1
            line += 1
            continue
        begin = at
        column = inner_lines = 0
        verdict = GOOD
        high = False
        while True:
            doubled = 0
            if at < stop and data[at] == _QUOTE:
                quote_line = line + inner_lines
                at += 1
                first = at
                closed = False
                while at < stop:
                    byte = data[at]
                    if byte == _QUOTE:
                        if at + 1 < stop and data[at + 1] == _QUOTE:
                            doubled += 1
                            at += 2
                            continue
                        closed = at + 1 < stop or last
                        break
                    if byte == _LF or (byte == _CR and at + 1 < stop and data[at + 1] != _LF):
                        inner_lines += 1
                    high |= byte >= 0x80
                    at += 1
                if not closed:
                    return row, begin, line, quote_line
                end = at
                at += 1
                if at < stop and not ends[data[at]]:
                    verdict = LOOSE_TEXT
                    while at < stop and not ends[data[at]]:
                        at += 1
            else:
                first = at
                while at < stop and not ends[data[at]]:
                    high |= data[at] >= 0x80
                    at += 1
                end = at
            if column < width:
                places[row, column, 0] = first
                places[row, column, 1] = end - first
                places[row, column, 2] = doubled
            column += 1
            if at < stop and data[at] == delimiter:
                at += 1
            else:
                break
        behind = at
        if at < stop:
            at += 2 if data[at] == _CR and at + 1 < stop and data[at + 1] == _LF else 1
        if not last and (behind == stop or (data[behind] == _CR and behind + 1 == stop)):
            return row, begin, line, 0
        if high and not is_utf8(data, begin, behind):
            verdict = NOT_UTF8
        elif column != width and verdict == GOOD:
            verdict = RAGGED
        bounds[row, 0], bounds[row, 1] = begin, behind
        lines[row] = line
        counts[row] = column
        verdicts[row] = verdict
        line += inner_lines + 1
        row += 1
    return row, at, line, 0


@kernel
def gather(data: Bytes, places: Int32s, rows: Int64s, column: int) -> tuple[Int64s, Bytes, Mask]:
    """Return one column of the rows as offsets int64[k + 1], UTF-8 bytes, and not-empty bool[k]."""
    offsets = np.zeros(len(rows) + 1, np.int64)
    filled = np.zeros(len(rows), np.bool_)
    for i in range(len(rows)):
        size = places[rows[i], column, 1] - places[rows[i], column, 2]
        offsets[i + 1] = offsets[i] + size
        filled[i] = size > 0
    out = np.empty(offsets[len(rows)], np.uint8)
    for i in range(len(rows)):
        first, size = places[rows[i], column, 0], places[rows[i], column, 1]
        to = offsets[i]
        if places[rows[i], column, 2] == 0:
            for k in range(size):
                out[to + k] = data[first + k]
            continue
        k = 0
        while k < size:
            out[to] = data[first + k]
            to += 1
            k += 2 if data[first + k] == _QUOTE else 1
    return offsets, out, filled
