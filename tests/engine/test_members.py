"""Members are a set of one version: what is written later does not change it."""

from __future__ import annotations

import pytest
from pyroaring import BitMap

from bitseg import Engine, Members, UnknownContactError
from tests.engine.making import all_of, any_of, engine_of, field

ALL = all_of()


def _named(engine: Engine, *ids: str) -> Members:
    return engine.select(any_of(field("contact.id", "in", list(ids))))


def test_later_writes_change_nothing() -> None:
    engine = engine_of({"id": "a", "city": "Rome"}, "b")
    romans = engine.select(all_of(field("contact.city", "equals", "Rome")))
    engine.load_contacts([{"id": "a", "city": None}, {"id": "b", "city": "Rome"}, {"id": "c"}])
    assert list(romans.ids()) == ["a"]
    assert ("a" in romans, "b" in romans, "c" in romans) == (True, False, False)
    assert len(romans) == 1


def test_ids_come_in_the_order_of_first_load() -> None:
    engine = engine_of("z", "m", "a")
    engine.load_contacts([{"id": "a", "city": "x"}, {"id": "k"}, {"id": "z"}])
    everyone = engine.select(ALL)
    assert list(everyone.ids()) == ["z", "m", "a", "k"]
    assert list(everyone.ids(after="m")) == ["a", "k"]
    assert list(everyone.ids(after="m", limit=1)) == ["a"]
    assert list(everyone.ids(limit=2)) == ["z", "m"]
    assert list(everyone.ids(limit=0)) == []
    assert list(everyone.ids(after="k")) == []


def test_a_page_may_begin_behind_a_contact_that_is_no_member() -> None:
    engine = engine_of("a", "b", "c", "d")
    chosen = _named(engine, "a", "d")
    assert list(chosen.ids(after="b")) == ["d"]
    with pytest.raises(UnknownContactError, match="'nobody'"):
        chosen.ids(after="nobody")
    with pytest.raises(UnknownContactError):
        chosen.ids(after="\ud800")


def test_many_ids_come_over_the_ends_of_pages() -> None:
    names = [f"c{i}" for i in range(9_000)]
    everyone = engine_of(*names).select(ALL)
    assert list(everyone.ids()) == names
    assert list(everyone.ids(limit=4_097)) == names[:4_097]
    assert list(everyone.ids(after="c4095", limit=4_096)) == names[4_096:8_192]


def test_set_operations_join_members_of_different_versions() -> None:
    engine = engine_of("a", "b", "c")
    early = _named(engine, "a", "b")
    engine.load_contacts([{"id": f"x{i}"} for i in range(500)])
    late = _named(engine, "b", "x7", "x499")
    assert list((early & late).ids()) == ["b"]
    assert list((late & early).ids()) == ["b"]
    assert list((early | late).ids()) == ["a", "b", "x7", "x499"]
    assert list((early - late).ids()) == ["a"]
    assert list((late - early).ids()) == ["x7", "x499"]
    assert (len(early), len(late)) == (2, 3)
    assert len((engine.select(ALL) - early) | late) == 502


def test_members_of_two_engines_and_other_things_do_not_mix() -> None:
    here, there = engine_of("a").select(ALL), engine_of("a").select(ALL)
    with pytest.raises(ValueError, match="same engine"):
        _ = here & there
    with pytest.raises(TypeError, match="Members"):
        _ = here | {"a"}  # type: ignore[operator]


def test_an_erased_contact_is_counted_but_no_longer_named() -> None:
    engine = engine_of("a", "b")
    everyone = engine.select(ALL)
    engine.delete_contacts(["a"])
    assert (len(everyone), "a" in everyone, list(everyone.ids())) == (2, False, ["b"])
    engine.load_contacts([{"id": "a"}])
    assert "a" not in everyone
    assert list(engine.select(ALL).ids()) == ["b", "a"]
    assert list(everyone.ids(limit=1)) == ["b"]


def test_what_is_no_text_is_in_no_members() -> None:
    everyone = engine_of("a", "1").select(ALL)
    for thing in (1, None, b"a", "\ud800", "", "A"):
        assert thing not in everyone


def test_rows_are_a_copy() -> None:
    everyone = engine_of("a", "b").select(ALL)
    rows = everyone.rows
    assert rows == BitMap([0, 1])
    rows.add(9)
    assert everyone.rows == BitMap([0, 1])


def test_nobody_is_a_set_too() -> None:
    engine = engine_of()
    nobody = engine.select(ALL)
    assert (len(nobody), list(nobody.ids()), list((nobody & nobody).ids())) == (0, [], [])
    assert engine.count({"match": "any", "groups": []}) == 0
    assert len(engine) == 0
