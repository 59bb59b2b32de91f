"""Lists of dicts keep what a program put into them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bitseg import LoadError
from bitseg.formats import open_source
from bitseg.formats.rows import column_of
from tests.engine.formats.reading import faults_of, rows_of


class Broken(tzinfo):
    """A timezone that fails."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        """Fail in a way of its own."""
        raise RuntimeError


class Plan(StrEnum):
    """Text of a kind of its own, as programs have it."""

    PRO = "pro"


def test_absent_and_null_stay_apart() -> None:
    rows = [{"id": "a", "city": None}, {"id": "b"}]
    assert rows_of(open_source(rows)) == rows


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        pytest.param(["a", None], pa.large_string(), id="text"),
        pytest.param([Plan.PRO, "x"], None, id="a subclass of text beside text"),
        pytest.param([1, None], pa.int64(), id="integers"),
        pytest.param([1.5, 2.0], pa.float64(), id="floats"),
        pytest.param([True, False], pa.bool_(), id="booleans"),
        pytest.param([date(2024, 2, 29)], pa.date32(), id="dates"),
        pytest.param([["a"], [], None], pa.large_list(pa.large_string()), id="lists"),
        pytest.param([None, None], pa.null(), id="nothing"),
        pytest.param([datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"), id="moments"),
        pytest.param([datetime(2024, 1, 1)], pa.timestamp("us"), id="walls"),  # noqa: DTZ001
        pytest.param([1, "a", 2.5, None, True, ["x"]], None, id="mixed"),
        pytest.param(
            [datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)],  # noqa: DTZ001
            None,
            id="walls and moments",
        ),
    ],
)
def test_a_column_has_the_type_of_its_values(values: list[Any], kind: pa.DataType | None) -> None:
    column = column_of(values)
    assert column.to_pylist() == values
    if kind is not None:
        assert column.type == kind


@pytest.mark.parametrize("unit", ["D", "s", "ms", "us", "ns"])
def test_date_times_of_numpy_are_walls(unit: str) -> None:
    column = column_of([np.datetime64("2024-02-29", unit), None])  # type: ignore[call-overload]
    assert column.type == pa.timestamp("us")
    assert column.to_pylist() == [datetime(2024, 2, 29), None]  # noqa: DTZ001


def test_a_moment_of_any_offset_is_the_same_instant() -> None:
    moment = datetime(2024, 1, 1, 5, tzinfo=timezone(timedelta(hours=5)))
    assert column_of([moment]).to_pylist() == [datetime(2024, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        pytest.param("\ud800", "text with half a surrogate pair", id="half a surrogate pair"),
        pytest.param(10**400, "an integer too large for any number", id="a huge integer"),
        pytest.param([1], "a list with something else than text in it", id="a list of numbers"),
        pytest.param(["\ud800"], "a list with something else than text in it", id="a bad list"),
        pytest.param({"a": 1}, "a dict", id="a dict"),
        pytest.param({"a"}, "a set", id="a set"),
        pytest.param(b"a", "a bytes", id="bytes"),
        pytest.param(2**70, float(2**70), id="an integer of more than 64 bits"),
        pytest.param(Decimal("1.5"), 1.5, id="a decimal"),
        pytest.param(np.datetime64("NaT"), None, id="no date-time of numpy"),
        pytest.param(np.datetime64("-9999-01-01"), "a datetime64", id="a year before all"),
        pytest.param(
            datetime(2024, 1, 1, tzinfo=Broken()),  # type: ignore[abstract]
            "a date-time whose timezone fails, or beyond the years of UTC",
            id="a timezone that fails",
        ),
        pytest.param(np.int32(7), 7, id="a numpy integer"),
        pytest.param(np.float32(1.5), 1.5, id="a numpy float"),
        pytest.param(np.bool_(True), True, id="a numpy boolean"),  # noqa: FBT003
    ],
)
def test_odd_values_stand_beside_plain_ones(value: object, seen: object) -> None:
    assert column_of(["plain", value, None]).to_pylist() == ["plain", seen, None]
    assert column_of([value]).to_pylist() == [seen]


@pytest.mark.parametrize(
    ("row", "got"),
    [
        pytest.param(5, "got a int", id="a number"),
        pytest.param(None, "got a NoneType", id="nothing"),
        pytest.param(["a"], "got a list", id="a list"),
        pytest.param({5: "a"}, "got keys that are no text", id="a key that is a number"),
        pytest.param({"\ud800": 1}, "got keys that are no text", id="a key with half a surrogate"),
    ],
)
def test_what_is_no_row_is_set_aside(row: object, got: str) -> None:
    source = open_source([{"id": "a"}, row, {"id": "b"}])
    assert rows_of(source) == [{"id": "a"}, {"id": "b"}]
    (fault,) = faults_of(source)
    assert (fault.index, fault.line) == (1, 0)
    assert fault.errors[0].message.endswith(got)


def test_too_many_keys_are_refused() -> None:
    with pytest.raises(LoadError, match="at most 1000 different keys"):
        rows_of(open_source([{f"k{i}": 1} for i in range(1_001)]))
