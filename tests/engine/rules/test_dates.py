"""Date rules as intervals, windows of events, and the bounds that are shown."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg.clock import HIGHEST, LOWEST
from bitseg.rules import intervals, is_crossed, is_relative, window
from bitseg.rules.nodes import EventRule, FieldRule
from bitseg.rules.relative import bounds_of, relative_parts
from bitseg.rules.walk import walk
from tests.engine.rules.views import condition, definition, ms, now

NOW = "2024-03-31T10:00:00.500Z"
OPEN = ""


def date_rule(operator: str, value: Any) -> FieldRule:
    found = condition({"field": "contact.created_at", "operator": operator, "value": value})
    assert isinstance(found, FieldRule)
    return found


def low(text: str) -> int:
    return ms(text) if text else LOWEST


def high(text: str) -> int:
    return ms(text) if text else HIGHEST


# Berlin, on the day of the jump: today is from 23:00Z the day before to 22:00Z.
ONE = [
    ("equals", "today", "2024-03-30T23:00Z", "2024-03-31T22:00Z"),
    ("equals", "now", NOW, "2024-03-31T10:00:00.501Z"),
    ("equals", "2024-01-31T08:00", "2024-01-31T07:00Z", "2024-01-31T07:00:00.001Z"),
    ("not_equals", "today", "2024-03-30T23:00Z", "2024-03-31T22:00Z"),
    ("greater_than", "today", "2024-03-31T22:00Z", OPEN),
    ("greater_than", "now", "2024-03-31T10:00:00.501Z", OPEN),
    ("greater_or_equal", "today", "2024-03-30T23:00Z", OPEN),
    ("greater_or_equal", "now", NOW, OPEN),
    ("less_than", "today", OPEN, "2024-03-30T23:00Z"),
    ("less_than", "now", OPEN, NOW),
    ("less_or_equal", "today", OPEN, "2024-03-31T22:00Z"),
    ("less_or_equal", "now", OPEN, "2024-03-31T10:00:00.501Z"),
    ("between", ["today-1d", "today"], "2024-03-29T23:00Z", "2024-03-31T22:00Z"),
    ("between", ["today", "today"], "2024-03-30T23:00Z", "2024-03-31T22:00Z"),
    ("between", ["now-1h", "today"], "2024-03-31T09:00:00.500Z", "2024-03-31T22:00Z"),
    ("between", ["today", "now"], "2024-03-30T23:00Z", "2024-03-31T10:00:00.501Z"),
    ("not_between", ["today-1d", "today"], "2024-03-29T23:00Z", "2024-03-31T22:00Z"),
    ("within_last", "1d", "2024-03-30T10:00:00.501Z", "2024-03-31T10:00:00.501Z"),
    ("within_last", "1M", "2024-02-29T11:00:00.501Z", "2024-03-31T10:00:00.501Z"),
    ("more_than_ago", "1d", OPEN, "2024-03-30T10:00:00.501Z"),
    ("within_next", "1d", "2024-03-30T23:00Z", "2024-04-01T10:00:00.501Z"),
    ("within_next", "1s", "2024-03-30T23:00Z", "2024-03-31T10:00:01.501Z"),
    ("more_than_ahead", "1d", "2024-04-01T10:00:00.501Z", OPEN),
    ("more_than_ahead", "1y", "2025-03-31T10:00:00.501Z", OPEN),
]
IDS = [f"{operator} {value}" for operator, value, _, _ in ONE]


@pytest.mark.parametrize(("operator", "value", "start", "end"), ONE, ids=IDS)
def test_an_operator_is_one_interval(operator: str, value: Any, start: str, end: str) -> None:
    assert intervals(date_rule(operator, value), now(NOW)) == ((low(start), high(end)),)


NOBODY = [
    ("between", ["now", "now-1s"]),
    ("between", ["today+1d", "now"]),
    ("equals", "now-9000y"),
    ("less_or_equal", "now-9000y"),
    ("less_than", "today-9000y"),
    ("greater_than", "now+9000y"),
    ("greater_or_equal", "today+9000y"),
    ("more_than_ago", "9000y"),
    ("more_than_ahead", "9000y"),
]


@pytest.mark.parametrize(("operator", "value"), NOBODY, ids=[f"{a} {b}" for a, b in NOBODY])
def test_some_dates_match_nobody(operator: str, value: Any) -> None:
    assert intervals(date_rule(operator, value), now(NOW)) == ()


def test_in_is_the_union_joined_where_it_touches() -> None:
    rule = date_rule("in", ["2024-01-03", "2024-01-01", "2024-01-02", "now", "2024-01-02T12:00"])
    assert intervals(rule, now(NOW)) == (
        (ms("2023-12-31T23:00Z"), ms("2024-01-03T23:00Z")),
        (ms(NOW), ms(NOW) + 1),
    )


def test_a_day_that_never_was_is_nobody_but_in_order() -> None:
    raw = {
        "field": "contact.created_at",
        "operator": "between",
        "value": ["2011-12-30", "2011-12-30"],
    }
    rule = condition(raw, "Pacific/Apia")
    assert isinstance(rule, FieldRule)
    assert intervals(rule, now(NOW, "Pacific/Apia")) == ()


RELATIVE = [
    ("equals", "2024-01-01", False),
    ("in", ["2024-01-01", "2024-01-02T10:00Z"], False),
    ("in", ["2024-01-01", "today"], True),
    ("between", ["2024-01-01", "now"], True),
    ("within_last", "1d", True),
    ("anniversary", "this_month", True),
]


@pytest.mark.parametrize(("operator", "value", "relative"), RELATIVE)
def test_a_rule_knows_if_its_dates_move(operator: str, value: Any, *, relative: bool) -> None:
    assert is_relative(date_rule(operator, value)) is relative


CROSSED = [
    ("between", ["now", "now-1s"], True),
    ("not_between", ["today+1d", "now"], True),
    ("between", ["now", "now"], False),
    ("between", ["today", "now-9h"], False),
    ("equals", "now", False),
]


@pytest.mark.parametrize(("operator", "value", "crossed"), CROSSED)
def test_a_rule_knows_if_its_ends_cross(operator: str, value: Any, *, crossed: bool) -> None:
    assert is_crossed(date_rule(operator, value), now(NOW)) is crossed


WINDOWS: list[tuple[dict[str, str], str, str]] = [
    ({}, OPEN, "2024-03-31T10:00:00.501Z"),
    ({"within": "1d"}, "2024-03-30T10:00:00.501Z", "2024-03-31T10:00:00.501Z"),
    ({"since": "today"}, "2024-03-30T23:00Z", "2024-03-31T10:00:00.501Z"),
    ({"since": "now-1h"}, "2024-03-31T09:00:00.500Z", "2024-03-31T10:00:00.501Z"),
    ({"until": "2024-01-31"}, OPEN, "2024-01-31T23:00Z"),
    ({"until": "2024-01-31T10:00Z"}, OPEN, "2024-01-31T10:00:00.001Z"),
    ({"until": "today"}, OPEN, "2024-03-31T10:00:00.501Z"),
    (
        {"within": "1d", "since": "today-7d", "until": "now-1h"},
        "2024-03-30T10:00:00.501Z",
        "2024-03-31T09:00:00.501Z",
    ),
    (
        {"within": "7d", "since": "today-1d"},
        "2024-03-29T23:00Z",
        "2024-03-31T10:00:00.501Z",
    ),
]


@pytest.mark.parametrize(("parts", "start", "end"), WINDOWS, ids=[str(row[0]) for row in WINDOWS])
def test_all_parts_of_a_window_hold_and_none_reaches_past_now(
    parts: dict[str, str], start: str, end: str
) -> None:
    rule = condition({"event": "open", **parts})
    assert isinstance(rule, EventRule)
    assert window(rule.within, rule.since, rule.until, now(NOW)) == (low(start), ms(end))


def test_a_window_in_the_future_is_empty() -> None:
    rule = condition({"event": "open", "since": "now+1s"})
    assert isinstance(rule, EventRule)
    start, end = window(rule.within, rule.since, rule.until, now(NOW))
    assert start >= end


BOUNDS: list[tuple[str, Any, str | None, str | None]] = [
    ("equals", "today", "2024-03-30T23:00Z", "2024-03-31T22:00Z"),
    ("equals", "now-1h", "2024-03-31T09:00:00.500Z", "2024-03-31T09:00:00.500Z"),
    ("not_equals", "today", "2024-03-30T23:00Z", "2024-03-31T22:00Z"),
    ("greater_than", "today", "2024-03-31T22:00Z", None),
    ("greater_or_equal", "today", "2024-03-30T23:00Z", None),
    ("less_than", "now", None, NOW),
    ("less_or_equal", "today", None, "2024-03-31T22:00Z"),
    ("between", ["now-1h", "today"], "2024-03-31T09:00:00.500Z", "2024-03-31T22:00Z"),
    ("in", ["today", "today-7d"], "2024-03-23T23:00Z", "2024-03-31T22:00Z"),
    ("within_last", "1d", "2024-03-30T10:00:00.500Z", NOW),
    ("more_than_ago", "1d", None, "2024-03-30T10:00:00.500Z"),
    ("within_next", "1d", "2024-03-30T23:00Z", "2024-04-01T10:00:00.500Z"),
    ("more_than_ahead", "1d", "2024-04-01T10:00:00.500Z", None),
    ("anniversary", "1d", "2024-03-30T23:00Z", "2024-04-01T22:00Z"),
    ("anniversary", "this_month", "2024-02-29T23:00Z", "2024-03-31T22:00Z"),
    ("greater_than", "now-9000y", None, None),
]


@pytest.mark.parametrize(
    ("operator", "value", "start", "end"), BOUNDS, ids=[f"{row[0]} {row[1]}" for row in BOUNDS]
)
def test_a_relative_rule_shows_its_bounds(
    operator: str, value: Any, start: str | None, end: str | None
) -> None:
    raw = {"field": "contact.created_at", "operator": operator, "value": value}
    shown = bounds_of(relative_parts(walk(definition(raw))), now(NOW))
    assert shown == {
        "groups[0].conditions[0]": (start and ms(start), end and ms(end)),
    }


def test_bounds_are_found_at_every_depth_and_only_where_dates_move() -> None:
    found = definition(
        {"field": "contact.created_at", "operator": "equals", "value": "2024-01-01"},
        {"event": "open"},
        {"event": "open", "since": "2024-01-01"},
        {"event": "open", "within": "1d", "until": "2030-01-01"},
        {
            "match": "any",
            "conditions": [
                {"sequence": [{"event": "open"}, {"event": "click"}], "since": "today"},
                {"field": "contact.created_at", "operator": "is_empty"},
            ],
        },
    )
    assert bounds_of(relative_parts(walk(found)), now(NOW)) == {
        "groups[0].conditions[3]": (ms("2024-03-30T10:00:00.500Z"), ms(NOW)),
        "groups[0].conditions[4].conditions[0]": (ms("2024-03-30T23:00Z"), ms(NOW)),
    }
