"""Anything that holds rows opens, and opens again."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bitseg import LoadError
from bitseg.formats import open_source
from tests.engine.formats.reading import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = [{"id": "a", "n": 1}, {"id": "b", "n": None}]
TABLE = pa.Table.from_pylist(ROWS)
BATCH = TABLE.to_batches()[0]


def _zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(TABLE, sink)
    return bytes(sink.getvalue())


def _ipc(*, stream: bool) -> bytes:
    sink = pa.BufferOutputStream()
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return bytes(sink.getvalue())


FILES = {
    "ndjson": b'{"id":"a","n":1}\n{"id":"b","n":null}\n',
    "parquet": _parquet(),
    "arrow": _ipc(stream=False),
    "arrows": _ipc(stream=True),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": _zstd}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("named", [True, False], ids=["named", "told by its first bytes"])
def test_a_file_opens_twice(tmp_path: Path, suffix: str, packed: str, *, named: bool) -> None:
    path = tmp_path / (f"rows.{suffix}{packed}" if named else "rows")
    path.write_bytes(PACKED[packed](FILES[suffix]))
    source = open_source(path)
    assert rows_of(source) == rows_of(source) == ROWS
    assert [batch.read for batch in source.batches()][-1] <= (source.total or 0)
    source.close()


@pytest.mark.parametrize("packed", PACKED)
def test_a_csv_file_opens_packed_too(tmp_path: Path, packed: str) -> None:
    path = tmp_path / f"rows.csv{packed}"
    path.write_bytes(PACKED[packed](b"id,n\na,1\nb,\n"))
    source = open_source(str(path))
    assert rows_of(source) == [{"id": "a", "n": "1"}, {"id": "b", "n": None}]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lambda: ROWS, id="dicts"),
        pytest.param(lambda: tuple(ROWS), id="a tuple of dicts"),
        pytest.param(lambda: iter(ROWS), id="an iterator of dicts"),
        pytest.param(lambda: TABLE, id="a table"),
        pytest.param(lambda: BATCH, id="a record batch"),
        pytest.param(lambda: [BATCH], id="record batches"),
        pytest.param(lambda: iter([BATCH]), id="an iterator of record batches"),
        pytest.param(TABLE.to_reader, id="a reader"),
        pytest.param(lambda: pl.DataFrame(ROWS), id="a polars frame"),
        pytest.param(lambda: pl.LazyFrame(ROWS), id="a lazy polars frame"),
    ],
)
def test_rows_in_memory_open_twice(rows: Any) -> None:
    source = open_source(rows())
    assert rows_of(source) == rows_of(source) == ROWS
    source.close()


def test_batches_of_a_spool_need_not_be_alike() -> None:
    stream = ({"id": str(i)} if i < 70_000 else {"n": i} for i in range(70_001))
    source = open_source(stream)
    found = rows_of(source)
    assert (found[0], found[-1], len(found)) == ({"id": "0"}, {"n": 70_000}, 70_001)
    assert source.total == 70_001
    source.close()


def test_a_spool_keeps_rows_that_are_none() -> None:
    source = open_source(iter([{"id": "a"}, 5]))
    faults = [row for batch in source.batches() for row in batch.faults]
    assert [(row.index, row.row) for row in faults] == [(1, "5")]
    source.close()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param(5, "got a int", id="a number"),
        pytest.param({"id": "a"}, "got a dict", id="one dict"),
        pytest.param(b"id\n", "got a bytes", id="bytes"),
        pytest.param(Path("no such file.csv"), "got nothing", id="no file"),
        pytest.param(Path("/"), "got a directory", id="a directory"),
        pytest.param(pa.table([[1], [2]], ["a", "a"]), "'a' as columns 1, 2", id="a column twice"),
        pytest.param(pa.table([[1]], [""]), "none for column 1", id="a column without a name"),
        pytest.param(pa.chunked_array([[1]]), "Cannot read", id="a column alone"),
    ],
)
def test_what_holds_no_rows_is_refused(rows: Any, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        open_source(rows)


def test_record_batches_that_differ_are_refused() -> None:
    other = pa.record_batch({"x": [1]})
    with pytest.raises(LoadError, match="Cannot read"):
        open_source([BATCH, other])
    with pytest.raises(LoadError, match="Expected record batches of"):
        open_source(iter([BATCH, other]))


@pytest.mark.parametrize("make", [list, iter], ids=["a list", "an iterator"])
def test_record_batches_with_something_else_among_them_are_refused(make: Any) -> None:
    with pytest.raises(LoadError, match="Expected only record batches, got a dict"):
        open_source(make([BATCH, {"id": "a"}]))


class BadStream:
    """Offers an Arrow stream, and none comes."""

    def __init__(self, stream: object) -> None:
        """Take what to offer; an error is raised."""
        self._stream = stream

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Offer it."""
        if isinstance(self._stream, Exception):
            raise self._stream
        return self._stream


