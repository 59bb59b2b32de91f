"""A wave is one mailing of a campaign: when it went out, and its share of all events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from bitseg.synthetic.draws import DAY, MINUTE

HISTORY: Final = 730
"""Days before now on which the first wave goes out."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY = 1, 2, 3, 4
_LAUNCH_DAYS: Final = (0, 3, 7)
_LAUNCH_IN_Q4: Final = (10, 14)
_ANNOUNCED: Final = (45, 6)
_WEBINAR_EVERY: Final = 28


class Wave(NamedTuple):
    """One mailing.

    Attributes:
        at: when it starts, ms since 1970 UTC.
        campaign: its name; empty for messages of no campaign, such as receipts.
        weight: its relative number of events per contact there is at the time.
    """

    at: int
    campaign: str
    weight: float


def waves(now: int) -> list[Wave]:
    """Return two years of mailings in order of time, the last of them a day after now.

    Weekly: newsletter (Tuesday), promotion (Wednesday), product update (Thursday), receipts
    (Friday). Besides, the two campaigns that the feature document names, and monthly webinars.
    """
    day = now - now % DAY
    today = _EPOCH + timedelta(milliseconds=day)
    found: list[Wave] = []
    for ahead in range(1 - HISTORY, 2):
        date = today + timedelta(days=ahead)
        found += [
            Wave(day + ahead * DAY + minute * MINUTE, campaign, weight)
            for minute, campaign, weight in _on(date, -ahead, today)
        ]
    return sorted(found)


def _on(date: datetime, ago: int, today: datetime) -> list[tuple[int, str, float]]:
    year, week, _ = date.isocalendar()
    weekday = date.weekday()
    sent: list[tuple[int, str, float]] = []
    if weekday == _TUESDAY:
        sent.append((14 * 60, f"Weekly Newsletter {year}-W{week:02d}", 3.0))
    if weekday == _WEDNESDAY:
        sent.append((16 * 60 + 30, f"Promotion {year}-W{week:02d}", 1.5))
    if weekday == _THURSDAY:
        sent.append((15 * 60, f"Product Update {year}-W{week:02d}", 2.0))
    if weekday == _FRIDAY:
        sent.append((9 * 60, "", 0.7))
    if ago % _WEBINAR_EVERY == _WEBINAR_EVERY - 1:
        sent.append((13 * 60, f"Webinar Invitation {date:%B %Y}", 1.0))
    if (date - _launch(today)).days in _LAUNCH_DAYS:
        sent.append((17 * 60, "Product Launch Q4", 4.0))
    if ago in _ANNOUNCED:
        sent.append((12 * 60, "Feature Announcement", 3.0))
    return sent


def _launch(today: datetime) -> datetime:
    """Return the first day of the newest product launch that is over, in a fourth quarter."""
    launch = today.replace(month=_LAUNCH_IN_Q4[0], day=_LAUNCH_IN_Q4[1])
    over = launch + timedelta(days=_LAUNCH_DAYS[-1]) < today
    return launch if over else launch.replace(year=today.year - 1)
