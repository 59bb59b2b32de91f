"""A derived field is what a contact's events, and its baselines, say up to an instant.

Silent or ambiguous places, and the reading taken here:

- A counter is baseline + count as one float64 sum; a baseline may be fractional or negative.
- `opened_last_email` asks for opens up to `now`, before or after that campaign was sent.
- A campaign or device that is an empty string is missing, as in fields.
- The preferred hour and weekday are two separate counts, not the commonest pair.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from tests.oracle.catalog import LAST_DATES, TOTALS
from tests.oracle.dates import Moment, wall
from tests.oracle.operators import Cell
from tests.oracle.world import Contact, Event


def happened(contact: Contact, kinds: Iterable[str], now: int) -> list[Event]:
    """Give the events of some kinds up to an instant, earliest first."""
    wanted = [event for event in contact.events if event.kind in kinds and event.at <= now]
    # Of events at the same millisecond the later recorded is the later.
    return sorted(wanted, key=lambda event: (event.at, event.recorded))


def engagement(contact: Contact, name: str, moment: Moment) -> Cell:
    """Give one derived field of a contact, None where it is missing."""
    now = moment.now
    if name in TOTALS:
        return float(contact.baselines.get(name, 0) + len(happened(contact, [TOTALS[name]], now)))
    if name == "revenue":
        return _revenue(contact, now)
    if name in LAST_DATES:
        return _last_date(contact, name, now)
    if name == "opened_last_email":
        return _opened_last_email(contact, now)
    opens = happened(contact, ["open"], now)
    shown = [wall(event.at, moment.timezone) for event in opens]
    found: dict[str, Cell] = {
        "last_opened_device": opens[-1].properties.get("device") if opens else None,
        "preferred_open_hour": _most_common(at.hour for at in shown),
        "preferred_open_weekday": _most_common(at.isoweekday() for at in shown),
    }
    return found[name]


def _revenue(contact: Contact, now: int) -> float:
    amounts = [
        event.properties["amount"]
        for event in happened(contact, ["conversion"], now)
        if "amount" in event.properties
    ]
    return math.fsum([contact.baselines.get("revenue", 0.0), *amounts])


def _last_date(contact: Contact, name: str, now: int) -> int | None:
    sources = [name]
    if name == "last_activity_at":
        sources += ["last_opened_at", "last_clicked_at", "last_converted_at"]
    dates = [int(contact.baselines[one]) for one in sources if one in contact.baselines]
    dates += [event.at for event in happened(contact, LAST_DATES[name], now)]
    return max((at for at in dates if at <= now), default=None)


def _opened_last_email(contact: Contact, now: int) -> bool | None:
    sent = happened(contact, ["sent"], now)
    campaign = sent[-1].properties.get("campaign") if sent else None
    if campaign is None:
        return None
    opens = happened(contact, ["open"], now)
    return any(event.properties.get("campaign") == campaign for event in opens)


def _most_common(numbers: Iterable[int]) -> float | None:
    counted = Counter(numbers)
    most = max(counted.values(), default=0)
    return min((float(number) for number, count in counted.items() if count == most), default=None)
