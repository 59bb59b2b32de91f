"""A literal is a duration, a date or an anniversary as it is written in a rule."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final, cast

from bitseg.clock import FIRST_INSTANT, LAST_INSTANT, to_ms
from bitseg.instants import BAD, NO_OFFSET, WHOLE_DAY, parse_text
from bitseg.rules.nodes import Anniversary, DateValue, Day, Duration, Instant, Relative, Step, Unit
from bitseg.rules.reading import Reading
from bitseg.zones import DAY, Zone

_NUMBER: Final = "[0-9]{1,18}"
_DURATION: Final = re.compile(f"({_NUMBER})([smhdwMy])")
_STEP: Final = re.compile(f"([+-]{_NUMBER})([smhdwMy])")
_RELATIVE: Final = re.compile(f"(now|today)((?:[+-]{_NUMBER}[smhdwMy])*)")
_MAX_ANNIVERSARY: Final = 365
_EPOCH: Final = date(1970, 1, 1).toordinal()

DURATION_FORM: Final = "a duration such as '30d' (a whole number from 1 and one of s m h d w M y)"
_GAP_FORM: Final = "a duration such as '36h' (a whole number from 1 and one of s m h d w)"
_ANNIVERSARY_FORM: Final = "'today', 'this_month' or a number of days from '1d' to '365d'"
DATE_FORM: Final = (
    "a date such as '2025-01-31', '2025-01-31T08:00:00Z', 'today' or 'now-30d' "
    "(steps of + or -, a whole number and one of s m h d w M y)"
)


def read_duration(reading: Reading, path: str, raw: object) -> Duration | None:
    """Read a duration; None and a fault if it is none."""
    found = _duration(raw)
    if found is None:
        reading.expected(path, DURATION_FORM, raw, "invalid_duration")
    return found


def read_gap(reading: Reading, path: str, raw: object) -> Duration | None:
    """Read a duration of elapsed time, without months and years."""
    found = _duration(raw)
    if found is None or found.unit in ("M", "y"):
        reading.expected(path, _GAP_FORM, raw, "invalid_duration")
    return found


def read_anniversary(reading: Reading, path: str, raw: object) -> Anniversary | None:
    """Read which days an anniversary falls on."""
    if isinstance(raw, str) and raw in ("today", "this_month"):
        return Anniversary(0 if raw == "today" else None)
    found = _duration(raw)
    if found is not None and found.unit == "d" and found.number <= _MAX_ANNIVERSARY:
        return Anniversary(found.number)
    reading.expected(path, _ANNIVERSARY_FORM, raw, "invalid_duration")
    return None


def read_date(reading: Reading, path: str, raw: object) -> DateValue | None:
    """Read a date value: ISO 8601 or date math, or a ``datetime`` or ``date`` from Python.

    A ``datetime`` without a timezone is the tenant's wall time, as a text without offset is.
    """
    zone = reading.schema.zone
    found: DateValue | None = None
    if isinstance(raw, str):
        if not reading.is_clean(path, raw):
            return None
        found = _date(raw, zone)
    elif isinstance(raw, datetime) and raw.tzinfo is not None:
        found = _instant(to_ms(raw))
    elif isinstance(raw, datetime):
        found = _instant(zone.instant_at(to_ms(raw.replace(tzinfo=UTC))))
    elif isinstance(raw, date):
        found = Day(raw.toordinal() - _EPOCH)
    if found is None:
        reading.expected(path, DATE_FORM, raw, "invalid_date")
    return found


def _duration(raw: object) -> Duration | None:
    match = _DURATION.fullmatch(raw) if isinstance(raw, str) else None
    if match is None or int(match[1]) < 1:
        return None
    return Duration(int(match[1]), cast("Unit", match[2]))


def _date(text: str, zone: Zone) -> DateValue | None:
    relative = _RELATIVE.fullmatch(text)
    if relative is not None:
        steps = (Step(int(step[1]), cast("Unit", step[2])) for step in _STEP.finditer(relative[2]))
        return Relative("now" if relative[1] == "now" else "today", tuple(steps))
    wall, offset, kind = parse_text(text)
    if kind == BAD:
        return None
    if kind == WHOLE_DAY:
        return Day(wall // DAY)
    return _instant(zone.instant_at(wall) if offset == NO_OFFSET else wall - offset)


def _instant(at: int) -> Instant | None:
    return Instant(at) if FIRST_INSTANT <= at <= LAST_INSTANT else None
