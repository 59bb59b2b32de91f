"""What the numbers of a rule match: closed intervals of floats."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, cast

from bitseg.operators import OPERATORS
from bitseg.rules.nodes import Value

Interval: TypeAlias = tuple[float, float]


def number_intervals(operator: str, value: Value) -> tuple[Interval, ...]:
    """Return the numbers that an operator, or its positive twin, matches.

    Args:
        operator: a key of ``OPERATORS`` for numbers; neither ``is_empty`` nor ``is_not_empty``.
        value: a number; a tuple of them for ``in``; a pair in order for ``between``.

    Returns:
        Closed intervals, ascending and disjoint; none means no number.

    >>> number_intervals("not_in", (2.0, 1.0)), number_intervals("greater_or_equal", 5.0)
    (((1.0, 1.0), (2.0, 2.0)), ((5.0, inf),))
    """
    low_and_high = _INTERVALS[OPERATORS[operator].positive or operator](value)
    return tuple((low, high) for low, high in low_and_high if low <= high)


def _number(value: Value) -> float:
    return cast("float", value)


# No stored number is infinite, so an infinite end is an open one, and just above the greatest
# float there is nothing: that interval is (inf, inf), which no number is in.
_INTERVALS: Final[dict[str, Callable[[Value], Iterable[Interval]]]] = {
    "equals": lambda value: [(_number(value), _number(value))],
    "in": lambda value: ((each, each) for each in sorted(cast("tuple[float, ...]", value))),
    "greater_than": lambda value: [(math.nextafter(_number(value), math.inf), math.inf)],
    "greater_or_equal": lambda value: [(_number(value), math.inf)],
    "less_than": lambda value: [(-math.inf, math.nextafter(_number(value), -math.inf))],
    "less_or_equal": lambda value: [(-math.inf, _number(value))],
    "between": lambda value: [cast("Interval", value)],
}
