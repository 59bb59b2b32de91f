"""An explanation gives each condition's answer and the contact's own value."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg import UnknownContactError
from tests.engine.making import Json, all_of, engine_of, field, group, record

EVENT: Json = {"event": "open"}
SPENT: Json = {"event": "conversion", "measure": {"sum": "amount"}}
TRIED: Json = {"event": "open", "measure": {"distinct": "device"}}
STEPS: Json = {"sequence": [{"event": "open"}, {"event": "conversion"}]}


def _engine() -> Any:
    engine = engine_of(
        {
            "id": "a",
            "city": "Rome",
            "lead_score": 3,
            "bounced": False,
            "tags": ["x", "y"],
            "total_opens": 10,
            "plan": "pro",
            "customField.due": "2026-04-01",
        },
        "b",
    )
    record(
        engine,
        ("a", "open", "2026-03-01", {"device": "ios", "campaign": "x"}),
        ("a", "open", "2026-03-03", {"device": "web"}),
        ("a", "sent", "2026-03-01", {"campaign": "x"}),
        ("a", "conversion", "2026-03-04", {"amount": 2.5}),
    )
    engine.define_segment("s", ["a"])
    return engine


@pytest.mark.parametrize(
    ("condition", "first", "second"),
    [
        (field("contact.id", "equals", "a"), (True, "a"), (False, "b")),
        (field("contact.city", "equals", "Rome"), (True, "Rome"), (False, None)),
        (field("contact.city", "not_equals", "Rome"), (False, "Rome"), (True, None)),
        (field("contact.city", "is_empty"), (False, "Rome"), (True, None)),
        (field("contact.lead_score", "less_than", 3), (False, 3.0), (False, None)),
        (field("contact.bounced", "equals", value=False), (True, False), (False, None)),
        (field("contact.tags", "contains", "y"), (True, ["x", "y"]), (False, None)),
        (field("customField.plan", "in", ["pro"]), (True, "pro"), (False, None)),
        (
            field("customField.due", "within_next", "20d"),
            (True, "2026-04-01T00:00:00.000Z"),
            (False, None),
        ),
        (field("engagement.total_opens", "is_not_empty"), (True, 12), (True, 0)),
        (field("engagement.total_opens", "is_empty"), (False, 12), (False, 0)),
        (field("engagement.total_opens", "greater_or_equal", 0), (True, 12), (True, 0)),
        (field("engagement.revenue", "greater_than", 2), (True, 2.5), (False, 0)),
        (
            field("engagement.last_opened_at", "within_last", "1d"),
            (False, "2026-03-03T00:00:00.000Z"),
            (False, None),
        ),
        (field("engagement.last_opened_device", "equals", "web"), (True, "web"), (False, None)),
        (field("engagement.preferred_open_hour", "equals", 0), (True, 0), (False, None)),
        (field("engagement.opened_last_email", "equals", value=True), (True, True), (False, None)),
        (EVENT, (True, 2), (False, 0)),
        ({**EVENT, "value": 0}, (True, 2), (True, 0)),
        ({**EVENT, "operator": "not_between", "value": [0, 9]}, (False, 2), (False, 0)),
        ({**EVENT, "operator": "less_than", "value": 0}, (False, 2), (False, 0)),
        ({**EVENT, "since": "2026-03-02", "operator": "equals"}, (True, 1), (False, 0)),
        ({**SPENT, "value": 2.5}, (True, 2.5), (False, 0.0)),
        ({**TRIED, "operator": "equals", "value": 2}, (True, 2), (False, 0)),
        (STEPS, (True, True), (False, False)),
        ({**STEPS, "operator": "did_not"}, (False, True), (True, False)),
        ({"segment": "s"}, (True, None), (False, None)),
        (group("none", EVENT), (False, None), (True, None)),
    ],
)
def test_each_kind_of_condition_shows_the_contacts_own_value(
    condition: Json, first: tuple[bool, Any], second: tuple[bool, Any]
) -> None:
    engine = _engine()
    for contact, (matched, value) in (("a", first), ("b", second)):
        explained = engine.explain(all_of(condition), contact)
        assert (explained.contact_id, explained.member) == (contact, matched)
        assert [one.path for one in explained.conditions[:2]] == [
            "groups[0]",
            "groups[0].conditions[0]",
        ]
        assert (explained.conditions[0].matched, explained.conditions[0].value) == (matched, None)
        assert (explained.conditions[1].matched, explained.conditions[1].value) == (matched, value)


@pytest.mark.parametrize("percent", [0, 12.95, 12.96, 100])
def test_a_sample_shows_where_the_contact_stands_whatever_the_percent(percent: float) -> None:
    engine = engine_of("c1")
    one = engine.explain(all_of({"sample": percent, "seed": "s"}), "c1").conditions[1]
    assert one.value == pytest.approx(12.9579200649861)
    assert one.matched is (percent > 12.955)


def test_exclusions_are_explained_and_decide() -> None:
    explained = _engine().explain(all_of(EVENT, exclusions=({"segment": "s"},)), "a")
    assert explained.member is False
    assert [(one.path, one.matched) for one in explained.conditions] == [
        ("groups[0]", True),
        ("groups[0].conditions[0]", True),
        ("exclusions[0]", True),
        ("exclusions[0].conditions[0]", True),
    ]


def test_a_contact_that_is_not_there_cannot_be_explained() -> None:
    engine = _engine()
    engine.delete_contacts(["a"])
    for gone in ("a", "nobody", "\ud800"):
        with pytest.raises(UnknownContactError):
            engine.explain(all_of(EVENT), gone)
        with pytest.raises(UnknownContactError):
            engine.contact(gone)


def test_a_contact_shows_all_it_has_and_no_more() -> None:
    stamp = "2026-03-15T12:00:00.000Z"
    engine = _engine()
    zeros = {
        f"engagement.{name}": 0
        for name in (
            "total_sent",
            "total_delivered",
            "total_opens",
            "total_clicks",
            "total_conversions",
            "total_bounces",
            "revenue",
        )
    }
    assert engine.contact("b") == {
        "contact.id": "b",
        "contact.created_at": stamp,
        "contact.updated_at": stamp,
        **zeros,
    }
    assert engine.contact("a") == {
        "contact.id": "a",
        "contact.city": "Rome",
        "contact.bounced": False,
        "contact.lead_score": 3.0,
        "contact.created_at": stamp,
        "contact.updated_at": stamp,
        "contact.tags": ["x", "y"],
        "customField.plan": "pro",
        "customField.due": "2026-04-01T00:00:00.000Z",
        **zeros,
        "engagement.total_sent": 1,
        "engagement.total_opens": 12,
        "engagement.total_conversions": 1,
        "engagement.revenue": 2.5,
        "engagement.last_sent_at": "2026-03-01T00:00:00.000Z",
        "engagement.last_opened_at": "2026-03-03T00:00:00.000Z",
        "engagement.last_converted_at": "2026-03-04T00:00:00.000Z",
        "engagement.last_activity_at": "2026-03-04T00:00:00.000Z",
        "engagement.last_opened_device": "web",
        "engagement.preferred_open_hour": 0,
        "engagement.preferred_open_weekday": 2,
        "engagement.opened_last_email": True,
    }