@pytest.mark.parametrize("stream", [5, KeyError("gone")], ids=["no stream", "an error"])
def test_a_bad_stream_is_refused(stream: object) -> None:
    with pytest.raises(LoadError, match="Cannot read the table"):
        open_source(BadStream(stream))


def test_a_lazy_frame_that_fails_is_refused() -> None:
    frame = pl.LazyFrame({"id": ["a"]}).select(pl.col("no_such_column"))
    with pytest.raises(LoadError, match=r"Cannot collect the LazyFrame: .*no_such_column"):
        open_source(frame)


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize(
    ("suffix", "found"), [("parquet", "parquet"), ("arrow", "arrow"), ("arrows", "arrow")]
)
def test_a_file_that_is_no_text_is_not_read_as_text(
    tmp_path: Path, suffix: str, found: str, packed: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(PACKED[packed](FILES[suffix]))
    with pytest.raises(LoadError, match=rf"Expected csv in .*rows.csv, got {found}; give it a"):
        open_source(path)


def test_a_format_may_be_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(FILES["ndjson"])
    assert rows_of(open_source(path, format="ndjson")) == ROWS
    with pytest.raises(LoadError, match="Did you mean 'parquet'"):
        open_source(path, format="parket")  # type: ignore[arg-type]
    with pytest.raises(LoadError, match="Expected a path where a format is given"):
        open_source(ROWS, format="csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("x.parquet", b"PAR1 and no more", id="no Parquet"),
        pytest.param("x.parquet", _parquet()[:-9], id="Parquet cut off"),
        pytest.param("x.arrow", b"ARROW1 and no more", id="no Arrow"),
        pytest.param("x.parquet.gz", gzip.compress(_parquet())[:-9], id="a packed file cut off"),
        pytest.param("x.csv.gz", gzip.compress(b"id\na\n" * 9_000)[:-9], id="packed text cut off"),
        pytest.param("x.csv.zst", _zstd(b"id\na\n" * 9_000)[:-9], id="zstd cut off"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LoadError, match=f"Cannot read .*{name}"):
        rows_of(open_source(path))


def test_a_damaged_page_is_found_while_reading(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": [f"c{i}" for i in range(5_000)]}), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[100:2_000] = bytes(1_900)
    path.write_bytes(content)
    source = open_source(path)
    with pytest.raises(LoadError, match="Cannot read"):
        rows_of(source)


def test_only_wanted_columns_of_a_table_are_looked_at() -> None:
    (batch,) = open_source(TABLE).batches(lambda name: name == "n")
    assert batch.rows.to_pydict() == {"n": [1, None]}


def test_all_columns_of_parquet_are_read_so_that_damage_is_found_first(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(FILES["parquet"])
    (batch,) = open_source(path).batches(lambda name: name == "n")
    assert batch.rows.to_pydict() == {"id": ["a", "b"], "n": [1, None]}


def test_a_large_row_group_comes_in_batches(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n": list(range(200_000))}), path, row_group_size=200_000)
    sizes = [batch.rows.num_rows for batch in open_source(path).batches()]
    assert sum(sizes) == 200_000
    assert max(sizes) <= 65_536
