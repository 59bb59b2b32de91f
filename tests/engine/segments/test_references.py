"""References lead to no cycle and not too deep, however the chain came about."""

from __future__ import annotations

import pytest

from bitseg import Engine, RuleError
from bitseg.errors import Fault
from bitseg.rules.nodes import Definition, Group, SegmentRule
from bitseg.segments.references import reference_faults
from tests.engine.making import Json, all_of, engine_of, field, found, group

CITY = field("contact.city", "equals", "Rome")


def _in(*segments: str) -> Json:
    return all_of(*({"segment": one} for one in segments))


def _faults(engine: Engine, segment: str, rules: Json) -> list[tuple[str, str, str]]:
    with pytest.raises(RuleError) as caught:
        engine.define_segment(segment, rules)
    return [(fault.path, fault.code, fault.message) for fault in caught.value.faults]


def _ring(length: int) -> tuple[Definition, dict[str, tuple[str, ...]]]:
    graph = {f"s{i}": (f"s{i + 1}",) for i in range(1, length)}
    first = Definition("all", (Group("all", (SegmentRule("s1" if length > 1 else "s0"),)),))
    return first, {**graph, f"s{length - 1}": ("s0",)} if length > 1 else {}


@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_a_cycle_is_named_whole(length: int) -> None:
    definition, graph = _ring(length)
    ring = " → ".join(f"s{i % length}" for i in range(length + 1))
    assert reference_faults("s0", definition, graph) == [
        Fault("groups[0].conditions[0].segment", f"Expected no cycle, got {ring}", code="cycle")
    ]


def test_a_cycle_through_nested_groups_and_exclusions_is_refused_and_nothing_changes() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, "b")
    engine.define_segment("one", all_of(CITY))
    engine.define_segment("two", all_of(group("none", group("any", {"segment": "one"}))))
    engine.define_segment("three", all_of(field("contact.id", "is_not_empty")))
    wanted = all_of(CITY, {"segment": "three"}, exclusions=({"segment": "two"},))
    assert _faults(engine, "one", wanted) == [
        (
            "exclusions[0].conditions[0].segment",
            "cycle",
            "Expected no cycle, got one → two → one",
        )
    ]
    assert found(engine, _in("one")) == ["a"]
    assert found(engine, _in("two")) == ["b"]


def test_every_cycle_of_a_definition_is_named() -> None:
    engine = engine_of("a")
    engine.define_segment("one", all_of(CITY))
    engine.define_segment("two", _in("one"))
    assert [code for _, code, _ in _faults(engine, "one", _in("one", "two"))] == ["cycle"] * 2


def test_an_unknown_segment_is_a_fault_also_where_it_would_be_itself() -> None:
    engine = engine_of("a")
    engine.define_segment("loyal", all_of(CITY))
    (fault,) = _faults(engine, "new", _in("loyall"))
    assert fault[0] == "groups[0].conditions[0].segment"
    assert "loyal" in fault[2]
    assert len(_faults(engine, "new", _in("new"))) == 1
    assert tuple(engine.segments) == ("loyal",)


def _chain(engine: Engine, name: str, length: int, end: Json) -> None:
    engine.define_segment(f"{name}0", end)
    for i in range(1, length):
        engine.define_segment(f"{name}{i}", _in(f"{name}{i - 1}"))


def test_ten_references_may_lie_behind_one_another_and_no_more() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, "b")
    _chain(engine, "s", 11, all_of(CITY))
    assert found(engine, _in("s10")) == ["a"]
    ((path, code, message),) = _faults(engine, "s11", _in("s10"))
    assert (path, code) == ("groups[0].conditions[0].segment", "too_deep")
    assert message.endswith("s11 → s10 → s9 → s8 → s7 → s6 → s5 → s4 → s3 → s2 → s1 → s0")


def test_a_chain_is_too_long_also_when_it_is_put_below_another() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, "b")
    _chain(engine, "top", 6, all_of(CITY))
    _chain(engine, "low", 5, all_of(CITY))
    engine.define_segment("top0", _in("low3"))
    assert found(engine, _in("top5")) == ["a"]
    engine.define_segment("top0", _in("low4"))
    engine.define_segment("other", all_of(CITY))
    ((_, code, message),) = _faults(engine, "low0", _in("other"))
    assert code == "too_deep"
    assert "top5 → top4" in message
    assert message.endswith("low0 → other")
    assert found(engine, _in("top5")) == ["a"]


def test_segments_that_speak_of_one_another_many_times_are_read_once_each() -> None:
    """Ten levels of eight references are 8**10 ways down; only a shared look is ever done."""
    engine = engine_of({"id": "a", "city": "Rome"}, "b")
    engine.define_segment("s0", all_of(CITY))
    for level in range(1, 11):
        below = {"segment": f"s{level - 1}"}
        alone = [field("contact.email", "equals", f"{level}.{i}") for i in range(8)]
        engine.define_segment(f"s{level}", all_of(*(group("any", below, one) for one in alone)))
    assert found(engine, _in("s10")) == ["a"]
    assert engine.preview(_in("s10", "s9"), breakdown=True).breakdown == {
        "groups[0]": 1,
        "groups[0].conditions[0]": 1,
        "groups[0].conditions[1]": 1,
    }
    engine.load_contacts([{"id": "b", "city": "Rome"}])
    assert found(engine, _in("s10")) == ["a", "b"]
    engine.define_segment("s0", all_of(field("contact.id", "equals", "b")))
    assert found(engine, _in("s10")) == ["b"]
