"""Now is an instant and the tenant's timezone, frozen once per evaluation.

Nothing else calls the system clock: whoever evaluates passes a ``Now`` in.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from bitseg.zones import DAY, Zone

LOWEST: Final = -(2**63) + 2
"""Stands for "since ever" where an interval has no start; before every date there is."""
HIGHEST: Final = 2**63 - 2
"""Stands for "for ever" where an interval has no end; after every date there is."""

FIRST_INSTANT: Final = -62_135_596_800_000
"""The start of year 1, UTC; a date before it is refused."""
LAST_INSTANT: Final = 253_402_300_799_999
"""The last ms of year 9999, UTC; a date after it is refused."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


class Now(msgspec.Struct, frozen=True):
    """The instant an evaluation is for.

    Attributes:
        at: ms since 1970 UTC.
        zone: the tenant's timezone.
    """

    at: int
    zone: Zone

    @property
    def day(self) -> int:
        """Today: the local date in days since 1970-01-01."""
        return self.zone.wall_at(self.at) // DAY


def system_now() -> int:
    """Return the system clock's instant, ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as ms since 1970 UTC, floored.

    >>> to_ms(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    -1
    """
    return (moment - _EPOCH) // _MS


def show_instant(at: int) -> str:
    """Return ms since 1970 UTC as ISO 8601, as in ``2026-03-01T00:00:00.000Z``.

    The end of the last day of year 9999, which lies behind all dates, shows as the last instant.
    """
    at = min(max(at, FIRST_INSTANT), LAST_INSTANT)
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"
