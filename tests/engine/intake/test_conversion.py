"""Raw cells become values, or a fault in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from bitseg.changes import ARROW_TYPES
from bitseg.formats.rows import column_of
from bitseg.intake.conversion import Converted, convert, convert_ids
from bitseg.zones import get_zone

if TYPE_CHECKING:
    from bitseg.fields import DataType

BERLIN = get_zone("Europe/Berlin")
BAD = "bad"
JAN_1 = 1_704_063_600_000
"""2024-01-01T00:00 in Berlin."""


def _outcome(converted: Converted) -> list[Any]:
    """Return the values, with ``BAD`` where a cell was blamed; such a cell has no value."""
    values: list[Any] = converted.values.to_pylist()
    for problem in converted.problems:
        for place, cell in enumerate(problem.cells.tolist()):
            if cell:
                assert values[place] in (None, BAD)
                values[place] = BAD
    return values


def _text(data_type: DataType, *cells: str | None) -> list[Any]:
    raw = pa.array(cells, pa.large_string())
    converted = convert(raw, data_type, BERLIN, textual=True)
    assert converted.values.type == ARROW_TYPES[data_type]
    return _outcome(converted)


def _typed(data_type: DataType, raw: Any) -> list[Any]:
    array = raw if isinstance(raw, pa.Array) else column_of(raw)
    converted = convert(array, data_type, BERLIN, textual=False)
    assert converted.values.type == ARROW_TYPES[data_type]
    # A slice of an array must be read from its own start.
    part = convert(array.slice(1), data_type, BERLIN, textual=False)
    assert _outcome(part) == _outcome(converted)[1:]
    return _outcome(converted)


class TestText:
    """Cells of CSV."""

    def test_strings_are_kept_to_the_letter(self) -> None:
        assert _text("string", " a ", None, "NULL", "0", "x\0y") == [
            " a ", None, "NULL", "0", "x\0y",
        ]  # fmt: skip

    def test_a_string_is_at_most_64_kib_of_utf_8(self) -> None:
        longest, longer = "é" * 32_768, "é" * 32_768 + "a"
        assert _text("string", longest, longer) == [longest, BAD]

    @pytest.mark.parametrize(
        ("cell", "number"),
        [
            ("5", 5.0), ("-5", -5.0), ("+5", 5.0), ("007", 7.0), ("5.25", 5.25), (".5", 0.5),
            ("5.", 5.0), ("1e3", 1000.0), ("1E-2", 0.01), ("-0", 0.0),
            ("9007199254740993", 9007199254740992.0), ("0.1", 0.1),
            ("", None), ("x", BAD), (" 5", BAD), ("1,5", BAD), ("1_000", BAD), ("0x10", BAD),
            ("nan", BAD), ("inf", BAD), ("-Infinity", BAD), ("1e999", BAD), ("-", BAD), (".", BAD),
            ("e5", BAD), ("5e", BAD), ("5e+", BAD), ("--5", BAD), ("\u0665", BAD),
        ],
    )  # fmt: skip
    def test_numbers(self, cell: str, number: float | str | None) -> None:
        assert _text("number", "1", cell or None) == [1.0, number]

    @pytest.mark.parametrize(
        ("cell", "value"),
        [
            ("true", True), ("TRUE", True), ("Yes", True), ("1", True),
            ("false", False), ("False", False), ("no", False), ("0", False),
            ("t", BAD), ("2", BAD), ("on", BAD), (" true", BAD),
        ],
    )  # fmt: skip
    def test_booleans(self, cell: str, value: bool | str) -> None:  # noqa: FBT001
        assert _text("boolean", cell, None) == [value, None]

    @pytest.mark.parametrize(
        ("cell", "instant"),
        [
            ("2024-01-01", JAN_1),
            ("2024-01-01T00:00", JAN_1),
            ("2023-12-31 23:00:00.0009Z", JAN_1),
            ("2024-01-01T05:30:00+06:30", JAN_1),
            ("1704063600000", JAN_1),
            ("-62135596800000", -62_135_596_800_000),
            ("100000000", 100_000_000),
            ("99999999", BAD),
            ("20240101", BAD),
            ("999999999999999", BAD),
            ("1704063600000.5", BAD),
            ("01.01.2024", BAD),
            ("2024-02-30", BAD),
            ("0001-01-01T00:00+01:00", BAD),
        ],
    )
    def test_dates(self, cell: str, instant: int | str) -> None:
        assert _text("date", cell, None) == [instant, None]

    @pytest.mark.parametrize(
        ("cell", "value"),
        [
            ("a;b", ["a", "b"]),
            ("a", ["a"]),
            (" a ; b c ;; a", ["a", "b c"]),
            (";", None),
            ('["a","b;c"]', ["a", "b;c"]),
            ('["a", null, "", "a", " "]', ["a", " "]),
            ('[\n"a"\n]', ["a"]),
            ("[]", None),
            ('["a"', BAD),
            ("[1]", BAD),
            ('["a"]["b"]', BAD),
            ('["a"],["b"]', BAD),
            ('[["a"]]', BAD),
        ],
    )
    def test_arrays(self, cell: str, value: list[str] | str | None) -> None:
        assert _text("array", cell, None, "z") == [value, None, ["z"]]


class TestTyped:
    """Cells that have a type."""

    def test_strings_are_text_only(self) -> None:
        raw = ["a", "", None, 5, 1.5, True, date(2024, 1, 1), ["a"], {"a": 1}]
        assert _typed("string", raw) == ["a", None, None, BAD, BAD, BAD, BAD, BAD, BAD]

    def test_numbers_are_numbers_only_and_finite(self) -> None:
        raw = [1, 2.5, None, float("nan"), float("inf"), True, "3", Decimal("1.5"), 2**70]
        assert _typed("number", raw) == [1.0, 2.5, None, BAD, BAD, BAD, BAD, 1.5, float(2**70)]

    def test_booleans_are_booleans_only(self) -> None:
        assert _typed("boolean", [True, False, None, 1, 0, "true"]) == [
            True, False, None, BAD, BAD, BAD,
        ]  # fmt: skip

    def test_dates_are_iso_text_moments_days_and_ms(self) -> None:
        raw = [
            "2024-01-01", JAN_1, JAN_1 + 0.9, datetime(2023, 12, 31, 23, tzinfo=UTC),
            datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None), date(2024, 1, 1), None,
            "1704063600000", True, ["2024"], float("nan"), 1e300, -10**15, 2**63 - 1,
        ]  # fmt: skip
        expected = [JAN_1] * 6 + [None] + [BAD] * 7
        assert _typed("date", raw) == expected

    def test_dates_are_floored_to_the_ms(self) -> None:
        assert _typed("date", [-0.5, 0.5]) == [-1, 0]
        micro = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        assert _typed("date", [micro, micro]) == [-1, -1]

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
    def test_timestamps_of_any_unit(self, unit: str, zone: str | None) -> None:
        moment = datetime(2024, 1, 1, tzinfo=UTC if zone else None)
        raw = pa.array([moment, None], pa.timestamp(unit, zone))
        assert _typed("date", raw) == [JAN_1 + (3_600_000 if zone else 0), None]

    def test_timestamps_no_date_can_be_are_blamed(self) -> None:
        for unit in ("s", "ms", "us", "ns"):
            raw = pa.array([2**63 - 1, -(2**63), 0], pa.timestamp(unit, "UTC"))
            bad = [9223372036854, -9223372036855] if unit == "ns" else [BAD, BAD]
            assert _typed("date", raw) == [*bad, 0]

    def test_days_of_either_width(self) -> None:
        for kind in (pa.date32(), pa.date64()):
            assert _typed("date", pa.array([date(2024, 1, 1), None], kind)) == [JAN_1, None]
        assert _typed("date", pa.array([2**31 - 1, -(2**31)], pa.date32())) == [BAD, BAD]

    def test_arrays_are_lists_of_text(self) -> None:
        raw = [["b", "a", "b", "", None], [], None, ["a"], "a;b", 5, [1]]
        assert _typed("array", raw) == [["b", "a"], None, None, ["a"], BAD, BAD, BAD]

    @pytest.mark.parametrize(
        "kind",
        [
            pa.list_(pa.string()),
            pa.large_list(pa.large_string()),
            pa.list_(pa.string(), 2),
            pa.list_view(pa.string()),
            pa.list_(pa.dictionary(pa.int8(), pa.string())),
        ],
        ids=str,
    )
    def test_lists_of_any_make(self, kind: pa.DataType) -> None:
        raw = pa.array([["x", "y"], ["a", "a"], None], kind)
        assert _typed("array", raw) == [["x", "y"], ["a"], None]

    def test_lists_of_nothing_are_missing(self) -> None:
        assert _typed("array", pa.array([[], [None]], pa.list_(pa.null()))) == [None, None]

    @pytest.mark.parametrize(
        "raw",
        [
            pa.array(["x", None, "y"], pa.string()),
            pa.array(["x", None, "y"], pa.string_view()),
            pa.array(["x", None, "y"]).dictionary_encode(),
            pa.array(["x", None, "y"], pa.large_string()).dictionary_encode(),
            pl.Series(["x", None, "y"], dtype=pl.Categorical).to_arrow(),
            pl.Series(["x", None, "y"], dtype=pl.Enum(["x", "y"])).to_arrow(),
        ],
        ids=lambda raw: str(raw.type),
    )
    def test_text_of_any_make(self, raw: pa.Array) -> None:
        assert _typed("string", raw) == ["x", None, "y"]

    @pytest.mark.parametrize(
        "kind", [pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.decimal128(9, 2)], ids=str
    )
    def test_numbers_of_any_width(self, kind: pa.DataType) -> None:
        five = Decimal(5) if pa.types.is_decimal(kind) else 5
        values = [5.0 if kind == pa.float16() else five, None]
        assert _typed("number", pa.array(values, kind)) == [5.0, None]

    def test_text_that_is_not_utf_8_is_blamed(self) -> None:
        raw = pa.array([b"ok", b"\xff"], pa.large_binary()).view(pa.large_string())
        assert _typed("string", raw) == ["ok", BAD]
        lists = pa.LargeListArray.from_arrays([0, 1, 2], raw)
        assert _typed("array", lists) == [["ok"], BAD]

    @pytest.mark.parametrize("data_type", ARROW_TYPES)
    @pytest.mark.parametrize(
        "raw",
        [
            pa.array([{"a": 1}]),
            pa.array([b"x"], pa.binary(1)),
            pa.array([[1]]),
            pa.array([5], pa.duration("s")),
            pa.array([5], pa.time32("s")),
        ],
        ids=lambda raw: str(raw.type),
    )
    def test_other_types_are_no_values(self, data_type: DataType, raw: pa.Array) -> None:
        assert _typed(data_type, raw) == [BAD]

    @pytest.mark.parametrize("data_type", ARROW_TYPES)
    def test_empty_text_is_missing(self, data_type: DataType) -> None:
        assert _typed(data_type, pa.array(["", None, ""])) == [None, None, None]
        assert _typed(data_type, ["", True, {"a": 1}])[0] is None

    @pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
    def test_bytes_that_are_utf_8_are_text(self, kind: pa.DataType) -> None:
        raw = pa.array(["ç".encode(), None, b"", b"\xff"], kind)
        assert _typed("string", raw) == ["ç", None, None, BAD]
        assert _outcome(convert_ids(raw)) == ["ç", None, BAD, BAD]

    def test_a_list_with_text_too_long_is_told_in_words(self) -> None:
        converted = convert(column_of([["a" * 65_537]]), "array", BERLIN, textual=False)
        assert [problem.expected for problem in converted.problems] == [
            "a list of texts in UTF-8, each of at most 65536 bytes"
        ]

    @pytest.mark.parametrize("data_type", ARROW_TYPES)
    def test_nothing_is_nothing_of_any_type(self, data_type: DataType) -> None:
        assert _typed(data_type, pa.nulls(3)) == [None, None, None]
        assert _typed(data_type, pa.array([], pa.large_string())) == []


class TestIds:
    """Ids of contacts and events."""

    @pytest.mark.parametrize(
        ("value", "id_"),
        [
            ("a", "a"), (" ", " "), (5, "5"), (2**63 - 1, "9223372036854775807"), (-1, "-1"),
            ("é" * 255, "é" * 255), ("😀" * 255, "😀" * 255), ("\u00a0", "\u00a0"), (None, None),
            ("", BAD), ("a" * 256, BAD), ("a\nb", BAD), ("\x00", BAD), ("\x7f", BAD),
            ("\x85", BAD), (1.0, BAD), (True, BAD), (2**63, BAD), ("\ud800", BAD), (["a"], BAD),
        ],
    )  # fmt: skip
    def test_ids(self, value: object, id_: str | None) -> None:
        assert _outcome(convert_ids(column_of(["x", value]))) == ["x", id_]
        assert _outcome(convert_ids(column_of([value]))) == [id_]

    def test_words_say_what_is_wrong(self) -> None:
        converted = convert_ids(column_of(["", "a\nb"]))
        words = " / ".join(problem.expected for problem in converted.problems)
        (problem,) = convert_ids(column_of([1.5])).problems
        assert problem.expected == "an id, which is text or an integer of 64 bits"
        assert re.fullmatch(r"an id of 1 to 255 .* / an id without control characters", words)
