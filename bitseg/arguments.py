"""Arguments are what callers hand in; these refuse at the door what would fail inside."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from bitseg.clock import FIRST_INSTANT, LAST_INSTANT, to_ms
from bitseg.errors import FieldError, SegmentError
from bitseg.whole_text import is_text

if TYPE_CHECKING:
    from collections.abc import Iterable

Ids: TypeAlias = "Iterable[str]"
LONGEST = 255
DAYS_MOST = 100_000


def several(ids: Ids) -> tuple[str, ...]:
    """Return ids as a tuple; what is no text is nobody's id, and left out.

    Raises:
        FieldError: it is one string, whose letters are hardly meant.
    """
    if isinstance(ids, str | bytes):
        raise FieldError(f"Expected several ids, as in ['c1'], got the one string {ids!r}")
    return tuple(one for one in ids if is_text(one))


def check_segment_id(segment: object) -> None:
    """Refuse what may not be a segment's id.

    Raises:
        SegmentError: it is no string of 1 to 255 characters of Unicode.
    """
    if not is_text(segment) or not 0 < len(segment) <= LONGEST:
        raise SegmentError(f"Expected a segment id of 1 to {LONGEST} characters, got {segment!r}")


def instant_of(now: object) -> int:
    """Return an aware datetime in ms since 1970 UTC, floored.

    Raises:
        FieldError: it is none, or lies outside the years 1 to 9999 of UTC.
    """
    if not isinstance(now, datetime) or now.utcoffset() is None:
        raise FieldError(f"Expected an aware datetime as now, got {now!r}")
    at = to_ms(now)
    if not FIRST_INSTANT <= at <= LAST_INSTANT:
        raise FieldError(f"Expected now in the years 1 to 9999 of UTC, got {now.isoformat()}")
    return at


def check_days(name: str, days: object, *, may_be_none: bool = False) -> None:
    """Refuse what is no number of days.

    Raises:
        FieldError: it is not a whole number from 1 to 100,000.
    """
    if days is None and may_be_none:
        return
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= DAYS_MOST:
        raise FieldError(
            f"Expected {name} as a whole number of days from 1 to {DAYS_MOST:,}, got {days!r}"
        )
