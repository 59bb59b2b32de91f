"""Number rules as closed intervals."""

from __future__ import annotations

from math import inf

import pytest

from bitseg.rules.nodes import Value
from bitseg.rules.numbers import number_intervals

CASES: list[tuple[str, Value, tuple[tuple[float, float], ...]]] = [
    ("equals", 5.0, ((5.0, 5.0),)),
    ("not_equals", 5.0, ((5.0, 5.0),)),
    ("in", (3.0, 1.0, 2.5), ((1.0, 1.0), (2.5, 2.5), (3.0, 3.0))),
    ("not_in", (0.0,), ((0.0, 0.0),)),
    ("greater_than", 1.0, ((1.0000000000000002, inf),)),
    ("greater_than", 0.0, ((5e-324, inf),)),
    ("greater_or_equal", 1.0, ((1.0, inf),)),
    ("less_than", 1.0, ((-inf, 0.9999999999999999),)),
    ("less_or_equal", 1.0, ((-inf, 1.0),)),
    ("between", (1.0, 2.0), ((1.0, 2.0),)),
    ("between", (1.0, 1.0), ((1.0, 1.0),)),
    ("not_between", (1.0, 2.0), ((1.0, 2.0),)),
    ("greater_than", 1.7976931348623157e308, ((inf, inf),)),
]


@pytest.mark.parametrize(
    ("operator", "value", "expected"), CASES, ids=[f"{row[0]} {row[1]}" for row in CASES]
)
def test_an_operator_is_intervals(
    operator: str, value: Value, expected: tuple[tuple[float, float], ...]
) -> None:
    assert number_intervals(operator, value) == expected
