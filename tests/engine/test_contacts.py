"""Contacts are created and updated row by row in order, a field at a time."""

from __future__ import annotations

import pytest

from tests.engine.making import (
    NOON,
    Clock,
    all_of,
    any_of,
    engine_of,
    field,
    found,
    value,
)

STAMP = "2026-03-15T12:00:00.000Z"
CREATED = "contact.created_at"
UPDATED = "contact.updated_at"


def test_a_null_removes_and_an_absent_key_keeps() -> None:
    engine = engine_of({"id": "a", "city": "Rome", "tags": ["x"], "lead_score": 5})
    engine.load_contacts([{"id": "a", "city": None, "phone": "1"}])
    engine.load_contacts([{"id": "a", "tags": []}, {"id": "b", "tags": [], "phone": ""}])
    assert engine.contact("a")["contact.lead_score"] == 5
    assert value(engine, "a", "contact.city") is None
    assert value(engine, "a", "contact.tags") is None
    assert value(engine, "b", "contact.phone") is None
    assert found(engine, all_of(field("contact.tags", "is_empty"))) == ["a", "b"]


def test_rows_of_one_id_apply_in_order_field_by_field() -> None:
    engine = engine_of()
    report = engine.load_contacts(
        [
            {"id": "a", "city": "Rome", "phone": "1"},
            {"id": "b", "city": "Oslo"},
            {"id": "a", "city": "Bonn"},
            {"id": "a", "phone": "3"},
            {"id": "b", "city": None},
        ]
    )
    assert (report.created, report.updated, report.rejected_count) == (2, 3, 0)
    assert value(engine, "a", "contact.city") == "Bonn"
    assert value(engine, "a", "contact.phone") == "3"
    assert value(engine, "b", "contact.city") is None
    assert found(engine, all_of()) == ["a", "b"]


def test_created_at_is_the_first_given_value_else_the_first_write() -> None:
    clock = Clock()
    engine = engine_of("a", {"id": "b", "created_at": "2020-01-01"}, clock=clock)
    assert value(engine, "a", CREATED) == STAMP
    clock.set("2026-03-16T00:00:00Z")
    engine.load_contacts(
        [
            {"id": "a", "created_at": "2021-01-01"},
            {"id": "a", "created_at": "2022-01-01"},
            {"id": "b", "created_at": "2019-01-01"},
            {"id": "c"},
            {"id": "c", "created_at": "2018-01-01"},
        ]
    )
    engine.load_contacts([{"id": "a", "created_at": "2001-01-01"}, {"id": "c", "city": "x"}])
    assert [value(engine, one, CREATED) for one in "abc"] == [
        "2021-01-01T00:00:00.000Z",
        "2020-01-01T00:00:00.000Z",
        "2018-01-01T00:00:00.000Z",
    ]


def test_updated_at_is_set_by_each_write_even_if_nothing_changed() -> None:
    clock = Clock()
    engine = engine_of("a", "b", "c", clock=clock)
    clock.set("2026-03-16T00:00:00Z")
    engine.load_contacts(
        [
            {"id": "a", "updated_at": "2020-01-01"},
            {"id": "b", "updated_at": "2020-01-01"},
            {"id": "b"},
        ]
    )
    assert [value(engine, one, UPDATED) for one in "abc"] == [
        "2020-01-01T00:00:00.000Z",
        "2026-03-16T00:00:00.000Z",
        STAMP,
    ]


@pytest.mark.parametrize("name", ["created_at", "updated_at"])
def test_neither_instant_may_be_taken_away(name: str) -> None:
    engine = engine_of("a")
    assert engine.load_contacts([{"id": "a", name: None}]).rejected_count == 1
    assert value(engine, "a", f"contact.{name}") == STAMP


def test_a_contact_that_comes_again_after_it_was_erased_is_new() -> None:
    clock = Clock()
    engine = engine_of({"id": "a", "city": "Rome", "created_at": "2020-01-01"}, "b", clock=clock)
    rules = all_of(field("contact.city", "equals", "Rome"))
    assert found(engine, rules) == ["a"]
    assert engine.delete_contacts(["a", "a", "nobody", "\ud800"]) == 1
    assert (found(engine, rules), len(engine)) == ([], 1)
    clock.set("2026-03-16T00:00:00Z")
    report = engine.load_contacts([{"id": "a"}])
    assert (report.created, report.updated) == (1, 0)
    assert engine.contact("a")[CREATED] == "2026-03-16T00:00:00.000Z"
    assert "contact.city" not in engine.contact("a")
    assert found(engine, all_of()) == ["b", "a"]


@pytest.mark.parametrize(
    ("operator", "operand", "who"),
    [
        ("equals", "b", ["b"]),
        ("equals", "B", []),
        ("not_equals", "b", ["aB", "c", "new"]),
        ("in", ["c", "aB", "gone", "no"], ["aB", "c"]),
        ("not_in", ["c", "aB", "gone"], ["b", "new"]),
        ("contains", "B", ["aB", "b"]),
        ("starts_with", "A", ["aB"]),
        ("ends_with", "ew", ["new"]),
        ("is_empty", None, []),
        ("is_not_empty", None, ["aB", "b", "c", "new"]),
    ],
)
def test_ids_can_be_asked_for_as_a_field(
    operator: str, operand: str | list[str] | None, who: list[str]
) -> None:
    engine = engine_of("aB", "b", "gone", "c")
    rules = all_of(field("contact.id", operator, operand))
    engine.count(rules)
    engine.delete_contacts(["gone"])
    engine.load_contacts([{"id": "new"}])
    assert found(engine, rules) == who
    engine.drop_kept()
    assert found(engine, rules) == who


def test_a_field_that_nobody_has_yet_is_missing_for_all() -> None:
    engine = engine_of("a", "b")
    engine.define_field("customField.plan", "string")
    has, lacks = field("customField.plan", "is_not_empty"), field("customField.plan", "is_empty")
    assert (found(engine, any_of(has)), found(engine, any_of(lacks))) == ([], ["a", "b"])
    engine.load_contacts([{"id": "b", "plan": "pro"}, {"id": "c"}])
    assert (found(engine, any_of(has)), found(engine, any_of(lacks))) == (["b"], ["a", "c"])
    assert engine.contact("b")["customField.plan"] == "pro"


def test_the_clock_of_the_engine_is_now() -> None:
    clock = Clock(NOON)
    engine = engine_of("a", clock=clock)
    fresh = all_of(field(CREATED, "within_last", "1h"))
    assert found(engine, fresh) == ["a"]
    clock.set("2026-03-15T12:59:59.999Z")
    assert found(engine, fresh) == ["a"]
    clock.set("2026-03-15T13:00:00Z")
    assert found(engine, fresh) == []
