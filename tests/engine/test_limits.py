"""A question may be limited: to what is kept, or to an instant, looked at before each leaf."""

from __future__ import annotations

import asyncio
from threading import Thread

import pytest

from bitseg import DeadlineError, Engine, NotKeptError, kept_only, time_limit
from tests.engine.making import Clock, Json, all_of, engine_of, field, record

PEOPLE = [{"id": f"c{i}", "city": f"v{i % 3}", "lead_score": i % 10} for i in range(90)]
CITY = field("contact.city", "equals", "v1")
SCORE = field("contact.lead_score", "greater_than", 4)
ID = field("contact.id", "contains", "7")


class Steps:
    """A clock that is a second later each time it is looked at."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return float(self.looks)


@pytest.fixture
def engine() -> Engine:
    return engine_of(*PEOPLE)


def _expected(*digits: str) -> int:
    """Return how many are in v1, score over 4 and have a 7 in their id, counted by hand."""
    return sum(
        1
        for i in range(90)
        if ("city" not in digits or i % 3 == 1)
        and ("score" not in digits or i % 10 > 4)
        and ("id" not in digits or "7" in f"c{i}")
    )


def test_what_is_kept_is_answered_and_what_is_not_is_refused(engine: Engine) -> None:
    rules = all_of(CITY, SCORE)
    with kept_only(), pytest.raises(NotKeptError):
        engine.count(rules)

    assert engine.count(rules) == _expected("city", "score")

    with kept_only():
        assert engine.count(rules) == _expected("city", "score")
        assert engine.count(all_of(SCORE)) == _expected("score")  # a new join of what is kept
        with pytest.raises(NotKeptError):
            engine.count(all_of(CITY, ID))
    assert engine.count(all_of(CITY, ID)) == _expected("city", "id")


def test_a_leaf_that_has_to_be_built_anew_is_not_kept(engine: Engine) -> None:
    assert engine.count(all_of(CITY)) == 30
    engine.load_contacts([{"id": "c0", "city": "v1"}])
    with kept_only():
        assert engine.count(all_of(CITY)) == 31  # patched
    engine.load_contacts([{"id": f"c{i}", "city": "v1"} for i in range(90)])
    with kept_only(), pytest.raises(NotKeptError):
        engine.count(all_of(CITY))
    assert engine.count(all_of(CITY)) == 90


def test_the_time_is_looked_at_before_each_leaf_and_what_was_built_stays(engine: Engine) -> None:
    rules = all_of(CITY, SCORE, ID)
    clock = Steps()

    with time_limit(3, clock), pytest.raises(DeadlineError):  # from 1 to 4: leaves at 2 and 3
        engine.count(rules)
    assert clock.looks == 4

    with time_limit(2, Steps()):  # from 1 to 3: the third leaf, at 2
        assert engine.count(rules) == _expected("city", "score", "id")
    clock = Steps()
    with time_limit(0, clock):
        assert engine.count(rules) == _expected("city", "score", "id")
    assert clock.looks == 1  # what is kept looks at no clock


@pytest.mark.parametrize(
    "rule",
    [
        CITY,
        field("contact.created_at", "is_not_empty"),
        {"event": "open"},
        {"event": "purchase", "measure": {"sum": "value"}, "operator": "greater_than", "value": 1},
        {"sequence": [{"event": "open"}, {"event": "click"}]},
        {"sample": 50, "seed": "s"},
        {"segment": "dynamic"},
        field("engagement.total_opens", "greater_than", 0),
    ],
    ids=lambda rule: next(iter(rule.values())) if "field" in rule else next(iter(rule)),
)
def test_every_kind_of_leaf_is_limited(engine: Engine, rule: Json) -> None:
    record(engine, ("c1", "open", "2026-03-01"))
    engine.define_segment("dynamic", all_of(SCORE))
    engine.drop_kept()
    with time_limit(0), pytest.raises(DeadlineError):
        engine.preview(all_of(rule))
    with kept_only(), pytest.raises(NotKeptError):
        engine.preview(all_of(rule))
    engine.preview(all_of(rule))
    with kept_only():
        engine.preview(all_of(rule))


def test_a_limit_ends_with_its_block_and_an_inner_one_holds_inside(engine: Engine) -> None:
    with time_limit(0):
        with kept_only(), pytest.raises(NotKeptError):
            engine.count(all_of(CITY))
        with pytest.raises(DeadlineError):
            engine.count(all_of(CITY))
    assert engine.count(all_of(CITY)) == 30


def test_a_limit_is_of_its_thread_and_goes_with_to_thread(engine: Engine) -> None:
    counts: list[int] = []
    with time_limit(0):
        thread = Thread(target=lambda: counts.append(engine.count(all_of(CITY))))
        thread.start()
        thread.join()
    assert counts == [30]

    async def asked() -> int:
        with kept_only():
            return await asyncio.to_thread(engine.count, all_of(SCORE))

    with pytest.raises(NotKeptError):
        asyncio.run(asked())


def test_no_limit_of_who_asks_holds_for_what_is_recorded_of_segments() -> None:
    clock = Clock("2026-03-15T12:00:00Z")
    engine = engine_of("ann", "bob", clock=clock)
    record(engine, ("ann", "open", "2026-03-15T11:00:00Z"))
    engine.define_segment("recent", all_of({"event": "open", "within": "1d"}))
    engine.drop_kept()
    clock.set("2026-03-17T12:00:00Z")

    with kept_only():
        items = engine.segments.history("recent").items

    assert [(one.contact_id, one.change, one.at) for one in items] == [
        ("ann", "entered", "2026-03-15T12:00:00.000Z"),
        ("ann", "left", "2026-03-16T11:00:00.000Z"),
    ]
    with kept_only():
        engine.load_contacts([{"id": f"c{i}"} for i in range(90)])  # all of it is asked anew
    assert engine.segments.last_seq("recent") == 2
