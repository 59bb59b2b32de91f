"""Derived fields are what events and baselines say together."""

from __future__ import annotations

from typing import Any

import pytest

from bitseg import Engine, FieldError
from tests.engine.making import CROWD, Clock, Json, all_of, engine_of, field, found, record, value

TOTALS = (
    ("total_sent", "sent"),
    ("total_delivered", "delivered"),
    ("total_opens", "open"),
    ("total_clicks", "click"),
    ("total_conversions", "conversion"),
    ("total_bounces", "bounce"),
)
DATES = (
    ("last_sent_at", "sent"),
    ("last_opened_at", "open"),
    ("last_clicked_at", "click"),
    ("last_converted_at", "conversion"),
    ("last_activity_at", "open"),
    ("last_activity_at", "click"),
    ("last_activity_at", "conversion"),
)


def _day(number: int) -> str:
    return f"2026-03-{number:02}T00:00:00.000Z"


def _set(engine: Engine, name: str, given: Any) -> None:
    engine.load_contacts([{"id": "a", name: given}])


@pytest.mark.parametrize(("name", "kind"), TOTALS)
def test_a_total_adds_events_to_a_baseline_that_upserts_replace_and_null_removes(
    name: str, kind: str
) -> None:
    engine = engine_of("a", "b")
    path = f"engagement.{name}"
    more = field(path, "greater_than", 1)
    assert (value(engine, "a", path), found(engine, all_of(more))) == (0, [])
    _set(engine, name, 5)
    assert (value(engine, "a", path), found(engine, all_of(more))) == (5, ["a"])
    record(engine, ("a", kind, _day(1)), ("b", kind, _day(1)))
    assert value(engine, "a", path) == 6
    _set(engine, name, 1)
    assert value(engine, "a", path) == 2
    _set(engine, "email", "a@x")
    assert value(engine, "a", path) == 2
    _set(engine, name, None)
    assert (value(engine, "a", path), found(engine, all_of(more))) == (1, [])
    assert found(engine, all_of(field(path, "is_empty"))) == []
    assert found(engine, all_of(field(path, "is_not_empty"))) == ["a", "b"]


@pytest.mark.parametrize(("name", "kind"), DATES)
def test_a_last_date_is_the_later_of_events_and_the_baseline(name: str, kind: str) -> None:
    engine = engine_of("a", "b")
    path = f"engagement.{name}"
    recent = field(path, "within_last", "5d")
    assert found(engine, all_of(field(path, "is_empty"))) == ["a", "b"]
    _set(engine, name, _day(9))
    assert (value(engine, "a", path), found(engine, all_of(recent))) == (_day(9), [])
    _set(engine, name, _day(12))
    assert (value(engine, "a", path), found(engine, all_of(recent))) == (_day(12), ["a"])
    record(engine, ("a", kind, _day(11)), ("b", kind, _day(14)))
    assert value(engine, "a", path) == _day(12)
    _set(engine, name, None)
    assert value(engine, "a", path) == _day(11)
    assert found(engine, all_of(recent)) == ["a", "b"]
    record(engine, ("a", kind, _day(13)))
    assert value(engine, "a", path) == _day(13)
    assert found(engine, all_of(field(path, "is_empty"))) == []


@pytest.mark.parametrize(("name", "kind"), DATES)
def test_what_lies_after_now_is_let_in_by_the_clock_alone(name: str, kind: str) -> None:
    clock = Clock(_day(10))
    engine = engine_of("a", "b", *CROWD, clock=clock)
    path = f"engagement.{name}"
    _set(engine, name, "2026-03-10T00:00:00.001Z")
    record(engine, ("b", kind, "2026-03-10T00:00:00.001Z"))
    held, recent, old = (
        all_of(field(path, "is_not_empty")),
        all_of(field(path, "within_last", "1d")),
        all_of(field(path, "more_than_ago", "1d")),
    )
    for now, who in (
        ("2026-03-10T00:00:00.000Z", ([], [], [])),
        ("2026-03-10T00:00:00.001Z", (["a", "b"], ["a", "b"], [])),
        ("2026-03-11T00:00:00.000Z", (["a", "b"], ["a", "b"], [])),
        ("2026-03-11T00:00:00.001Z", (["a", "b"], [], ["a", "b"])),
        ("2026-03-10T00:00:00.000Z", ([], [], [])),
    ):
        clock.set(now)
        assert (found(engine, held), found(engine, recent), found(engine, old)) == who
        assert (value(engine, "a", path) is not None) is bool(who[0])


def test_a_baseline_after_now_hides_an_earlier_event_no_longer_than_it_is_let_in() -> None:
    engine = engine_of({"id": "a", "last_opened_at": _day(20)})
    record(engine, ("a", "open", _day(5)))
    path = "engagement.last_opened_at"
    assert value(engine, "a", path, _day(10)) == _day(5)
    assert value(engine, "a", path, _day(20)) == _day(20)
    assert value(engine, "a", path, _day(19)) == _day(5)


def test_the_last_activity_looks_at_all_of_its_baselines() -> None:
    engine = engine_of("a")
    path = "engagement.last_activity_at"
    recent = all_of(field(path, "greater_or_equal", _day(8)))
    for name, day in (
        ("last_activity_at", 2),
        ("last_opened_at", 4),
        ("last_clicked_at", 6),
        ("last_converted_at", 8),
    ):
        assert found(engine, recent) == []
        _set(engine, name, _day(day))
        assert value(engine, "a", path) == _day(day)
    assert found(engine, recent) == ["a"]
    _set(engine, "last_sent_at", _day(9))
    assert value(engine, "a", path) == _day(8)
    _set(engine, "last_converted_at", None)
    assert value(engine, "a", path) == _day(6)
    assert found(engine, recent) == []


