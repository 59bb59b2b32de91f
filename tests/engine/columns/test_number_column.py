"""The number column: the narrowest dtype, its ends, and lists of many numbers."""

from __future__ import annotations

import math

import pytest

from bitseg.columns import NumberColumn, NumberIn, Present
from tests.engine.columns.model import Pair

INF = math.inf


def dtype_of(pair: Pair) -> str:
    assert isinstance(pair.column, NumberColumn)
    return str(pair.column._cells.dtype)  # noqa: SLF001 - the dtype is the point


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0.0, 254.0], "uint8"),
        ([-0.0], "uint8"),
        ([255.0], "int16"),
        ([-1.0, 32_767.0], "int16"),
        ([-32_767.0], "int16"),
        ([-32_768.0], "int32"),
        ([32_768.0], "int32"),
        ([2.0**31 - 1], "int32"),
        ([-(2.0**31) + 1], "int32"),
        ([-(2.0**31)], "float64"),
        ([2.0**31], "float64"),
        ([2.0**53 + 2], "float64"),
        ([0.5], "float64"),
        ([5e-324], "float64"),
        ([None], "uint8"),
    ],
)
def test_the_dtype_is_the_narrowest_that_holds_the_values(
    values: list[float | None], dtype: str
) -> None:
    pair = Pair("number")
    pair.grow(66)

    pair.write(dict(enumerate(values)))

    assert dtype_of(pair) == dtype
    ends = [value for value in values if value is not None]
    pair.check(*(NumberIn(((end, end),)) for end in ends), NumberIn(((-INF, INF),)))


def test_widening_keeps_values_and_gaps() -> None:
    pair = Pair("number")
    pair.grow(70)
    seen = []

    for row, value in enumerate([7.0, 254.0, 255.0, -5.0, 32_768.0, 2.0**31, -0.25]):
        pair.write({row: value, row + 20: None})
        seen.append(dtype_of(pair))
        pair.check(NumberIn(((value, value),)), NumberIn(((-INF, value),)))

    assert seen == ["uint8", "uint8", "int16", "int16", "int32", "float64", "float64"]


@pytest.mark.parametrize("filler", [3.0, -3.0, 70_000.0, 0.25])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (74.5, INF),
        (75.0, 75.0),
        (74.1, 74.9),
        (-INF, 0.0),
        (-0.0, -0.0),
        (5e-324, 1.0),
        (254.0, 255.0),
        (255.0, INF),
        (-INF, -1.0),
        (-1e300, 1e300),
        (1e10, 1e11),
        (-1e11, -1e10),
    ],
)
def test_ends_between_the_values_of_a_dtype_mean_what_they_say(
    filler: float, low: float, high: float
) -> None:
    pair = Pair("number")
    pair.grow(80)

    pair.write({0: filler, 1: 0.0, 2: 74.0, 3: 75.0, 4: 1.0, 5: 254.0, 64: 76.0, 70: None})

    pair.check(NumberIn(((low, high),)))


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e6, 0.25, 1e100])
def test_a_list_of_many_numbers_is_looked_up(scale: float) -> None:
    pair = Pair("number")
    pair.grow(300)
    pair.write({row: (row % 127 - 40) * scale for row in range(0, 300, 2)})
    points = tuple((point * scale, point * scale) for point in range(-60, 120, 3))
    spans = tuple((point * scale, (point + 1) * scale) for point in range(-60, 120, 5))

    pair.check(NumberIn(points), NumberIn(spans), NumberIn(((-INF, -1e200), *points)))


def test_ten_thousand_numbers_in_a_list_need_no_ten_thousand_scans() -> None:
    pair = Pair("number")
    pair.grow(200)
    pair.write({row: float(3 * row * row) + 0.5 for row in range(200)})
    points = tuple((3.0 * k + 0.5, 3.0 * k + 0.5) for k in range(10_000))

    found = pair.column.matches(NumberIn(points))

    assert found.rows().tolist() == list(range(100))


def test_minus_zero_comes_back_as_zero() -> None:
    pair = Pair("number")
    pair.grow(2)

    pair.write({0: -0.0, 1: 0.5})

    value = pair.column.value_at(0)
    assert isinstance(value, float)
    assert math.copysign(1.0, value) == 1.0
    assert pair.column.matches(NumberIn(((0.0, 0.0),))).rows().tolist() == [0]
    assert pair.column.matches(NumberIn(())).count == 0
    assert pair.column.matches(Present()).count == 2
