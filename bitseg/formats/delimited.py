"""Delimited text is CSV and its kin: rows of text cells under a header (RFC 4180, read mildly)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from bitseg.errors import Fault, LoadError
from bitseg.formats.bytestream import RECORD_BYTES_MAX, ByteStream, byte_stream
from bitseg.formats.cells import (
    GOOD,
    LOOSE_TEXT,
    NOT_UTF8,
    RAGGED,
    Bytes,
    Cells,
    Int64s,
    Stop,
    find_cells,
    gather,
    make_cells,
)
from bitseg.formats.formulas import unescaped
from bitseg.formats.source import COLUMNS_MAX, BadRow, BadRows, RawBatch, batch_rows, check_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bitseg.formats.source import Wanted

DELIMITERS: Final = ",;\t|"
"""What may stand between cells; the first wins where a file leaves the choice."""

_SAMPLE_ROWS: Final = 100
_TEXT_KEPT: Final = 65_536


class DelimitedSource:
    """A file of delimited text. Its cells are text; an empty one, quoted or not, is null.

    A ``'`` before what a spreadsheet would run is not of the text: exports put it there.
    """

    in_memory = False
    textual = True
    keyed = False
    exact = False

    def __init__(self, path: Path, delimiter: str | None = None) -> None:
        """Read the header.

        Args:
            path: the file, plain or packed, in UTF-8 or in UTF-16 with its BOM.
            delimiter: one of ``DELIMITERS``; None to tell by the first rows.

        Raises:
            LoadError: the file cannot be read, or its header is none.
        """
        self._path = path
        self.total: int | None = path.stat().st_size
        with byte_stream(path) as stream:
            window = _Window(stream, str(path))
            self.delimiter = delimiter or _sniff(window)
            self.columns = _header(window, ord(self.delimiter), str(path))

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows; see ``Source``."""
        names = list(enumerate(self.columns))
        chosen = [(i, name) for i, name in names if wanted is None or wanted(name)]
        width = len(self.columns)
        cells = make_cells(batch_rows(width), width)
        index = 0
        with byte_stream(self._path) as stream:
            window = _Window(stream, str(self._path))
            window.fill(make_cells(1, width), ord(self.delimiter))
            while stop := window.fill(cells, ord(self.delimiter)):
                yield _batch(window.data, cells, stop, chosen, index, stream.tell())
                index += stop.rows

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""


class _Window:
    """The part of the text that is in memory, and how far its rows were found."""

    def __init__(self, stream: ByteStream, name: str) -> None:
        self._stream = stream
        self._name = name
        self.data: Bytes = np.frombuffer(stream.read(), np.uint8)
        self.at = 0
        self.line = 1
        self.last = not self.data.size

    def fill(self, cells: Cells, delimiter: int) -> Stop | None:
        """Find the next rows, at least one; None at the end of the text.

        Raises:
            LoadError: a row does not end, or a quote in it.
        """
        while True:
            stop = find_cells(self.data, self.at, self.line, delimiter, cells, last=self.last)
            self.at, self.line = stop.at, stop.line
            if stop.rows:
                return stop
            if self.last and not stop.quote:
                return None
            if self.last or self.data.size - self.at > RECORD_BYTES_MAX:
                raise LoadError(self._endless(stop))
            block = self._stream.read()
            self.last = not block
            self.data = np.concatenate((self.data[self.at :], np.frombuffer(block, np.uint8)))
            self.at = 0

    def _endless(self, stop: Stop) -> str:
        reach = "the end of the file" if self.last else f"{RECORD_BYTES_MAX >> 20} MiB"
        if stop.quote:
            return (
                f'Expected a closing quote, got none up to {reach} for the " that opens a cell '
                f"on line {stop.quote} of {self._name}"
            )
        return f"Expected a row to end, got {reach} without a newline from line {stop.line} on"


