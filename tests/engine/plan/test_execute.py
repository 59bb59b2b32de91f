"""An executor keeps answers within its limit, lets them go, and never hands out what it keeps."""

from __future__ import annotations

import pytest

from bitseg import Engine
from tests.engine.making import Json, all_of, any_of, engine_of, field, found, group, record

PEOPLE = [{"id": f"c{i}", "city": f"v{i % 50}", "lead_score": i % 10} for i in range(600)]


def _city(number: int) -> Json:
    return field("contact.city", "equals", f"v{number}")


def _kept(engine: Engine) -> int:
    return len(engine._executor)  # noqa: SLF001 - how much is kept is nobody else's to know


def test_answers_of_nobody_are_let_go_like_others() -> None:
    engine = engine_of(*PEOPLE, keep_bytes=20_000)
    for i in range(200):
        assert engine.count(all_of(field("contact.city", "equals", f"nowhere {i}"))) == 0
    assert _kept(engine) < 25


@pytest.mark.parametrize("keep", [0, 1, 5_000, 2**30])
def test_whatever_is_kept_the_answers_are_the_same(keep: int) -> None:
    engine = engine_of(*PEOPLE, keep_bytes=keep)
    for _ in range(2):
        for i in range(0, 49, 7):
            rule = any_of(
                _city(i), _city(i + 1), group("none", field("contact.id", "contains", "c"))
            )
            assert engine.count(rule) == 24
            assert (
                engine.count(all_of(_city(i), field("contact.lead_score", "equals", i % 10))) == 12
            )
    if keep < 2:
        assert _kept(engine) == 1


def test_tallies_count_towards_the_limit_and_go_with_their_leaves() -> None:
    engine = engine_of(*PEOPLE, keep_bytes=15_000)
    record(engine, *((f"c{i}", "open", "2026-03-01") for i in range(100)))
    for days in range(1, 60):
        rule = {"event": "open", "within": f"{days}d", "measure": {"distinct": "campaign"}}
        assert engine.count(all_of(rule)) == 0
    memory = engine.memory()
    assert memory["tallies"] + memory["kept"] <= 15_000
    engine.drop_kept()
    assert (_kept(engine), engine.memory()["tallies"], engine.memory()["kept"]) == (0, 0, 0)


def test_writes_that_nobody_asks_after_do_not_pile_up() -> None:
    engine = engine_of(*PEOPLE)
    rules = [
        all_of(_city(1)),
        all_of({"event": "open", "measure": {"distinct": "campaign"}}),
        all_of(field("engagement.revenue", "greater_than", 5)),
        all_of(field("engagement.last_opened_at", "is_not_empty")),
    ]
    for rule in rules:
        engine.count(rule)
    before = engine.memory()
    for i in range(60):
        engine.load_contacts([{"id": f"c{j}", "city": f"v{i % 9}"} for j in range(30)])
        record(engine, *((f"c{j}", "open", i, {"event_id": f"{i}.{j}"}) for j in range(30)))
        engine.withdraw_events(f"{i}.{j}" for j in range(30))
    after = engine.memory()
    assert after["kept"] <= before["kept"] + 600
    assert [engine.count(rule) for rule in rules] == [11, 0, 0, 0]


def test_what_was_selected_does_not_change_when_the_kept_answer_does() -> None:
    engine = engine_of(*PEOPLE)
    everyone, romans = engine.select(all_of()), engine.select(all_of(_city(0)))
    static = engine.define_segment("s", ["c0", "c1"])
    fixed = engine.select(all_of({"segment": "s"}))
    engine.load_contacts([{"id": "c0", "city": "x"}, {"id": "new", "city": "v0"}])
    engine.delete_contacts(["c1"])
    assert engine.count(all_of(_city(0))) == 12
    assert engine.count(all_of({"segment": "s"})) == 1
    assert (len(everyone), len(romans), len(fixed), static) == (600, 12, 2, 2)
    assert "c0" in romans
    assert "new" not in everyone


def test_an_answer_of_nobody_that_was_kept_hears_of_the_first_member() -> None:
    engine = engine_of(*PEOPLE)
    rules = [
        all_of(field("contact.city", "equals", "Rome"), field("contact.lead_score", "equals", 99)),
        all_of(_city(3), exclusions=(field("contact.lead_score", "less_than", 99),)),
        all_of({"event": "open", "where": group("all", field("device", "equals", "tv"))}),
    ]
    assert [engine.count(rule) for rule in rules] == [0, 0, 0]
    engine.load_contacts([{"id": "c7", "city": "Rome", "lead_score": 99}])
    engine.load_contacts([{"id": "c3", "lead_score": 99}])
    record(engine, ("c9", "open", "2026-03-01", {"device": "tv"}))
    assert [found(engine, rule) for rule in rules] == [["c7"], ["c3"], ["c9"]]


def test_plans_as_deep_as_may_be_are_answered() -> None:
    engine = engine_of("a", "b")
    deep: Json = {"event": "open"}
    for level in range(15):
        deep = group(("none", "any", "all")[level % 3], deep, field("contact.city", "is_empty"))
    rules = {"match": "all", "groups": [deep]}
    for level in range(11):
        engine.define_segment(f"s{level}", rules)
        inner: Json = {"segment": f"s{level}"}
        for depth in range(15):
            other = field("contact.id", "equals", f"{level}{depth}")
            inner = group("none" if depth % 2 else "any", inner, other)
        rules = {"match": "all", "groups": [inner]}
        engine.count(rules)
    assert engine.count(rules) in (0, 2)
