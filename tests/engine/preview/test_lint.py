"""Lint names what is valid and perhaps not meant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.making import Json, all_of, at, engine_of, field, group, record

FIRST = "groups[0].conditions[0]"


def _remarks(rules: Json, now: str = "2026-03-15T12:00:00Z") -> list[tuple[str, str]]:
    engine = engine_of("a")
    record(engine, ("a", "purchase", "2026-03-01", {"colour": "red"}))
    return [(one.path, one.code) for one in engine.preview(rules, now=at(now)).lint]


@pytest.mark.parametrize(
    ("rules", "remarks"),
    [
        ({"match": "all", "groups": []}, [("groups", "empty")]),
        ({"match": "any", "groups": []}, [("groups", "empty")]),
        (all_of(), [("groups[0]", "empty")]),
        (all_of(group("any")), [(FIRST, "empty")]),
        (
            {**all_of({"event": "open"}), "exclusions": [group("all")]},
            [("exclusions[0]", "empty")],
        ),
        (
            all_of({"event": "open", "where": group("all", group("none"))}),
            [(f"{FIRST}.where.conditions[0]", "empty")],
        ),
        (all_of({"event": "open"}), []),
        (all_of({"event": "purchase"}), []),
        (all_of({"event": "purchas"}), [(f"{FIRST}.event", "unknown_kind")]),
        (
            all_of({"sequence": [{"event": "open"}, {"event": "never"}]}),
            [(f"{FIRST}.sequence[1].event", "unknown_kind")],
        ),
        (
            all_of({"event": "open", "where": group("all", field("color", "equals", "red"))}),
            [(f"{FIRST}.where.conditions[0].field", "unknown_property")],
        ),
        (
            all_of({"event": "open", "where": group("all", field("hour", "equals", 1))}),
            [],
        ),
        (
            all_of({"event": "open", "measure": {"distinct": "color"}}),
            [(f"{FIRST}.measure", "unknown_property")],
        ),
        (
            all_of({"event": "open", "since": "2026-03-02", "until": "2026-03-01"}),
            [(FIRST, "empty_window")],
        ),
        (all_of({"event": "open", "since": "now+1d"}), [(FIRST, "empty_window")]),
        (all_of({"event": "open", "since": "today"}), []),
        (
            all_of(field("contact.created_at", "between", ["2026-03-20", "today"])),
            [(f"{FIRST}.value", "crossed")],
        ),
        (
            all_of(field("contact.created_at", "not_between", ["now", "now-1d"])),
            [(f"{FIRST}.value", "crossed")],
        ),
        (all_of(field("contact.created_at", "between", ["today", "today"])), []),
    ],
)
def test_a_definition_is_remarked_on_at_the_right_place(rules: Json, remarks: Any) -> None:
    assert _remarks(rules) == remarks


def test_a_remark_names_what_may_have_been_meant() -> None:
    engine = engine_of("a")
    record(engine, ("a", "purchase", "2026-03-01", {"colour": "red"}))
    rules = all_of({"event": "purchas", "where": group("all", field("color", "equals", "red"))})
    kind, name = (one.message for one in engine.preview(rules).lint)
    assert kind == "No event of kind 'purchas' was ever seen. Did you mean 'purchase'?"
    assert name == "No event ever had a property 'color'. Did you mean 'colour'?"


def test_a_remark_that_depends_on_time_comes_with_it() -> None:
    rules = all_of(field("contact.created_at", "between", ["2026-03-20", "today"]))
    assert _remarks(rules, "2026-03-19T23:59:59.999Z") == [(f"{FIRST}.value", "crossed")]
    assert _remarks(rules, "2026-03-20T00:00:00Z") == []


@pytest.mark.parametrize(
    ("rules", "remarks"),
    [
        (
            all_of({"event": "open", "operator": "greater_or_equal", "value": 0}),
            [("", "matches_everybody"), (FIRST, "matches_everybody")],
        ),
        (
            all_of(field("engagement.total_opens", "is_empty")),
            [("", "matches_nobody"), (FIRST, "matches_nobody")],
        ),
        (
            all_of({"sample": 0, "seed": "s"}, field("contact.city", "equals", "Rome")),
            [("", "matches_nobody"), (FIRST, "matches_nobody")],
        ),
        (
            all_of(
                field("contact.city", "equals", "Rome"), field("contact.city", "not_equals", "Rome")
            ),
            [("", "matches_nobody")],
        ),
        (all_of(field("contact.city", "equals", "Rome"), {"sample": 100, "seed": "s"}), []),
    ],
    ids=["at least 0", "never missing", "no sample", "opposites", "a real question"],
)
def test_what_is_decided_without_looking_at_the_data_is_said(rules: Json, remarks: Any) -> None:
    assert _remarks(rules) == remarks
