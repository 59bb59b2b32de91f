"""NDJSON: absent, null and every type stay apart, and a bad line is only a bad line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg import LoadError
from bitseg.formats import bytestream
from bitseg.formats.ndjson import NdjsonSource
from tests.engine.formats.reading import faults_of, lines_of, rows_of, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "contacts.ndjson"


def test_absent_and_null_stay_apart(file: Path) -> None:
    source = written(file, b'{"id":"a","city":"Rome"}\n{"id":"b","city":null}\n{"id":"c"}\n')
    assert rows_of(source) == [
        {"id": "a", "city": "Rome"},
        {"id": "b", "city": None},
        {"id": "c"},
    ]


def test_types_stay_what_they_are_and_may_mix_in_a_column(file: Path) -> None:
    values = ["x", 1, -9223372036854775808, 1.5, True, False, None, ["a", None], [], "1"]
    lines = [json.dumps({"v": value}) for value in values]
    assert rows_of(written(file, "\n".join(lines).encode())) == [{"v": value} for value in values]


def test_what_no_field_can_hold_is_described(file: Path) -> None:
    source = written(file, b'{"v":{"a":1}}\n{"v":[1]}\n{"v":"x"}\n')
    assert rows_of(source) == [
        {"v": "an object"},
        {"v": "a list with something else than text in it"},
        {"v": "x"},
    ]


def test_blank_lines_do_not_count_and_newlines_may_be_mixed(file: Path) -> None:
    source = written(file, b'\xef\xbb\xbf {"id":"a"} \r\n\n\t\n{"id":"b"}\r{"id":"c"}')
    assert [row["id"] for row in rows_of(source)] == ["a", "b", "c"]
    assert lines_of(source) == [1, 4, 5]


@pytest.mark.parametrize("text", [b'[{"id":"a"}]', b"\xef\xbb\xbf\n [\n]"])
def test_one_array_is_told_to_be_written_one_object_a_line(file: Path, text: bytes) -> None:
    with pytest.raises(LoadError, match=r"Expected one JSON object a line in .*, got an array"):
        rows_of(written(file, text))


BAD = {
    "cut off": b'{"id":"a"',
    "text behind": b'{"id":"a"} x',
    "two objects": b'{"id":"a"}{"id":"b"}',
    "a comma too many": b'{"id":"a",}',
    "no comma": b'{"id":"a" "b":1}',
    "no colon": b'{"id" "a"}',
    "a key without quotes": b'{id:"a"}',
    "a list": b'["a"]',
    "a number": b"5",
    "null": b"null",
    "a key twice": b'{"id":"a","n":1,"id":"a"}',
    "a key twice, once with escapes": b'{"id":"a","\\u0069d":"a"}',
    "NaN": b'{"id":NaN}',
    "Infinity": b'{"id":-Infinity}',
    "a leading zero": b'{"id":01}',
    "a bare dot": b'{"id":1.}',
    "a plus": b'{"id":+1}',
    "a capital": b'{"id":True}',
    "a tab in text": b'{"id":"a\tb"}',
    "no such escape": b'{"id":"\\x"}',
    "a short escape": b'{"id":"\\u12"}',
    "the first half of a surrogate pair": b'{"id":"\\ud800"}',
    "the second half of one": b'{"id":"\\udc00"}',
    "two first halves": b'{"id":"\\ud800\\ud800"}',
    "not UTF-8": b'{"id":"\xff"}',
    "brackets that do not match": b'{"id":["a"}}',
    "a list cut off": b'{"id":["a"}',
    "a list with a comma too many": b'{"id":["a",]}',
    "an object that is none": b'{"id":{"a"}}',
    "nested too deep": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD.keys())
def test_a_line_that_is_no_object_is_set_aside_with_its_number(file: Path, line: bytes) -> None:
    source = written(file, b'{"id":"1"}\n' + line + b'\n{"id":"3"}\n')
    assert rows_of(source) == [{"id": "1"}, {"id": "3"}]
    (fault,) = faults_of(source)
    assert (fault.index, fault.line) == (1, 2)
    assert fault.errors[0].message.startswith("Expected a JSON object. ")


def test_a_long_integer_is_whole_and_one_beyond_64_bits_a_float(file: Path) -> None:
    source = written(file, b'{"n":9223372036854775807}\n{"n":9223372036854775808}\n')
    assert rows_of(source) == [{"n": 9223372036854775807}, {"n": 9223372036854775808.0}]


def test_a_line_that_never_ends_stops_before_the_file_is_in_memory(file: Path) -> None:
    source = written(file, b'{"id":"a"}\n{"id":"' + b"x" * (40 * 2**20))
    with pytest.raises(LoadError, match="line 2 to end within 32 MiB"):
        rows_of(source)


def test_more_keys_than_columns_may_be_are_refused(file: Path) -> None:
    source = written(file, b"".join(b'{"k%d":1}\n' % i for i in range(1_001)))
    with pytest.raises(LoadError, match="at most 1000 different keys"):
        rows_of(source)


TEXTS = st.text(st.sampled_from('aé😀"\\/\b\f\n\r\t\x01\x7f\u2028{}[]:,'), max_size=5)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    st.lists(TEXTS | st.none(), max_size=3),
)


@given(
    rows=st.lists(st.dictionaries(TEXTS, SCALARS, max_size=4), max_size=8),
    ascii_only=st.booleans(),
    block=st.integers(1, 50),
)
def test_what_json_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    rows: list[dict[str, Any]],
    ascii_only: bool,
    block: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.ndjson"
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    path.write_bytes("\n".join(lines).encode())
    with patch.object(bytestream, "BLOCK_BYTES", block):
        source = NdjsonSource(path)
        assert faults_of(source) == []
        assert rows_of(source) == rows


@given(line=st.text(st.sampled_from('{}[]":,\\ueE0123456789.+-truefalsn \t'), max_size=14))
def test_what_python_refuses_is_refused_and_what_it_takes_is_taken(
    tmp_path_factory: pytest.TempPathFactory, line: str
) -> None:
    line = '{"a":' + line
    path = tmp_path_factory.getbasetemp() / "any.ndjson"
    path.write_bytes(line.encode())
    source = NdjsonSource(path)
    try:
        json.loads(line, parse_constant=lambda _: 1 / 0, object_pairs_hook=_distinct)
    except (ValueError, ZeroDivisionError):
        assert rows_of(source) == []
        assert len(faults_of(source)) == 1
    else:
        assert len(rows_of(source)) == 1


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse keys that are there twice, as a JSON decoder of bitseg's kind does at the top."""
    found = dict(pairs)
    if len(found) != len(pairs) and "a" in found:
        raise ValueError(pairs)
    return found
