"""Edges of event rules, anniversaries, and what the clock shows at an event.

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
    answer: str


class Shown(NamedTuple):
    """What the wall clock shows at an event: its hour and its weekday (1 = Monday)."""

    zone: str
    at: str
    hour: int
    weekday: int


_NOON = "2024-03-15T12:00:00Z"

EVENT_EDGES: tuple[EventEdge, ...] = (
    EventEdge("UTC", _NOON, {}, "2024-03-15T12:00:00Z", "xx-"),
    EventEdge("UTC", _NOON, {"operator": "equals", "value": 0}, "2024-03-15T12:00:00Z", "--x"),
    EventEdge("UTC", _NOON, {"within": "30d"}, "2024-02-14T12:00:00Z", "--x"),
    EventEdge("UTC", _NOON, {"within": "30d"}, "2024-03-15T12:00:00Z", "xx-"),
    EventEdge(
        "UTC", _NOON, {"within": "30d", "operator": "less_than"}, "2024-02-14T12:00:00Z", "xx-"
    ),
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
    EventEdge(
        "Europe/Berlin", "2024-03-31T10:00:00Z", {"within": "1d"}, "2024-03-30T10:00:00Z", "--x"
    ),
    EventEdge(
        "Europe/Berlin", "2024-03-31T10:00:00Z", {"since": "today"}, "2024-03-30T23:00:00Z", "-xx"
    ),
    EventEdge(
        "Europe/Berlin",
        "2024-10-28T11:00:00Z",
        {"until": "today-1d"},
        "2024-10-27T23:00:00Z",
        "x--",
    ),
    EventEdge(
        "America/Havana", "2024-11-03T17:00:00Z", {"since": "today"}, "2024-11-03T04:00:00Z", "-xx"
    ),
    EventEdge(
        "America/Sao_Paulo",
        "2017-10-15T15:00:00Z",
        {"until": "2017-10-14"},
        "2017-10-15T03:00:00Z",
        "x--",
    ),
    EventEdge(
        "Pacific/Apia",
        "2012-01-05T00:00:00Z",
        {"since": "2011-12-30", "until": "2011-12-30"},
        "2011-12-30T10:00:00Z",
        "---",
    ),
)

ANNIVERSARIES: tuple[Anniversary, ...] = (
    Anniversary("UTC", _NOON, "1990-03-15", "today", "yes"),
    Anniversary("UTC", _NOON, "1990-03-14", "today", "no"),
    Anniversary("UTC", _NOON, "1990-03-16", "today", "no"),
    Anniversary("UTC", _NOON, "2031-03-15", "today", "yes"),
    Anniversary("UTC", _NOON, "1990-03-01", "this_month", "yes"),
    Anniversary("UTC", _NOON, "1990-03-31", "this_month", "yes"),
    Anniversary("UTC", _NOON, "1990-04-01", "this_month", "no"),
    Anniversary("UTC", _NOON, "1990-03-15", "7d", "yes"),
    Anniversary("UTC", _NOON, "1990-03-22", "7d", "yes"),
    Anniversary("UTC", _NOON, "1990-03-23", "7d", "no"),
    Anniversary("UTC", _NOON, "1990-03-14", "7d", "no"),
    Anniversary("UTC", _NOON, "1990-03-14", "364d", "yes"),
    Anniversary("UTC", _NOON, "1990-03-14", "363d", "no"),
    Anniversary("UTC", "2024-12-30T12:00:00Z", "1990-01-02", "3d", "yes"),
    Anniversary("UTC", "2024-12-30T12:00:00Z", "1990-01-02", "2d", "no"),
    Anniversary("UTC", "2023-02-28T12:00:00Z", "2000-02-29", "today", "yes"),
    Anniversary("UTC", "2023-03-01T12:00:00Z", "2000-02-29", "today", "no"),
    Anniversary("UTC", "2024-02-28T12:00:00Z", "2000-02-29", "today", "no"),
    Anniversary("UTC", "2024-02-29T12:00:00Z", "2000-02-29", "today", "yes"),
    Anniversary("UTC", "2024-02-29T12:00:00Z", "1990-02-28", "today", "no"),
    Anniversary("UTC", "2023-02-27T12:00:00Z", "2000-02-29", "1d", "yes"),
    Anniversary("UTC", "2024-02-27T12:00:00Z", "2000-02-29", "1d", "no"),
    Anniversary("UTC", "2024-02-27T12:00:00Z", "2000-02-29", "2d", "yes"),
    Anniversary("UTC", "2024-03-01T12:00:00Z", "2000-02-29", "365d", "yes"),
    Anniversary("UTC", "2024-03-01T12:00:00Z", "2000-02-29", "364d", "yes"),
    Anniversary("UTC", "2024-03-01T12:00:00Z", "2000-02-29", "363d", "no"),
    Anniversary("UTC", "2023-02-01T12:00:00Z", "2000-02-29", "this_month", "yes"),
    Anniversary("Asia/Kathmandu", "2024-03-14T18:15:00Z", "1990-03-15", "today", "yes"),
    Anniversary("Asia/Kathmandu", "2024-03-14T18:14:59Z", "1990-03-15", "today", "no"),
    Anniversary(
        "Asia/Kathmandu", "2024-03-15T00:00:00Z", "1990-03-14T18:14:59.999Z", "today", "no"
    ),
    Anniversary("Asia/Kathmandu", "2024-03-15T00:00:00Z", "1990-03-14T18:15:00Z", "today", "yes"),
    Anniversary("America/New_York", "2024-03-15T03:59:59Z", "1990-03-14", "today", "yes"),
)

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
