"""CSV as people really send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bitseg import LoadError
from bitseg.formats import open_source
from bitseg.formats.delimited import DelimitedSource
from tests.engine.formats.reading import faults_of, lines_of, rows_of, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "contacts.csv"


def test_cells_are_text_and_empty_ones_null_quoted_or_not(file: Path) -> None:
    source = written(file, b'id,city,plan\na,Rome,""\nb,,pro\n')
    assert rows_of(source) == [
        {"id": "a", "city": "Rome", "plan": None},
        {"id": "b", "city": None, "plan": "pro"},
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_name(file: Path) -> None:
    assert written(file, b"\xef\xbb\xbfid,city\na,Rome\n").columns == ("id", "city")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_is_read(file: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    source = written(file, f"{mark}id,city\na,Zürich\n".encode(encoding))
    assert rows_of(source) == [{"id": "a", "city": "Zürich"}]


def test_utf_16_without_its_mark_is_refused_by_name(file: Path) -> None:
    with pytest.raises(LoadError, match="UTF-16"):
        written(file, "id,city\na,Rome\n".encode("utf-16-le"))


def test_utf_16_that_is_cut_off_is_refused(file: Path) -> None:
    with pytest.raises(LoadError, match="Cannot read"):
        written(file, b"\xff\xfe" + "id,city\n".encode("utf-16-le") + b"a")


def test_quotes_may_hold_delimiters_newlines_and_doubled_quotes(file: Path) -> None:
    source = written(file, b'id,note\na,"one, ""two""\r\nthree\n"\nb,plain\n')
    assert rows_of(source) == [
        {"id": "a", "note": 'one, "two"\r\nthree\n'},
        {"id": "b", "note": "plain"},
    ]
    assert lines_of(source) == [2, 5]


def test_newlines_may_be_mixed_and_blank_lines_are_no_rows(file: Path) -> None:
    source = written(file, b"id,n\r\na,1\rb,2\n\n\r\n\rc,3")
    assert [row["id"] for row in rows_of(source)] == ["a", "b", "c"]
    assert lines_of(source) == [2, 3, 7]


def test_a_quote_inside_an_unquoted_cell_is_itself(file: Path) -> None:
    assert rows_of(written(file, b'id,size\na,5" pipe\n')) == [{"id": "a", "size": '5" pipe'}]


def test_bad_rows_are_set_aside_with_their_lines_and_the_rest_is_read(file: Path) -> None:
    source = written(
        file,
        b'id,note\na,"two\nlines"\nb\nc,1,2\nd,"q"z\ne,\xff\xfe\nf,\xc3\xa9\n',
    )
    assert rows_of(source) == [{"id": "a", "note": "two\nlines"}, {"id": "f", "note": "é"}]
    assert [(row.index, row.line, row.errors[0].message, row.row) for row in faults_of(source)] == [
        (1, 4, "Expected 2 cells as in the header, got 1", "b"),
        (2, 5, "Expected 2 cells as in the header, got 3", "c,1,2"),
        (
            3,
            6,
            'Expected a delimiter behind a closing quote, got text (a " in a cell is written "")',
            'd,"q"z',
        ),
        (4, 7, "Expected UTF-8, got other bytes", "e,\ufffd\ufffd"),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"\x80", id="a byte that continues nothing"),
        pytest.param(b"\xc3", id="cut off"),
        pytest.param(b"\xc0\xaf", id="longer than needed, 2 bytes"),
        pytest.param(b"\xe0\x80\xaf", id="longer than needed, 3 bytes"),
        pytest.param(b"\xf0\x80\x80\xaf", id="longer than needed, 4 bytes"),
        pytest.param(b"\xed\xa0\x80", id="half a surrogate pair"),
        pytest.param(b"\xf4\x90\x80\x80", id="above U+10FFFF"),
        pytest.param(b"\xf5\x80\x80\x80", id="no such lead"),
    ],
)
def test_what_is_not_utf_8_is_refused(file: Path, bad: bytes) -> None:
    source = written(file, b"id,n\na," + bad + b"\nb,\xf0\x9f\x98\x80\n")
    assert rows_of(source) == [{"id": "b", "n": "😀"}]
    assert [row.line for row in faults_of(source)] == [2]


def test_a_quote_that_never_closes_is_named_by_the_line_it_opens_on(file: Path) -> None:
    source = written(file, b'id,note\na,x\nb,"open\nc,y\n')
    with pytest.raises(LoadError, match=r"closing quote.* line 3 of"):
        rows_of(source)


def test_a_quote_that_never_closes_stops_before_the_file_is_in_memory(file: Path) -> None:
    source = written(file, b'id,note\n"' + b"x" * (40 * 2**20))
    with pytest.raises(LoadError, match=r"none up to 32 MiB.* line 2 of"):
        rows_of(source)


def test_a_row_that_never_ends_stops_too(file: Path) -> None:
    source = written(file, b"id,note\nx," + b"y" * (40 * 2**20))
    with pytest.raises(LoadError, match="32 MiB without a newline from line 2"):
        rows_of(source)


def test_a_column_twice_is_refused_and_named(file: Path) -> None:
    with pytest.raises(LoadError, match="'email' as columns 2, 4"):
        written(file, b"id,email,city,email\n")


def test_a_header_without_a_name_is_refused_with_its_place(file: Path) -> None:
    with pytest.raises(LoadError, match="none for column 2, 4"):
        written(file, b"id,,city, \na,b,c,d\n")


def test_an_empty_file_has_no_header(file: Path) -> None:
    with pytest.raises(LoadError, match="an empty file"):
        written(file, b"\n\n")


def test_a_header_alone_has_no_rows(file: Path) -> None:
    assert rows_of(written(file, b"id,city")) == []


def test_too_many_columns_are_refused(file: Path) -> None:
    names = ",".join(f"c{i}" for i in range(1_001))
    with pytest.raises(LoadError, match="at most 1000 columns"):
        written(file, names.encode() + b"\n")


def test_a_million_columns_are_refused_as_quickly(file: Path) -> None:
    with pytest.raises(LoadError):
        written(file, b"c," * 1_000_000 + b"\n")


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        pytest.param(b"id,city\na,b\n", ",", id="comma"),
        pytest.param(b"id;city\na;b,c,d\n", ";", id="semicolon, though a cell has more commas"),
        pytest.param(b"id\tcity\na,b\tc\n", "\t", id="tab"),
        pytest.param(b"id|city\na|b;c\n", "|", id="bar"),
        pytest.param(b'"id;x",city\n1,2\n', ",", id="a semicolon in quotes does not count"),
        pytest.param(b"id\na\nb\n", ",", id="one column"),
    ],
)
def test_the_delimiter_is_told_by_the_first_rows(
    file: Path, content: bytes, delimiter: str
) -> None:
    source = written(file, content)
    assert isinstance(source, DelimitedSource)
    assert source.delimiter == delimiter


def test_a_tsv_file_has_tabs_whatever_else_is_in_it(tmp_path: Path) -> None:
    source = written(tmp_path / "x.tsv", b"id\ta,b,c\n1\t2\n")
    assert source.columns == ("id", "a,b,c")


def test_a_row_across_two_blocks_is_whole(file: Path) -> None:
    long = "é" * 60_000
    rows = [f'{i},"{long}\n"' for i in range(100)]
    source = written(file, ("id,note\n" + "\r\n".join(rows)).encode())
    found = rows_of(source)
    assert [row["id"] for row in found] == [str(i) for i in range(100)]
    assert {row["note"] for row in found} == {long + "\n"}
    assert lines_of(source) == [2 * i + 2 for i in range(100)]


def test_only_wanted_columns_are_read(file: Path) -> None:
    source = written(file, b"id,city,plan\na,Rome,pro\nb,Oslo\n")
    batch = next(iter(source.batches(lambda name: name == "plan")))
    assert batch.rows.to_pydict() == {"plan": ["pro"]}
    nothing = next(iter(source.batches(lambda _: False)))
    assert nothing.rows.num_rows == 1
    assert [row.line for row in nothing.faults] == [3]


def test_progress_ends_at_the_size_of_the_file(file: Path) -> None:
    source = written(file, b"id\n" + b"a\n" * 300_000)
    read = [batch.read for batch in source.batches()]
    assert read == sorted(read)
    assert read[-1] == source.total == file.stat().st_size


def test_a_source_can_be_read_again(file: Path) -> None:
    source = open_source(file) if file.exists() else written(file, b"id\na\n")
    assert rows_of(source) == rows_of(source) == [{"id": "a"}]
