"""Generated data as a file: Parquet, CSV or NDJSON, written a batch at a time.

The vocabulary has no character that JSON would escape, so texts are joined, not encoded, which is
several times as fast (bench/NOTES.md).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Format: TypeAlias = Literal["parquet", "csv", "ndjson"]
Write: TypeAlias = "Callable[[pa.RecordBatch], None]"


@contextmanager
def opened(path: Path, schema: pa.Schema, form: Format) -> Iterator[Write]:
    """Yield what writes a batch of a schema; the file has its name only when all is written."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file, _WRITERS[form](file, schema) as write:
            yield write
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _parquet(file: BinaryIO, schema: pa.Schema) -> Iterator[Write]:
    coded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    with parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=coded) as writer:
        yield writer.write_batch


@contextmanager
def _csv(file: BinaryIO, schema: pa.Schema) -> Iterator[Write]:
    flat = pa.schema([(field.name, _flat(field.type)) for field in schema])

    def write(batch: pa.RecordBatch) -> None:
        cells = [
            column if column.type == field.type else _text(column)
            for column, field in zip(batch.columns, flat, strict=True)
        ]
        writer.write_batch(pa.record_batch(cells, flat))

    with csv.CSVWriter(
        file, flat, write_options=csv.WriteOptions(quoting_style="needed")
    ) as writer:
        yield write


@contextmanager
def _ndjson(file: BinaryIO, schema: pa.Schema) -> Iterator[Write]:
    leads = [f',"{name}":' for name in schema.names]
    leads[0] = "{" + leads[0][1:]

    def write(batch: pa.RecordBatch) -> None:
        members = [_member(lead, column) for lead, column in zip(leads, batch.columns, strict=True)]
        lines = pc.binary_join_element_wise(*members, "}\n", "")
        _, ends, text = lines.buffers()
        length = int(np.frombuffer(ends, dtype=np.int32)[len(lines)])
        file.write(text.slice(0, length))

    yield write


_WRITERS: Final[dict[Format, Callable[[Any, pa.Schema], AbstractContextManager[Write]]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "ndjson": _ndjson,
}
FORMATS: Final[tuple[Format, ...]] = tuple(_WRITERS)


def _flat(kind: pa.DataType) -> pa.DataType:
    is_number = pa.types.is_primitive(kind) and not pa.types.is_timestamp(kind)
    return kind if is_number else pa.string()


def _text(column: pa.Array) -> pa.StringArray:
    """Return a column as text: lists as JSON, by which a reader knows them; times as ISO 8601."""
    if pa.types.is_list(column.type):
        return _json_list(column)
    text = column.cast(pa.string())
    return pc.replace_substring(text, " ", "T") if pa.types.is_timestamp(column.type) else text


def _json_list(column: pa.ListArray) -> pa.StringArray:
    """Return lists of words, none of which needs escaping, as JSON."""
    return pc.binary_join_element_wise('["', pc.binary_join(column, '","'), '"]', "")


def _member(lead: str, column: pa.Array) -> pa.StringArray:
    """Return a column as the members of JSON objects behind a lead; nothing where it is null."""
    kind = column.type
    if pa.types.is_list(kind):
        quoted = _json_list(column)
    elif pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_timestamp(kind):
        quoted = pc.binary_join_element_wise('"', _text(column), '"', "")
    else:
        quoted = column.cast(pa.string())
    return pc.coalesce(pc.binary_join_element_wise(lead, quoted, ""), "")
