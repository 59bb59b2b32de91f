"""What retention drops stays in lifetime fields; event rules no longer see it and lint says so."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg import Engine
from tests.engine.making import (
    Clock,
    Json,
    all_of,
    any_of,
    at,
    engine_of,
    field,
    found,
    record,
    value,
)

OPENS = "engagement.total_opens"
REVENUE = "engagement.revenue"
LAST = "engagement.last_opened_at"


def _lint(engine: Engine, rule: Json, now: str | None = None) -> list[tuple[str, str]]:
    moment = None if now is None else at(now)
    return [(one.path, one.code) for one in engine.preview(all_of(rule), now=moment).lint]


def _kept_ten_days(**more: Any) -> tuple[Engine, Clock]:
    clock = Clock("2026-03-05T00:00:00Z")
    engine = engine_of({"id": "a", **more}, "b", clock=clock, retention_days=10)
    record(
        engine,
        ("a", "open", "2026-03-01", {"device": "ios", "campaign": "x", "event_id": "e1"}),
        ("a", "open", "2026-03-02", {"device": "web"}),
        ("a", "conversion", "2026-03-02", {"amount": 0.1}),
        ("a", "conversion", "2026-03-02", {"amount": 0.2}),
        ("a", "conversion", "2026-03-04", {"amount": 0.3}),
        ("b", "open", "2026-03-04"),
    )
    return engine, clock


def test_totals_revenue_and_last_dates_stay_and_event_rules_forget() -> None:
    engine, clock = _kept_ten_days()
    opened = all_of({"event": "open"})
    assert found(engine, opened) == ["a", "b"]
    clock.set("2026-03-12T00:00:00.001Z")
    assert engine.drop_expired_events() == 4
    assert engine.event_count == 2
    assert found(engine, opened) == ["b"]
    assert value(engine, "a", OPENS) == 2
    assert value(engine, "a", LAST) == "2026-03-02T00:00:00.000Z"
    assert value(engine, "a", "engagement.last_activity_at") == "2026-03-04T00:00:00.000Z"
    assert value(engine, "a", "engagement.total_conversions") == 3
    assert value(engine, "a", REVENUE) == 0.6
    assert engine.drop_expired_events() == 0
    assert value(engine, "a", OPENS) == 2


def test_an_event_exactly_as_old_as_the_retention_stays() -> None:
    engine, clock = _kept_ten_days()
    clock.set("2026-03-12T00:00:00Z")
    assert engine.drop_expired_events() == 1
    clock.set("2026-03-12T00:00:00.001Z")
    assert engine.drop_expired_events() == 3


def test_kept_answers_hear_of_what_was_dropped() -> None:
    engine, clock = _kept_ten_days()
    engine.load_contacts([{"id": f"x{i}"} for i in range(200)])
    rules = [
        all_of(field(OPENS, "equals", 2)),
        all_of(field(LAST, "less_than", "2026-03-03")),
        all_of(field(REVENUE, "between", [0.6, 0.7])),
        all_of({"event": "open", "since": "2026-02-01", "operator": "equals", "value": 2}),
        all_of({"sequence": [{"event": "open"}, {"event": "conversion"}]}),
        all_of(field("engagement.preferred_open_hour", "is_not_empty")),
    ]
    before = [found(engine, rule) for rule in rules]
    assert before == [["a"]] * 5 + [["a", "b"]]
    clock.set("2026-03-13T00:00:00Z")
    engine.drop_expired_events()
    after = [found(engine, rule) for rule in rules]
    assert after == [["a"], ["a"], ["a"], [], [], ["b"]]
    engine.drop_kept()
    assert [found(engine, rule) for rule in rules] == after


def test_an_upsert_of_a_baseline_leaves_what_was_dropped() -> None:
    engine, clock = _kept_ten_days(total_opens=5, revenue=1.0, last_opened_at="2026-03-03")
    clock.set("2026-03-20T00:00:00Z")
    engine.drop_expired_events()
    assert value(engine, "a", OPENS) == 7
    assert value(engine, "a", REVENUE) == 1.6
    engine.load_contacts([{"id": "a", "total_opens": 1, "revenue": None, "last_opened_at": None}])
    assert value(engine, "a", OPENS) == 3
    assert value(engine, "a", REVENUE) == 0.6
    assert value(engine, "a", LAST) == "2026-03-02T00:00:00.000Z"


def test_a_late_event_behind_the_retention_counts_for_life_and_not_in_rules() -> None:
    clock = Clock("2026-03-20T00:00:00Z")
    engine = engine_of("a", clock=clock, retention_days=10)
    assert record(engine, ("a", "open", "2026-03-01", {"event_id": "e"})).accepted == 1
    assert record(engine, ("a", "open", "2026-03-01", {"event_id": "e"})).duplicate == 1
    assert (engine.event_count, value(engine, "a", OPENS)) == (0, 1)
    assert found(engine, all_of({"event": "open"})) == []


def test_loading_in_batches_drops_what_has_expired_by_then() -> None:
    clock = Clock("2026-03-20T00:00:00Z")
    engine = engine_of("a", clock=clock, retention_days=10)
    for day in range(1, 21):
        record(engine, ("a", "open", f"2026-03-{day:02}"))
    assert engine.event_count == 11
    assert value(engine, "a", OPENS) == 20


def test_an_erased_contact_takes_what_was_kept_of_it_along() -> None:
    engine, clock = _kept_ten_days()
    clock.set("2026-03-20T00:00:00Z")
    engine.drop_expired_events()
    engine.delete_contacts(["a"])
    engine.load_contacts([{"id": "a"}])
    assert value(engine, "a", OPENS) == 0
    assert found(engine, any_of(field(LAST, "is_not_empty"))) == ["b"]


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_revenue_stays_rounded_once_in_whatever_steps_events_expire(steps: int) -> None:
    amounts = [0.1] * 10 + [1e16, 1.0, -1e16, 2.0**-53, 5e-324] + [0.7] * 15
    clock = Clock("2026-03-01T00:00:00Z")
    engine = engine_of("a", clock=clock, retention_days=40)
    days = [f"2026-03-{1 + i:02}" for i in range(len(amounts))]
    clock.set("2026-04-01T00:00:00Z")
    record(
        engine,
        *(("a", "conversion", d, {"amount": x}) for d, x in zip(days, amounts, strict=True)),
    )
    whole = value(engine, "a", REVENUE)
    for step in range(1, steps + 1):
        clock.set("2026-03-01T00:00:00Z")
        clock.ms += (41 + 31 * step // steps) * 86_400_000
        engine.drop_expired_events()
        assert value(engine, "a", REVENUE) == whole
    assert engine.event_count == 0


def test_a_rule_that_reaches_behind_the_retention_is_named() -> None:
    engine, clock = _kept_ten_days()
    assert _lint(engine, {"event": "open", "within": "9d"}) == []
    clock.set("2026-03-20T00:00:00Z")
    engine.drop_expired_events()
    near, far = {"event": "open", "within": "10d"}, {"event": "open", "within": "11d"}
    behind = [("groups[0].conditions[0]", "behind_retention")]
    assert _lint(engine, near) == []
    assert _lint(engine, far) == behind
    assert _lint(engine, {"event": "open"}) == behind
    assert _lint(engine, {"event": "open", "since": "2026-03-10"}) == []
    assert _lint(engine, {"event": "open", "since": "2026-03-09"}) == behind
    assert _lint(engine, {"sequence": [{"event": "open"}] * 2}) == behind
    assert _lint(engine, field(OPENS, "equals", 2)) == []


def test_what_was_dropped_stays_named_when_the_clock_goes_back() -> None:
    engine, clock = _kept_ten_days()
    clock.set("2026-03-20T00:00:00Z")
    engine.drop_expired_events()
    clock.set("2026-03-06T00:00:00Z")
    engine.drop_expired_events()
    assert _lint(engine, {"event": "open", "since": "2026-03-01"}) == [
        ("groups[0].conditions[0]", "behind_retention")
    ]
