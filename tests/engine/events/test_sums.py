"""Sums are exact and rounded once, as ``math.fsum``; what they are kept as is not rounded."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from bitseg.events.sums import expansions, sums, with_more

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from((0.1, 0.2, 0.3, 1e16, -1e16, 1.0, 5e-324, 2.0**-53, 1e308, -1e308, -0.0)),
    st.integers(-999, 999).map(lambda cents: cents / 100),
)
STRETCHES = st.lists(st.lists(NUMBERS, max_size=8), max_size=6)
Stretches = list[list[float]]


def _flat(stretches: Stretches) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([value for one in stretches for value in one], np.float64)
    edges = np.cumsum([0, *(len(one) for one in stretches)]).astype(np.int64)
    return values, edges


def _exact(values: list[float]) -> Fraction:
    return sum((Fraction(value) for value in values), Fraction(0))


def _rounded(values: list[float]) -> float:
    total = _exact(values)
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


@given(STRETCHES)
@example([[1e308, 1e308, -1e308], [], [1e308, 1e308], [-1e308, -1e308, -1e308]])
@example([[0.1] * 10, [1e16, 1.0, -1e16], [5e-324, 5e-324]])
def test_each_stretch_is_summed_exactly_and_rounded_once(stretches: Stretches) -> None:
    assert sums(*_flat(stretches)).tolist() == [_rounded(one) for one in stretches]


@given(STRETCHES)
@example([[1e308, 1e308, -1e308], [], [1e308, 1e308], [-1e308, -1e308, 5.0]])
def test_an_expansion_adds_up_to_the_sum_or_to_the_end_of_the_range(stretches: Stretches) -> None:
    values, edges = _flat(stretches)
    parts, counts = expansions(values, edges)
    for i, one in enumerate(stretches):
        held = parts[edges[i] : edges[i] + counts[i]].tolist()
        assert len(held) <= len(one)
        if _exact(held) != _exact(one):
            assert [abs(part) for part in held] == [1.7976931348623157e308]
            assert max(map(abs, one)) >= 1e307
            assert (held[0] > 0) == (_exact(one) > 0)


def test_missing_values_are_no_values() -> None:
    values, edges = np.array([math.nan, 1.5, math.nan, math.nan]), np.array([0, 2, 4])
    assert sums(values, edges).tolist() == [1.5, 0.0]
    assert expansions(values, edges)[1].tolist() == [1, 0]


def test_more_values_go_in_front_of_their_own_stretch() -> None:
    values, edges = _flat([[], [1.0, 2.0], [], [3.0]])
    more = np.array([[10.0, 11.0], [20.0, 21.0], [30.0, 31.0], [40.0, 41.0]])
    together, longer = with_more(values, edges, more)
    assert together.tolist() == [10, 11, 20, 21, 1, 2, 30, 31, 40, 41, 3]
    assert longer.tolist() == [0, 2, 6, 8, 11]
