"""Opening finds the reader for whatever holds rows: a file, a table, a stream, or dicts."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias, get_args

import numpy as np
import pyarrow as pa

from bitseg.errors import LoadError, did_you_mean
from bitseg.formats.bytestream import byte_stream, readable, unpacked
from bitseg.formats.columnar import IpcSource, ParquetSource, TableSource, numbered
from bitseg.formats.delimited import DelimitedSource
from bitseg.formats.ndjson import NdjsonSource
from bitseg.formats.rows import RowsSource, batch_of
from bitseg.formats.source import BATCH_ROWS, RawBatch, Source, check_names
from bitseg.formats.spool import SpooledSource

Format: TypeAlias = Literal["csv", "tsv", "ndjson", "parquet", "arrow"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
}
_PACKED: Final = (".gz", ".zst", ".zstd", ".gzip")
_MAGIC: Final[tuple[tuple[bytes, Format], ...]] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"{", "ndjson"),
)
_MAGIC_BYTES: Final = 8


def open_source(rows: Any, *, format: Format | None = None) -> Source:  # noqa: A002 - its name everywhere
    """Return the rows of anything that holds rows, to be read as often as needed.

    Args:
        rows: a path (CSV, TSV, NDJSON, Parquet or Arrow IPC, each plain, gzip or zstd); a list of
            dicts; an Arrow table, record batch, list of these, or reader; a polars frame, or
            whatever else offers an Arrow stream; an iterator of dicts or record batches. What can
            be read only once is kept in a temporary file.
        format: what a file is, where neither its name nor its first bytes tell.

    Raises:
        LoadError: there is no such file, it is not what it should be, or the rows are of no kind
            that can be read.
    """
    if isinstance(rows, str | os.PathLike):
        return _open_path(Path(rows), format)
    if format is not None:
        raise LoadError(f"Expected a path where a format is given, got a {type(rows).__name__}")
    if isinstance(rows, pa.RecordBatchReader):
        return _spooled(rows, rows.schema)
    if isinstance(rows, pa.RecordBatch):
        return TableSource(pa.Table.from_batches([rows]), rows.num_rows)
    if hasattr(rows, "__arrow_c_stream__"):
        return TableSource(rows, len(rows) if hasattr(rows, "__len__") else None)
    if type(rows).__name__ == "LazyFrame" and hasattr(rows, "collect"):
        return open_source(_collected(rows))
    return _open_iterable(rows)


def _open_iterable(rows: Any) -> Source:
    """Return a list or an iterator of dicts or record batches as a source."""
    if not isinstance(rows, Iterable) or isinstance(rows, bytes | dict):
        raise LoadError(
            "Expected a path, a list of dicts, an Arrow table or reader or a polars frame, "
            f"got a {type(rows).__name__}"
        )
    if isinstance(rows, Sequence):
        if rows and isinstance(rows[0], pa.RecordBatch):
            table = _table(rows)
            return TableSource(table, table.num_rows)
        return RowsSource(rows)
    stream = iter(rows)
    first = next(stream, None)
    if first is None:
        return RowsSource([])
    stream = chain([first], stream)
    if isinstance(first, pa.RecordBatch):
        return _spooled(stream, first.schema)
    return SpooledSource(_batches(stream), keyed=True, columns=())


def _spooled(stream: Iterable[pa.RecordBatch], schema: pa.Schema) -> Source:
    """Keep record batches that come only once."""

    def alike() -> Iterator[pa.RecordBatch]:
        for batch in stream:
            if not isinstance(batch, pa.RecordBatch):
                raise LoadError(f"Expected only record batches, got a {type(batch).__name__}")
            if not batch.schema.equals(schema):
                raise LoadError(f"Expected record batches of {schema}, got one of {batch.schema}")
            yield batch

    with readable("the record batches"):
        columns = check_names(schema.names, "the record batches")
        return SpooledSource(numbered(alike(), None), keyed=False, columns=columns)


def _collected(frame: Any) -> Any:
    """Run a lazy frame, which may read files and fail as only they do."""
    try:
        return frame.collect()
    except Exception as error:
        raise LoadError(f"Cannot collect the LazyFrame: {error}") from error


def _table(batches: Sequence[Any]) -> pa.Table:
    strangers = [batch for batch in batches if not isinstance(batch, pa.RecordBatch)]
    if strangers:
        raise LoadError(f"Expected only record batches, got a {type(strangers[0]).__name__}")
    with readable("the record batches"):
        return pa.Table.from_batches(batches)


def _batches(rows: Iterator[Any]) -> Iterator[RawBatch]:
    """Cut a stream of dicts into batches."""
    index = 0
    while part := list(islice(rows, BATCH_ROWS)):
        end = index + len(part)
        yield batch_of(part, np.arange(index, end), None, (), end)
        index = end


def _open_path(path: Path, format_: Format | None) -> Source:
    if format_ is not None and format_ not in FORMATS:
        near = did_you_mean(format_, FORMATS)
        raise LoadError(f"Expected a format of {', '.join(FORMATS)}, got {format_!r}.{near}")
    if not path.is_file():
        what = "a directory" if path.is_dir() else "nothing"
        raise LoadError(f"Expected a file at {path}, got {what}")
    found = format_ or _told_by_name(path) or _told_by_content(path)
    if found not in ("parquet", "arrow"):
        _check_text(path, found)
    if found in ("csv", "tsv"):
        return DelimitedSource(path, "\t" if found == "tsv" else None)
    if found == "ndjson":
        return NdjsonSource(path)
    plain, kept = _plain(path)
    try:
        made = ParquetSource if found == "parquet" else IpcSource
        return made(plain, str(path), kept)
    except BaseException:
        if kept is not None:
            kept.close()
        raise


def _told_by_name(path: Path) -> Format | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def _told_by_content(path: Path) -> Format:
    """Return the format that the first bytes tell; what has no mark is taken for CSV."""
    with byte_stream(path) as stream:
        first = stream.read().lstrip()
    return next((format_ for magic, format_ in _MAGIC if first.startswith(magic)), "csv")


def _check_text(path: Path, format_: Format) -> None:
    """Refuse a file that is no text, whatever its name says."""
    with readable(path), pa.OSFile(str(path)) as raw:
        first = unpacked(raw).read(_MAGIC_BYTES)
    for magic, found in _MAGIC:
        if found != "ndjson" and first.startswith(magic):
            raise LoadError(
                f"Expected {format_} in {path}, got {found}; give it a name that ends in .{found}, "
                f"or say that its format is {found}"
            )


def _plain(path: Path) -> tuple[Path, IO[bytes] | None]:
    """Return a path to the file's content unpacked, and the temporary file that holds it."""
    with readable(path), pa.OSFile(str(path)) as raw:
        stream = unpacked(raw)
        if stream is raw:
            return path, None
        kept = tempfile.NamedTemporaryFile()  # noqa: SIM115 - lives as long as the source
        shutil.copyfileobj(stream, kept)
        kept.flush()
        return Path(kept.name), kept
