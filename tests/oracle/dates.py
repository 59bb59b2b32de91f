"""A date is an instant in integer milliseconds; a rule's date is a span of such instants.

Silent or ambiguous places, and the reading taken here:

- Each step of date math ends in an instant (or, for whole days, in a calendar day) before the next
  one starts, so a step that lands in a skipped hour is moved first and stepped from there.
- A whole day that never existed (Apia, 2011-12-30) is empty: it starts where the next one starts.
- In a date that is data, "its midnight" is the first existing instant of that day.
- `today` is the calendar day that the wall clock shows at `now`.
- After `today…` has taken an `s m h` step, `d` and `w` stay calendar days, in wall time.
"""

from __future__ import annotations

import calendar
import functools
import importlib.resources
import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
ELAPSED = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DAYS = {"d": 1, "w": 7}
MONTHS = {"M": 1, "y": 12}

_BARE_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STEP = re.compile(r"([+-])([0-9]+)([smhdwMy])")
_DURATION = re.compile(r"([0-9]+)([smhdwMy])")


class Span(NamedTuple):
    """A span is what a rule's date covers: `start` up to, but without, `end`."""

    start: int
    end: int


class Moment(NamedTuple):
    """A moment is the instant of a question and the timezone it is asked in."""

    now: int
    timezone: str


@functools.cache
def zone(name: str) -> ZoneInfo:
    """Read a timezone from the tzdata package, whatever the machine has."""
    path = importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
    with path.open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


def to_ms(at: datetime) -> int:
    """Floor an aware datetime to the millisecond."""
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """Give the aware datetime, in UTC, of an instant."""
    return EPOCH + ms * MILLISECOND


def wall(ms: int, timezone: str) -> datetime:
    """Give what the clock on the wall shows at an instant, without an offset."""
    return from_ms(ms).astimezone(zone(timezone)).replace(tzinfo=None, fold=0)


def instant(shown: datetime, timezone: str) -> int:
    """Give the instant of a wall time: the first if repeated, moved by the gap if skipped."""
    # With fold=0 zoneinfo reads a skipped time with the offset before the gap: it moves forward.
    return to_ms(shown.replace(tzinfo=zone(timezone), fold=0))


@functools.lru_cache(maxsize=100_000)
def day_start(day: date, timezone: str) -> int:
    """Give the first existing instant of a calendar day."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall time
    tz = zone(timezone)
    late = to_ms(midnight.replace(tzinfo=tz, fold=0))
    early = to_ms(midnight.replace(tzinfo=tz, fold=1))
    if early >= late:  # midnight exists, once or twice: fold=0 is the first
        return late
    while late - early > 1:  # midnight is skipped: find the jump itself
        middle = (early + late) // 2
        if wall(middle, timezone) >= midnight:
            late = middle
        else:
            early = middle
    return late


def day_of(ms: int, timezone: str) -> date:
    """Give the calendar day of an instant."""
    return wall(ms, timezone).date()


def day_span(day: date, timezone: str) -> Span:
    """Give a whole calendar day."""
    return Span(day_start(day, timezone), day_start(day + timedelta(days=1), timezone))


def month_step(day: date, months: int) -> date:
    """Move a day by months, clamped to the month's end."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _step_days(day: date, count: int, unit: str) -> date:
    if unit in DAYS:
        return day + timedelta(days=count * DAYS[unit])
    return month_step(day, count * MONTHS[unit])


def _step_instant(ms: int, count: int, unit: str, timezone: str, *, calendar_days: bool) -> int:
    if unit in ELAPSED and not (calendar_days and unit in DAYS):
        return ms + count * ELAPSED[unit]
    shown = wall(ms, timezone)
    day = _step_days(shown.date(), count, unit)
    return instant(datetime.combine(day, shown.time()), timezone)


def _from_now(steps: list[tuple[int, str]], moment: Moment, start: int, *, days: bool) -> Span:
    at = start
    for count, unit in steps:
        at = _step_instant(at, count, unit, moment.timezone, calendar_days=days)
    return Span(at, at + 1)


def _from_today(steps: list[tuple[int, str]], moment: Moment) -> Span:
    day = day_of(moment.now, moment.timezone)
    for index, (count, unit) in enumerate(steps):
        if unit not in DAYS and unit not in MONTHS:
            start = day_start(day, moment.timezone)
            return _from_now(steps[index:], moment, start, days=True)
        day = _step_days(day, count, unit)
    return day_span(day, moment.timezone)


@functools.lru_cache(maxsize=100_000)
def resolve(text: str, moment: Moment) -> Span:
    """Give the span of a date value of a rule."""
    for word in ("now", "today"):
        if text.startswith(word):
            found = _STEP.findall(text[len(word) :])
            if word + "".join("".join(step) for step in found) != text:
                message = f"Expected date math, got {text!r}."
                raise ValueError(message)
            steps = [(int(sign + count), unit) for sign, count, unit in found]
            if word == "now":
                return _from_now(steps, moment, moment.now, days=False)
            return _from_today(steps, moment)
    if _BARE_DATE.fullmatch(text):
        return day_span(date.fromisoformat(text), moment.timezone)
    at = read(text, moment.timezone)
    return Span(at, at + 1)


def shifted(moment: Moment, sign: str, duration: str) -> int:
    """Give now plus or minus a duration."""
    if not _DURATION.fullmatch(duration):
        message = f"Expected a duration such as '30d', got {duration!r}."
        raise ValueError(message)
    return resolve(f"now{sign}{duration}", moment).start


def elapsed(duration: str) -> int:
    """Give the milliseconds of a duration that has no calendar in it."""
    return int(duration[:-1]) * ELAPSED[duration[-1]]


def read(value: str | float | datetime, timezone: str) -> int:
    """Read an instant from data: ISO text, a datetime, or milliseconds since 1970."""
    if isinstance(value, int | float):
        return math.floor(value)
    if isinstance(value, str):
        if _BARE_DATE.fullmatch(value):
            return day_start(date.fromisoformat(value), timezone)
        value = datetime.fromisoformat(value)
    return instant(value, timezone) if value.tzinfo is None else to_ms(value)
