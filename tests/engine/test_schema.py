"""The schema says what fields, kinds and properties are called, and what they hold."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg import FieldError
from bitseg.fields import Field
from bitseg.schema import Schema
from tests.engine.making import all_of, engine_of, field, found, record


@pytest.mark.parametrize(
    ("path", "data_type", "message"),
    [
        ("plan", "string", "Expected a path customField"),
        ("contact.plan", "string", "Expected a path customField"),
        ("customField.", "string", "Expected a name"),
        ("customField.Plan", "string", "Expected a name"),
        ("customField.1st", "string", "Expected a name"),
        ("customField.a b", "string", "Expected a name"),
        ("customField.a\n", "string", "Expected a name"),
        ("customField.a.b", "string", "Expected a name"),
        ("customField." + "a" * 64, "string", "Expected a name"),
        ("customField.lead_score", "number", "contact.lead_score"),
        ("customField.total_opens", "number", "engagement.total_opens"),
        ("customField.plan", "strin", "Did you mean 'string'"),
    ],
)
def test_a_field_that_may_not_be_so_is_refused(path: str, data_type: Any, message: str) -> None:
    engine = engine_of()
    with pytest.raises(FieldError, match=message):
        engine.define_field(path, data_type)
    assert path not in engine.fields or path == "contact.lead_score"


def test_every_fault_of_a_field_is_named() -> None:
    with pytest.raises(FieldError) as caught:
        Schema().define_field(Field("customField.Plan", "text"))  # type: ignore[arg-type]
    assert len(caught.value.faults) == 2


def test_a_field_may_be_declared_again_with_other_words() -> None:
    engine = engine_of()
    engine.define_field("customField." + "a" * 63, "date")
    engine.define_field("customField.plan", "string")
    engine.define_field("customField.plan", "string", label="Plan", description="What is paid")
    assert engine.fields["customField.plan"] == Field(
        "customField.plan", "string", "Plan", "What is paid"
    )


def test_a_type_is_changed_only_while_nobody_has_a_value() -> None:
    engine = engine_of("a", "b")
    engine.define_field("customField.x", "string")
    engine.load_contacts([{"id": "a", "x": "1"}])
    with pytest.raises(FieldError, match="1 contacts have a value"):
        engine.define_field("customField.x", "number")
    engine.load_contacts([{"id": "a", "x": None}])
    engine.define_field("customField.x", "number")
    engine.load_contacts([{"id": "b", "x": 1}])
    assert found(engine, all_of(field("customField.x", "greater_than", 0))) == ["b"]
    assert engine.contact("b")["customField.x"] == 1.0


def test_what_is_handed_out_is_a_copy() -> None:
    engine = engine_of()
    engine.fields.clear()
    assert engine.fields["contact.email"].data_type == "string"


def test_a_property_keeps_the_type_it_was_first_seen_with() -> None:
    engine = engine_of("a")
    assert record(engine, ("a", "open", "2026-03-01", {"score": 5})).accepted == 1
    later = record(
        engine,
        ("a", "open", "2026-03-02", {"score": "five"}),
        ("a", "click", "2026-03-02", {"score": True}),
        ("a", "click", "2026-03-02", {"score": 6.5}),
    )
    assert (later.accepted, later.rejected_count) == (1, 2)
    assert engine.event_count == 2


@pytest.mark.parametrize("name", ["hour", "weekday", "Shouted", "a b"])
def test_a_name_that_no_property_may_have_is_refused(name: str) -> None:
    with pytest.raises(FieldError):
        Schema().see_property(name, "string")


@pytest.mark.parametrize("data_type", ["date", "array"])
def test_a_type_that_no_property_may_have_is_refused(data_type: Any) -> None:
    with pytest.raises(FieldError, match="string, number or boolean"):
        Schema().see_property("plan", data_type)


def test_a_property_of_another_type_is_refused_and_nothing_changes() -> None:
    schema = Schema()
    schema.see_property("plan", "string")
    version = schema.version
    with pytest.raises(FieldError, match="Expected type string, got number"):
        schema.see_property("plan", "number")
    schema.see_property("plan", "string")
    assert (schema.property_type("plan"), schema.version) == ("string", version)
