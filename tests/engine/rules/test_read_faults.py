"""Definitions that are not valid: every fault, where it is, and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg.operators import MEASURE_OPERATORS, operators_for
from tests.engine.rules.refusals import faults, found, refusal
from tests.engine.rules.views import deep, field, rules, where

DEFINITIONS: list[tuple[Any, list[tuple[str, str]]]] = [
    (None, [("", "wrong_type")]),
    ([], [("", "wrong_type")]),
    (5, [("", "wrong_type")]),
    ({}, [("match", "missing_key"), ("groups", "missing_key")]),
    ({"match": "none", "groups": []}, [("match", "unknown_word")]),
    ({"match": None, "groups": []}, [("match", "wrong_type")]),
    ({"match": "ALL", "groups": []}, [("match", "unknown_word")]),
    ({"match": "all", "groups": {}}, [("groups", "wrong_type")]),
    ({"match": "all", "groups": None}, [("groups", "wrong_type")]),
    ({"match": "all", "groups": [], "exclusions": None}, [("exclusions", "wrong_type")]),
    ({"match": "all", "groups": [], "exclusion": []}, [("exclusion", "unknown_key")]),
    ({"match": "all", "groups": [None]}, [("groups[0]", "wrong_type")]),
    ({"match": "all", "groups": [[]]}, [("groups[0]", "wrong_type")]),
    (
        {"match": "all", "groups": [{}]},
        [("groups[0].match", "missing_key"), ("groups[0].conditions", "missing_key")],
    ),
    (
        {"match": "all", "groups": [{"match": "all", "conditions": "x"}]},
        [("groups[0].conditions", "wrong_type")],
    ),
    (
        {"match": "all", "groups": [{"match": "all", "conditions": [], "name": None}]},
        [("groups[0].name", "wrong_type")],
    ),
    (
        {"match": "all", "groups": [], "exclusions": [{"match": "all", "conditions": [1]}]},
        [("exclusions[0].conditions[0]", "wrong_type")],
    ),
    ({"match": "all", "groups": [], 5: 1}, [("", "wrong_type")]),
    ({"match": "all", "groups": [where()] * 501}, [("groups", "too_many")]),
]


@pytest.mark.parametrize(
    ("raw", "expected"), DEFINITIONS, ids=[f"{row[0]!r:.60}" for row in DEFINITIONS]
)
def test_a_definition_out_of_shape(raw: object, expected: list[tuple[str, str]]) -> None:
    assert found(raw) == expected


def test_every_fault_is_found_at_once() -> None:
    raw = {
        "match": "some",
        "groups": [
            {"match": "all", "conditions": [field("contact.emial", "equal", 5), {"event": "Open"}]},
            {"match": "all", "conditions": [], "nmae": "x"},
        ],
        "exclusions": [
            where(
                {"event": "open", "within": "0d", "since": "x", "operator": "in", "measure": 1},
                where({"sequence": [{}, 5], "gap": "1y"}),
            )
        ],
        "notes": "",
    }
    exclusion = "exclusions[0].conditions"
    assert found(raw) == [
        ("notes", "unknown_key"),
        ("match", "unknown_word"),
        ("groups[0].conditions[0].field", "unknown_field"),
        ("groups[0].conditions[0].operator", "unknown_word"),
        ("groups[0].conditions[1].event", "invalid_name"),
        ("groups[1].nmae", "unknown_key"),
        (f"{exclusion}[0].within", "invalid_duration"),
        (f"{exclusion}[0].since", "invalid_date"),
        (f"{exclusion}[0].measure", "wrong_type"),
        (f"{exclusion}[0].operator", "unknown_word"),
        (f"{exclusion}[1].conditions[0].sequence[0].event", "missing_key"),
        (f"{exclusion}[1].conditions[0].sequence[1]", "wrong_type"),
        (f"{exclusion}[1].conditions[0].gap", "invalid_duration"),
    ]


def test_keys_that_stand_twice_are_faults_at_any_depth() -> None:
    text = """{"match": "all", "match": "any", "groups": [{"match": "all", "conditions": [
        {"field": "contact.email", "operator": "is_empty", "field": "contact.email"},
        {"event": "open", "measure": {"sum": "amount", "sum": "amount"}},
        {"sequence": [{"event": "open", "event": "open"}, {"event": "click"}]}
    ]}]}"""
    assert found(text) == [
        ("match", "repeated_key"),
        ("groups[0].conditions[0].field", "repeated_key"),
        ("groups[0].conditions[1].measure.sum", "repeated_key"),
        ("groups[0].conditions[2].sequence[0].event", "repeated_key"),
    ]


MESSAGES: list[tuple[Any, str, tuple[str, ...]]] = [
    (
        field("contact.emial", "is_empty"),
        "Expected a field, got 'contact.emial'. Did you mean 'contact.email'?",
        (),
    ),
    (
        field("total_opens", "is_empty"),
        "Expected a field, got 'total_opens'. Did you mean 'engagement.total_opens'?",
        (),
    ),
    (
        field("plan", "is_empty"),
        "Expected a field, got 'plan'. Did you mean 'customField.plan'?",
        (),
    ),
    (
        field("zzz", "is_empty"),
        "Expected a field, got 'zzz'",
        (),
    ),
    (
        field("contact.email", "contain", "x"),
        "Expected an operator for string, got 'contain'. Did you mean 'contains'?",
        operators_for("string"),
    ),
    (
        {"event": "open", "operator": "contains"},
        "Expected an operator for a measure, got 'contains'",
        MEASURE_OPERATORS,
    ),
    (
        {**field("contact.email", "is_empty"), "dataType": "number"},
        "Expected string, the field's type, got number",
        ("string",),
    ),
    (
        {"field": "contact.email", "opreator": "is_empty", "operator": "is_empty"},
        "Expected a key of a field rule, got 'opreator'. Did you mean 'operator'?",
        ("field", "operator", "value", "dataType"),
    ),
    (
        {"segment": "newcomer"},
        "Expected a segment, got 'newcomer'. Did you mean 'newcomers'?",
        (),
    ),
    (
        field("contact.lead_score", "equals", value=True),
        "Expected a number, got true",
        (),
    ),
    (
        field("contact.lead_score", "between", [2, 1]),
        "Expected a pair in order, got 2 before 1",
        (),
    ),
    (
        {"event": "open", "field": "contact.email"},
        "Expected one kind of condition, got keys of a field rule and an event rule",
        (),
    ),
    (
        field("contact.email", "equals", []),
        "Expected a string, got an empty list",
        (),
    ),
]


@pytest.mark.parametrize(("raw", "message", "allowed"), MESSAGES, ids=[row[1] for row in MESSAGES])
def test_a_fault_says_what_would_be_right(
    raw: object, message: str, allowed: tuple[str, ...]
) -> None:
    (fault,) = faults(rules(raw))
    assert (fault.message, fault.allowed) == (message, allowed)


SAVED: list[tuple[Any, list[str]]] = [
    ({"match": "all", "groups": []}, ["groups"]),
    ({"match": "all", "groups": [where()]}, ["groups[0].conditions"]),
    (rules(where()), ["groups[0].conditions[0].conditions"]),
    (
        rules({"event": "open", "where": where()}, exclusions=[where()]),
        ["groups[0].conditions[0].where.conditions", "exclusions[0].conditions"],
    ),
    (
        rules({"sequence": [{"event": "open"}, {"event": "open", "where": where(where())}]}),
        ["groups[0].conditions[0].sequence[1].where.conditions[0].conditions"],
    ),
]


@pytest.mark.parametrize(("raw", "paths"), SAVED)
def test_saving_refuses_what_is_empty(raw: object, paths: list[str]) -> None:
    assert found(raw, saving=True) == [(path, "empty_group") for path in paths]
    assert refusal(raw) is None


def test_groups_deeper_than_sixteen_are_refused() -> None:
    leaf = field("contact.email", "is_empty")
    path = "groups[0]" + ".conditions[0]" * 16
    assert found(deep(17, leaf)) == [(path, "too_deep")]
    inner = {"event": "open", "where": where(field("url", "is_empty"))}
    assert found(deep(16, inner)) == [(f"{path}.where", "too_deep")]
    assert found(deep(16, {"sequence": [inner, inner]})) == [
        (f"{path}.sequence[0].where", "too_deep"),
        (f"{path}.sequence[1].where", "too_deep"),
    ]


def test_the_conditions_of_where_and_of_nested_groups_count() -> None:
    leaf, inner = field("contact.email", "is_empty"), field("url", "is_empty")
    nested = where(*[leaf] * 249)
    asked = {"event": "open", "where": where(*[inner] * 249)}
    assert refusal(rules(nested, asked)) is None
    assert found(rules(nested, asked, leaf)) == [("groups[0].conditions", "too_many")]
