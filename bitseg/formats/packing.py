"""Packing is why a small Parquet file can be a large table: a long text stands for many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH_BYTES: Final = 128 * 2**20
"""A batch that is unpacked takes about so much at the most, or is a single row."""


def unpacked_row_bytes(path: Path) -> int:
    """Return how many bytes a row of a Parquet file comes to, at the most as far as it can be told.

    That is the longest text of each dictionary, which any row may stand for, or the mean of the
    bytes that are there, if that is more.
    """
    with pq.ParquetFile(path) as parquet:
        metadata = parquet.metadata
        texts = [
            column.path for column in map(parquet.schema.column, range(len(parquet.schema)))
            if column.physical_type == "BYTE_ARRAY"
        ]  # fmt: skip
    with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as parquet:
        return max(
            (_row_bytes(parquet, metadata.row_group(i), i) for i in range(metadata.num_row_groups)),
            default=0,
        )


def _row_bytes(parquet: pq.ParquetFile, group: Any, place: int) -> int:
    if not group.num_rows:
        return 0
    chunks = [group.column(i) for i in range(group.num_columns)]
    longest: dict[str, int] = {}
    wanted = list({one.path_in_schema.partition(".")[0]: None for one in chunks
                   if one.has_dictionary_page})  # fmt: skip
    if wanted:
        first = next(parquet.iter_batches(1, row_groups=[place], columns=wanted), None)
        if first is not None:
            for name, column in zip(first.schema.names, first.columns, strict=True):
                longest[name] = max(map(_longest, _dictionaries(column)), default=0)
    return sum(
        max(
            one.total_uncompressed_size // group.num_rows,
            longest.get(one.path_in_schema.partition(".")[0], 0)
            * -(-one.num_values // group.num_rows),
        )
        for one in chunks
    )


def _dictionaries(column: pa.Array) -> Iterator[pa.Array]:
    """Yield the dictionaries in a column, also those within lists and structs."""
    if isinstance(column, pa.DictionaryArray):
        yield column.dictionary
    elif isinstance(column, pa.StructArray):
        for i in range(column.type.num_fields):
            yield from _dictionaries(column.field(i))
    elif isinstance(column, pa.ListArray | pa.LargeListArray):
        yield from _dictionaries(column.values)


def _longest(texts: pa.Array) -> int:
    longest = pc.max(pc.binary_length(texts)).as_py()
    return 0 if longest is None else int(longest)
