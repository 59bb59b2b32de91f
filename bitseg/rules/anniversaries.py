"""An anniversary is a date whose month and day come again, whatever its year.

The days it is looked for in are those of ``today`` or of the month, in the tenant's calendar. A
date on Feb 29 comes again on Feb 29 in a leap year and on Feb 28 in any other: the year of the
day that is looked at decides.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date
from functools import lru_cache
from typing import Final

from bitseg.clock import Now
from bitseg.rules.moments import first_of_month, month_length
from bitseg.rules.nodes import Anniversary
from bitseg.zones import DAY, Zone

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = 1 - _EPOCH
_LAST_DAY: Final = date.max.toordinal() - _EPOCH
_LEAP_YEAR: Final = 2000
_FEB_29: Final = 59
"""Month-and-days are numbered 0 to 365 as in a leap year."""


def target_days(anniversary: Anniversary, now: Now) -> tuple[int, int]:
    """Return the days looked at, half-open, in days since 1970-01-01; none past year 9999."""
    today = min(max(now.day, _FIRST_DAY), _LAST_DAY)
    if anniversary.days is not None:
        return today, min(today + anniversary.days, _LAST_DAY) + 1
    year, month = date.fromordinal(today + _EPOCH).timetuple()[:2]
    first = first_of_month(year, month)
    return first, first + month_length(year, month)


def anniversary_intervals(
    anniversary: Anniversary, now: Now, lowest: int, highest: int
) -> tuple[tuple[int, int], ...]:
    """Return the instants in ``[lowest, highest)``'s years whose local date comes again.

    Args:
        anniversary: which days to look at.
        now: what they are counted from.
        lowest: no value looked for is earlier, ms; each year between costs an interval or two.
        highest: every value looked for is earlier, ms.

    Returns:
        Half-open intervals, ascending and disjoint.
    """
    first, stop = target_days(anniversary, now)
    return _intervals(now.zone, first, stop, _year(now.zone, lowest), _year(now.zone, highest))


@lru_cache(maxsize=64)
def _intervals(
    zone: Zone, first: int, stop: int, first_year: int, last_year: int
) -> tuple[tuple[int, int], ...]:
    """Return the intervals; kept, as they change once a day at most."""
    runs = _runs(first, stop)
    return tuple(
        interval
        for year in range(first_year, last_year + 1)
        for start, end in runs
        for interval in zone.dated(_day(year, start), _day(year, end))
    )


def _runs(first: int, stop: int) -> list[tuple[int, int]]:
    """Return the month-and-days that come again on some of the days, as half-open runs."""
    numbers = set()
    for day in range(first, stop):
        target = date.fromordinal(day + _EPOCH)
        number = target.replace(year=_LEAP_YEAR).timetuple().tm_yday - 1
        numbers.add(number)
        if number == _FEB_29 - 1 and not isleap(target.year):
            numbers.add(_FEB_29)
    starts = sorted(number for number in numbers if number - 1 not in numbers)
    ends = sorted(number + 1 for number in numbers if number + 1 not in numbers)
    return list(zip(starts, ends, strict=True))


def _day(year: int, number: int) -> int:
    """Return a month-and-day's day in a year; Mar 1 for Feb 29 where there is none."""
    missing = number > _FEB_29 and not isleap(year)
    return first_of_month(year, 1) + number - missing


def _year(zone: Zone, instant: int) -> int:
    """Return an instant's local year, or the nearest that a date can have."""
    ordinal = zone.wall_at(instant) // DAY + _EPOCH
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal())).year
