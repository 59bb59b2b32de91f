"""A definition becomes the plan that is written here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bitseg.columns.tests import ArrayHas, BooleanIs, NumberIn, Present, StringIn, StringLike
from bitseg.fields import DataType
from bitseg.plan.compile import compile_condition, compile_definition
from bitseg.plan.nodes import (
    EVERYONE,
    NOBODY,
    Both,
    Either,
    EventLeaf,
    FieldLeaf,
    Not,
    Plan,
    SegmentLeaf,
    SequenceLeaf,
    Span,
    show,
)
from bitseg.rulebook import Rulebook
from bitseg.rules.nodes import Definition, Group, SegmentRule
from tests.engine.making import Json, all_of, engine_of, field, group

INF = float("inf")
EVER = Span(None, None, None)
ROME = FieldLeaf("contact.city", "string", StringIn(("Rome",)))


def _read(rules: Json) -> Definition:
    engine = engine_of("a")
    engine.define_segment("s", ["a"])
    rulebook: Rulebook = engine._rulebook  # noqa: SLF001 - the plan is no answer of the engine's
    return rulebook.read(rules)


def _plan(*conditions: Json, **more: Any) -> Plan:
    return compile_definition(_read(all_of(*conditions, **more)))


def _leaf(path: str, data_type: DataType, test: Any) -> FieldLeaf:
    return FieldLeaf(path, data_type, test)


def _opens(*intervals: tuple[float, float]) -> EventLeaf:
    return EventLeaf("open", None, "count", "", EVER, intervals)


@pytest.mark.parametrize(
    ("operator", "value", "plan"),
    [
        ("equals", "Rome", ROME),
        ("not_equals", "Rome", Not(ROME)),
        ("in", ["Rome"], ROME),
        ("not_in", ["Rome"], Not(ROME)),
        ("contains", "ROME", _leaf("contact.city", "string", StringLike("contains", "ROME"))),
        (
            "not_contains",
            "x",
            Not(_leaf("contact.city", "string", StringLike("contains", "x"))),
        ),
        ("is_not_empty", None, _leaf("contact.city", "string", Present())),
        ("is_empty", None, Not(_leaf("contact.city", "string", Present()))),
    ],
)
def test_a_string_rule_and_its_negative_share_a_leaf(operator: str, value: Any, plan: Plan) -> None:
    assert _plan(field("contact.city", operator, value)) == plan


@pytest.mark.parametrize(
    ("path", "operator", "value", "plan"),
    [
        ("lead_score", "equals", 2, _leaf("lead_score", "number", NumberIn(((2.0, 2.0),)))),
        (
            "lead_score",
            "not_between",
            [1, 2],
            Not(_leaf("lead_score", "number", NumberIn(((1.0, 2.0),)))),
        ),
        (
            "lead_score",
            "not_in",
            [2, 1],
            Not(_leaf("lead_score", "number", NumberIn(((1.0, 1.0), (2.0, 2.0))))),
        ),
        ("bounced", "not_equals", True, Not(_leaf("bounced", "boolean", BooleanIs(value=True)))),
        ("tags", "contains", "x", _leaf("tags", "array", ArrayHas(("x",), "any"))),
        ("tags", "contains_all", ["x", "y"], _leaf("tags", "array", ArrayHas(("x", "y"), "all"))),
        ("tags", "contains_none", ["x"], Not(_leaf("tags", "array", ArrayHas(("x",), "any")))),
    ],
)
def test_each_type_has_its_test(path: str, operator: str, value: Any, plan: Plan) -> None:
    text = json.dumps(show(plan)).replace(f'"{path}"', f'"contact.{path}"')
    assert json.dumps(show(_plan(field(f"contact.{path}", operator, value)))) == text


@pytest.mark.parametrize(
    ("operator", "value", "plan"),
    [
        ("greater_or_equal", 1, _opens((1.0, INF))),
        ("less_than", 1, Not(_opens((1.0, INF)))),
        ("equals", 0, Not(_opens((5e-324, INF)))),
        ("not_equals", 0, _opens((5e-324, INF))),
        ("not_equals", 3, Not(_opens((3.0, 3.0)))),
        ("greater_or_equal", 0, EVERYONE),
        ("greater_or_equal", -1, EVERYONE),
        ("less_than", 0, NOBODY),
        ("not_between", [1, 2], Not(_opens((1.0, 2.0)))),
        ("not_between", [0, 2], _opens((2.0000000000000004, INF))),
    ],
)
def test_a_leaf_of_events_never_holds_contacts_without_any(
    operator: str, value: Any, plan: Plan
) -> None:
    assert _plan({"event": "open", "operator": operator, "value": value}) == plan


def test_a_derived_number_is_never_missing_and_zero_without_events() -> None:
    path = "engagement.total_opens"
    some = _leaf(path, "number", NumberIn(((2.0, INF),)))
    assert _plan(field(path, "is_not_empty")) == EVERYONE
    assert _plan(field(path, "is_empty")) == NOBODY
    assert _plan(field(path, "greater_or_equal", 2)) == some
    assert _plan(field(path, "less_or_equal", 1)) == Not(
        _leaf(path, "number", NumberIn(((1.0000000000000002, INF),)))
    )
    assert _plan(field("engagement.preferred_open_hour", "is_empty")) == Not(
        _leaf("engagement.preferred_open_hour", "number", Present())
    )


def test_exclusions_are_taken_away_and_segments_stay_references() -> None:
    rules = all_of(
        field("contact.city", "equals", "Rome"),
        exclusions=({"segment": "s"}, {"segment": "s", "operator": "not_in"}),
    )
    assert compile_definition(_read(rules)) == ROME
    rules["exclusions"] = [group("any", {"segment": "s"})]
    assert compile_definition(_read(rules)) == Both((ROME, Not(SegmentLeaf("s"))))


@pytest.mark.parametrize(
    ("match", "inner", "plan"),
    [
        ("all", "all", EVERYONE),
        ("all", "any", NOBODY),
        ("all", "none", EVERYONE),
        ("any", "all", EVERYONE),
        ("any", "none", EVERYONE),
    ],
)
def test_groups_of_nothing_say_everybody_or_nobody(match: str, inner: str, plan: Plan) -> None:
    assert compile_definition(_read({"match": match, "groups": [group(inner)]})) == plan
    assert compile_definition(_read({"match": "all", "groups": []})) == EVERYONE
    assert compile_definition(_read({"match": "any", "groups": []})) == NOBODY


def test_a_sequence_and_its_complement_share_a_leaf() -> None:
    steps: Json = {"sequence": [{"event": "sent"}, {"event": "open"}]}
    did = _plan(steps)
    assert isinstance(did, SequenceLeaf)
    assert _plan({**steps, "operator": "did_not"}) == Not(did)


def test_a_sample_of_nobody_is_nobody() -> None:
    assert _plan({"sample": 0, "seed": "x"}) == NOBODY
    assert _plan({"sample": 10.0, "seed": "x"}) == _plan({"sample": 10, "seed": "x"})


def test_a_condition_on_its_own_has_the_plan_it_has_in_a_definition() -> None:
    definition = _read(all_of(field("contact.city", "not_equals", "Rome")))
    assert compile_condition(definition.groups[0].conditions[0]) == Not(ROME)
    assert compile_condition(Group("none", (SegmentRule("s"),))) == Not(SegmentLeaf("s"))


def test_a_plan_shows_itself_as_json() -> None:
    plan = _plan(
        group("any", {"segment": "s"}, field("contact.created_at", "not_equals", "today")),
        {"event": "open", "within": "3d", "measure": {"distinct": "campaign"}, "value": 2},
    )
    assert isinstance(plan, Both)
    assert isinstance(plan.parts[0], Either)
    assert json.loads(json.dumps(show(plan))) == {
        "type": "Both",
        "parts": [
            {
                "type": "Either",
                "parts": [
                    {"type": "SegmentLeaf", "segment": "s"},
                    {
                        "type": "Not",
                        "of": {
                            "type": "FieldLeaf",
                            "field": "contact.created_at",
                            "data_type": "date",
                            "test": {
                                "type": "FieldRule",
                                "field": "contact.created_at",
                                "operator": "equals",
                                "value": {"type": "Relative", "anchor": "today", "steps": []},
                                "data_type": "date",
                            },
                        },
                    },
                ],
            },
            {
                "type": "EventLeaf",
                "event": "open",
                "where": None,
                "measure": "distinct",
                "of": "campaign",
                "span": {
                    "type": "Span",
                    "within": {"type": "Duration", "number": 3, "unit": "d"},
                    "since": None,
                    "until": None,
                },
                "intervals": [[2.0, INF]],
            },
        ],
    }
