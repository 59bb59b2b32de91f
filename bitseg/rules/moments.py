"""A moment is what a date value comes to for one ``Now``: an instant, or a whole day.

Date math applies its steps left to right. What it has arrived at is either a whole day (``today``
and steps of d, w, M, y) or an instant (``now``, or ``today`` once a step of s, m or h was taken).
From a whole day every step but s, m, h counts in the calendar. From an instant M and y move the
wall time and keep the time of day, and so do d and w behind ``today``; behind ``now`` these two
are 24 hours and 7 times that. A wall time that a move arrives at may be skipped or repeated: then
the rules of ``bitseg.zones`` hold. A step that leaves the years 1 to 9999 arrives before, or after,
every date there is, and stays there.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from bitseg.clock import FIRST_INSTANT, HIGHEST, LAST_INSTANT, LOWEST, Now
from bitseg.rules.nodes import DateValue, Day, Duration, Instant, Step
from bitseg.zones import DAY, Zone

_ELAPSED: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY, "w": 7 * DAY}
_MONTHS: Final = {"M": 1, "y": 12}
_DAYS: Final = {"d": 1, "w": 7}

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = 1 - _EPOCH
_LAST_DAY: Final = date.max.toordinal() - _EPOCH


class Span(NamedTuple):
    """The half-open interval ``[start, end)`` of a date value, ms since 1970 UTC.

    Attributes:
        start: the first instant.
        end: the first instant behind; for an instant ``start + 1``. Where the value lies before
            or after every date there is, both are ``LOWEST`` or ``HIGHEST``.
        whole: whether the value is a whole day.
    """

    start: int
    end: int
    whole: bool


def span(value: DateValue, now: Now) -> Span:
    """Return the instants that a date value means.

    >>> from bitseg.rules.nodes import Relative
    >>> from bitseg.zones import get_zone
    >>> span(Relative("now", (Step(-2, "s"),)), Now(10_000, get_zone("UTC")))
    Span(start=8000, end=8001, whole=False)
    >>> span(Relative("today"), Now(10_000, get_zone("Europe/Berlin")))
    Span(start=-3600000, end=82800000, whole=True)
    """
    if isinstance(value, Instant):
        return Span(value.at, value.at + 1, whole=False)
    if isinstance(value, Day):
        return _day_span(value.day, now.zone)
    if value.anchor == "now":
        return _instant_span(after(now, value.steps))
    return _from_today(now, value.steps)


def shifted(now: Now, duration: Duration, sign: int) -> int:
    """Return the instant ``now+duration`` (sign 1) or ``now-duration`` (sign -1)."""
    return after(now, (Step(sign * duration.number, duration.unit),))


def duration_ms(duration: Duration) -> int:
    """Return the length of a duration of s, m, h, d or w, in ms; at most that of all dates."""
    return min(duration.number * _ELAPSED[duration.unit], LAST_INSTANT - FIRST_INSTANT)


def after(now: Now, steps: tuple[Step, ...]) -> int:
    """Return the instant that steps from ``now`` arrive at."""
    at = now.at
    for step in steps:
        at = _elapse(at, step) if step.unit in _ELAPSED else _move_wall(at, step, now.zone)
        if at in (LOWEST, HIGHEST):
            break
    return at


def _from_today(now: Now, steps: tuple[Step, ...]) -> Span:
    """Return the whole day, or the instant, that steps from ``today`` arrive at."""
    place = now.day
    whole = True
    for step in steps:
        if step.unit in ("s", "m", "h"):
            place = _elapse(now.zone.day_start(place) if whole else place, step)
            whole = False
        elif whole:
            place = _move_day(place, step)
        else:
            place = _move_wall(place, step, now.zone)
        if place in (LOWEST, HIGHEST):
            return Span(place, place, whole)
    return _day_span(place, now.zone) if whole else _instant_span(place)


def _instant_span(at: int) -> Span:
    return Span(at, at if at in (LOWEST, HIGHEST) else at + 1, whole=False)


def _day_span(day: int, zone: Zone) -> Span:
    return Span(zone.day_start(day), zone.day_start(day + 1), whole=True)


def _elapse(at: int, step: Step) -> int:
    at += step.number * _ELAPSED[step.unit]
    if at < FIRST_INSTANT:
        return LOWEST
    return HIGHEST if at > LAST_INSTANT else at


def _move_wall(at: int, step: Step, zone: Zone) -> int:
    """Move the date of an instant's wall time and keep its time of day."""
    day, time = divmod(zone.wall_at(at), DAY)
    day = _move_day(day, step)
    return day if day in (LOWEST, HIGHEST) else zone.instant_at(day * DAY + time)


def _move_day(day: int, step: Step) -> int:
    """Move in the calendar; to the month's end where the month is too short."""
    if step.unit in _DAYS:
        day += step.number * _DAYS[step.unit]
        if day < _FIRST_DAY:
            return LOWEST
        return HIGHEST if day > _LAST_DAY else day
    start = date.fromordinal(min(max(day, _FIRST_DAY), _LAST_DAY) + _EPOCH)
    year, month = divmod(start.year * 12 + start.month - 1 + step.number * _MONTHS[step.unit], 12)
    if not 1 <= year <= date.max.year:
        return LOWEST if year < 1 else HIGHEST
    return first_of_month(year, month + 1) + min(start.day, month_length(year, month + 1)) - 1


def first_of_month(year: int, month: int) -> int:
    """Return the first day of a month, in days since 1970-01-01."""
    return date(year, month, 1).toordinal() - _EPOCH


def month_length(year: int, month: int) -> int:
    """Return the number of days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
