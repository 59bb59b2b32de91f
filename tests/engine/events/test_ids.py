"""An event id counts once for at least the days that are set, its event taken back or not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from bitseg.events.ids import EventIds
from bitseg.zones import DAY
from tests.engine.making import Clock, all_of, engine_of, found, record

OPENED = all_of({"event": "open"})


def _texts(*ids: str) -> Any:
    return pa.array(ids, pa.large_string())


def _remember(ids: EventIds, at: int, *names: str) -> tuple[list[int], list[bool]]:
    texts = _texts(*names)
    codes, fresh = ids.foresee(texts, at)
    ids.remember(texts.filter(pa.array(fresh)), at)
    return codes.tolist(), fresh.tolist()


def _fresh(ids: EventIds, day: float, *names: str) -> list[bool]:
    return _remember(ids, int(day * DAY), *names)[1]


def test_an_id_is_fresh_once_in_a_batch_and_across_batches() -> None:
    ids = EventIds(30)
    assert _fresh(ids, 0, "a", "b", "a", "c", "b") == [True, True, False, True, False]
    assert _fresh(ids, 1, "c", "d", "a") == [False, True, False]


def test_codes_are_from_one_and_the_same_for_a_repeat_in_the_batch() -> None:
    ids = EventIds(30)
    assert _remember(ids, 0, "a", "b", "a")[0] == [1, 2, 1]
    assert ids.find(_texts("b", "nobody")).tolist() == [2]
    assert _remember(ids, 40 * DAY, "c")[0] == [3]
    assert sorted(ids.find(_texts("a", "b", "c")).tolist()) == [1, 2, 3]


@pytest.mark.parametrize("age", [0, 1, 29, 29.99, 30])
def test_an_id_is_remembered_for_the_days_that_are_set_wherever_in_a_generation_it_came(
    age: float,
) -> None:
    for first in (0.0, 15.0, 29.9, 30.0, 31.0):
        ids = EventIds(30)
        _fresh(ids, 0, "opening")
        assert _fresh(ids, first, "late") == [True]
        assert _fresh(ids, first + age, "late") == [False], first


def test_an_id_is_forgotten_after_twice_the_days_at_the_latest() -> None:
    ids = EventIds(30)
    assert _fresh(ids, 0, "a") == [True]
    assert _fresh(ids, 30, "b") == [True]
    assert _fresh(ids, 60, "a", "b") == [True, False]
    assert sorted(ids.find(_texts("a", "b")).tolist()) == [2, 3]


def test_a_clock_that_goes_back_forgets_nothing() -> None:
    ids = EventIds(30)
    assert _fresh(ids, 100, "a") == [True]
    assert _fresh(ids, 5, "a", "b") == [False, True]
    assert _fresh(ids, 101, "a", "b") == [False, False]


def test_a_duplicate_is_counted_and_changes_nothing() -> None:
    engine = engine_of("a", "b")
    first = record(
        engine,
        ("a", "open", "2026-03-01", {"event_id": "e1"}),
        ("b", "open", "2026-03-02", {"event_id": "e1"}),
        ("b", "click", "2026-03-02"),
        ("b", "click", "2026-03-02"),
    )
    assert (first.accepted, first.duplicate, first.rejected_count) == (3, 1, 0)
    again = record(engine, ("b", "open", "2026-03-03", {"event_id": "e1"}))
    assert (again.accepted, again.duplicate) == (0, 1)
    assert found(engine, OPENED) == ["a"]
    assert engine.event_count == 3


def test_an_event_that_was_withdrawn_stays_a_duplicate() -> None:
    engine = engine_of("a")
    record(engine, ("a", "open", "2026-03-01", {"event_id": "e1"}))
    assert found(engine, OPENED) == ["a"]
    assert engine.withdraw_events(["e1", "unknown"]) == 1
    assert found(engine, OPENED) == []
    assert engine.withdraw_events(["e1"]) == 0
    assert record(engine, ("a", "open", "2026-03-01", {"event_id": "e1"})).duplicate == 1
    assert found(engine, OPENED) == []


def test_an_event_that_was_rejected_does_not_use_up_its_id() -> None:
    engine = engine_of("a")
    bad = record(engine, ("nobody", "open", "2026-03-01", {"event_id": "e1"}))
    assert (bad.accepted, bad.duplicate, bad.rejected_count) == (0, 0, 1)
    good = record(engine, ("a", "open", "2026-03-01", {"event_id": "e1"}))
    assert (good.accepted, good.duplicate) == (1, 0)


def test_of_two_events_of_one_id_the_rejected_first_does_not_stand_in_the_way_of_the_second() -> (
    None
):
    engine = engine_of("a")
    report = record(
        engine,
        ("nobody", "open", "2026-03-01", {"event_id": "e1"}),
        ("a", "open", "2026-03-01", {"event_id": "e1"}),
    )
    assert (report.accepted, report.duplicate, report.rejected_count) == (1, 0, 1)
    assert found(engine, OPENED) == ["a"]


def test_after_the_days_an_id_counts_again_and_only_its_new_event_is_withdrawn() -> None:
    clock = Clock("2026-01-01T00:00:00Z")
    engine = engine_of("a", clock=clock)
    record(engine, ("a", "open", "2026-01-01", {"event_id": "e1"}))
    for month in ("2026-02-15T00:00:00Z", "2026-04-15T00:00:00Z"):
        clock.set(month)
        record(engine, ("a", "click", "2026-01-01", {"event_id": month}))
    assert record(engine, ("a", "open", "2026-01-02", {"event_id": "e1"})).accepted == 1
    assert engine.event_count == 4
    assert engine.withdraw_events(["e1"]) == 1
    assert engine.event_count == 3


def test_unknown_contacts_are_made_where_the_caller_asks_and_only_for_fresh_events() -> None:
    engine = engine_of("a")
    report = record(
        engine,
        ("a", "open", "2026-03-01", {"event_id": "e1"}),
        ("new", "open", "2026-03-01", {"event_id": "e2"}),
        ("new", "open", "2026-03-01"),
        ("never", "open", "2026-03-01", {"event_id": "e1"}),
        create_contacts=True,
    )
    assert (report.accepted, report.duplicate, report.rejected_count) == (3, 1, 0)
    assert found(engine, all_of()) == ["a", "new"]
    assert found(engine, all_of({"event": "open", "value": 2})) == ["new"]
    assert engine.contact("new")["contact.created_at"] == "2026-03-15T12:00:00.000Z"
