"""Columnar sources have typed columns: Parquet, Arrow IPC, and tables in memory."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bitseg.errors import LoadError
from bitseg.formats.bytestream import readable
from bitseg.formats.packing import BATCH_BYTES, unpacked_row_bytes
from bitseg.formats.source import RawBatch, batch_rows, check_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bitseg.formats.source import Wanted

_BUFFER_BYTES = 2**20
_IPC_FILE = b"ARROW1"


class TableSource:
    """A table in memory: Arrow's, or anyone's that offers itself as an Arrow stream."""

    in_memory = True
    textual = False
    keyed = False
    exact = False

    def __init__(self, table: Any, total: int | None = None) -> None:
        """Take an object with ``__arrow_c_stream__`` that can be asked more than once."""
        self._table = table
        self.total = total
        self.columns = check_names(self._reader().schema.names, "the table")

    def _reader(self) -> pa.RecordBatchReader:
        try:
            return pa.RecordBatchReader.from_stream(self._table)
        except Exception as error:  # whoever offers the stream may fail in any way
            raise LoadError(f"Cannot read the table: {error}") from error

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows; see ``Source``."""
        with readable("the table"):
            yield from numbered(self._reader(), wanted)

    def close(self) -> None:
        """Do nothing: there is no file."""


class ParquetSource:
    """A Parquet file, read a few pages at a time."""

    in_memory = False
    textual = False
    keyed = False
    exact = False

    def __init__(self, path: Path, name: str, kept: IO[bytes] | None = None) -> None:
        """Read the schema.

        Args:
            path: the file, not packed.
            name: what to call it in messages.
            kept: a temporary file that is to be closed with the source.

        Raises:
            LoadError: it is no Parquet file, or a column is there twice.
        """
        self._path = path
        self._name = name
        self._kept = kept
        parquet = self._open()
        self._rows: int = parquet.metadata.num_rows
        self._row_bytes: int | None = None
        self.total: int | None = path.stat().st_size
        self.columns = check_names(parquet.schema_arrow.names, name)

    def _open(self) -> pq.ParquetFile:
        with readable(self._name):
            return pq.ParquetFile(
                self._path,
                buffer_size=_BUFFER_BYTES,
                pre_buffer=False,
                coerce_int96_timestamp_unit="ms",
            )

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows with every column, so that the first pass finds all damage."""
        del wanted
        with readable(self._name):
            stream = self._open().iter_batches(self._batch_rows())
            for batch in numbered(stream, None):
                read = (self.total or 0) * batch.read // self._rows
                yield msgspec.structs.replace(batch, read=read)

    def _batch_rows(self) -> int:
        """Return how many rows of a batch stay small in memory, however well they are packed."""
        if self._row_bytes is None:
            self._row_bytes = unpacked_row_bytes(self._path)
        return max(1, min(batch_rows(len(self.columns)), BATCH_BYTES // max(1, self._row_bytes)))

    def close(self) -> None:
        """Close the temporary file, if there is one."""
        if self._kept is not None:
            self._kept.close()


class IpcSource:
    """An Arrow IPC file or stream (Feather version 2 is the former)."""

    in_memory = False
    textual = False
    keyed = False
    exact = False

    def __init__(self, path: Path, name: str, kept: IO[bytes] | None = None) -> None:
        """Read the schema.

        Args:
            path: the file, not packed.
            name: what to call it in messages.
            kept: a temporary file that is to be closed with the source.

        Raises:
            LoadError: it is no Arrow file, or a column is there twice.
        """
        self._path = path
        self._name = name
        self._kept = kept
        self.total: int | None = path.stat().st_size
        with readable(name), pa.OSFile(str(path)) as native:
            self._is_file = native.read(len(_IPC_FILE)) == _IPC_FILE
            native.seek(0)
            opened = pa.ipc.open_file(native) if self._is_file else pa.ipc.open_stream(native)
            names = opened.schema.names
        self.columns = check_names(names, name)

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows; see ``Source``."""
        with readable(self._name), pa.OSFile(str(self._path)) as native:
            index = 0
            for stored, read in self._stored(native):
                for batch in numbered([stored], wanted, index):
                    yield msgspec.structs.replace(batch, read=read)
                index += stored.num_rows

    def _stored(self, native: pa.NativeFile) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Return the stored batches, and how many bytes of the file each ends at."""
        if not self._is_file:
            for batch in pa.ipc.open_stream(native):
                yield batch, native.tell()
            return
        opened = pa.ipc.open_file(native)
        count = opened.num_record_batches
        for place in range(count):
            yield opened.get_batch(place), (self.total or 0) * (place + 1) // count

    def close(self) -> None:
        """Close the temporary file, if there is one."""
        if self._kept is not None:
            self._kept.close()


def numbered(
    stream: Iterable[pa.RecordBatch], wanted: Wanted | None, index: int = 0
) -> Iterator[RawBatch]:
    """Cut Arrow batches to size and number their rows; what is read is counted in rows.

    Args:
        stream: Arrow batches of any size.
        wanted: tells the columns to keep; None for all.
        index: the first row's place in the source.
    """
    for stored in stream:
        names = [name for name in stored.schema.names if wanted is None or wanted(name)]
        batch = stored.select(names)
        size = batch_rows(len(names))
        for start in range(0, stored.num_rows, size):
            part = batch.slice(start, size)
            end = index + part.num_rows
            yield RawBatch(part, np.arange(index, end), read=end)
            index = end
