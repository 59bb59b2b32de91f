"""Segments are live where they are dynamic and fixed where they are static."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg import RuleError, SegmentError, UnknownSegmentError
from bitseg.errors import BitsegError
from tests.engine.making import CROWD, Clock, Json, all_of, engine_of, field, found, record

ROME = all_of(field("contact.city", "equals", "Rome"))


def _in(*segments: str) -> Json:
    return all_of(*({"segment": one} for one in segments))


def _not_in(segment: str) -> Json:
    return all_of({"segment": segment, "operator": "not_in"})


def test_a_reference_means_the_definition_and_the_data_of_now() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, {"id": "b", "city": "Oslo"}, "c")
    assert engine.define_segment("romans", ROME) == 1
    engine.define_segment("others", _not_in("romans"))
    assert (found(engine, _in("romans")), found(engine, _in("others"))) == (["a"], ["b", "c"])
    engine.load_contacts([{"id": "c", "city": "Rome"}])
    assert (found(engine, _in("romans")), found(engine, _in("others"))) == (["a", "c"], ["b"])
    engine.define_segment("romans", all_of(field("contact.city", "equals", "Oslo")))
    assert (found(engine, _in("romans")), found(engine, _in("others"))) == (["b"], ["a", "c"])
    engine.define_segment("romans", ["c"])
    assert (found(engine, _in("romans")), found(engine, _in("others"))) == (["c"], ["a", "b"])
    assert tuple(engine.segments) == ("romans", "others")


def test_the_exclusions_of_a_segment_are_part_of_it() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, {"id": "b", "city": "Rome"}, "c")
    excluded = all_of(
        field("contact.city", "equals", "Rome"), exclusions=(field("contact.id", "equals", "b"),)
    )
    engine.define_segment("romans", excluded)
    assert found(engine, _in("romans")) == ["a"]
    assert found(engine, _not_in("romans")) == ["b", "c"]


def test_a_static_segment_is_made_of_ids_or_members_and_stays() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, "b", "c")
    assert engine.define_segment("ids", ["c", "a", "c"]) == 2
    assert engine.define_segment("frozen", engine.select(ROME)) == 1
    assert engine.define_segment("none", []) == 0
    engine.load_contacts([{"id": "a", "city": None}, {"id": "b", "city": "Rome"}, {"id": "d"}])
    assert found(engine, _in("ids")) == ["a", "c"]
    assert found(engine, _in("frozen")) == ["a"]
    assert found(engine, _in("none")) == []
    assert found(engine, _not_in("ids")) == ["b", "d"]
    assert found(engine, _not_in("none")) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("how", [set, frozenset, tuple])
def test_ids_may_come_in_any_collection(how: Any) -> None:
    engine = engine_of("a", "b")
    assert engine.define_segment("s", how(["b"])) == 1


def test_members_that_were_selected_before_others_came_and_went_can_be_frozen() -> None:
    engine = engine_of("a", "b")
    chosen = engine.select(all_of())
    engine.load_contacts([{"id": f"x{i}"} for i in range(300)])
    engine.delete_contacts(["a"])
    assert engine.define_segment("s", chosen) == 1
    assert found(engine, _in("s")) == ["b"]


def test_an_erased_contact_leaves_static_segments_for_good() -> None:
    engine = engine_of("a", "b", "c")
    engine.define_segment("s", ["a", "b"])
    assert engine.delete_contacts(["a"]) == 1
    assert found(engine, _in("s")) == ["b"]
    engine.load_contacts([{"id": "a"}])
    assert found(engine, _in("s")) == ["b"]
    assert found(engine, _not_in("s")) == ["c", "a"]


def test_ids_that_nobody_has_are_all_named_and_nothing_changes() -> None:
    engine = engine_of("a", "b", "gone")
    engine.delete_contacts(["gone"])
    engine.define_segment("s", ["a"])
    with pytest.raises(SegmentError) as caught:
        engine.define_segment("s", ["b", "x", "gone"])
    assert [fault.message for fault in caught.value.faults] == [
        "No contact has the id 'x'",
        "No contact has the id 'gone'",
    ]
    assert found(engine, _in("s")) == ["a"]


def test_members_of_another_engine_are_refused() -> None:
    engine, other = engine_of("a", "b"), engine_of("b", "a")
    with pytest.raises(BitsegError, match="same engine"):
        engine.define_segment("s", other.select(all_of(field("contact.id", "equals", "b"))))
    assert tuple(engine.segments) == ()


def test_what_is_no_id_is_no_contact() -> None:
    engine = engine_of("a")
    for wrong in (1, None, "\ud800", b"a"):
        with pytest.raises(SegmentError):
            engine.define_segment("s", ["a", wrong])
    assert tuple(engine.segments) == ()


def test_a_segment_in_use_is_not_removed_and_its_users_are_named() -> None:
    engine = engine_of("a")
    engine.define_segment("base", ROME)
    engine.define_segment("one", _in("base"))
    engine.define_segment("two", all_of({"segment": "one"}, exclusions=({"segment": "base"},)))
    with pytest.raises(SegmentError, match="'one', 'two'") as caught:
        engine.remove_segment("base")
    assert caught.value.faults[0].code == "in_use"
    engine.remove_segment("two")
    engine.define_segment("one", ["a"])
    engine.remove_segment("base")
    assert tuple(engine.segments) == ("one",)


def test_a_removed_segment_is_unknown_also_to_rules_that_were_read_before() -> None:
    engine = engine_of({"id": "a", "city": "Rome"})
    engine.define_segment("s", ROME)
    assert found(engine, _in("s")) == ["a"]
    engine.remove_segment("s")
    with pytest.raises(RuleError):
        engine.count(_in("s"))
    with pytest.raises(UnknownSegmentError, match="No segment"):
        engine.remove_segment("s")


def test_saving_refuses_what_matches_everybody_by_accident() -> None:
    engine = engine_of("a")
    for empty in (all_of(), {"match": "all", "groups": []}):
        with pytest.raises(RuleError):
            engine.define_segment("s", empty)
        assert engine.count(empty) == 1
    assert tuple(engine.segments) == ()


def test_a_segment_moves_with_the_clock() -> None:
    clock = Clock("2026-03-10T00:00:00Z")
    engine = engine_of("a", "b", *CROWD, clock=clock)
    record(engine, ("a", "open", "2026-03-09"))
    engine.define_segment("recent", all_of({"event": "open", "within": "2d"}))
    engine.define_segment("rest", _not_in("recent"))
    assert (found(engine, _in("recent")), found(engine, _in("rest"))) == (["a"], ["b", *CROWD])
    clock.set("2026-03-11T00:00:00Z")
    assert (found(engine, _in("recent")), found(engine, _in("rest"))) == ([], ["a", "b", *CROWD])


def test_a_type_that_a_segment_rests_on_is_not_changed() -> None:
    engine = engine_of("a", "b")
    engine.define_field("customField.x", "string")
    engine.define_segment("s", all_of(field("customField.x", "not_equals", "v")))
    with pytest.raises(BitsegError, match="'s'"):
        engine.define_field("customField.x", "number")
    assert engine.define_field("customField.x", "string", label="X").label == "X"
    assert found(engine, _in("s")) == ["a", "b"]
    engine.remove_segment("s")
    engine.define_field("customField.x", "number")
    engine.load_contacts([{"id": "a", "x": 5}])
    assert found(engine, all_of(field("customField.x", "equals", 5))) == ["a"]
