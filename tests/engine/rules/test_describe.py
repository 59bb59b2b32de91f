"""Rules in English."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg.operators import OPERATORS
from bitseg.rules import describe, read
from tests.engine.rules.views import View, condition, rules

OPENED = {"event": "open"}

CONDITIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"field": "contact.first_name", "operator": "equals", "value": "Zoë"},
        "first name is 'Zoë'",
    ),
    (
        {"field": "contact.country", "operator": "in", "value": ["CA", "US", "MX"]},
        "country is one of 'CA', 'US' or 'MX'",
    ),
    (
        {"field": "contact.lead_score", "operator": "in", "value": list(range(9))},
        "lead score is one of 0, 1, 2, 3, 4 or 4 more",
    ),
    (
        {"field": "contact.tags", "operator": "contains_all", "value": ["a", "b"]},
        "tags contains all of 'a' and 'b'",
    ),
    (
        {"field": "contact.lead_score", "operator": "between", "value": [1_000, 2_500.5]},
        "lead score is between 1,000 and 2500.5",
    ),
    (
        {"field": "contact.unsubscribed", "operator": "not_equals", "value": True},
        "unsubscribed is not true",
    ),
    ({"field": "customField.plan", "operator": "is_empty"}, "plan is empty"),
    (
        {"field": "engagement.last_opened_at", "operator": "more_than_ago", "value": "90d"},
        "last opened at is more than 90 days ago",
    ),
    (
        {"field": "contact.created_at", "operator": "within_last", "value": "1M"},
        "created at is in the last 1 month",
    ),
    (
        {"field": "contact.created_at", "operator": "greater_than", "value": "2024-01-31"},
        "created at is after 2024-01-31",
    ),
    (
        {"field": "contact.created_at", "operator": "less_or_equal", "value": "today-7d"},
        "created at is on or before 7 days before today",
    ),
    (
        {"field": "contact.created_at", "operator": "equals", "value": "now+1M-2d"},
        "created at is now plus 1 month minus 2 days",
    ),
    (
        {"field": "contact.created_at", "operator": "less_than", "value": "2024-01-31T10:00"},
        "created at is before 2024-01-31 09:00:00 UTC",
    ),
    (
        {"field": "customField.renewal", "operator": "anniversary", "value": "7d"},
        "renewal has its anniversary today or in the next 7 days",
    ),
    (
        {"field": "customField.renewal", "operator": "anniversary", "value": "this_month"},
        "renewal has its anniversary this month",
    ),
    (OPENED, "opened at least once"),
    ({**OPENED, "value": 5, "within": "30d"}, "opened at least 5 times in the last 30 days"),
    ({**OPENED, "operator": "equals", "value": 0}, "did not open"),
    ({**OPENED, "operator": "less_than", "within": "1w"}, "did not open in the last 1 week"),
    ({**OPENED, "operator": "less_than", "value": 3}, "opened less than 3 times"),
    ({**OPENED, "operator": "between", "value": [1, 3]}, "opened 1 to 3 times"),
    (
        {"event": "webinar", "since": "2024-01-31", "until": "today"},
        "had the event 'webinar' at least once since 2024-01-31 until today",
    ),
    (
        {
            **OPENED,
            "where": {
                "match": "any",
                "conditions": [
                    {"field": "device", "operator": "equals", "value": "mobile"},
                    {"field": "hour", "operator": "less_than", "value": 9},
                ],
            },
        },
        "opened at least once (where device is 'mobile' or hour is less than 9)",
    ),
    (
        {
            "event": "conversion",
            "measure": {"sum": "amount"},
            "operator": "greater_than",
            "value": 100,
            "within": "1y",
        },
        "the sum of amount over 'conversion' events in the last 1 year is greater than 100",
    ),
    (
        {"event": "click", "measure": {"distinct": "campaign"}, "value": 3},
        "the number of different values of campaign over 'click' events is at least 3",
    ),
    (
        {"sequence": [OPENED, {"event": "click"}], "gap": "2d", "within": "30d"},
        (
            "did this in order in the last 30 days: opened, then clicked, "
            "each within 2 days of the one before"
        ),
    ),
    (
        {"sequence": [OPENED, {"event": "webinar"}], "operator": "did_not"},
        "did not do this in order: opened, then had the event 'webinar'",
    ),
    ({"segment": "vip"}, "is in the segment 'vip'"),
    ({"segment": "vip", "operator": "not_in"}, "is not in the segment 'vip'"),
    ({"sample": 12.5, "seed": "spring"}, "is in the 12.5 % sample of the seed 'spring'"),
    ({"sample": 1e-7, "seed": "s"}, "is in the 0.0000001 % sample of the seed 's'"),
]


@pytest.mark.parametrize(("raw", "words"), CONDITIONS, ids=[words for _, words in CONDITIONS])
def test_a_condition_reads_as_english(raw: dict[str, Any], words: str) -> None:
    assert describe(condition(raw)) == words


def test_a_definition_joins_its_parts() -> None:
    raw = rules(
        OPENED,
        {"match": "none", "conditions": [{"segment": "vip"}, {"segment": "newcomers"}]},
        {"match": "any", "conditions": [{"event": "click"}, {"event": "conversion"}]},
        exclusions=[{"match": "all", "conditions": [{"event": "bounce"}]}],
    )
    assert describe(read(raw, View())) == (
        "opened at least once and "
        "not (is in the segment 'vip' or is in the segment 'newcomers') and "
        "(clicked at least once or converted at least once), "
        "but not (bounced at least once)"
    )


@pytest.mark.parametrize(
    ("match", "words"), [("all", "everybody"), ("any", "nobody"), ("none", "everybody")]
)
def test_what_is_empty_is_everybody_or_nobody(match: str, words: str) -> None:
    group = read(rules(match=match), View()).groups[0]
    assert describe(group) == words


def test_labels_may_be_given() -> None:
    rule = condition({"field": "customField.plan", "operator": "is_empty"})
    assert describe(rule, {"customField.plan": "Tariff"}.__getitem__) == "Tariff is empty"


def test_every_operator_has_a_phrase_that_takes_its_value() -> None:
    for operator in OPERATORS.values():
        assert ("{value}" in operator.phrase) == (operator.arity != "none")
