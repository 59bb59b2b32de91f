"""Moves: anniversaries, clocks of events, and contacts that come and go as time passes.

Every answer is written by hand.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class EventEdge(NamedTuple):
    """An edge of an event rule: the answers for one open just before, at, and just after it."""

    zone: str
    now: str
    rule: dict[str, Any]
    edge: str
    answers: str


class Anniversary(NamedTuple):
    """A day of birth (data), asked about at an instant."""

    zone: str
    now: str
    data: str
    value: str
    answer: bool


class Shown(NamedTuple):
    """What the wall clock shows at an event: its hour and its weekday (1 = Monday)."""

    zone: str
    at: str
    hour: int
    weekday: int


class Passing(NamedTuple):
    """A rule about a contact to whom nothing happens, asked at one instant after another."""

    name: str
    rule: dict[str, Any]
    answers: tuple[tuple[str, bool], ...]


_NOON = "2024-03-15T12:00:00Z"

EVENT_EDGES: tuple[EventEdge, ...] = (
    EventEdge("UTC", _NOON, {}, "2024-03-15T12:00:00Z", "xx-"),
    EventEdge("UTC", _NOON, {"operator": "equals", "value": 0}, "2024-03-15T12:00:00Z", "--x"),
    EventEdge("UTC", _NOON, {"within": "30d"}, "2024-02-14T12:00:00Z", "--x"),
    EventEdge("UTC", _NOON, {"within": "30d"}, "2024-03-15T12:00:00Z", "xx-"),
    EventEdge("UTC", _NOON, {"within": "30d", "operator": "less_than"}, "2024-02-14T12:00:00Z", "xx-"),
    EventEdge("UTC", _NOON, {"within": "1M"}, "2024-02-15T12:00:00Z", "--x"),
    EventEdge("UTC", "2024-03-31T12:00:00Z", {"within": "1M"}, "2024-02-29T12:00:00Z", "--x"),
    EventEdge("UTC", _NOON, {"since": "2024-03-01"}, "2024-03-01T00:00:00Z", "-xx"),
    EventEdge("UTC", _NOON, {"until": "2024-03-01"}, "2024-03-02T00:00:00Z", "x--"),
    EventEdge("UTC", _NOON, {"until": "2024-03-01T09:00:00Z"}, "2024-03-01T09:00:00Z", "xx-"),
    EventEdge("UTC", _NOON, {"since": "now-1h"}, "2024-03-15T11:00:00Z", "-xx"),
    EventEdge("UTC", _NOON, {"until": "today-1d"}, "2024-03-15T00:00:00Z", "x--"),
    EventEdge("UTC", _NOON, {"since": "today-7d", "within": "3d"}, "2024-03-12T12:00:00Z", "--x"),
    EventEdge("UTC", _NOON, {"since": "today", "within": "3d"}, "2024-03-15T00:00:00Z", "-xx"),
    EventEdge("UTC", _NOON, {"since": "today", "until": "today"}, "2024-03-15T00:00:00Z", "-xx"),
    EventEdge("UTC", _NOON, {"until": "today+1d"}, "2024-03-15T12:00:00Z", "xx-"),
    EventEdge("Europe/Berlin", "2024-03-31T10:00:00Z", {"within": "1d"}, "2024-03-30T10:00:00Z", "--x"),
    EventEdge("Europe/Berlin", "2024-03-31T10:00:00Z", {"since": "today"}, "2024-03-30T23:00:00Z", "-xx"),
    EventEdge("Europe/Berlin", "2024-10-28T11:00:00Z", {"until": "today-1d"}, "2024-10-27T23:00:00Z", "x--"),
    EventEdge("America/Havana", "2024-11-03T17:00:00Z", {"since": "today"}, "2024-11-03T04:00:00Z", "-xx"),
    EventEdge("America/Sao_Paulo", "2017-10-15T15:00:00Z", {"until": "2017-10-14"}, "2017-10-15T03:00:00Z", "x--"),
    EventEdge("Pacific/Apia", "2012-01-05T00:00:00Z", {"since": "2011-12-30", "until": "2011-12-30"}, "2011-12-30T10:00:00Z", "---"),
)  # fmt: skip

ANNIVERSARIES: tuple[Anniversary, ...] = (
    Anniversary("UTC", _NOON, "1990-03-15", "today", True),
    Anniversary("UTC", _NOON, "1990-03-14", "today", False),
    Anniversary("UTC", _NOON, "1990-03-16", "today", False),
    Anniversary("UTC", _NOON, "2031-03-15", "today", True),
    Anniversary("UTC", _NOON, "1990-03-01", "this_month", True),
    Anniversary("UTC", _NOON, "1990-03-31", "this_month", True),
    Anniversary("UTC", _NOON, "1990-04-01", "this_month", False),
    Anniversary("UTC", _NOON, "1990-03-15", "7d", True),
    Anniversary("UTC", _NOON, "1990-03-22", "7d", True),
    Anniversary("UTC", _NOON, "1990-03-23", "7d", False),
    Anniversary("UTC", _NOON, "1990-03-14", "7d", False),
    Anniversary("UTC", _NOON, "1990-03-14", "364d", True),
    Anniversary("UTC", _NOON, "1990-03-14", "363d", False),
    Anniversary("UTC", "2024-12-30T12:00:00Z", "1990-01-02", "3d", True),
    Anniversary("UTC", "2024-12-30T12:00:00Z", "1990-01-02", "2d", False),
    Anniversary("UTC", "2023-02-28T12:00:00Z", "2000-02-29", "today", True),
    Anniversary("UTC", "2023-03-01T12:00:00Z", "2000-02-29", "today", False),
    Anniversary("UTC", "2024-02-28T12:00:00Z", "2000-02-29", "today", False),
    Anniversary("UTC", "2024-02-29T12:00:00Z", "2000-02-29", "today", True),
    Anniversary("UTC", "2024-02-29T12:00:00Z", "1990-02-28", "today", False),
    Anniversary("UTC", "2023-02-27T12:00:00Z", "2000-02-29", "1d", True),
    Anniversary("UTC", "2024-02-27T12:00:00Z", "2000-02-29", "1d", False),
    Anniversary("UTC", "2024-02-27T12:00:00Z", "2000-02-29", "2d", True),
    Anniversary("UTC", "2024-03-01T12:00:00Z", "2000-02-29", "365d", True),
    Anniversary("UTC", "2024-03-01T12:00:00Z", "2000-02-29", "364d", True),
    Anniversary("UTC", "2024-03-01T12:00:00Z", "2000-02-29", "363d", False),
    Anniversary("UTC", "2023-02-01T12:00:00Z", "2000-02-29", "this_month", True),
    Anniversary("Asia/Kathmandu", "2024-03-14T18:15:00Z", "1990-03-15", "today", True),
    Anniversary("Asia/Kathmandu", "2024-03-14T18:14:59Z", "1990-03-15", "today", False),
    Anniversary("Asia/Kathmandu", "2024-03-15T00:00:00Z", "1990-03-14T18:14:59.999Z", "today", False),
    Anniversary("Asia/Kathmandu", "2024-03-15T00:00:00Z", "1990-03-14T18:15:00Z", "today", True),
    Anniversary("America/New_York", "2024-03-15T03:59:59Z", "1990-03-14", "today", True),
)  # fmt: skip

SHOWN: tuple[Shown, ...] = (
    Shown("UTC", "2024-03-15T23:59:59.999Z", 23, 5),
    Shown("UTC", "2024-12-31T00:00:00Z", 0, 2),
    Shown("UTC", "2021-01-03T12:00:00Z", 12, 7),
    Shown("UTC", "1969-12-31T23:59:59.999Z", 23, 3),
    Shown("Asia/Kathmandu", "2024-03-15T18:14:59.999Z", 23, 5),
    Shown("Asia/Kathmandu", "2024-03-15T18:15:00Z", 0, 6),
    Shown("Europe/Berlin", "2024-03-31T00:59:59.999Z", 1, 7),
    Shown("Europe/Berlin", "2024-03-31T01:00:00Z", 3, 7),
    Shown("Europe/Berlin", "2024-10-27T00:30:00Z", 2, 7),
    Shown("Europe/Berlin", "2024-10-27T01:30:00Z", 2, 7),
    Shown("America/Sao_Paulo", "2018-02-18T02:30:00Z", 23, 6),
    Shown("America/Sao_Paulo", "2017-10-15T03:00:00Z", 1, 7),
    Shown("Australia/Lord_Howe", "2024-04-06T15:00:00Z", 1, 7),
    Shown("Pacific/Apia", "2011-12-30T09:59:59.999Z", 23, 4),
    Shown("Pacific/Apia", "2011-12-30T10:00:00Z", 0, 6),
)

# In all of these: one contact, renewal 2024-03-10T10:00Z, birthday 2000-02-29, one open at
# 2024-03-10T10:00Z, one sent of campaign "spring" at 2024-03-20T10:00Z, and a baseline
# last_clicked_at of 2024-03-12T10:00Z.
PASSING: tuple[Passing, ...] = (
    Passing("opened within seven days", {"event": "open", "within": "7d"}, (
        ("2024-03-10T09:59:59.999Z", False), ("2024-03-10T10:00:00Z", True),
        ("2024-03-17T09:59:59.999Z", True), ("2024-03-17T10:00:00Z", False),
        ("2024-03-12T00:00:00Z", True))),
    Passing("not opened within a month", {"event": "open", "within": "1M", "operator": "equals", "value": 0}, (
        ("2024-03-10T09:59:59.999Z", True), ("2024-03-10T10:00:00Z", False),
        ("2024-04-10T09:59:59.999Z", False), ("2024-04-10T10:00:00Z", True))),
    Passing("opened today", {"event": "open", "since": "today"}, (
        ("2024-03-10T10:00:00Z", True), ("2024-03-10T23:59:59.999Z", True),
        ("2024-03-11T00:00:00Z", False))),
    Passing("renewal within a day from now", {"field": "customField.renewal", "operator": "within_next", "value": "1d"}, (
        ("2024-03-09T09:59:59.999Z", False), ("2024-03-09T10:00:00Z", True),
        ("2024-03-10T23:59:59.999Z", True), ("2024-03-11T00:00:00Z", False))),
    Passing("renewal more than two days ahead", {"field": "customField.renewal", "operator": "more_than_ahead", "value": "2d"}, (
        ("2024-03-08T09:59:59.999Z", True), ("2024-03-08T10:00:00Z", False))),
    Passing("renewal more than two days ago", {"field": "customField.renewal", "operator": "more_than_ago", "value": "2d"}, (
        ("2024-03-12T09:59:59.999Z", False), ("2024-03-12T10:00:00Z", True))),
    Passing("birthday today, from 29 February", {"field": "customField.birthday", "operator": "anniversary", "value": "today"}, (
        ("2023-02-27T23:59:59.999Z", False), ("2023-02-28T00:00:00Z", True),
        ("2023-03-01T00:00:00Z", False), ("2024-02-28T12:00:00Z", False),
        ("2024-02-29T00:00:00Z", True), ("2024-03-01T00:00:00Z", False))),
    Passing("one open so far", {"field": "engagement.total_opens", "operator": "equals", "value": 1}, (
        ("2024-03-10T09:59:59.999Z", False), ("2024-03-10T10:00:00Z", True),
        ("2034-01-01T00:00:00Z", True))),
    Passing("last activity is missing", {"field": "engagement.last_activity_at", "operator": "is_empty"}, (
        ("2024-03-10T09:59:59.999Z", True), ("2024-03-10T10:00:00Z", False))),
    Passing("last activity on the twelfth", {"field": "engagement.last_activity_at", "operator": "equals", "value": "2024-03-12"}, (
        ("2024-03-12T09:59:59.999Z", False), ("2024-03-12T10:00:00Z", True))),
    Passing("last clicked at all", {"field": "engagement.last_clicked_at", "operator": "is_not_empty"}, (
        ("2024-03-12T09:59:59.999Z", False), ("2024-03-12T10:00:00Z", True))),
    Passing("the baseline is no event", {"event": "click", "operator": "equals", "value": 0}, (
        ("2024-03-12T10:00:00Z", True),)),
    Passing("the hour of opening is known", {"field": "engagement.preferred_open_hour", "operator": "equals", "value": 10}, (
        ("2024-03-10T09:59:59.999Z", False), ("2024-03-10T10:00:00Z", True))),
    Passing("the last e-mail was not opened", {"field": "engagement.opened_last_email", "operator": "equals", "value": False}, (
        ("2024-03-20T09:59:59.999Z", False), ("2024-03-20T10:00:00Z", True))),
    Passing("opened, then sent to, within a fortnight", {"sequence": [{"event": "open"}, {"event": "sent"}], "within": "2w"}, (
        ("2024-03-20T09:59:59.999Z", False), ("2024-03-20T10:00:00Z", True),
        ("2024-03-24T09:59:59.999Z", True), ("2024-03-24T10:00:00Z", False))),
)  # fmt: skip
