"""The oracle gives the answers that the specification's own sentences give, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.dates import read
from tests.oracle.evaluate import members, sampled
from tests.oracle.world import World

NOW = read("2024-03-15T12:00:00Z", "UTC")
HOUR = 3_600_000


def _world(row: dict[str, Any], events: list[dict[str, Any]] | None = None) -> World:
    world = World("UTC", clock=NOW)
    world.define_field("customField.text", "string")
    world.define_field("customField.number", "number")
    world.define_field("customField.flag", "boolean")
    world.define_field("customField.date", "date")
    world.define_field("customField.list", "array")
    world.load_contacts([{"id": "c", **row}])
    world.load_events([{"contact_id": "c", **event} for event in events or []])
    return world


def _is_in(world: World, rule: dict[str, Any], now: int = NOW) -> bool:
    definition = {"match": "all", "groups": [{"match": "all", "conditions": [rule]}]}
    return members(world, definition, now) == ["c"]


@pytest.mark.parametrize(
    ("name", "value", "operator", "operand", "answer"),
    [
        ("text", "Straße", "equals", "Straße", True),
        ("text", "Straße", "equals", "straße", False),
        ("text", "Straße", "contains", "STRASSE", True),
        ("text", "Straße", "starts_with", "stras", True),
        ("text", "Straße", "ends_with", "ẞE", True),
        ("text", "ΣΊΣΥΦΟΣ", "ends_with", "ος", True),
        ("text", "\u212aelvin", "starts_with", "k", True),
        ("text", "\u212a", "in", ["k", "K"], False),
        ("text", "İstanbul", "contains", "istanbul", False),
        ("text", "İstanbul", "starts_with", "i\u0307", True),
        ("text", "100x", "contains", "100%", False),
        ("text", "100%", "ends_with", "%", True),
        ("text", "aXb", "contains", "a*b", False),
        ("text", " pad ", "equals", "pad", False),
        ("text", "é", "contains", "e\u0301", False),
        ("text", "x😀", "ends_with", "😀", True),
        ("text", "", "is_empty", None, True),
        ("text", "", "not_contains", "x", True),
        ("number", 0.1 + 0.2, "equals", 0.3, False),
        ("number", -0.0, "equals", 0, True),
        ("number", 2**53 + 1, "equals", 2**53, True),
        ("number", 5, "between", [5, 5], True),
        ("number", 5e-324, "greater_than", 0, True),
        ("number", None, "less_than", 5, False),
        ("number", None, "not_between", [1, 2], True),
        ("number", None, "not_in", [1], True),
        ("number", None, "not_equals", 1, True),
        ("flag", None, "not_equals", True, True),
        ("flag", None, "equals", False, False),
        ("flag", False, "is_not_empty", None, True),
        ("list", ["a", "", None, "a"], "contains_all", ["a", "a"], True),
        ("list", ["a"], "contains_all", ["a", "b"], False),
        ("list", ["a"], "contains_any", ["b", "a"], True),
        ("list", ["A"], "contains", "a", False),
        ("list", ["", None], "is_empty", None, True),
        ("list", [], "contains_none", ["a"], True),
        ("list", ["a"], "not_contains", "a", False),
        ("date", None, "not_equals", "today", True),
        ("date", None, "anniversary", "365d", False),
        ("date", None, "less_than", "today", False),
        ("date", -1, "equals", "1969-12-31", True),
        ("date", "1969-12-31T23:59:59.9999Z", "equals", "1969-12-31T23:59:59.999Z", True),
    ],
)
def test_a_field_rule_reads_as_the_specification_says(
    name: str,
    value: object,
    operator: str,
    operand: object,
    answer: bool,  # noqa: FBT001
) -> None:
    rule = {"field": f"customField.{name}", "operator": operator, "value": operand}
    assert _is_in(_world({name: value}), rule) is answer


SPENT = [
    {"kind": "conversion", "at": NOW - 3 * HOUR, "amount": 0.1, "plan": "pro"},
    {"kind": "conversion", "at": NOW - 2 * HOUR, "amount": 0.2, "plan": "Pro"},
    {"kind": "conversion", "at": NOW - HOUR, "plan": "pro"},
    {"kind": "conversion", "at": NOW, "amount": 0.3},
    {"kind": "conversion", "at": NOW + 1, "amount": 1e300, "plan": "later"},
]


SUM = {"event": "conversion", "measure": {"sum": "amount"}}
PLANS = {"event": "conversion", "measure": {"distinct": "plan"}}


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ({"event": "conversion"}, True),
        ({"event": "conversion", "operator": "equals", "value": 4}, True),
        ({"event": "conversion", "value": 5}, False),
        ({"event": "conversion", "operator": "equals"}, False),
        ({"event": "click", "operator": "equals", "value": 0}, True),
        ({"event": "click", "operator": "less_than", "value": 1}, True),
        ({"event": "never", "operator": "not_equals"}, True),
        # fsum of 0.1, 0.2, 0.3 is 0.6; adding from the left gives 0.6000000000000001.
        ({**SUM, "operator": "equals", "value": 0.6}, True),
        (SUM, False),
        ({"event": "click", "measure": {"sum": "amount"}, "operator": "equals", "value": 0}, True),
        ({**PLANS, "operator": "equals", "value": 2}, True),
        ({"event": "conversion", "measure": {"distinct": "amount"}, "value": 4}, False),
        ({"event": "conversion", "within": "2h", "operator": "equals", "value": 2}, True),
        ({"event": "conversion", "since": "now-2h", "operator": "equals", "value": 3}, True),
        ({"event": "conversion", "until": "now-2h", "operator": "equals", "value": 2}, True),
        ({"sequence": [{"event": "conversion"}] * 4}, True),
        ({"sequence": [{"event": "conversion"}] * 5}, False),
        ({"sequence": [{"event": "conversion"}] * 5, "operator": "did_not"}, True),
        ({"sequence": [{"event": "conversion"}] * 2, "gap": "59m"}, False),
        ({"sequence": [{"event": "conversion"}] * 2, "gap": "60m"}, True),
        ({"sequence": [{"event": "conversion"}] * 3, "within": "2h"}, False),
        ({"field": "engagement.revenue", "operator": "equals", "value": 0.6}, True),
        ({"field": "engagement.total_conversions", "operator": "equals", "value": 4}, True),
        ({"field": "engagement.total_opens", "operator": "equals", "value": 0}, True),
        ({"field": "engagement.total_opens", "operator": "is_empty"}, False),
        ({"field": "engagement.last_opened_at", "operator": "is_empty"}, True),
        ({"field": "engagement.last_activity_at", "operator": "equals", "value": "now"}, True),
        ({"field": "engagement.opened_last_email", "operator": "is_empty"}, True),
    ],
)  # fmt: skip
def test_a_rule_about_events_reads_as_the_specification_says(
    rule: dict[str, Any],
    answer: bool,  # noqa: FBT001
) -> None:
    assert _is_in(_world({}, SPENT), rule) is answer


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ([("plan", "equals", "pro")], 2),
        ([("plan", "not_equals", "pro")], 2),
        ([("plan", "starts_with", "PRO")], 3),
        ([("amount", "is_empty", None)], 1),
        ([("amount", "less_than", 0.25)], 2),
        ([("hour", "equals", 12)], 1),
        ([("weekday", "equals", 5)], 4),
        ([("plan", "equals", "pro"), ("amount", "is_not_empty", None)], 1),
        ([("unseen", "not_contains", "x")], 4),
        ([("unseen", "greater_than", 3)], 0),
    ],
)
def test_where_sees_properties_and_the_clock(
    conditions: list[tuple[str, str, object]], answer: int
) -> None:
    rules = [{"field": one, "operator": two, "value": three} for one, two, three in conditions]
    where = {"match": "all", "conditions": rules}
    rule = {"event": "conversion", "where": where, "operator": "equals", "value": answer}
    assert _is_in(_world({}, SPENT), rule)


def test_baselines_add_to_totals_and_the_later_date_counts() -> None:
    row = {"total_opens": 5, "revenue": 0.1, "last_opened_at": NOW + 1, "last_clicked_at": NOW - 5}
    world = _world(
        row, [{"kind": "open", "at": NOW - HOUR}, {"kind": "conversion", "at": NOW, "amount": 0.2}]
    )
    assert _is_in(world, {"field": "engagement.total_opens", "operator": "equals", "value": 6})
    revenue = {"field": "engagement.revenue", "operator": "equals", "value": 0.1 + 0.2}
    assert _is_in(world, revenue)
    opened = {"field": "engagement.last_opened_at", "operator": "equals"}
    assert _is_in(world, {**opened, "value": "2024-03-15T11:00:00Z"})
    assert _is_in(world, {**opened, "value": "2024-03-15T12:00:00.001Z"}, NOW + 1)
    world.load_contacts([{"id": "c", "total_opens": 1, "last_opened_at": None}])
    assert _is_in(world, {"field": "engagement.total_opens", "operator": "equals", "value": 2})
    assert _is_in(world, {**opened, "value": "2024-03-15T11:00:00Z"}, NOW + 1)


def test_of_events_at_one_millisecond_the_later_recorded_is_the_later() -> None:
    opens = [{"kind": "open", "at": NOW, "device": name} for name in ("mobile", "desktop")]
    device = {"field": "engagement.last_opened_device", "operator": "equals", "value": "desktop"}
    assert _is_in(_world({}, opens), device)
    assert _is_in(
        _world({}, [*opens, {"kind": "open", "at": NOW}]), {**device, "operator": "is_empty"}
    )


def test_preferred_hours_tie_to_the_smallest() -> None:
    opens = [{"kind": "open", "at": NOW + hours * HOUR} for hours in (-2, -3, -26, -27, -1)]
    rule = {"field": "engagement.preferred_open_hour", "operator": "equals", "value": 9}
    assert _is_in(_world({}, opens), rule)


@pytest.mark.parametrize(
    ("campaigns_opened", "last_sent", "operator", "operand"),
    [
        (["a"], "a", "equals", True),
        (["a"], "b", "equals", False),
        ([None], "b", "equals", False),
        (["a"], None, "is_empty", None),
    ],
)
def test_the_last_email_is_opened_when_its_campaign_is(
    campaigns_opened: list[str | None], last_sent: str | None, operator: str, operand: object
) -> None:
    events: list[dict[str, Any]] = [{"kind": "sent", "at": NOW - 2, "campaign": "a"}]
    events += [{"kind": "open", "at": NOW - 9, "campaign": one} for one in campaigns_opened]
    events += [{"kind": "sent", "at": NOW - 1, "campaign": last_sent}]
    rule = {"field": "engagement.opened_last_email", "operator": operator, "value": operand}
    assert _is_in(_world({}, events), rule)


@pytest.mark.parametrize(
    ("match", "conditions", "answer"), [("all", [], True), ("any", [], False), ("none", [], True)]
)
def test_nothing_is_everybody_for_all_and_nobody_for_any(
    match: str,
    conditions: list[Any],
    answer: bool,  # noqa: FBT001
) -> None:
    assert _is_in(_world({}), {"match": match, "conditions": conditions}) is answer


def test_an_exclusion_takes_away_and_a_segment_means_its_definition_now() -> None:
    world = _world({"city": "Oslo"})
    oslo = {"field": "contact.city", "operator": "equals", "value": "Oslo"}
    everybody = {"match": "all", "groups": []}
    without = {**everybody, "exclusions": [{"match": "all", "conditions": [oslo]}]}
    world.define_segment("s", without)
    assert members(world, without, NOW) == []
    assert not _is_in(world, {"segment": "s"})
    assert _is_in(world, {"segment": "s", "operator": "not_in"})
    world.load_contacts([{"id": "c", "city": ""}])
    assert _is_in(world, {"segment": "s"})


def test_a_sample_is_exact() -> None:
    # `printf 's\\0a' | b2sum -l 64` gives 697113b519b1e4a8: 41.18816678180291048… per cent.
    assert sampled(41.18816678180292, "s", "a")
    assert not sampled(41.18816678180291, "s", "a")
    assert sampled(100, "s", "a")
    assert not sampled(0, "s", "a")


def test_a_sample_grows_with_its_percent() -> None:
    ids = [f"c{number}" for number in range(1_000)]
    tenth = {one for one in ids if sampled(10, "s", one)}
    half = {one for one in ids if sampled(50.0, "s", one)}
    assert tenth < half
    assert (60 < len(tenth) < 140, 440 < len(half) < 560) == (True, True)
