"""A sum tally is each contact's correctly rounded sum of a number property inside a window."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bitseg.columns.tests import AnyTest, NumberIn
from bitseg.events.answers import numbers_in
from bitseg.events.recomputed import Grouped, PropertyTally, grouped
from bitseg.kernel import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.events.tally import Window

    Floats = npt.NDArray[np.float64]

PARTIALS = 64
"""Room for non-overlapping partial sums: float64 spans 2,098 bits, at 53 a partial that is 40."""

MOST = 1.7976931348623157e308
SCALE = 2.0**-64
"""Brings any sum of float64 into its range."""


@kernel
def _rounded(partials: Floats, used: int) -> float:
    """Round a sum of non-overlapping partials once, half to even, as CPython's ``math.fsum``."""
    if used == 0:
        return 0.0
    used -= 1
    high = float(partials[used])
    low = 0.0
    while used > 0:
        x = high
        used -= 1
        y = partials[used]
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            break
    if used > 0 and (low < 0.0) == (partials[used - 1] < 0.0) and low != 0.0:
        y = low * 2.0
        x = high + y
        if y == x - high:
            high = x
    return high


@kernel
def _absorb(partials: Floats, used: int, x: float) -> int:
    """Add a value to non-overlapping partials; return how many these are, or -1 on overflow."""
    kept = 0
    for j in range(used):
        y = partials[j]
        if abs(x) < abs(y):
            x, y = y, x
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            partials[kept] = low
            kept += 1
        x = high
    if not np.isfinite(x):
        return -1
    if x != 0.0:
        partials[kept] = x
        kept += 1
    return kept


@kernel
def _absorb_all(partials: Floats, values: Floats) -> int:
    """Sum values into partials as ``_absorb`` does; NaN values are none."""
    used = 0
    for x in values:
        if not np.isnan(x):
            used = _absorb(partials, used, x)
            if used < 0:
                break
    return used


@kernel
def exact_sums(values: Floats, edges: npt.NDArray[np.int64]) -> Floats:
    """Return the correctly rounded sum of each stretch of values; NaN where a partial overflows.

    Shewchuk's exact summation (Discrete & Computational Geometry 18, 1997); NaN values are none.
    """
    out = np.empty(edges.size - 1, np.float64)
    partials = np.empty(PARTIALS, np.float64)
    for group in range(edges.size - 1):
        used = _absorb_all(partials, values[edges[group] : edges[group + 1]])
        out[group] = np.nan if used < 0 else _rounded(partials, used)
    return out


@kernel
def expansions(
    values: Floats, edges: npt.NDArray[np.int64]
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return each stretch's sum without any rounding, as numbers that add up to it.

    Returns:
        float64[k], stretch i's numbers from place ``edges[i]`` on, and int64[m], how many these
        are: never more than the stretch has values. Of a sum beyond float64's range there is one,
        the greatest or least float.
    """
    out = np.zeros(values.size, np.float64)
    counts = np.zeros(edges.size - 1, np.int64)
    partials = np.empty(PARTIALS, np.float64)
    for group in range(edges.size - 1):
        stretch = values[edges[group] : edges[group + 1]]
        used = _absorb_all(partials, stretch)
        if used < 0:
            partials[0] = np.copysign(MOST, np.nansum(stretch * SCALE))
            used = 1
        out[edges[group] : edges[group] + used] = partials[:used]
        counts[group] = used
    return out, counts


def sums(values: Floats, edges: npt.NDArray[np.int64]) -> Floats:
    """Return the correctly rounded sum of each stretch; beyond float64's range, an infinity."""
    out = exact_sums(values, edges)
    for group in np.flatnonzero(~np.isfinite(out)):
        stretch = values[edges[group] : edges[group + 1]]
        out[group] = _wide_sum(stretch[~np.isnan(stretch)])
    return out


def _wide_sum(values: Floats) -> float:
    """Sum values whose partial sums leave float64's range, by exact fractions."""
    total = sum((Fraction(float(value)) for value in values), Fraction(0))
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


class SumTally(PropertyTally):
    """The sum of a property over a kind's matching events; 0 where there are none."""

    dtype = np.float64
    fill = 0.0

    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        found = grouped(self._log, window, self._where, rows, self._values.size)
        return found.rows, sums(amounts(found, self._of), found.edges)

    def _pass(self, values: npt.NDArray[Any], test: AnyTest) -> Mask:
        return numbers_in(values, cast("NumberIn", test).intervals)

    def value_at(self, row: int) -> float:
        """Return one row's sum."""
        return float(self._values.values[row])


def amounts(found: Grouped, of: str) -> Floats:
    """Return a number property of grouped events, NaN where it is missing."""
    values = found.events.property(of)
    if values is None or values.dtype != np.float64:
        return np.full(len(found.events), np.nan)
    return values


def with_more(
    values: Floats, edges: npt.NDArray[np.int64], more: Floats
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Put float64[m, k] more values in front of each of m stretches; return both, longer."""
    width = more.shape[1]
    together = np.insert(values, np.repeat(edges[:-1], width), more.reshape(-1))
    return together, edges + width * np.arange(edges.size)