@pytest.mark.parametrize(
    ("baseline", "amounts", "total"),
    [
        (None, [], 0.0),
        (0.1, [0.1] * 9, 1.0),
        (1e16, [1.0, 1.0], 1e16 + 2),
        (1.0, [1e16, -1e16], 1.0),
        (2.0**-53, [1.0, 5e-324], 1.0000000000000002),
        (1e308, [1e308, -1e308], 1e308),
        (12.5, [], 12.5),
        (-3.0, [1.0], -2.0),
    ],
)
def test_revenue_is_rounded_once_with_its_baseline(
    baseline: float | None, amounts: list[float], total: float
) -> None:
    engine = engine_of({"id": "a", "revenue": baseline}, "b", {"id": "c", "revenue": 7})
    path = "engagement.revenue"
    value(engine, "a", path)
    for amount in amounts:
        record(engine, ("a", "conversion", _day(3), {"amount": amount}))
        value(engine, "a", path)
    record(engine, ("b", "conversion", _day(3), {"amount": 3}), ("b", "conversion", _day(3)))
    assert [value(engine, one, path) for one in "abc"] == [total, 3.0, 7.0]
    assert found(engine, all_of(field(path, "equals", 3))) == ["b"]
    engine.drop_kept()
    assert [value(engine, one, path) for one in "abc"] == [total, 3.0, 7.0]


def test_revenue_counts_no_conversion_after_now() -> None:
    clock = Clock(_day(10))
    engine = engine_of({"id": "a", "revenue": 1}, *CROWD, clock=clock)
    record(engine, ("a", "conversion", _day(11), {"amount": 4}))
    rich = all_of(field("engagement.revenue", "greater_or_equal", 5))
    assert found(engine, rich) == []
    clock.set(_day(11))
    assert found(engine, rich) == ["a"]
    _set(engine, "revenue", 0.5)
    assert found(engine, rich) == []


def test_event_rules_never_see_baselines() -> None:
    engine = engine_of({"id": "a", "total_opens": 9, "last_opened_at": _day(14), "revenue": 9})
    assert found(engine, all_of({"event": "open"})) == []
    bought: Json = {"event": "conversion", "measure": {"sum": "amount"}}
    assert found(engine, all_of(bought)) == []


def test_an_erased_contact_takes_its_baselines_and_events_along() -> None:
    engine = engine_of({"id": "a", "total_opens": 9, "revenue": 9, "last_opened_at": _day(3)}, "b")
    record(engine, ("a", "open", _day(4)), ("b", "open", _day(4)))
    many = all_of(field("engagement.total_opens", "greater_or_equal", 1))
    assert found(engine, many) == ["a", "b"]
    engine.delete_contacts(["a"])
    assert found(engine, many) == ["b"]
    engine.load_contacts([{"id": "a"}])
    assert engine.contact("a")["engagement.total_opens"] == 0
    assert "engagement.last_opened_at" not in engine.contact("a")


@pytest.mark.parametrize(
    "name",
    ["last_opened_device", "preferred_open_hour", "preferred_open_weekday", "opened_last_email"],
)
def test_other_derived_fields_take_no_baseline(name: str) -> None:
    engine = engine_of("a")
    before = engine.contact("a")
    given = {"last_opened_device": "ios", "opened_last_email": True}.get(name, 3)
    assert engine.load_contacts([{"id": "a", name: given}]).rejected_count == 1
    assert engine.contact("a") == before


@pytest.mark.parametrize(
    ("operator", "operand", "who"),
    [
        ("anniversary", "today", ["b"]),
        ("anniversary", "7d", ["a", "b"]),
        ("anniversary", "this_month", ["a", "b", "c"]),
        ("in", ["2026-03-12", "2025-03-20", "2020-01-01"], ["a", "c"]),
        ("not_in", ["2026-03-12", "2025-03-20", "2020-01-01"], ["b", "d"]),
        ("equals", "2025-03-20", ["a"]),
    ],
)
def test_a_last_date_takes_every_operator_of_dates(
    operator: str, operand: str | list[str], who: list[str]
) -> None:
    engine = engine_of({"id": "a", "last_opened_at": "2025-03-20"}, "b", "c", "d")
    rules = all_of(field("engagement.last_opened_at", operator, operand))
    found(engine, rules)
    record(
        engine,
        ("b", "open", "2019-03-15"),
        ("c", "open", "2026-03-12T07:00Z"),
        ("d", "open", "2026-03-16T00:00Z"),
    )
    assert found(engine, rules) == who
    engine.drop_kept()
    assert found(engine, rules) == who


def test_an_anniversary_of_a_last_date_moves_with_the_clock_and_reaches_new_years() -> None:
    clock = Clock(_day(14))
    engine = engine_of(*(f"x{i}" for i in range(300)), clock=clock)
    rules = all_of(field("engagement.last_opened_at", "anniversary", "today"))
    assert found(engine, rules) == []
    record(engine, ("x1", "open", "2026-03-14"), ("x2", "open", "1999-03-15"))
    assert found(engine, rules) == ["x1"]
    clock.set(_day(15))
    assert found(engine, rules) == ["x2"]
    engine.load_contacts([{"id": "x3", "last_opened_at": "1970-03-15"}])
    assert found(engine, rules) == ["x2", "x3"]
    clock.set(_day(14))
    assert found(engine, rules) == ["x1"]


@pytest.mark.parametrize("days", [0, -1])
def test_days_that_are_none_are_refused(days: int) -> None:
    for setting in ("retention_days", "remember_event_ids_days"):
        settings: Json = {setting: days}
        with pytest.raises(FieldError, match="from 1"):
            engine_of(**settings)