def _header(window: _Window, delimiter: int, name: str) -> tuple[str, ...]:
    """Return the names in the first row; spaces around them do not count."""
    cells = make_cells(1, COLUMNS_MAX + 1)
    stop = window.fill(cells, delimiter)
    if stop is None:
        raise LoadError(f"Expected a header in {name}, got an empty file")
    begin, end = cells.bounds[0]
    if not window.data[begin:end].all():
        raise LoadError(f"Expected text in {name}, got NUL bytes; if it is UTF-16, it has no BOM")
    count = int(cells.counts[0])
    if cells.verdicts[0] in (LOOSE_TEXT, NOT_UTF8):
        message = _complaint(int(cells.verdicts[0]), count, count)
        raise LoadError(f"The header of {name} cannot be read. {message}")
    first = np.zeros(1, np.int64)
    width = min(count, COLUMNS_MAX + 1)
    columns = (gather(window.data, cells.places, first, i)[1] for i in range(width))
    return check_names([bytes(text).decode().strip() for text in columns], name)


def _sniff(window: _Window) -> str:
    """Return the delimiter that cuts the first rows most evenly, then most often."""
    best, best_score = DELIMITERS[0], (0.0, 0)
    for delimiter in DELIMITERS:
        cells = make_cells(_SAMPLE_ROWS, 1)
        stop = find_cells(window.data, 0, 1, ord(delimiter), cells, last=window.last)
        counts = cells.counts[: stop.rows]
        if not stop.rows or counts[0] == 1:
            continue
        score = (float((counts == counts[0]).mean()), int(counts[0]))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _batch(  # noqa: PLR0913, PLR0917 - what was found, what is wanted of it, and where it lay
    data: Bytes, cells: Cells, stop: Stop, chosen: list[tuple[int, str]], index: int, read: int
) -> RawBatch:
    """Return the rows of one pass; those that are not well formed become faults."""
    verdicts = cells.verdicts[: stop.rows]
    good = np.flatnonzero(verdicts == GOOD)
    arrays = [_text_column(data, cells, good, place) for place, _ in chosen]
    names = [name for _, name in chosen]
    rows = pa.RecordBatch.from_arrays(arrays, names) if names else _no_columns(good.size)
    faults = BadRows(
        np.flatnonzero(verdicts).tolist(), lambda row: _bad_row(data, cells, row, index + row)
    )
    return RawBatch(rows, good + index, cells.lines[good], faults=faults, read=read)


def _bad_row(data: Bytes, cells: Cells, row: int, index: int) -> BadRow:
    width = cells.places.shape[1]
    message = _complaint(int(cells.verdicts[row]), int(cells.counts[row]), width)
    begin, end = cells.bounds[row].tolist()
    text = bytes(data[begin : min(end, begin + _TEXT_KEPT)]).decode("utf-8", "replace")
    return BadRow(index, int(cells.lines[row]), (Fault("", message, code="bad_row"),), text)


def _text_column(data: Bytes, cells: Cells, rows: Int64s, column: int) -> pa.LargeStringArray:
    offsets, text, filled = gather(data, cells.places, rows, column)
    validity = None if filled.all() else pa.py_buffer(np.packbits(filled, bitorder="little"))
    texts = pa.LargeStringArray.from_buffers(
        len(rows), pa.py_buffer(offsets), pa.py_buffer(text), validity
    )
    return unescaped(texts)


def _no_columns(rows: int) -> pa.RecordBatch:
    """Return a batch that has rows and nothing in them."""
    struct = pa.StructArray.from_buffers(pa.struct([]), rows, [None])
    return pa.RecordBatch.from_struct_array(struct)


def _complaint(verdict: int, count: int, width: int) -> str:
    if verdict == RAGGED:
        return f"Expected {width} cells as in the header, got {count}"
    if verdict == LOOSE_TEXT:
        return 'Expected a delimiter behind a closing quote, got text (a " in a cell is written "")'
    return "Expected UTF-8, got other bytes"
