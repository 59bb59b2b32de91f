"""NDJSON is one JSON object a line; a line that is none is set aside, the others go on.

JSON is decoded a block at a time. As decoders keep the last of two equal keys and do not mind what
lies between two values, one pass over the bytes first tells which lines hold one object, and how
many keys each has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from bitseg.errors import Fault, LoadError
from bitseg.formats.bytestream import RECORD_BYTES_MAX, byte_stream
from bitseg.formats.rows import batch_of
from bitseg.formats.source import BadRow, RawBatch
from bitseg.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

Bytes: TypeAlias = npt.NDArray[np.uint8]
Int32s: TypeAlias = npt.NDArray[np.int32]
Int64s: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

LINES: Final = 16_384
"""Lines decoded at once; as Python objects they must not be many."""

DEPTH_MAX: Final = 32
_TEXT_KEPT: Final = 65_536
_DECODER: Final = msgspec.json.Decoder()
_UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Lines(NamedTuple):
    """Lines that are not blank.

    Attributes:
        bounds: int32[n, 2], a line's first byte, and the one behind it.
        numbers: int64[n], from 1.
        keys: int32[n], keys of the object it holds.
        whole: bool[n], whether it holds one object, from its first byte to its last.
    """

    bounds: Int32s
    numbers: Int64s
    keys: Int32s
    whole: Mask


class NdjsonSource:
    """A file of NDJSON, plain or packed."""

    textual = False
    keyed = True
    exact = False
    columns: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        """Take the file."""
        self._path = path
        self.total: int | None = path.stat().st_size

    def batches(self, only: Collection[str] | None = None) -> Iterator[RawBatch]:
        """Read all rows; see ``Source``."""
        del only
        index = at = 0
        line = 1
        data, last = np.empty(0, np.uint8), False
        with byte_stream(self._path) as stream:
            while True:
                lines, at, line = _next_lines(data, at, line, last=last)
                if lines.numbers.size:
                    yield _batch(data, lines, index, stream.tell())
                    index += lines.numbers.size
                elif last:
                    return
                else:
                    if data.size - at > RECORD_BYTES_MAX:
                        most = f"{RECORD_BYTES_MAX >> 20} MiB"
                        raise LoadError(f"Expected line {line} to end within {most}; is it NDJSON?")
                    block = stream.read()
                    last = not block
                    data, at = np.concatenate((data[at:], np.frombuffer(block, np.uint8))), 0

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""


def _next_lines(data: Bytes, at: int, line: int, *, last: bool) -> tuple[Lines, int, int]:
    """Return the next lines that end in the data, the byte behind them and its line."""
    room = Lines(
        np.empty((LINES, 2), np.int32),
        np.empty(LINES, np.int64),
        np.empty(LINES, np.int32),
        np.empty(LINES, np.bool_),
    )
    count, at, line = _find(data, at, line, last, room.bounds, room.numbers, room.keys, room.whole)
    return Lines(*(array[:count] for array in room)), at, line


@kernel
def _find(
    data: Bytes,
    at: int,
    line: int,
    last: bool,
    bounds: Int32s,
    numbers: Int64s,
    keys: Int32s,
    whole: Mask,
) -> tuple[int, int, int]:
    """Find lines. A line break in a JSON text can only lie between its parts, never in a string."""
    stop = len(data)
    count = 0
    while at < stop and count < len(numbers):
        begin = at
        depth = colons = closings = 0
        quoted = blank = False
        sound = blank = True
        while at < stop and data[at] != 10 and data[at] != 13:
            byte = data[at]
            at += 1
            if byte == 32 or byte == 9:
                continue
            if blank:
                sound = byte == 123  # {
                blank = False
            elif closings:
                sound = False
            if quoted:
                if byte == 92:  # a backslash: what follows is no end
                    at += 1 if at < stop and data[at] != 10 and data[at] != 13 else 0
                elif byte == 34:
                    quoted = False
            elif byte == 34:
                quoted = True
            elif byte == 123 or byte == 91:
                depth += 1
                sound &= depth <= DEPTH_MAX
            elif byte == 125 or byte == 93:
                depth -= 1
                closings += depth <= 0
            elif byte == 58 and depth == 1:
                colons += 1
        end = at
        if at < stop and data[at] == 13:
            if at + 1 == stop and not last:
                return count, begin, line
            at += 2 if at + 1 < stop and data[at + 1] == 10 else 1
        elif at < stop:
            at += 1
        elif not last:
            return count, begin, line
        if not blank:
            bounds[count, 0], bounds[count, 1] = begin, end
            numbers[count] = line
            keys[count] = colons
            whole[count] = sound and closings == 1 and not quoted
            count += 1
        line += 1
    return count, at, line


def _batch(data: Bytes, lines: Lines, index: int, read: int) -> RawBatch:
    """Return the objects of some lines as columns."""
    rows, faults = _decoded(data, lines)
    faults |= {
        place: "Expected each key once, got one twice"
        for place in _doubled(rows, lines)
        if place not in faults
    }
    bad = tuple(
        BadRow(
            index + place,
            int(lines.numbers[place]),
            (Fault("", message, code="bad_row"),),
            _text(data, lines, place),
        )
        for place, message in sorted(faults.items())
    )
    if bad:
        good = np.setdiff1d(np.arange(len(rows)), list(faults))
        rows = [rows[place] for place in good.tolist()]
    else:
        good = np.arange(len(rows))
    return batch_of(rows, good + index, lines.numbers[good], bad, read)


def _decoded(data: Bytes, lines: Lines) -> tuple[list[Any], dict[int, str]]:
    """Return a value a line, None where there is none, and by place what is wrong there."""
    if lines.whole.all():
        try:
            whole = data[lines.bounds[0, 0] : lines.bounds[-1, 1]]
            return _DECODER.decode_lines(memoryview(whole)), {}  # type: ignore[arg-type]
        except _UNDECODABLE:
            pass  # some line is bad; one by one tells which
    rows: list[Any] = []
    faults: dict[int, str] = {}
    for place, (begin, end) in enumerate(lines.bounds.tolist()):
        rows.append(None)
        try:
            rows[-1] = _DECODER.decode(memoryview(data[begin:end]))
        except _UNDECODABLE as error:
            faults[place] = f"Expected a JSON object. {_reason(error)}"
    return rows, faults


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "It is nested too deep"
    return str(error).replace("Input data was truncated", "It ends too early")


def _doubled(rows: list[Any], lines: Lines) -> list[int]:
    """Return the places of objects that have fewer keys than were written."""
    sizes = np.fromiter(
        (len(row) if isinstance(row, dict) else -1 for row in rows), np.int32, len(rows)
    )
    return np.flatnonzero((sizes >= 0) & (sizes != lines.keys)).tolist()


def _text(data: Bytes, lines: Lines, place: int) -> str:
    begin, end = lines.bounds[place].tolist()
    return bytes(data[begin : min(end, begin + _TEXT_KEPT)]).decode("utf-8", "replace")
