"""The type of a column is told by all of its cells."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from bitseg.fields import DATA_TYPES, PROPERTY_TYPES
from bitseg.formats.rows import column_of
from bitseg.intake.inference import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitseg.fields import DataType


def _of_text(*cells: str | None, allowed: Sequence[DataType] = DATA_TYPES) -> DataType | None:
    evidence = Evidence(allowed, textual=True)
    for cell in cells:  # a batch a cell: the verdict is that of the whole file
        evidence.look(pa.array([cell], pa.large_string()))
    whole = Evidence(allowed, textual=True)
    whole.look(pa.array(cells, pa.large_string()))
    assert whole.verdict() == evidence.verdict()
    return whole.verdict()


def _of_typed(*cells: Any, allowed: Sequence[DataType] = DATA_TYPES) -> DataType | None:
    evidence = Evidence(allowed, textual=False)
    for cell in cells:
        evidence.look(column_of([cell]))
    whole = Evidence(allowed, textual=False)
    whole.look(column_of(list(cells)))
    assert whole.verdict() == evidence.verdict()
    return whole.verdict()


@pytest.mark.parametrize(
    ("cells", "data_type"),
    [
        pytest.param(["true", "FALSE", None], "boolean", id="true and false"),
        pytest.param(["1", "0"], "number", id="ones and zeros are numbers"),
        pytest.param(["yes", "no"], "string", id="yes and no are words"),
        pytest.param(["1", "-2.5", "1e3", "0"], "number", id="numbers"),
        pytest.param(["1", "x"], "string", id="a number and a word"),
        pytest.param(["1", "true"], "string", id="a number and a boolean"),
        pytest.param(["01234", "99999"], "string", id="zip codes"),
        pytest.param(["+4930123"], "string", id="phone numbers"),
        pytest.param(["1234567890123456"], "string", id="keys too long for a number"),
        pytest.param(["123456789012345"], "number", id="15 digits"),
        pytest.param(["1e999"], "string", id="not finite"),
        pytest.param(["nan", "1"], "string", id="nan"),
        pytest.param(["2024-01-01", "2024-01-01T10:00Z"], "date", id="dates and date-times"),
        pytest.param(["2024-01-01", "2024-02-30"], "string", id="one that is no date"),
        pytest.param(["2024"], "number", id="a year"),
        pytest.param(['["a"]', "[]"], "array", id="JSON lists"),
        pytest.param(['["a"]', "[1]"], "string", id="a list of numbers"),
        pytest.param(["a;b", "c"], "string", id="semicolons may mean anything"),
        pytest.param(["a"] * 100 + ["1"], "string", id="words first"),
        pytest.param(["1"] * 100 + ["a"], "string", id="a word after a hundred numbers"),
        pytest.param([None, None], None, id="nothing"),
        pytest.param([], None, id="no rows"),
    ],
)
def test_columns_of_text(cells: list[str | None], data_type: DataType | None) -> None:
    assert _of_text(*cells) == data_type


@pytest.mark.parametrize(
    ("cells", "data_type"),
    [
        pytest.param(["a", None, ""], "string", id="text"),
        pytest.param(["", None], None, id="empty text is nothing"),
        pytest.param(["1", "2"], "string", id="text of digits stays text"),
        pytest.param(["true"], "string", id="text of truth stays text"),
        pytest.param(["2024-01-01", "2024-01-01T10:00Z"], "date", id="text that is all dates"),
        pytest.param(["2024-01-01", "soon"], "string", id="text that is not all dates"),
        pytest.param([1, 2.5], "number", id="integers and floats"),
        pytest.param([True], "boolean", id="booleans"),
        pytest.param([date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)], "date", id="dates"),
        pytest.param([date(2024, 1, 1), "2024-01-01"], "date", id="dates and text of dates"),
        pytest.param([["a"], []], "array", id="lists"),
        pytest.param([1, 2, "a"], "number", id="most are numbers"),
        pytest.param([1, "a", "b"], "string", id="most are text"),
        pytest.param([1, "a"], "string", id="as many text as numbers"),
        pytest.param([{"a": 1}, None], "string", id="only what no field can hold"),
        pytest.param([{"a": 1}, [1], 5], "number", id="a number among what no field can hold"),
        pytest.param([None], None, id="nothing"),
    ],
)
def test_columns_with_types(cells: list[Any], data_type: DataType | None) -> None:
    assert _of_typed(*cells) == data_type


def test_properties_are_never_dates_or_lists() -> None:
    assert _of_text("2024-01-01", allowed=PROPERTY_TYPES) == "string"
    assert _of_text('["a"]', allowed=PROPERTY_TYPES) == "string"
    assert _of_text("true", allowed=PROPERTY_TYPES) == "boolean"
    assert _of_typed("2024-01-01", allowed=PROPERTY_TYPES) == "string"
    assert _of_typed(date(2024, 1, 1), 5, allowed=PROPERTY_TYPES) == "number"
    assert _of_typed(date(2024, 1, 1), allowed=PROPERTY_TYPES) == "string"
