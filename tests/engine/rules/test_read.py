"""Reading what is valid: each form of a rule, and what it becomes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from bitseg.fields import DATA_TYPES
from bitseg.operators import MEASURE_OPERATORS, OPERATORS, operators_for
from bitseg.rules import read
from bitseg.rules.nodes import (
    Anniversary,
    Condition,
    Day,
    Definition,
    Duration,
    EventRule,
    FieldRule,
    Group,
    Instant,
    Measure,
    Relative,
    SampleRule,
    SegmentRule,
    SequenceRule,
    SequenceStep,
    Step,
)
from tests.engine.rules.views import FIELDS, View, condition, deep, field, ms, rules, where

FIELD_RULES: list[tuple[str, str, Any, Any]] = [
    ("contact.email", "equals", "a@b.example", "a@b.example"),
    ("contact.email", "equals", " ", " "),
    ("contact.email", "equals", "x" * 4_096, "x" * 4_096),
    ("contact.email", "contains", "%", "%"),
    ("contact.country", "in", ["CA", "US", "CA"], ("CA", "US")),
    ("contact.country", "not_in", ("CA",), ("CA",)),
    ("contact.lead_score", "equals", 5, 5.0),
    ("contact.lead_score", "equals", -0.0, 0.0),
    ("contact.lead_score", "equals", Decimal("0.1"), 0.1),
    ("contact.lead_score", "in", [1, 1.0, 2], (1.0, 2.0)),
    ("contact.lead_score", "between", [1, 1], (1.0, 1.0)),
    ("contact.lead_score", "equals", 2**53 + 1, 9007199254740992.0),
    ("contact.unsubscribed", "equals", True, True),
    ("contact.unsubscribed", "not_equals", False, False),
    ("contact.tags", "contains", "a", "a"),
    ("contact.tags", "contains_all", ["b", "a", "b"], ("b", "a")),
    ("contact.created_at", "equals", "2024-01-31", Day(19753)),
    ("contact.created_at", "equals", date(2024, 1, 31), Day(19753)),
    ("contact.created_at", "equals", "2024-01-31T10:00", Instant(ms("2024-01-31T09:00Z"))),
    ("contact.created_at", "equals", "2024-01-31 10:00Z", Instant(ms("2024-01-31T10:00Z"))),
    ("contact.created_at", "equals", "now", Relative("now")),
    ("contact.created_at", "equals", "now-30d", Relative("now", (Step(-30, "d"),))),
    (
        "contact.created_at",
        "greater_than",
        "today+1M-0s",
        Relative("today", (Step(1, "M"), Step(0, "s"))),
    ),
    ("contact.created_at", "in", ["now", "2024-01-31"], (Relative("now"), Day(19753))),
    ("contact.created_at", "between", ["2024-01-31", "2024-01-31"], (Day(19753), Day(19753))),
    (
        "contact.created_at",
        "between",
        ["2024-01-31T10:00", "2024-01-31"],
        (Instant(ms("2024-01-31T09:00Z")), Day(19753)),
    ),
    (
        "contact.created_at",
        "between",
        ["now", "now-1d"],
        (Relative("now"), Relative("now", (Step(-1, "d"),))),
    ),
    ("contact.created_at", "within_last", "30d", Duration(30, "d")),
    ("contact.created_at", "within_last", "1M", Duration(1, "M")),
    ("contact.created_at", "anniversary", "today", Anniversary(0)),
    ("contact.created_at", "anniversary", "this_month", Anniversary(None)),
    ("contact.created_at", "anniversary", "365d", Anniversary(365)),
    ("contact.email", "is_empty", ..., None),
    ("contact.email", "is_empty", None, None),
    ("customField.plan", "is_not_empty", ..., None),
]


@pytest.mark.parametrize(
    ("path", "operator", "raw", "value"),
    FIELD_RULES,
    ids=[f"{row[0]} {row[1]} {row[2]!r:.40}" for row in FIELD_RULES],
)
def test_a_field_rule_has_its_value(path: str, operator: str, raw: Any, value: Any) -> None:
    found = condition(field(path, operator, raw))
    assert found == FieldRule(path, operator, value, FIELDS[path].data_type)


PYTHON_DATES = [
    (datetime(2024, 1, 31, 10, tzinfo=UTC), "2024-01-31T10:00Z"),
    (datetime(2024, 1, 31, 10, tzinfo=timezone(timedelta(hours=-5))), "2024-01-31T15:00Z"),
    (datetime(2024, 1, 31, 10), "2024-01-31T09:00Z"),  # noqa: DTZ001 - Berlin's wall time
    (datetime(2024, 3, 31, 2, 30), "2024-03-31T01:30Z"),  # noqa: DTZ001 - skipped in Berlin
    (datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), "1969-12-31T23:59:59.999Z"),
]


@pytest.mark.parametrize(("value", "meant"), PYTHON_DATES)
def test_a_datetime_is_a_date_value(value: datetime, meant: str) -> None:
    found = condition(field("contact.created_at", "equals", value))
    assert found == FieldRule("contact.created_at", "equals", Instant(ms(meant)), "date")


def test_every_operator_of_every_type_is_read() -> None:
    paths = {
        "string": "contact.email",
        "number": "contact.lead_score",
        "boolean": "contact.bounced",
        "date": "contact.created_at",
        "array": "contact.tags",
    }
    scalars = {"string": "a", "number": 1, "boolean": True, "date": "today", "array": "a"}
    for data_type in DATA_TYPES:
        one = scalars[data_type]
        values = {
            "none": ...,
            "one": one,
            "list": [one],
            "pair": [one, one],
            "duration": "1d",
            "anniversary": "today",
        }
        for key in operators_for(data_type):
            value = values[OPERATORS[key].arity]
            found = condition(field(paths[data_type], key, value, dataType=data_type))
            assert isinstance(found, FieldRule)
            assert (found.operator, found.data_type) == (key, data_type)


EVENT_RULES: list[tuple[dict[str, Any], EventRule]] = [
    ({}, EventRule("open", None, None, None, None, Measure("count"), "greater_or_equal", 1.0)),
    ({"value": 5}, EventRule("open", value=5.0)),
    ({"value": 2.5}, EventRule("open", value=2.5)),
    ({"operator": "equals", "value": 0}, EventRule("open", operator="equals", value=0.0)),
    ({"operator": "less_than"}, EventRule("open", operator="less_than", value=1.0)),
    (
        {"operator": "between", "value": [1, 3]},
        EventRule("open", operator="between", value=(1.0, 3.0)),
    ),
    ({"within": "30d"}, EventRule("open", within=Duration(30, "d"))),
    (
        {"since": "2024-01-31", "until": "now-1h"},
        EventRule("open", since=Day(19753), until=Relative("now", (Step(-1, "h"),))),
    ),
    ({"measure": "count"}, EventRule("open")),
    ({"measure": {"sum": "amount"}}, EventRule("open", measure=Measure("sum", "amount"))),
    ({"measure": {"sum": "never_seen"}}, EventRule("open", measure=Measure("sum", "never_seen"))),
    (
        {"measure": {"distinct": "campaign"}},
        EventRule("open", measure=Measure("distinct", "campaign")),
    ),
    (
        {"where": where(field("campaign", "equals", "x"))},
        EventRule("open", where=Group("all", (FieldRule("campaign", "equals", "x", "string"),))),
    ),
    ({"where": where()}, EventRule("open", where=Group("all", ()))),
]


@pytest.mark.parametrize(
    ("raw", "node"), EVENT_RULES, ids=[json.dumps(row[0]) for row in EVENT_RULES]
)
def test_an_event_rule_fills_in_its_defaults(raw: dict[str, Any], node: EventRule) -> None:
    assert condition({"event": "open", **raw}) == node


def test_every_measure_operator_is_read() -> None:
    for key in MEASURE_OPERATORS:
        value = [1, 2] if OPERATORS[key].arity == "pair" else 1
        found = condition({"event": "webinar_joined", "operator": key, "value": value})
        assert isinstance(found, EventRule)
        assert found.operator == key


PROPERTIES: list[tuple[dict[str, Any], Any, str]] = [
    (field("hour", "between", [9, 17]), (9.0, 17.0), "number"),
    (field("weekday", "in", [6, 7]), (6.0, 7.0), "number"),
    (field("gift", "equals", value=True), True, "boolean"),
    (field("never_seen", "equals", "x"), "x", "string"),
    (field("never_seen", "equals", 5), 5.0, "number"),
    (field("never_seen", "equals", value=True), True, "boolean"),
    (field("never_seen", "in", ["x"]), ("x",), "string"),
    (field("never_seen", "in", [1]), (1.0,), "number"),
    (field("never_seen", "contains", "x"), "x", "string"),
    (field("never_seen", "between", [1, 2]), (1.0, 2.0), "number"),
    (field("never_seen", "equals", "x", dataType="string"), "x", "string"),
    (field("never_seen", "is_empty", dataType="boolean"), None, "boolean"),
]


@pytest.mark.parametrize(
    ("raw", "value", "data_type"), PROPERTIES, ids=[json.dumps(row[0]) for row in PROPERTIES]
)
def test_a_property_has_its_type_or_the_one_its_value_implies(
    raw: dict[str, Any], value: Any, data_type: str
) -> None:
    found = condition({"event": "open", "where": where(raw)})
    assert isinstance(found, EventRule)
    assert found.where is not None
    assert found.where.conditions == (FieldRule(raw["field"], raw["operator"], value, data_type),)


def test_where_may_nest_groups() -> None:
    nested = {"match": "none", "conditions": [field("device", "equals", "mobile")]}
    found = condition({"event": "open", "where": where(nested)})
    assert isinstance(found, EventRule)
    assert found.where == Group(
        "all", (Group("none", (FieldRule("device", "equals", "mobile", "string"),)),)
    )


def test_a_sequence_is_read_with_its_steps() -> None:
    steps = [
        {"event": "open", "where": where(field("campaign", "is_not_empty"))},
        {"event": "click"},
        {"event": "conversion"},
    ]
    raw = {"sequence": steps, "gap": "2d", "within": "1M", "operator": "did_not"}
    campaign = FieldRule("campaign", "is_not_empty", None, "string")
    assert condition(raw) == SequenceRule(
        (
            SequenceStep("open", Group("all", (campaign,))),
            SequenceStep("click"),
            SequenceStep("conversion"),
        ),
        gap=Duration(2, "d"),
        within=Duration(1, "M"),
        operator="did_not",
    )
    two = {"sequence": [{"event": "open"}, {"event": "open"}]}
    assert condition(two) == SequenceRule((SequenceStep("open"), SequenceStep("open")))


def test_a_segment_is_read() -> None:
    assert condition({"segment": "vip"}) == SegmentRule("vip", "in")
    assert condition({"segment": "vip", "operator": "not_in"}) == SegmentRule("vip", "not_in")


PERCENTS: list[tuple[Any, str]] = [
    (0, "0"),
    (100, "100"),
    (100.0, "100"),
    (12.5, "12.5"),
    (0.1, "0.1"),
    (1e-7, "0.0000001"),
    (-0.0, "0"),
    (Decimal("33.333333333333333333333333333333"), "33.333333333333333333333333333333"),
]


@pytest.mark.parametrize(("raw", "percent"), PERCENTS)
def test_a_sample_keeps_its_percent_exactly(raw: Any, percent: str) -> None:
    found = condition({"sample": raw, "seed": "spring"})
    assert found == SampleRule(Decimal(percent), "spring")


def test_a_seed_may_be_empty() -> None:
    assert condition({"sample": 5, "seed": ""}) == SampleRule(Decimal(5), "")


def test_a_percent_in_json_is_the_decimal_written() -> None:
    text = json.dumps(rules({"sample": 0, "seed": "s"})).replace('"sample": 0', '"sample": 0.10')
    text = text.replace("0.10", "0.1000000000000000000000001")
    (found,) = read(text, View()).groups[0].conditions
    assert found == SampleRule(Decimal("0.1000000000000000000000001"), "s")


def test_a_definition_may_be_a_dict_text_or_bytes() -> None:
    raw = rules(
        field("contact.lead_score", "greater_than", 1.5),
        field("contact.first_name", "equals", "Zoë 🙂"),
        exclusions=[{"match": "none", "conditions": [], "name": "nobody"}],
    )
    raw["match"] = "any"
    expected = Definition(
        "any",
        (
            Group(
                "all",
                (
                    FieldRule("contact.lead_score", "greater_than", 1.5, "number"),
                    FieldRule("contact.first_name", "equals", "Zoë 🙂", "string"),
                ),
            ),
        ),
        (Group("none", (), "nobody"),),
    )
    text = json.dumps(raw, ensure_ascii=False)
    bom = b"\xef\xbb\xbf"
    for given in (raw, text, json.dumps(raw), text.encode(), bytearray(text.encode()),
                  bom + text.encode()):  # fmt: skip
        assert read(given, View()) == expected


def test_what_is_empty_may_be_previewed() -> None:
    assert read({"match": "any", "groups": []}, View()) == Definition("any", ())
    assert read(rules(), View()) == Definition("all", (Group("all", ()),))


def test_what_is_not_empty_may_be_saved() -> None:
    whole = rules({"event": "open", "where": where(field("device", "is_empty"))}, exclusions=[])
    assert read(whole, View(), saving=True) == read(whole, View())


def deepest(node: Condition) -> int:
    if not isinstance(node, Group):
        return 0
    return 1 + max(deepest(each) for each in node.conditions)


def test_groups_may_be_sixteen_deep() -> None:
    leaf = field("contact.email", "is_empty")
    assert deepest(read(deep(16, leaf), View()).groups[0]) == 16
    assert deepest(read(json.dumps(deep(16, leaf)), View()).groups[0]) == 16
    with_where = deep(15, {"event": "open", "where": where(field("url", "is_empty"))})
    assert deepest(read(with_where, View()).groups[0]) == 15


def test_as_much_as_the_limits_allow_is_read() -> None:
    leaf = field("contact.email", "is_empty")
    assert len(read(rules(*[leaf] * 500), View()).groups[0].conditions) == 500
    found = condition(field("contact.lead_score", "in", list(range(10_000))))
    assert isinstance(found, FieldRule)
    assert isinstance(found.value, tuple)
    assert len(found.value) == 10_000


def test_nodes_are_equal_and_hash_by_value() -> None:
    raw = rules(field("contact.country", "in", ["CA"]), {"sample": 5, "seed": "s"})
    assert read(raw, View()) == read(json.dumps(raw), View())
    assert len({read(raw, View()), read(raw, View())}) == 1
