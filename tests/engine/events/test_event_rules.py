"""Event rules count, sum and tell apart exactly what lies in their window."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest

from bitseg import Engine
from tests.engine.making import CROWD, Clock, Json, all_of, engine_of, found, ms, record

DAY = 86_400_000
SUMS: dict[str, list[float]] = {
    "nothing": [],
    "tenths": [0.1] * 10,
    "cancel": [1e16, 1.0, -1e16],
    "small beside large": [1e16, 1.0, 1.0],
    "over the top and back": [1e308, 1e308, -1e308],
    "over the top": [1e308, 1e308],
    "under the bottom": [-1e308, -1e308, -1.0],
    "least": [5e-324, 5e-324, 5e-324],
    "half to even": [1.0, 2.0**-53],
    "just over half": [1.0, 2.0**-53, 5e-324],
    "just under half": [1.0, 2.0**-53, -5e-324],
    "to zero": [0.1, 0.2, -0.1, -0.2],
    "minus nothing": [-0.0, -0.0],
}
EXACT: dict[str, float] = {
    "nothing": 0.0,
    "tenths": 1.0,
    "cancel": 1.0,
    "small beside large": 1e16 + 2,
    "over the top and back": 1e308,
    "over the top": math.inf,
    "under the bottom": -math.inf,
    "least": 1.5e-323,
    "half to even": 1.0,
    "just over half": 1.0000000000000002,
    "just under half": 1.0,
    "to zero": 0.0,
    "minus nothing": 0.0,
}


def _counted(within: str, operator: str = "greater_or_equal", value: Any = 1) -> Json:
    return all_of({"event": "open", "within": within, "operator": operator, "value": value})


def _explained(engine: Engine, rule: Json, contact: str) -> Any:
    return engine.explain(all_of(rule), contact).conditions[1].value


def _summed(engine: Engine, contact: str) -> Any:
    return _explained(engine, {"event": "conversion", "measure": {"sum": "amount"}}, contact)


@pytest.mark.parametrize("many", [254, 255, 256, 257, 65_535, 65_536])
def test_a_count_passes_the_ends_of_its_narrow_integers_and_comes_back(many: int) -> None:
    clock = Clock("2026-03-15T00:00:00Z")
    engine = engine_of("a", "b", *CROWD, clock=clock)
    times = [clock.ms - i for i in range(many)]
    record(engine, *(("a", "open", at) for at in times[:-1]), ("b", "open", times[0]))
    assert _explained(engine, {"event": "open", "within": "1d"}, "a") == many - 1
    record(engine, ("a", "open", times[-1]))
    assert found(engine, _counted("1d", "equals", many)) == ["a"]
    assert found(engine, _counted("1d", "greater_than", many)) == []
    clock.ms = times[-1] + DAY
    assert found(engine, _counted("1d", "equals", many - 1)) == ["a"]
    clock.ms = times[0] + DAY - 1
    assert found(engine, _counted("1d", "equals", 1)) == ["a", "b"]
    clock.ms = times[0]
    assert found(engine, _counted("1d", "equals", many)) == ["a"]


def test_a_window_moves_forwards_and_back_and_takes_late_events() -> None:
    clock = Clock("2026-03-10T00:00:00Z")
    engine = engine_of("a", "b", *CROWD, clock=clock)
    record(engine, ("a", "open", "2026-03-09"), ("b", "open", "2026-03-12"))
    assert found(engine, _counted("2d")) == ["a"]
    clock.set("2026-03-12T00:00:00Z")
    assert found(engine, _counted("2d")) == ["b"]
    record(engine, ("a", "open", "2026-03-11"), ("a", "open", "2026-03-01"))
    assert found(engine, _counted("2d")) == ["a", "b"]
    assert found(engine, _counted("2d", value=2)) == []
    clock.set("2026-03-10T23:59:59.999Z")
    assert found(engine, _counted("2d")) == ["a"]
    clock.set("2026-03-02T00:00:00Z")
    assert found(engine, _counted("2d")) == ["a"]
    clock.set("2026-03-03T00:00:00Z")
    assert found(engine, _counted("2d")) == []


def test_what_crossed_a_window_is_remembered_though_a_late_event_moves_the_log() -> None:
    clock = Clock("2026-03-10T00:00:00Z")
    engine = engine_of("a", "b", *CROWD, clock=clock)
    once, twice = _counted("2d"), _counted("2d", value=2)
    record(engine, *((f"x{i}", "open", "2026-01-01") for i in range(100)))
    assert (found(engine, once), found(engine, twice)) == ([], [])
    record(engine, *(("a", "open", f"2026-03-11T0{i}:00Z") for i in range(3)))
    assert (found(engine, once), found(engine, twice)) == ([], [])
    clock.set("2026-03-12T00:00:00Z")
    assert found(engine, once) == ["a"]
    record(engine, *(("b", "open", f"2026-01-0{i}") for i in range(2, 8)))
    assert found(engine, all_of({"event": "open", "value": 6})) == ["b"]
    assert found(engine, twice) == ["a"]


def test_withdrawn_events_and_erased_contacts_leave_windows_that_hold_them_only() -> None:
    clock = Clock("2026-03-10T00:00:00Z")
    engine = engine_of("a", "b", clock=clock)
    record(
        engine,
        ("a", "open", "2026-03-09", {"event_id": "in"}),
        ("a", "open", "2026-03-01", {"event_id": "out"}),
        ("b", "open", "2026-03-09"),
    )
    assert found(engine, _counted("2d")) == ["a", "b"]
    assert engine.withdraw_events(["out"]) == 1
    assert found(engine, _counted("2d")) == ["a", "b"]
    assert engine.withdraw_events(["in"]) == 1
    assert found(engine, _counted("2d")) == ["b"]
    assert engine.delete_contacts(["b", "b", "nobody"]) == 1
    assert found(engine, _counted("2d")) == []
    assert found(engine, _counted("2d", "equals", 0)) == ["a"]
    engine.load_contacts([{"id": "b"}])
    assert found(engine, _counted("2d", "equals", 0)) == ["a", "b"]


def test_an_event_after_now_does_not_count_until_then() -> None:
    clock = Clock("2026-03-10T00:00:00Z")
    engine = engine_of("a", *CROWD, clock=clock)
    record(engine, ("a", "open", "2026-03-10T00:00:00.001Z"))
    for rule in ({"event": "open"}, {"event": "open", "since": "2026-01-01"}):
        assert found(engine, all_of(rule), "2026-03-10T00:00:00Z") == []
        assert found(engine, all_of(rule), "2026-03-10T00:00:00.001Z") == ["a"]
        assert found(engine, all_of(rule), "2026-03-10T00:00:00Z") == []


@pytest.mark.parametrize("name", SUMS)
def test_a_sum_is_rounded_once_whatever_the_order_of_arrival(name: str) -> None:
    draw = Random(name)  # noqa: S311 - an order, no secret
    for _ in range(4):
        values = list(SUMS[name])
        draw.shuffle(values)
        engine = engine_of("a", "b")
        record(engine, ("b", "conversion", "2026-03-01", {"amount": 3.0}))
        for i, amount in enumerate(values):
            record(engine, ("a", "conversion", f"2026-03-{1 + i:02}", {"amount": amount}))
            _summed(engine, "a")
        assert _summed(engine, "a") == EXACT[name]
        assert _summed(engine, "b") == 3.0
        assert engine.contact("a")["engagement.revenue"] == EXACT[name]


def test_a_sum_below_the_greatest_float_does_not_hold_one_above_it() -> None:
    engine = engine_of("much", "none")
    record(engine, *(("much", "conversion", f"2026-03-0{i}", {"amount": 1e308}) for i in (1, 2)))
    rule: Json = {"event": "conversion", "measure": {"sum": "amount"}}
    most = 1.7976931348623157e308
    assert found(engine, all_of({**rule, "operator": "less_or_equal", "value": most})) == ["none"]
    assert found(engine, all_of({**rule, "operator": "greater_than", "value": most})) == ["much"]


def test_an_event_without_the_property_adds_nothing_to_sums_and_distinct_values() -> None:
    engine = engine_of("a", "b")
    record(
        engine,
        ("a", "open", "2026-03-01", {"campaign": "x"}),
        ("a", "open", "2026-03-02", {"campaign": "X"}),
        ("a", "open", "2026-03-03", {"campaign": "x"}),
        ("a", "open", "2026-03-04"),
        ("b", "open", "2026-03-04", {"seconds": 1.0}),
        ("b", "open", "2026-03-05", {"seconds": -0.0}),
        ("b", "open", "2026-03-06", {"seconds": 0.0, "first": True}),
        ("b", "open", "2026-03-07", {"first": False}),
    )
    distinct = {"event": "open", "operator": "equals", "value": 2}
    for of, who in (("campaign", ["a"]), ("seconds", ["b"]), ("first", ["b"])):
        assert found(engine, all_of({**distinct, "measure": {"distinct": of}})) == who
    sums = {"event": "open", "measure": {"sum": "seconds"}, "operator": "equals", "value": 0}
    assert found(engine, all_of(sums)) == ["a"]


@pytest.mark.parametrize(
    ("operator", "value", "who"),
    [
        ("equals", 0, ["none"]),
        ("not_equals", 0, ["one", "three"]),
        ("less_than", 1, ["none"]),
        ("less_than", 0, []),
        ("less_or_equal", 1, ["none", "one"]),
        ("greater_or_equal", 0, ["none", "one", "three"]),
        ("greater_than", 0.5, ["one", "three"]),
        ("greater_than", 255, []),
        ("equals", 1.5, []),
        ("not_equals", 1.5, ["none", "one", "three"]),
        ("between", [1, 3], ["one", "three"]),
        ("between", [0, 2.5], ["none", "one"]),
        ("not_between", [1, 2], ["none", "three"]),
        ("not_between", [-3, 300], []),
        ("greater_or_equal", -1, ["none", "one", "three"]),
        ("less_or_equal", 1e308, ["none", "one", "three"]),
    ],
)
def test_a_count_is_compared_as_a_number_and_is_zero_without_events(
    operator: str, value: Any, who: list[str]
) -> None:
    engine = engine_of("none", "one", "three")
    record(engine, *((c, "open", "2026-03-01") for c in ("one", "three", "three", "three")))
    assert found(engine, all_of({"event": "open", "operator": operator, "value": value})) == who


@pytest.mark.parametrize(
    ("where", "who"),
    [
        ({"field": "device", "operator": "equals", "value": "ios"}, ["a"]),
        ({"field": "device", "operator": "not_equals", "value": "ios"}, ["b", "c"]),
        ({"field": "device", "operator": "is_empty"}, ["c"]),
        ({"field": "device", "operator": "contains", "value": "WE"}, ["b"]),
        ({"field": "device", "operator": "in", "value": ["web", "ios", "tv"]}, ["a", "b"]),
        ({"field": "paid", "operator": "equals", "value": False}, ["b"]),
        ({"field": "paid", "operator": "not_equals", "value": False}, ["a", "c"]),
        ({"field": "hour", "operator": "equals", "value": 23}, ["a", "c"]),
        ({"field": "weekday", "operator": "in", "value": [7]}, ["b", "c"]),
        ({"field": "hour", "operator": "is_empty"}, []),
        ({"field": "hour", "operator": "is_not_empty"}, ["a", "b", "c"]),
        ({"field": "score", "operator": "not_between", "value": [2, 3]}, ["a", "c"]),
        ({"field": "score", "operator": "is_not_empty"}, ["a", "b"]),
        ({"field": "unseen", "operator": "equals", "value": 1}, []),
        ({"field": "unseen", "operator": "not_equals", "value": 1}, ["a", "b", "c"]),
        ({"match": "none", "conditions": [{"field": "score", "operator": "is_empty"}]}, ["a", "b"]),
        ({"match": "any", "conditions": []}, []),
        ({"match": "all", "conditions": []}, ["a", "b", "c"]),
        ({"match": "none", "conditions": []}, ["a", "b", "c"]),
    ],
)
def test_a_where_treats_what_an_event_lacks_as_a_missing_field(where: Json, who: list[str]) -> None:
    engine = engine_of("a", "b", "c", timezone="Europe/Berlin")
    record(
        engine,
        ("a", "open", "2026-03-07T22:30Z", {"device": "ios", "paid": True, "score": 1}),
        ("b", "open", "2026-03-07T23:30Z", {"device": "web", "paid": False, "score": 2}),
        ("c", "open", "2026-03-08T22:59Z"),
    )
    rule = {"event": "open", "where": {"match": "all", "conditions": [where]}}
    assert found(engine, all_of(rule)) == who


def test_a_property_that_is_first_seen_under_a_kept_answer_is_looked_at() -> None:
    engine = engine_of("a", "b")
    record(engine, ("a", "open", "2026-03-01"))
    rule = all_of(
        {
            "event": "open",
            "where": {
                "match": "all",
                "conditions": [{"field": "plan", "operator": "equals", "value": "pro"}],
            },
        }
    )
    engine.define_segment("pro", rule)
    assert found(engine, rule) == []
    record(engine, ("b", "open", "2026-03-02", {"plan": "pro"}))
    assert found(engine, rule) == found(engine, all_of({"segment": "pro"})) == ["b"]


def test_two_days_of_a_span_are_whole_days_of_the_timezone() -> None:
    engine = engine_of("a", "b", "c", timezone="Europe/Berlin")
    record(
        engine,
        ("a", "open", ms("2026-03-01T22:59:59.999Z")),
        ("b", "open", ms("2026-03-01T23:00:00Z")),
        ("c", "open", ms("2026-03-03T23:00:00Z")),
    )
    rule = {"event": "open", "since": "2026-03-02", "until": "2026-03-03"}
    assert found(engine, all_of(rule)) == ["b"]
    assert found(engine, all_of({**rule, "within": "12d"})) == []
    assert found(engine, all_of({**rule, "since": "2026-03-04"})) == []
