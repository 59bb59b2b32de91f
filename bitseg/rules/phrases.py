"""A phrase is a value of a rule in English, as in ``30 days`` or ``7 days before today``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import singledispatch
from typing import Final

from bitseg.rules.nodes import Anniversary, Day, Duration, Instant, Relative, Step, Unit

_UNITS: Final[dict[Unit, str]] = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "M": "month",
    "y": "year",
}
_LISTED: Final = 5
"""How many values of a list are named; the rest is counted."""


@singledispatch
def phrase(value: object) -> str:
    """Return a value of a rule as English words."""
    message = f"no words for a {type(value).__name__}"
    raise TypeError(message)


@phrase.register
def _(value: str) -> str:
    return f"'{value}'"


@phrase.register
def _(value: float) -> str:
    return f"{int(value):,}" if value.is_integer() and abs(value) < 10**15 else repr(value)


@phrase.register
def _(value: bool) -> str:  # noqa: FBT001 - the type is what it is registered for
    return "true" if value else "false"


@phrase.register
def _(value: Duration) -> str:
    return counted(value.number, _UNITS[value.unit])


@phrase.register
def _(value: Day) -> str:
    return (date(1970, 1, 1) + timedelta(days=value.day)).isoformat()


@phrase.register
def _(value: Instant) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value.at)
    spec = "milliseconds" if value.at % 1_000 else "seconds"
    return at.replace(tzinfo=None).isoformat(" ", spec) + " UTC"


@phrase.register
def _(value: Relative) -> str:
    if len(value.steps) == 1:
        (step,) = value.steps
        return f"{_size(step)} {'before' if step.number < 0 else 'after'} {value.anchor}"
    signs = (f" {'minus' if step.number < 0 else 'plus'} {_size(step)}" for step in value.steps)
    return value.anchor + "".join(signs)


@phrase.register
def _(value: Anniversary) -> str:
    if value.days is None:
        return "this month"
    return f"today or in the next {counted(value.days, 'day')}" if value.days else "today"


def counted(number: int, noun: str) -> str:
    """Return a number of things, as in ``1 day`` or ``30 days``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(phrases: Sequence[str], conjunction: str) -> str:
    """Return phrases as one list, as in ``'a', 'b' or 'c'``."""
    shown = list(phrases)
    if len(shown) > _LISTED + 1:
        shown = [*shown[:_LISTED], f"{len(shown) - _LISTED:,} more"]
    *first, last = shown
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def _size(step: Step) -> str:
    return counted(abs(step.number), _UNITS[step.unit])
