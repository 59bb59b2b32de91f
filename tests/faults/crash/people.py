"""A person is a contact as SPEC sections 2 and 3 say it is: values, baselines and events.

Written from the specification with plain Python values, and not from the engine.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeAlias

from tests.faults.crash.rows import iso

Shown: TypeAlias = str | float | bool | tuple[str, ...]

TOTALS: Final = {
    "total_sent": "sent",
    "total_delivered": "delivered",
    "total_opens": "open",
    "total_clicks": "click",
    "total_conversions": "conversion",
    "total_bounces": "bounce",
}
LAST: Final = {
    "last_sent_at": ("sent",),
    "last_opened_at": ("open",),
    "last_clicked_at": ("click",),
    "last_converted_at": ("conversion",),
    "last_activity_at": ("open", "click", "conversion"),
}
_ALSO_ACTIVITY: Final = ("last_opened_at", "last_clicked_at", "last_converted_at")


class Happening(NamedTuple):
    """An event that was recorded; its place among a person's events is the order of arrival."""

    kind: str
    at: int
    properties: dict[str, Any]
    event_id: str | None


class Person:
    """A contact.

    Attributes:
        values: stored fields by full path, as they are shown.
        baselines: counters, revenue and last dates (ms) that were given.
        created_given: whether ``created_at`` was given by someone.
        events: in order of arrival.
        dropped: events that retention dropped; lifetime totals and last dates still count them.
    """

    def __init__(self, now: int) -> None:
        """Begin at the first write."""
        self.values: dict[str, Shown] = {"contact.created_at": iso(now)}
        self.baselines: dict[str, float] = {}
        self.created_given = False
        self.events: list[Happening] = []
        self.dropped: list[Happening] = []
        self._derived: dict[int, dict[str, Shown]] = {}
        self._by_kind: dict[str, list[Happening]] = {}

    def copy(self) -> Person:
        """Return another that can change apart from this."""
        other = Person(0)
        other.values = dict(self.values)
        other.baselines = dict(self.baselines)
        other.created_given = self.created_given
        other.events = list(self.events)
        other.dropped = list(self.dropped)
        return other

    def change(self) -> Person:
        """Return this one, which is about to be changed."""
        self._derived.clear()
        self._by_kind.clear()
        return self

    def of_kind(self, kind: str) -> list[Happening]:
        """Return the events of a kind, in order of arrival; kept until the person changes."""
        if not self._by_kind:
            for event in self.events:
                self._by_kind.setdefault(event.kind, []).append(event)
        return self._by_kind.get(kind, [])

    def happened(self, kind: str, now: int) -> list[Happening]:
        """Return the events of one kind up to an instant, by time, then by arrival."""
        wanted = [one for one in self.of_kind(kind) if one.at <= now]
        return sorted(wanted, key=lambda event: event.at)

    def field(self, path: str, now: int) -> Shown | None:
        """Return any field's value at an instant, None where it is missing."""
        prefix, _, name = path.partition(".")
        return self.derived(now).get(name) if prefix == "engagement" else self.values.get(path)

    def derived(self, now: int) -> dict[str, Shown]:
        """Return the ``engagement.`` fields that are not missing, by name.

        They are kept until a person changes.
        """
        if now not in self._derived:
            self._derived[now] = dict(self._derive(now))
        return self._derived[now]

    def _derive(self, now: int) -> list[tuple[str, Shown]]:
        counted = Counter(one.kind for one in (*self.events, *self.dropped) if one.at <= now)
        found: list[tuple[str, Shown]] = [
            (name, float(self.baselines.get(name, 0) + counted[kind]))
            for name, kind in TOTALS.items()
        ]
        found.append(("revenue", self._revenue(now)))
        for name in LAST:
            last = self._last(name, now)
            if last is not None:
                found.append((name, iso(last)))
        opens = self.happened("open", now)
        if opens:
            device = opens[-1].properties.get("device")
            if device is not None:
                found.append(("last_opened_device", device))
            walls = [datetime.fromtimestamp(one.at // 1_000, UTC) for one in opens]
            found += [
                ("preferred_open_hour", _commonest([at.hour for at in walls])),
                ("preferred_open_weekday", _commonest([at.isoweekday() for at in walls])),
            ]
        sent = self.happened("sent", now)
        campaign = sent[-1].properties.get("campaign") if sent else None
        if campaign is not None:
            opened = any(one.properties.get("campaign") == campaign for one in opens)
            found.append(("opened_last_email", opened))
        return found

    def _revenue(self, now: int) -> float:
        amounts = [
            one.properties["amount"]
            for one in (*self.events, *self.dropped)
            if one.kind == "conversion" and one.at <= now and "amount" in one.properties
        ]
        return math.fsum([self.baselines.get("revenue", 0.0), *amounts])

    def _last(self, name: str, now: int) -> int | None:
        names = (name, *_ALSO_ACTIVITY) if name == "last_activity_at" else (name,)
        dates = [int(self.baselines[one]) for one in names if one in self.baselines]
        dates += [one.at for one in (*self.events, *self.dropped) if one.kind in LAST[name]]
        return max((at for at in dates if at <= now), default=None)


def _commonest(numbers: list[int]) -> float:
    counted = Counter(numbers)
    most = max(counted.values())
    return float(min(number for number, count in counted.items() if count == most))
