"""A date value of a rule is a span of milliseconds, for a tenant that lives in UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

DAY: Final = 86_400_000
FIRST, LAST = -(2**62), 2**62
"""Before and after every instant."""
DURATIONS: Final = ("within_last", "within_next", "more_than_ago", "more_than_ahead")
"""The operators that compare with a duration."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY, "w": 7 * DAY}
_STEP: Final = re.compile(r"([+-])(\d+)([smhdwMy])")


class Span(NamedTuple):
    """A span is half open: a whole day, or the one millisecond of an instant."""

    start: int
    end: int


def moment(at: int) -> datetime:
    """Return the datetime of an instant."""
    return EPOCH + timedelta(milliseconds=at)


def instant(at: datetime) -> int:
    """Return the instant of a datetime, floored to the millisecond."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def midnight(at: int) -> int:
    """Return the start of an instant's day."""
    return at - at % DAY


def moved(at: int, steps: str) -> int:
    """Apply steps such as `-1M+2h` from left to right."""
    for sign, size, unit in _STEP.findall(steps):
        count = int(sign + size)
        if unit in _FIXED:
            at += count * _FIXED[unit]
        else:
            at = _months_on(at, count * (12 if unit == "y" else 1))
    return at


def _months_on(at: int, months: int) -> int:
    day = moment(at)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return instant(day.replace(year=year, month=month + 1, day=min(day.day, last)))


def is_relative(text: str) -> bool:
    """Say whether a date value is date math."""
    return text.startswith(("now", "today"))


def span(text: str, now: int) -> Span:
    """Return what a date value means."""
    if text.startswith("now"):
        start = moved(now, text)
    elif text.startswith("today"):
        start = moved(midnight(now), text)
        if not re.search("[smh]", text.removeprefix("today")):
            return Span(start, start + DAY)
    else:
        read = datetime.fromisoformat(text)
        start = instant(read if read.tzinfo else read.replace(tzinfo=UTC))
        if len(text) == len("2024-02-29"):
            return Span(start, start + DAY)
    return Span(start, start + 1)


def interval(operator: str, value: Any, now: int) -> tuple[int, int]:
    """Return the instants, half open, that a positive operator of dates holds for."""
    if operator == "between":
        return span(value[0], now).start, span(value[1], now).end
    if operator in DURATIONS:
        ago, ahead = moved(now, f"-{value}"), moved(now, f"+{value}")
        return {
            "within_last": (ago + 1, now + 1),
            "more_than_ago": (FIRST, ago + 1),
            "within_next": (midnight(now), ahead + 1),
            "more_than_ahead": (ahead + 1, LAST),
        }[operator]
    start, end = span(value, now)
    return {
        "equals": (start, end),
        "greater_than": (end, LAST),
        "greater_or_equal": (start, LAST),
        "less_than": (FIRST, start),
        "less_or_equal": (FIRST, end),
    }[operator]


def anniversary_days(value: str, now: int) -> list[str]:
    """Return the month-and-days, such as `02-29`, that an anniversary rule is met by."""
    today = moment(midnight(now))
    if value == "this_month":
        return [f"{today.month:02}-{day:02}" for day in range(1, 32)]
    ahead = 0 if value == "today" else int(value.removesuffix("d"))
    days: list[str] = []
    for day in (today + timedelta(days=later) for later in range(ahead + 1)):
        days.append(f"{day:%m-%d}")
        if days[-1] == "02-28" and monthrange(day.year, 2)[1] == 28:
            days.append("02-29")
    return sorted(set(days))
