"""Every kind of column under random writes, against a dict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg.columns import ArrayHas, BooleanIs, DateIn, NumberIn, StringIn, StringLike
from bitseg.fields import DataType
from tests.engine.columns.model import Pair, rows_of

LOWEST, HIGHEST = -(2**63) + 2, 2**63 - 2

EDGES = [
    0.0, -0.0, 1.0, 127.0, 128.0, 253.0, 254.0, 255.0, 256.0, -1.0, 32766.0, 32767.0, 32768.0,
    -32767.0, -32768.0, -32769.0, 2.0**31 - 2, 2.0**31 - 1, 2.0**31, -(2.0**31), -(2.0**31) + 1,
    2.0**53, 2.0**53 + 2, 5e-324, -5e-324, 0.1, 74.5, 1e308, -1e308,
]  # fmt: skip
small = st.sampled_from(EDGES[:10])
numbers = st.one_of(small, st.sampled_from(EDGES), st.floats(allow_nan=False, allow_infinity=False))
letters = st.sampled_from("aAbBßẞKİıΣσς@é")  # noqa: RUF001
texts = st.text(letters, min_size=1, max_size=4)
instants = st.one_of(
    st.integers(0, 50),
    st.sampled_from([LOWEST, LOWEST + 1, -1, 0, HIGHEST - 1]),
    st.integers(LOWEST, HIGHEST - 1),
)
lists = st.lists(texts, min_size=1, max_size=5, unique=True)
VALUES: dict[DataType, st.SearchStrategy[Any]] = {
    "string": texts,
    "number": numbers,
    "boolean": st.booleans(),
    "date": instants,
    "array": lists,
}


@st.composite
def intervals(draw: st.DrawFn, ends: st.SearchStrategy[Any], gap: int) -> tuple[Any, ...]:
    """Draw sorted, disjoint intervals; ``gap`` of 1 for half-open ones, which are not empty."""
    size = draw(st.sampled_from([1, 2, 3, 20]))
    found = sorted(draw(st.lists(ends, min_size=2 * size, max_size=2 * size, unique=True)))
    pairs = list(zip(found[0::2], found[1::2], strict=True))
    if gap == 0 and draw(st.booleans()):
        return tuple((low, low) for low in found)
    return tuple(pairs)


many = st.lists(texts, min_size=1, max_size=30, unique=True).map(tuple)
TESTS: dict[DataType, st.SearchStrategy[Any]] = {
    "string": st.one_of(
        st.builds(StringIn, many),
        st.builds(StringLike, st.sampled_from(["contains", "starts_with", "ends_with"]), texts),
    ),
    "number": st.builds(
        NumberIn,
        intervals(numbers.map(lambda number: number + 0.0), 0)
        | numbers.map(lambda low: ((low, float("inf")),))
        | numbers.map(lambda high: ((float("-inf"), high),)),
    ),
    "boolean": st.builds(BooleanIs, st.booleans()),
    "date": st.builds(DateIn, intervals(instants, 1) | st.just(((LOWEST, HIGHEST),))),
    "array": st.builds(ArrayHas, many, st.sampled_from(["any", "all"])),
}


@pytest.mark.parametrize("data_type", VALUES)
@given(data=st.data())
def test_a_column_is_a_dict_from_row_to_value(data_type: DataType, data: st.DataObject) -> None:
    pair = Pair(data_type)
    values = st.none() | VALUES[data_type]
    for _ in range(data.draw(st.integers(1, 4))):
        n = max(1, pair.column.n + data.draw(st.sampled_from([0, 1, 5, 63, 64, 65])))
        pair.grow(n)
        rows = st.integers(0, n - 1)
        if data.draw(st.booleans()):
            pair.erase(data.draw(st.lists(rows, max_size=9, unique=True)))
        pair.write(data.draw(st.dictionaries(rows, values, max_size=20)))
        pair.check(*data.draw(st.lists(TESTS[data_type], max_size=3)))


@pytest.mark.parametrize("data_type", VALUES)
def test_a_column_without_rows_answers(data_type: DataType) -> None:
    pair = Pair(data_type)

    pair.write({})
    pair.erase([])
    pair.check()

    assert pair.column.n == 0


@pytest.mark.parametrize("data_type", VALUES)
def test_growing_to_fewer_rows_changes_nothing(data_type: DataType) -> None:
    pair = Pair(data_type)

    pair.grow(70)
    pair.grow(3)
    pair.check()

    assert pair.column.n == 70


@pytest.mark.parametrize("data_type", VALUES)
def test_a_test_for_another_kind_is_refused(data_type: DataType) -> None:
    pair = Pair(data_type)
    wrong = BooleanIs(value=True) if data_type != "boolean" else StringIn(("a",))
    pair.grow(1)

    with pytest.raises(TypeError, match=f"Expected a test for a {data_type}, got"):
        pair.column.matches(wrong)
    with pytest.raises(TypeError, match=f"Expected a test for a {data_type}, got"):
        pair.column.matches_at(wrong, rows_of([0]))
