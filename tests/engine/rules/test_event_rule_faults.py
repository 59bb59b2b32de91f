"""Event, sequence, segment and sample rules that are not valid, and where the fault is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.rules.refusals import of_leaf
from tests.engine.rules.views import field, where

EVENTS: list[tuple[Any, str, str]] = [
    ({"event": "Open"}, "event", "invalid_name"),
    ({"event": "e-mail opened"}, "event", "invalid_name"),
    ({"event": "x" * 64}, "event", "invalid_name"),
    ({"event": ""}, "event", "empty"),
    ({"event": None}, "event", "wrong_type"),
    ({"event": "open", "within": None}, "within", "invalid_duration"),
    ({"event": "open", "within": "0d"}, "within", "invalid_duration"),
    ({"event": "open", "since": 5}, "since", "invalid_date"),
    ({"event": "open", "until": "soon"}, "until", "invalid_date"),
    ({"event": "open", "operator": "in", "value": [1]}, "operator", "unknown_word"),
    ({"event": "open", "operator": "is_empty"}, "operator", "unknown_word"),
    ({"event": "open", "value": "5"}, "value", "wrong_type"),
    ({"event": "open", "value": None}, "value", "wrong_type"),
    ({"event": "open", "value": True}, "value", "wrong_type"),
    ({"event": "open", "value": [1, 2]}, "value", "wrong_type"),
    ({"event": "open", "operator": "between"}, "value", "wrong_type"),
    ({"event": "open", "operator": "between", "value": [3, 1]}, "value", "crossed"),
    ({"event": "open", "dataType": "number"}, "dataType", "unknown_key"),
    ({"event": "open", "measure": "sum"}, "measure", "wrong_type"),
    ({"event": "open", "measure": None}, "measure", "wrong_type"),
    ({"event": "open", "measure": {}}, "measure", "wrong_type"),
    ({"event": "open", "measure": {"avg": "amount"}}, "measure", "wrong_type"),
    ({"event": "open", "measure": {"sum": "amount", "distinct": "url"}}, "measure", "invalid"),
    ({"event": "open", "measure": {"sum": "campaign"}}, "measure.sum", "wrong_type"),
    ({"event": "open", "measure": {"sum": "gift"}}, "measure.sum", "wrong_type"),
    ({"event": "open", "measure": {"sum": "hour"}}, "measure.sum", "reserved_name"),
    ({"event": "open", "measure": {"distinct": "weekday"}}, "measure.distinct", "reserved_name"),
    ({"event": "open", "measure": {"distinct": "event_id"}}, "measure.distinct", "reserved_name"),
    ({"event": "open", "measure": {"distinct": ""}}, "measure.distinct", "empty"),
    ({"event": "open", "measure": {"sum": 5}}, "measure.sum", "wrong_type"),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), EVENTS, ids=[f"{row[0]!r:.70} {row[2]}" for row in EVENTS]
)
def test_an_event_rule_has_one_fault(raw: object, path: str, code: str) -> None:
    assert of_leaf(raw) == [(path, code)]


WHERE: list[tuple[Any, str, str]] = [
    ({"event": "open", "where": None}, "where", "wrong_type"),
    ({"event": "open", "where": []}, "where", "wrong_type"),
    ({"event": "open", "where": {"match": "all"}}, "where.conditions", "missing_key"),
    (
        {"event": "open", "where": where({"event": "click"})},
        "where.conditions[0]",
        "unexpected_condition",
    ),
    (
        {"event": "open", "where": where({"segment": "vip"})},
        "where.conditions[0]",
        "unexpected_condition",
    ),
    (
        {"event": "open", "where": where(where({"sample": 1, "seed": "s"}))},
        "where.conditions[0].conditions[0]",
        "unexpected_condition",
    ),
    (
        {"event": "open", "where": where(field("contact.email", "is_empty"))},
        "where.conditions[0].field",
        "invalid_name",
    ),
    (
        {"event": "open", "where": where(field("kind", "equals", "open"))},
        "where.conditions[0].field",
        "reserved_name",
    ),
    (
        {"event": "open", "where": where(field("campaign", "greater_than", 5))},
        "where.conditions[0].operator",
        "unknown_word",
    ),
    (
        {"event": "open", "where": where(field("amount", "equals", "5"))},
        "where.conditions[0].value",
        "wrong_type",
    ),
    (
        {"event": "open", "where": where(field("never_seen", "within_last", "1d"))},
        "where.conditions[0].operator",
        "unknown_word",
    ),
    (
        {"event": "open", "where": where(field("never_seen", "contains", 5))},
        "where.conditions[0].value",
        "wrong_type",
    ),
    (
        {"event": "open", "where": where(field("never_seen", "equals", None))},
        "where.conditions[0].value",
        "wrong_type",
    ),
    (
        {
            "event": "open",
            "where": where({**field("never_seen", "equals", "2024-01-01"), "dataType": "date"}),
        },
        "where.conditions[0].dataType",
        "unknown_word",
    ),
    (
        {"event": "open", "where": where({**field("amount", "equals", 1), "dataType": "string"})},
        "where.conditions[0].dataType",
        "wrong_data_type",
    ),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), WHERE, ids=[f"{row[0]!r:.70} {row[2]}" for row in WHERE]
)
def test_a_where_has_one_fault(raw: object, path: str, code: str) -> None:
    assert of_leaf(raw) == [(path, code)]


SEQUENCES: list[tuple[Any, str, str]] = [
    ({"sequence": []}, "sequence", "wrong_type"),
    ({"sequence": [{"event": "open"}]}, "sequence", "wrong_type"),
    ({"sequence": [{"event": "open"}] * 6}, "sequence", "wrong_type"),
    ({"sequence": "open, click"}, "sequence", "wrong_type"),
    ({"sequence": [{"event": "open"}, "click"]}, "sequence[1]", "wrong_type"),
    ({"sequence": [{"event": "open"}, {}]}, "sequence[1].event", "missing_key"),
    ({"sequence": [{"event": "open"}, {"event": "!"}]}, "sequence[1].event", "invalid_name"),
    (
        {"sequence": [{"event": "open"}, {"event": "click", "within": "1d"}]},
        "sequence[1].within",
        "unknown_key",
    ),
    (
        {"sequence": [{"event": "open"}, {"event": "click", "where": where(5)}]},
        "sequence[1].where.conditions[0]",
        "wrong_type",
    ),
    ({"sequence": [{"event": "open"}] * 2, "gap": "1M"}, "gap", "invalid_duration"),
    ({"sequence": [{"event": "open"}] * 2, "gap": "1y"}, "gap", "invalid_duration"),
    ({"sequence": [{"event": "open"}] * 2, "gap": None}, "gap", "invalid_duration"),
    ({"sequence": [{"event": "open"}] * 2, "operator": "equals"}, "operator", "unknown_word"),
    ({"sequence": [{"event": "open"}] * 2, "value": 1}, "value", "unknown_key"),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), SEQUENCES, ids=[f"{row[0]!r:.70} {row[2]}" for row in SEQUENCES]
)
def test_a_sequence_rule_has_one_fault(raw: object, path: str, code: str) -> None:
    assert of_leaf(raw) == [(path, code)]


OTHERS: list[tuple[Any, str, str]] = [
    ({"segment": "vpi"}, "segment", "unknown_segment"),
    ({"segment": ""}, "segment", "empty"),
    ({"segment": 5}, "segment", "wrong_type"),
    ({"segment": "vip", "operator": "equals"}, "operator", "unknown_word"),
    ({"segment": "vip", "value": "x"}, "value", "unknown_key"),
    # samples
    ({"sample": 5}, "seed", "missing_key"),
    ({"sample": -1, "seed": "s"}, "sample", "out_of_range"),
    ({"sample": 100.00001, "seed": "s"}, "sample", "out_of_range"),
    ({"sample": "5", "seed": "s"}, "sample", "wrong_type"),
    ({"sample": True, "seed": "s"}, "sample", "wrong_type"),
    ({"sample": float("nan"), "seed": "s"}, "sample", "not_finite"),
    ({"sample": Decimal("1e-51"), "seed": "s"}, "sample", "too_long"),
    ({"sample": Decimal("1e-999999999"), "seed": "s"}, "sample", "too_long"),
    ({"sample": 5, "seed": "a\0b"}, "seed", "invalid_seed"),
    ({"sample": 5, "seed": 5}, "seed", "wrong_type"),
    ({"sample": 5, "seed": "\ud800"}, "seed", "not_unicode"),
]


@pytest.mark.parametrize(
    ("raw", "path", "code"), OTHERS, ids=[f"{row[0]!r:.70} {row[2]}" for row in OTHERS]
)
def test_a_segment_or_sample_rule_has_one_fault(raw: object, path: str, code: str) -> None:
    assert of_leaf(raw) == [(path, code)]
