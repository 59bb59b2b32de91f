"""A small file that unpacks to much is read in batches that fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bitseg
from bitseg.formats.packing import BATCH_BYTES, unpacked_row_bytes

ROWS = 4_000
LONG = 60_000


def _written(path: Path, *columns: Any, rows_of_group: int = ROWS) -> Path:
    names = [f"c{number}" for number in range(len(columns))]
    pq.write_table(pa.table(list(columns), names=names), path, row_group_size=rows_of_group)
    return path


def _lists(texts: list[list[str]]) -> pa.Array:
    return pa.array(texts, pa.list_(pa.string()))


@pytest.mark.parametrize("rows_of_group", [ROWS, 1_000])
def test_a_long_text_that_stands_once_for_many_rows_makes_batches_short(
    tmp_path: Path, rows_of_group: int
) -> None:
    path = _written(
        tmp_path / "t.parquet",
        pa.array(["x" * LONG] * ROWS),
        pa.array(range(ROWS)),
        rows_of_group=rows_of_group,
    )
    assert path.stat().st_size < 2**20

    source = bitseg.open_source(path)
    sizes = [(batch.rows.num_rows, batch.rows.nbytes) for batch in source.batches()]

    assert sum(rows for rows, _ in sizes) == ROWS
    assert max(size for _, size in sizes) <= BATCH_BYTES
    assert len(sizes) > 1


@pytest.mark.parametrize(
    ("column", "at_least", "at_most"),
    [
        (pa.array(["x" * LONG] * ROWS), LONG, LONG + 100),
        (pa.array([None] * ROWS, pa.string()), 0, 20),
        (_lists([["x" * LONG] * 3] * ROWS), 3 * LONG, 3 * LONG + 100),
        (pa.array(["a"] * (ROWS - 1) + ["x" * LONG]), LONG, LONG + 100),
        (pa.array([float(number) for number in range(ROWS)]), 8, 40),
        (pa.array([f"{number:030}" for number in range(ROWS)]), 30, 80),
    ],
    ids=["one text", "nulls", "lists", "one of many is long", "numbers", "all differ"],
)
def test_a_row_is_as_long_as_the_longest_it_may_stand_for(
    tmp_path: Path, column: pa.Array, at_least: int, at_most: int
) -> None:
    assert at_least <= unpacked_row_bytes(_written(tmp_path / "t.parquet", column)) <= at_most


def test_a_file_without_rows_has_none_that_is_long(tmp_path: Path) -> None:
    assert unpacked_row_bytes(_written(tmp_path / "t.parquet", pa.array([], pa.string()))) == 0
