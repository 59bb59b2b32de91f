"""NDJSON is one JSON object a line; a line that is none is set aside, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from bitseg.errors import Fault, LoadError
from bitseg.formats.bytestream import RECORD_BYTES_MAX, byte_stream
from bitseg.formats.json_columns import JsonColumns, json_columns
from bitseg.formats.json_pairs import KEYS_MAX, Bytes, Pairs, find_pairs, first_lines, make_pairs
from bitseg.formats.source import BATCH_CELLS, BATCH_ROWS, BadRow, BadRows, RawBatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bitseg.formats.source import Wanted

Int64s: TypeAlias = npt.NDArray[np.int64]

_PAIRS: Final = 2**20
_TEXT_KEPT: Final = 65_536
_ONE_ARRAY: Final = (
    "Expected one JSON object a line in {0}, got an array; write its objects one a line, as "
    "jq -c '.[]' does"
)
_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class NdjsonSource:
    """A file of NDJSON, plain or packed."""

    in_memory = False
    textual = False
    keyed = True
    exact = False
    columns: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        """Take the file."""
        self._path = path
        self.total: int | None = path.stat().st_size

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows; see ``Source``."""
        pairs = make_pairs(BATCH_ROWS, _PAIRS)
        index = at = 0
        line = 1
        data, last = np.empty(0, np.uint8), False
        with byte_stream(self._path) as stream:
            while True:
                stop = find_pairs(data, at, line, pairs, last=last)
                if stop.lines * stop.keys > BATCH_CELLS:  # rows of many keys come fewer at a time
                    pairs = first_lines(pairs, BATCH_CELLS // stop.keys)
                    continue
                at, line = stop.at, stop.line
                if stop.keys > KEYS_MAX:
                    raise LoadError(f"Expected at most {KEYS_MAX} different keys in {self._path}")
                if stop.lines:
                    found = json_columns(data, pairs, stop, wanted)
                    yield _batch(data, pairs, found, index, stream.tell())
                    index += stop.lines
                elif last:
                    return
                else:
                    if data.size - at > RECORD_BYTES_MAX:
                        most = f"{RECORD_BYTES_MAX >> 20} MiB"
                        raise LoadError(f"Expected line {line} to end within {most}; is it NDJSON?")
                    block = stream.read()
                    if not data.size and block.lstrip().startswith(b"["):
                        raise LoadError(_ONE_ARRAY.format(self._path))
                    last = not block
                    data, at = np.concatenate((data[at:], np.frombuffer(block, np.uint8))), 0

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""


def _batch(data: Bytes, pairs: Pairs, found: JsonColumns, index: int, read: int) -> RawBatch:
    """Return the objects of one pass as a batch; lines that are none become faults."""
    good = np.flatnonzero(found.good)
    faults = BadRows(
        np.flatnonzero(~found.good).tolist(),
        lambda line: _bad_row(data, pairs, line, index + line),
    )
    return RawBatch(found.rows, good + index, pairs.numbers[good], found.given, faults, read)


def _bad_row(data: Bytes, pairs: Pairs, line: int, index: int) -> BadRow:
    begin, end = pairs.bounds[line].tolist()
    stored = bytes(data[begin:end])
    fault = Fault("", f"Expected a JSON object. {_reason(stored)}", code="bad_row")
    text = stored[:_TEXT_KEPT].decode("utf-8", "replace")
    return BadRow(index, int(pairs.numbers[line]), (fault,), text)


def _reason(stored: bytes) -> str:
    """Return what a decoder has against a line that is not taken."""
    try:
        stored.decode()
        _DECODER.decode(stored)
    except UnicodeDecodeError:
        return "The line is not UTF-8"
    except RecursionError:
        return "It is nested too deep"
    except msgspec.DecodeError as error:
        return str(error)
    return "A key is there twice, or text holds half a surrogate pair"
