"""Contacts as Parquet: a column of a plain Arrow type for each field, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from bitseg.fields import DataType, Field

GROUP: Final = 16_384
"""Rows of a row group at the least, but of the last: so many are in memory at once."""

TYPES: Final[dict[DataType, pa.DataType]] = {
    "string": pa.string(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.timestamp("ms", tz="UTC"),
    "array": pa.list_(pa.string()),
}
"""What the values of each data type are in a file."""

Columns = Mapping[str, pa.Array]
"""The values of some contacts by path, of the fields' own Arrow types."""


def parquet_parts(fields: Sequence[Field], pages: Iterable[Columns]) -> Iterator[bytes]:
    """Yield a Parquet file of contacts: what a missing value is, is null there."""
    schema = pa.schema([(field.path, TYPES[field.data_type]) for field in fields])
    out = _Drained()
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for table in _groups(schema, pages):
            writer.write_table(table, row_group_size=table.num_rows)
            yield out.drain()
    yield out.drain()


def _groups(schema: pa.Schema, pages: Iterable[Columns]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for page in pages:
        arrays = [page[one.name].cast(one.type) for one in schema]
        held.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        if sum(batch.num_rows for batch in held) >= GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if any(batch.num_rows for batch in held):
        yield pa.Table.from_batches(held)


class _Drained:
    """A file that is only written, and whose bytes are taken away meanwhile."""

    def __init__(self) -> None:
        self.closed = False
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing: what is written is there."""

    def close(self) -> None:
        self.closed = True

    def drain(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken
