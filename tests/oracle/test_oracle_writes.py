"""The oracle's world keeps, drops and counts what the specification says a write does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.evaluate import members
from tests.oracle.world import CREATED_AT, UPDATED_AT, World

EVERYBODY: dict[str, Any] = {"match": "all", "groups": []}


def _opened(world: World, value: int) -> list[str]:
    rule = {"event": "open", "operator": "equals", "value": value}
    group = {"match": "all", "conditions": [rule]}
    return members(world, {"match": "all", "groups": [group]}, 1_000_000)


def test_null_removes_a_value_and_an_absent_key_keeps_it() -> None:
    world = World()
    world.load_contacts([{"id": "a", "city": "Oslo", "contact.tags": ["x"], "lead_score": 3}])
    world.load_contacts([{"id": "a", "city": None, "tags": [""]}])
    kept = world.contacts["a"].values
    assert {path for path in kept if path not in (CREATED_AT, UPDATED_AT)} == {"contact.lead_score"}


def test_rows_of_one_id_are_written_in_order() -> None:
    world = World()
    report = world.load_contacts(
        [{"id": "a", "city": "Oslo"}, {"id": "b"}, {"id": "a", "city": "Rome"}]
    )
    assert (report.created, report.updated) == (2, 1)
    assert world.contacts["a"].values["contact.city"] == "Rome"
    assert members(world, EVERYBODY, 0) == ["a", "b"]


def test_created_at_is_the_first_given_value_and_updated_at_the_last_write() -> None:
    world = World(clock=10)
    world.load_contacts([{"id": "a"}, {"id": "b", "created_at": 3, "updated_at": 4}])
    world.clock = 20
    world.load_contacts([{"id": "a", "created_at": 7}, {"id": "b", "created_at": 8}])
    world.load_contacts([{"id": "a", "created_at": 9}])
    written = {
        one: (it.values[CREATED_AT], it.values[UPDATED_AT]) for one, it in world.contacts.items()
    }
    assert written == {"a": (7, 20), "b": (3, 20)}


@pytest.mark.parametrize(
    "row",
    [
        {"created_at": None},
        {"updated_at": None},
        {"lead_score": float("nan")},
        {"lead_score": True},
        {"customField.seats": "3"},
        {"bounced": "yes"},
        {"tags": "x"},
        {"engagement.opened_last_email": True},
        {"contact.shoe_size": 43},
        {"customField.Bad": 1},
    ],
    ids=str,
)
def test_a_row_that_does_not_fit_changes_nothing(row: dict[str, Any]) -> None:
    world = World(fields={"customField.seats": "number"})
    report = world.load_contacts([{"id": "a", "customField.fresh": 1, **row}])
    assert (report.created, report.rejected) == (0, [0])
    assert (world.contacts, list(world.fields)) == ({}, ["customField.seats"])


def test_an_event_id_counts_once_even_after_its_event_was_withdrawn() -> None:
    world = World()
    world.load_contacts([{"id": "a"}])
    event = {"contact_id": "a", "kind": "open", "at": 1, "event_id": "e"}
    report = world.load_events([event, event])
    assert (report.accepted, report.duplicate) == (1, 1)
    world.withdraw_events(["e"])
    assert world.load_events([event]).duplicate == 1
    assert _opened(world, 0) == ["a"]


def test_a_rejected_event_does_not_use_up_its_id() -> None:
    world = World()
    event = {"contact_id": "a", "kind": "open", "at": 1, "event_id": "e"}
    assert world.load_events([event, {**event, "amount": "much"}]).rejected == [0, 1]
    assert world.load_events([event], True).created == 1  # noqa: FBT003 - as a user may write it
    assert _opened(world, 1) == ["a"]


def test_a_property_keeps_the_type_it_was_first_seen_with() -> None:
    world = World()
    world.load_contacts([{"id": "a"}])
    event = {"contact_id": "a", "kind": "open", "at": 1}
    rows = [{**event, "x": None}, {**event, "x": 1}, {**event, "x": "1"}, {**event, "x": True}]
    assert world.load_events([*rows, {**event, "hour": 3}]).rejected == [2, 3, 4]
    assert world.property_types == {"x": "number"}


def test_a_deleted_id_comes_back_as_a_new_contact() -> None:
    world = World()
    world.load_contacts([{"id": "a", "city": "Oslo"}, {"id": "b"}])
    world.load_events([{"contact_id": "a", "kind": "open", "at": 1, "event_id": "e"}])
    world.define_segment("fixed", ["a", "b"])
    world.delete_contacts(["a"])
    world.load_contacts([{"id": "a"}])
    assert members(world, EVERYBODY, 0) == ["b", "a"]
    assert "contact.city" not in world.contacts["a"].values
    assert _opened(world, 0) == ["b", "a"]
    fixed = {"match": "any", "conditions": [{"segment": "fixed"}]}
    assert members(world, {"match": "all", "groups": [fixed]}, 0) == ["b"]
