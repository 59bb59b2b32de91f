"""A memory budget refuses what would pass it, before it is done, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

import pytest

from bitseg import BudgetError, Engine, FieldError, synthetic
from bitseg.budget import DRIFT, Budget
from bitseg.growth import growth_of
from bitseg.plan.sizes import size_of
from tests.engine.making import Json, all_of, field

SEED, START = 7, 1_700_000_000_000
MIB = 2**20


class Kept:
    """What questions built, as a number."""

    def __init__(self, size: int = 0) -> None:
        self.size = size

    def shrink(self, most: int) -> None:
        self.size = min(self.size, most)


def _budget(limit: Any, data: int, kept: Kept | None = None) -> Budget:
    return Budget(limit, lambda: data, kept or Kept(), RLock())


@pytest.mark.parametrize(("growth", "passes"), [(499, True), (500, True), (501, False)])
def test_a_write_may_fill_what_a_quarter_of_the_data_leaves(growth: int, passes: bool) -> None:  # noqa: FBT001 - a column of the table
    budget = _budget(1_000, 400)  # 400 and a quarter of it
    if passes:
        budget.check_write(lambda: growth)
        return
    with pytest.raises(BudgetError) as refused:
        budget.check_write(lambda: growth)
    assert refused.value.writing
    assert refused.value.faults[0].code == "memory_budget"


@pytest.mark.parametrize(("size", "passes"), [(599, True), (600, True), (601, False)])
def test_an_answer_may_fill_all_that_the_data_leave(size: int, passes: bool) -> None:  # noqa: FBT001 - likewise
    kept = Kept(300)
    budget = _budget(1_000, 400, kept)
    if passes:
        budget.check_leaf(lambda: size)
        assert kept.size == 600 - size
        return
    with pytest.raises(BudgetError) as refused:
        budget.check_leaf(lambda: size)
    assert not refused.value.writing
    assert kept.size == 300  # nothing is dropped for what does not fit all the same


def test_answers_go_for_a_write_and_only_as_far_as_it_needs() -> None:
    kept = Kept(300)
    budget = _budget(1_000, 400, kept)
    budget.check_write(lambda: 200)
    assert kept.size == 300
    budget = _budget(1_000, 400, kept)
    budget.check_write(lambda: 450)
    assert kept.size == 50


def test_what_was_reckoned_from_above_is_measured_before_anything_is_refused() -> None:
    data = [0]
    budget = Budget(1_000, lambda: data[0], Kept(), RLock())
    for _ in range(50):
        budget.check_write(lambda: 300)
        data[0] += 10  # far less than was feared
    assert data[0] == 500
    assert budget.held >= 500
    with pytest.raises(BudgetError):
        budget.check_write(lambda: 376)
    budget.check_write(lambda: 375)


def test_it_is_measured_again_when_much_was_reckoned() -> None:
    budget = _budget(10**12, 400)
    for _ in range(3):
        budget.check_write(lambda: DRIFT)
    assert budget.held < 2 * DRIFT + 500


def test_no_limit_reckons_nothing() -> None:
    def never() -> int:
        raise AssertionError

    for limit in (None, lambda: None):
        budget = _budget(limit, 10**15)
        budget.check_write(never)
        budget.check_leaf(never)


@pytest.mark.parametrize("wrong", [0, -1, True, False])
def test_a_budget_is_a_byte_or_more(wrong: Any) -> None:
    with pytest.raises(FieldError, match="memory budget"):
        Engine(memory_budget=wrong)


# The engine


def _filled(contacts: int = 20_000, events: int = 100_000, **settings: Any) -> Engine:
    engine = Engine(**settings)
    engine.load_contacts(synthetic.contacts(contacts, SEED, START))
    engine.load_events(synthetic.events(contacts, events, SEED, START))
    return engine


def _new_field(engine: Engine) -> None:
    engine.load_contacts([{"id": "new", "customField.late": 1.5}])


WRITES: dict[str, Callable[[Engine], Any]] = {
    "contacts": lambda e: e.load_contacts(synthetic.contacts(3_000, 8, START)),
    "ids alone": lambda e: e.load_contacts([{"id": f"only-{i}"} for i in range(5_000)]),
    "one field of a few": _new_field,
    "long texts": lambda e: e.load_contacts(
        [{"id": f"t{i}", "customField.t": f"{i} " * 500} for i in range(400)]
    ),
    "lists": lambda e: e.load_contacts(
        [{"id": f"t{i}", "tags": [f"tag {i + j}" for j in range(30)]} for i in range(900)]
    ),
    "events": lambda e: e.load_events(synthetic.events(20_000, 20_000, 9, START)),
    "events of new contacts": lambda e: e.load_events(
        [
            {"contact_id": f"n{i}", "kind": "open", "at": START, "event_id": f"e{i}", "p": f"v{i}"}
            for i in range(5_000)
        ],
        create_contacts=True,
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_a_write_adds_is_never_more_than_was_reckoned(name: str) -> None:
    engine = _filled()
    reckoned = 0
    check = engine._writes.check_room  # noqa: SLF001 - what is reckoned is nobody else's to know

    def noted(change: Any) -> None:
        nonlocal reckoned
        reckoned += growth_of(change, engine._tenant)  # noqa: SLF001 - likewise
        check(change)

    engine._writes.check_room = noted  # noqa: SLF001 - likewise
    before = sum(engine.memory().values())

    WRITES[name](engine)

    assert 0 < sum(engine.memory().values()) - before <= reckoned + before // 4


LEAVES: dict[str, Json] = {
    "text": field("contact.city", "equals", "Toronto"),
    "part of a text": field("contact.email", "contains", "an"),
    "part of an id": field("contact.id", "contains", "1"),
    "number": field("contact.lead_score", "greater_than", 5),
    "date": field("contact.created_at", "within_last", "9000d"),
    "total": field("engagement.total_opens", "greater_than", 1),
    "events": {"event": "open", "within": "9000d"},
    "sum": {"event": "conversion", "measure": {"sum": "amount"}, "operator": "greater_than",
            "value": 1},
    "distinct": {"event": "click", "measure": {"distinct": "campaign"}, "operator": "greater_than",
                 "value": 1},
    "sequence": {"sequence": [{"event": "open"}, {"event": "click"}], "within": "9000d"},
    "sample": {"sample": 50, "seed": "s"},
}  # fmt: skip


@pytest.mark.parametrize("name", LEAVES)
def test_what_a_leaf_takes_is_never_more_than_was_reckoned(name: str) -> None:
    engine = _filled()
    before = sum(engine.memory().values())
    plan = engine._rulebook.compiled(all_of(LEAVES[name])).plan  # noqa: SLF001 - likewise
    reckoned = size_of(plan, engine._tenant)  # noqa: SLF001 - likewise

    engine.count(all_of(LEAVES[name]))

    assert sum(engine.memory().values()) - before <= reckoned


def test_an_engine_is_filled_until_it_refuses_and_keeps_what_it_took() -> None:
    limit = [24 * MIB]
    engine = Engine(memory_budget=lambda: limit[0])
    taken = 0

    def fill() -> None:
        nonlocal taken
        while True:
            rows = [{"id": f"c{i}", "city": f"v{i}", "lead_score": i} for i in
                    range(taken, taken + 2_000)]  # fmt: skip
            engine.load_contacts(rows)
            taken += 2_000

    with pytest.raises(BudgetError) as refused:
        fill()
    assert refused.value.writing
    assert 4_000 < taken == len(engine)
    assert sum(engine.memory().values()) <= limit[0]
    assert engine.contact(f"c{taken - 1}")["contact.city"] == f"v{taken - 1}"
    assert engine.count(all_of(field("contact.lead_score", "less_than", 1_000))) == 1_000
    with pytest.raises(BudgetError):
        engine.load_events([{"contact_id": "c1", "kind": "open", "at": START}] * 20_000)
    assert engine.event_count == 0
    assert engine.delete_contacts([f"c{i}" for i in range(10)]) == 10  # what frees is never refused

    full = taken
    limit[0] *= 2
    with pytest.raises(BudgetError):
        fill()
    assert taken > full
    assert len(engine) == taken - 10


def test_a_strict_load_that_does_not_fit_goes_in_not_at_all() -> None:
    engine = Engine(memory_budget=4 * MIB)
    rows = [{"id": f"c{i}", "city": "x" * 40} for i in range(150_000)]
    with pytest.raises(BudgetError):
        engine.load_contacts(rows, strict=True)
    assert len(engine) == 0
    engine.load_contacts(rows[:100], strict=True)
    assert len(engine) == 100


def test_a_leaf_that_does_not_fit_is_refused_and_others_are_answered() -> None:
    limit = [10**12]
    engine = _filled(memory_budget=lambda: limit[0])
    rules = all_of(LEAVES["events"])
    data = sum(engine.memory().values())
    limit[0] = data + 10_000

    with pytest.raises(BudgetError) as refused:
        engine.count(rules)
    assert not refused.value.writing
    assert engine.find_contacts(limit=1).total == len(engine) == 20_000

    limit[0] = 4 * data
    expected = engine.count(rules)
    assert 0 < expected < len(engine)


def test_answers_are_kept_within_the_budget_and_stay_right() -> None:
    limit = [10**12]
    engine = _filled(memory_budget=lambda: limit[0])
    data = sum(engine.memory().values())
    expected = [engine.count(all_of(leaf)) for leaf in LEAVES.values()]
    engine.drop_kept()
    limit[0] = data + 4 * MIB

    for _ in range(3):
        for leaf, count in zip(LEAVES.values(), expected, strict=True):
            assert engine.count(all_of(leaf)) == count
    held = engine.memory()
    assert held["kept"] + held["tallies"] <= 4 * MIB
    assert sum(held.values()) <= data + 4 * MIB
