"""Equal rules are read once, and again when what they rest on has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bitseg import Definition, Engine, RuleError
from bitseg.rulebook import KEPT_RULES, Rulebook
from bitseg.rules.nodes import (
    EventRule,
    FieldRule,
    Group,
    SegmentRule,
    SequenceRule,
    SequenceStep,
)
from tests.engine.making import all_of, engine_of, field, found, group

ROME = all_of(field("contact.city", "equals", "Rome"))


def _rulebook(engine: Engine) -> Rulebook:
    return engine._rulebook  # noqa: SLF001 - what it keeps shows nowhere else


def _definition(*conditions: Any) -> Definition:
    return Definition("all", (Group("all", conditions),))


def test_dicts_texts_bytes_and_definitions_mean_the_same() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, "b")
    definition = _definition(FieldRule("contact.city", "equals", "Rome", "string"))
    for rules in (ROME, json.dumps(ROME), json.dumps(ROME).encode(), definition):
        assert found(engine, rules) == ["a"]  # type: ignore[arg-type]


def test_equal_rules_are_compiled_once() -> None:
    book = _rulebook(engine_of("a"))
    first = book.compiled(ROME)
    assert book.compiled(json.loads(json.dumps(ROME))) is first
    assert book.compiled(all_of(field("contact.city", "equals", "Oslo"))) is not first


def test_a_rule_that_was_a_fault_is_read_again_once_its_field_is_there() -> None:
    engine = engine_of("a")
    rules = all_of(field("customField.plan", "is_empty"))
    for _ in range(2):
        with pytest.raises(RuleError):
            engine.count(rules)
    engine.define_field("customField.plan", "string")
    assert engine.count(rules) == 1


def test_a_rule_on_a_property_is_read_again_once_its_type_is_known() -> None:
    engine = engine_of("a")
    where = group("all", field("score", "equals", "high"))
    rules = all_of({"event": "open", "where": where})
    assert engine.count(rules) == 0
    engine.load_events([{"contact_id": "a", "kind": "open", "at": "2026-03-01", "score": 3}])
    with pytest.raises(RuleError):
        engine.count(rules)


def test_one_and_true_and_a_text_are_told_apart() -> None:
    engine = engine_of("a")
    assert engine.count(all_of(field("contact.lead_score", "equals", 1))) == 0
    for wrong in (True, "1"):
        with pytest.raises(RuleError):
            engine.count(all_of(field("contact.lead_score", "equals", wrong)))


@pytest.mark.parametrize("wrong", [float("nan"), object()])
def test_what_json_cannot_say_is_a_fault_however_it_would_be_spelt(wrong: Any) -> None:
    engine = engine_of("a")
    for value in ("Um9tZQ==", ["Rome"]):
        operator = "in" if isinstance(value, list) else "equals"
        engine.count(all_of(field("contact.city", operator, value)))
        with pytest.raises(RuleError):
            engine.count(all_of(field("contact.city", operator, wrong)))


def test_no_more_rules_are_kept_than_is_set() -> None:
    engine = engine_of("a")
    for i in range(KEPT_RULES + 50):
        _rulebook(engine).compiled(all_of(field("contact.lead_score", "equals", i)))
    assert len(_rulebook(engine)._kept) == KEPT_RULES  # noqa: SLF001 - likewise


def test_a_definition_that_was_read_elsewhere_is_checked_against_this_schema() -> None:
    engine = engine_of("a")
    definition = _definition(
        FieldRule("customField.plan", "equals", "x", "string"),
        FieldRule("contact.city", "equals", 1.0, "number"),
        SegmentRule("nowhere"),
        EventRule("open"),
    )
    with pytest.raises(RuleError) as caught:
        engine.count(definition)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [
        ("groups[0].conditions[0].field", "unknown_field"),
        ("groups[0].conditions[1].field", "wrong_type"),
        ("groups[0].conditions[2].segment", "unknown_segment"),
    ]
    engine.load_contacts([{"id": "b", "plan": 5}])
    assert found(engine, all_of(field("customField.plan", "equals", 5))) == ["b"]


def test_a_definition_is_saved_like_its_json() -> None:
    engine = engine_of("a", {"id": "b", "city": "Rome"})
    definition = _definition(FieldRule("contact.city", "equals", "Rome", "string"))
    assert engine.define_segment("romans", definition) == 1
    bare = Group("all", ())
    opened = EventRule("open", where=bare)
    steps = SequenceRule((SequenceStep("open"), SequenceStep("open", bare)))
    empties: tuple[Any, ...] = (bare, opened, steps)
    for empty in (Definition("all", ()), _definition(), *(_definition(one) for one in empties)):
        with pytest.raises(RuleError):
            engine.define_segment("s", empty)
    assert tuple(engine.segments) == ("romans",)
