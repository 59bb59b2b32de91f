"""A cron text says when: minute, hour, day of the month, month and weekday on a zone's clock.

It means what Debian's cron makes of it. A fixed time that daylight saving skips comes right after
the gap; one that it repeats comes the first time only. What is said of every minute or hour, as in
``*/30 * * * *``, goes by the time that passes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bitseg import Fault

FIELDS: Final = 5
LONGEST: Final = 100
_ANY_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)


def cron_fault(cron: str, path: str) -> Fault | None:
    """Return why a text is no cron text; None where it is one.

    Args:
        cron: the text.
        path: where it stands.
    """
    why = "there is no such time"
    if len(cron) > LONGEST or len(cron.split()) != FIELDS:
        why = f"that is not {FIELDS} fields in up to {LONGEST} characters"
    else:
        try:
            next(CronSim(cron, _ANY_DAY))
        except CronSimError as error:
            why = str(error).lower()
        except StopIteration:
            pass
        else:
            return None
    message = (
        "Expected a cron text as in '*/30 * * * *' (minute, hour, day of the month, month, "
        f"weekday), got {cron[:LONGEST]!r}: {why}."
    )
    return Fault(path, message, code="invalid_cron")


def next_after(cron: str, timezone: str, at: int) -> int:
    """Return the first instant of a good cron text after another; both ms since 1970 UTC."""
    zone = ZoneInfo(timezone)
    after = datetime.fromtimestamp(at / 1_000, UTC)
    moments = CronSim(cron, after.astimezone(zone))
    # A wall time that comes twice is named by its first coming, which may be behind us.
    found = next(moment for moment in moments if moment > after)
    return int(found.timestamp()) * 1_000
