"""Conditions and field rules that are not valid, and where the fault is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.rules.refusals import of_leaf
from tests.engine.rules.views import field

KINDS: list[tuple[Any, str, str]] = [
    ({}, "", "unknown_condition"),
    ({"feild": "contact.email"}, "", "unknown_condition"),
    (None, "", "wrong_type"),
    ("contact.email", "", "wrong_type"),
    ({**field("contact.email", "is_empty"), "event": "open"}, "", "ambiguous_condition"),
    ({"segment": "vip", "sample": 5, "seed": "s"}, "", "ambiguous_condition"),
    ({"match": "all", "conditions": [], "field": "contact.email"}, "", "ambiguous_condition"),
    ({"match": "all"}, "conditions", "missing_key"),
    ({"conditions": []}, "match", "missing_key"),
    ({**field("contact.email", "is_empty"), "within": "30d"}, "within", "unknown_key"),
    ({**field("contact.email", "is_empty"), "datatype": "string"}, "datatype", "unknown_key"),
    ({"segment": "vip", "seed": "s"}, "seed", "unknown_key"),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), KINDS, ids=[f"{row[0]!r:.70} {row[2]}" for row in KINDS]
)
def test_a_condition_of_no_clear_kind_has_one_fault(raw: object, path: str, code: str) -> None:
    assert of_leaf(raw) == [(path, code)]


FIELDS: list[tuple[Any, str, str]] = [
    (field("contact.emial", "is_empty"), "field", "unknown_field"),
    (field("email", "is_empty"), "field", "unknown_field"),
    (field("customField.nobody_has", "is_empty"), "field", "unknown_field"),
    (field("", "is_empty"), "field", "empty"),
    (field("\ud800", "is_empty"), "field", "not_unicode"),
    (field("x" * 4_097, "is_empty"), "field", "too_long"),
    ({"field": None, "operator": "is_empty"}, "field", "wrong_type"),
    ({"field": ["contact.email"], "operator": "is_empty"}, "field", "wrong_type"),
    # types
    ({**field("contact.email", "is_empty"), "dataType": "number"}, "dataType", "wrong_data_type"),
    ({**field("contact.email", "is_empty"), "dataType": "text"}, "dataType", "unknown_word"),
    ({**field("contact.email", "is_empty"), "dataType": None}, "dataType", "wrong_type"),
    # operators
    ({"field": "contact.email"}, "operator", "missing_key"),
    ({"field": "contact.email", "operator": None}, "operator", "wrong_type"),
    (field("contact.email", "greater_than", "a"), "operator", "unknown_word"),
    (field("contact.lead_score", "contains", 1), "operator", "unknown_word"),
    (field("contact.unsubscribed", "in", [True]), "operator", "unknown_word"),
    (field("contact.tags", "equals", "a"), "operator", "unknown_word"),
    (field("contact.created_at", "contains", "2024"), "operator", "unknown_word"),
    (field("contact.email", "Equals", "a"), "operator", "unknown_word"),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), FIELDS, ids=[f"{row[0]!r:.70} {row[2]}" for row in FIELDS]
)
def test_a_rule_with_a_wrong_field_type_or_operator_has_one_fault(
    raw: object, path: str, code: str
) -> None:
    assert of_leaf(raw) == [(path, code)]


VALUES: list[tuple[Any, str, str]] = [
    (field("contact.email", "equals"), "value", "missing_key"),
    (field("contact.email", "equals", None), "value", "wrong_type"),
    (field("contact.email", "equals", ""), "value", "empty"),
    (field("contact.email", "equals", 5), "value", "wrong_type"),
    (field("contact.email", "equals", ["a"]), "value", "wrong_type"),
    (field("contact.email", "equals", {"a": 1}), "value", "wrong_type"),
    (field("contact.email", "equals", "x" * 4_097), "value", "too_long"),
    (field("contact.email", "equals", "a\udfff"), "value", "not_unicode"),
    (field("contact.email", "in", []), "value", "empty"),
    (field("contact.email", "in", None), "value", "wrong_type"),
    (field("contact.email", "in", "a"), "value", "wrong_type"),
    (field("contact.email", "in", ["a", ""]), "value[1]", "empty"),
    (field("contact.email", "in", ["a", None]), "value[1]", "wrong_type"),
    (field("contact.email", "in", ["a"] * 10_001), "value", "too_long"),
    (field("contact.email", "is_empty", "x"), "value", "wrong_type"),
    (field("contact.email", "is_empty", value=False), "value", "wrong_type"),
    (field("contact.email", "is_not_empty", []), "value", "wrong_type"),
    (field("contact.tags", "contains", ""), "value", "empty"),
    (field("contact.tags", "contains_any", []), "value", "empty"),
    (field("contact.tags", "contains_all", ["a", 1]), "value[1]", "wrong_type"),
    (field("contact.tags", "contains_none", ["", "a"]), "value[0]", "empty"),
    (field("contact.unsubscribed", "equals", "true"), "value", "wrong_type"),
    (field("contact.unsubscribed", "equals", 1), "value", "wrong_type"),
    (field("contact.unsubscribed", "equals", None), "value", "wrong_type"),
    (field("contact.lead_score", "equals", value=True), "value", "wrong_type"),
    (field("contact.lead_score", "equals", "5"), "value", "wrong_type"),
    (field("contact.lead_score", "equals", float("nan")), "value", "not_finite"),
    (field("contact.lead_score", "equals", float("-inf")), "value", "not_finite"),
    (field("contact.lead_score", "equals", Decimal("1e400")), "value", "not_finite"),
    (field("contact.lead_score", "equals", Decimal("sNaN")), "value", "not_finite"),
    (field("contact.lead_score", "equals", 10**400), "value", "not_finite"),
    (field("contact.lead_score", "equals", 1j), "value", "wrong_type"),
    (field("contact.lead_score", "in", [1, False]), "value[1]", "wrong_type"),
    (field("contact.lead_score", "between", 1), "value", "wrong_type"),
    (field("contact.lead_score", "between", [1]), "value", "wrong_type"),
    (field("contact.lead_score", "between", [1, 2, 3]), "value", "wrong_type"),
    (field("contact.lead_score", "between", [2, 1]), "value", "crossed"),
    (field("contact.lead_score", "not_between", [2, 1]), "value", "crossed"),
    (field("contact.lead_score", "between", [1, None]), "value[1]", "wrong_type"),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), VALUES, ids=[f"{row[0]!r:.70} {row[2]}" for row in VALUES]
)
def test_a_wrong_value_has_one_fault(raw: object, path: str, code: str) -> None:
    assert of_leaf(raw) == [(path, code)]


DATES: list[tuple[Any, str, str]] = [
    (field("contact.created_at", "equals", ""), "value", "invalid_date"),
    (field("contact.created_at", "equals", 1_700_000_000_000), "value", "invalid_date"),
    (field("contact.created_at", "equals", value=True), "value", "invalid_date"),
    (field("contact.created_at", "equals", "2023-02-29"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "31.01.2024"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "2024-01-31T24:00"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "0000-01-01"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "0001-01-01T00:00+01:00"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "Today"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "today - 7d"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "today-7"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "today-7D"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "today7d"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "now-1.5d"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "now-"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "now+٣d"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "now-" + "9" * 19 + "d"), "value", "invalid_date"),
    (field("contact.created_at", "equals", "now" + "-1d" * 2_000), "value", "too_long"),
    (field("contact.created_at", "in", []), "value", "empty"),
    (field("contact.created_at", "in", ["now", "then"]), "value[1]", "invalid_date"),
    (field("contact.created_at", "between", ["now"]), "value", "wrong_type"),
    (
        field("contact.created_at", "between", ["2024-01-02", "2024-01-01"]),
        "value",
        "crossed",
    ),
    (
        field("contact.created_at", "between", ["2024-01-01T10:00:00.001Z", "2024-01-01T10:00Z"]),
        "value",
        "crossed",
    ),
    (
        field("contact.created_at", "not_between", ["2024-01-02", "2024-01-01T23:59:59"]),
        "value",
        "crossed",
    ),
    (field("contact.created_at", "within_last", 30), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", ""), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "0d"), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "-1d"), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "1.5d"), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "30 d"), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "30"), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "30days"), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "1d\n"), "value", "invalid_duration"),
    (field("contact.created_at", "within_last", "1d12h"), "value", "invalid_duration"),
    (field("contact.created_at", "anniversary", "0d"), "value", "invalid_duration"),
    (field("contact.created_at", "anniversary", "366d"), "value", "invalid_duration"),
    (field("contact.created_at", "anniversary", "1w"), "value", "invalid_duration"),
    (field("contact.created_at", "anniversary", "tomorrow"), "value", "invalid_duration"),
    (field("contact.created_at", "anniversary", 7), "value", "invalid_duration"),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), DATES, ids=[f"{row[0]!r:.70} {row[2]}" for row in DATES]
)
def test_a_wrong_date_has_one_fault(raw: object, path: str, code: str) -> None:
    assert of_leaf(raw) == [(path, code)]
