"""An edge is an instant at which a date rule changes its answer; every answer is written by hand.

Each row: timezone, now, operator, value, the edge, and the answers for a date one millisecond
before the edge, at it, and one millisecond after it (`-` no, `x` yes). All instants are in UTC.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Edge(NamedTuple):
    """An edge of a field rule on a date field."""

    zone: str
    now: str
    operator: str
    value: Any
    edge: str
    answers: str


_NOON = "2024-03-15T12:00:00Z"

WINDOWS: tuple[Edge, ...] = (
    Edge("UTC", _NOON, "within_last", "30d", "2024-02-14T12:00:00Z", "--x"),
    Edge("UTC", _NOON, "within_last", "30d", "2024-03-15T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "within_last", "1s", "2024-03-15T11:59:59Z", "--x"),
    Edge("UTC", _NOON, "within_last", "90m", "2024-03-15T10:30:00Z", "--x"),
    Edge("UTC", _NOON, "within_last", "36h", "2024-03-14T00:00:00Z", "--x"),
    Edge("UTC", _NOON, "within_last", "2w", "2024-03-01T12:00:00Z", "--x"),
    Edge("UTC", _NOON, "within_last", "1M", "2024-02-15T12:00:00Z", "--x"),
    Edge("UTC", _NOON, "within_last", "1y", "2023-03-15T12:00:00Z", "--x"),
    Edge("UTC", _NOON, "more_than_ago", "30d", "2024-02-14T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "more_than_ago", "1M", "2024-02-15T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "more_than_ago", "1y", "2023-03-15T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "within_next", "7d", "2024-03-15T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "within_next", "7d", "2024-03-22T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "within_next", "1M", "2024-04-15T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "more_than_ahead", "7d", "2024-03-22T12:00:00Z", "--x"),
    Edge("UTC", _NOON, "more_than_ahead", "1y", "2025-03-15T12:00:00Z", "--x"),
)

WHOLE_DAYS: tuple[Edge, ...] = (
    Edge("UTC", _NOON, "equals", "2024-03-15", "2024-03-15T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "equals", "2024-03-15", "2024-03-16T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "equals", "today", "2024-03-15T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "equals", "today-1d", "2024-03-15T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "not_equals", "today", "2024-03-15T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "not_equals", "today", "2024-03-16T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "greater_than", "2024-03-15", "2024-03-16T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "greater_or_equal", "2024-03-15", "2024-03-15T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "less_than", "2024-03-15", "2024-03-15T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "less_or_equal", "2024-03-15", "2024-03-16T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "between", ["today-7d", "today"], "2024-03-08T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "between", ["today-7d", "today"], "2024-03-16T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "not_between", ["today-7d", "today"], "2024-03-08T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "not_between", ["today-7d", "today"], "2024-03-16T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "between", ["today", "today-1d"], "2024-03-15T00:00:00Z", "---"),
    Edge("UTC", _NOON, "not_between", ["today", "today-1d"], "2024-03-15T00:00:00Z", "xxx"),
    Edge("UTC", _NOON, "in", ["2024-03-01", "2024-03-03"], "2024-03-01T00:00:00Z", "-xx"),
    Edge("UTC", _NOON, "in", ["2024-03-01", "2024-03-03"], "2024-03-02T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "not_in", ["2024-03-01", "2024-03-03"], "2024-03-03T00:00:00Z", "x--"),
    Edge("UTC", _NOON, "not_in", ["2024-03-01", "2024-03-03"], "2024-03-04T00:00:00Z", "-xx"),
)

INSTANTS: tuple[Edge, ...] = (
    Edge("UTC", _NOON, "equals", "now", "2024-03-15T12:00:00Z", "-x-"),
    Edge("UTC", _NOON, "not_equals", "now", "2024-03-15T12:00:00Z", "x-x"),
    Edge("UTC", _NOON, "greater_than", "now", "2024-03-15T12:00:00Z", "--x"),
    Edge("UTC", _NOON, "greater_or_equal", "now", "2024-03-15T12:00:00Z", "-xx"),
    Edge("UTC", _NOON, "less_than", "now", "2024-03-15T12:00:00Z", "x--"),
    Edge("UTC", _NOON, "less_or_equal", "now", "2024-03-15T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "equals", "2024-03-15T09:30:00Z", "2024-03-15T09:30:00Z", "-x-"),
    Edge("UTC", _NOON, "equals", "2024-03-15T09:30:00+05:30", "2024-03-15T04:00:00Z", "-x-"),
    Edge("UTC", _NOON, "equals", "2024-03-15T09:30:00.0009Z", "2024-03-15T09:30:00Z", "-x-"),
    Edge("UTC", _NOON, "between", ["now-7d", "now"], "2024-03-08T12:00:00Z", "-xx"),
    Edge("UTC", _NOON, "between", ["now-7d", "now"], "2024-03-15T12:00:00Z", "xx-"),
    Edge("UTC", _NOON, "equals", "today+90m", "2024-03-15T01:30:00Z", "-x-"),
    Edge("UTC", _NOON, "equals", "today-1d-1s", "2024-03-13T23:59:59Z", "-x-"),
)

MONTH_ENDS: tuple[Edge, ...] = (
    Edge("UTC", "2024-03-31T12:00:00Z", "within_last", "1M", "2024-02-29T12:00:00Z", "--x"),
    Edge("UTC", "2023-03-31T12:00:00Z", "within_last", "1M", "2023-02-28T12:00:00Z", "--x"),
    Edge("UTC", "2024-05-31T12:00:00Z", "equals", "today-1M", "2024-04-30T00:00:00Z", "-xx"),
    Edge("UTC", "2024-05-31T12:00:00Z", "equals", "today-1M", "2024-05-01T00:00:00Z", "x--"),
    Edge("UTC", "2024-05-31T12:00:00Z", "equals", "today-1M-1M", "2024-03-30T00:00:00Z", "-xx"),
    Edge("UTC", "2024-05-31T12:00:00Z", "equals", "today-1M-1M", "2024-03-31T00:00:00Z", "x--"),
    Edge("UTC", "2024-05-31T12:00:00Z", "equals", "today-2M", "2024-03-31T00:00:00Z", "-xx"),
    Edge("UTC", "2024-02-29T12:00:00Z", "equals", "today-1y", "2023-02-28T00:00:00Z", "-xx"),
    Edge("UTC", "2024-02-29T12:00:00Z", "equals", "today-1y", "2023-03-01T00:00:00Z", "x--"),
    Edge("UTC", "2024-02-29T12:00:00Z", "within_last", "1y", "2023-02-28T12:00:00Z", "--x"),
    Edge("UTC", "2024-02-29T12:00:00Z", "within_last", "4y", "2020-02-29T12:00:00Z", "--x"),
    Edge("UTC", "2024-02-29T12:00:00Z", "within_next", "1y", "2025-02-28T12:00:00Z", "xx-"),
    Edge("UTC", "2024-02-29T12:00:00Z", "more_than_ahead", "12M", "2025-02-28T12:00:00Z", "--x"),
    Edge("UTC", "2024-01-31T12:00:00Z", "within_next", "1M", "2024-02-29T12:00:00Z", "xx-"),
    Edge("UTC", "2024-01-31T12:00:00Z", "equals", "today+1M", "2024-02-29T00:00:00Z", "-xx"),
    Edge("UTC", "2024-01-31T12:00:00Z", "equals", "today+1M+1d", "2024-03-01T00:00:00Z", "-xx"),
    Edge("UTC", "2024-01-31T12:00:00Z", "equals", "today+1M-1M", "2024-01-29T00:00:00Z", "-xx"),
    Edge("UTC", "2024-01-31T12:00:00Z", "equals", "now+1M-1M", "2024-01-29T12:00:00Z", "-x-"),
    Edge("UTC", "2023-12-31T23:59:59.999Z", "within_last", "1M", "2023-11-30T23:59:59.999Z", "--x"),
    Edge("UTC", "2023-12-31T23:59:59.999Z", "equals", "today", "2024-01-01T00:00:00Z", "x--"),
    Edge("UTC", "2024-01-01T00:00:00Z", "equals", "today-1d", "2023-12-31T00:00:00Z", "-xx"),
    Edge("UTC", "2024-01-01T00:00:00Z", "within_next", "1d", "2024-01-01T00:00:00Z", "-xx"),
    Edge("UTC", "2024-01-01T00:00:00Z", "within_next", "1d", "2024-01-02T00:00:00Z", "xx-"),
)
