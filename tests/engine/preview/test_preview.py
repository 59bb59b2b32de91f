"""A preview counts, and says what helps to judge the count."""

from __future__ import annotations

import pytest

from bitseg import Engine, FieldError, UnknownSegmentError
from tests.engine.making import (
    Clock,
    Json,
    all_of,
    any_of,
    at,
    engine_of,
    field,
    found,
    group,
    record,
)

ROME = field("contact.city", "equals", "Rome")
HIGH = field("contact.lead_score", "greater_or_equal", 5)


def _engine() -> Engine:
    return engine_of(
        {"id": "a", "city": "Rome", "lead_score": 9, "email": "a@x"},
        {"id": "b", "city": "Rome", "lead_score": 1, "email": "b@x"},
        {"id": "c", "city": "Oslo", "lead_score": 7, "email": "c@x"},
        {"id": "d", "lead_score": 7},
        "e",
    )


def _near(rules: Json) -> dict[str, int] | None:
    return _engine().preview(rules, near_misses=True).near_misses


def test_only_what_was_asked_for_is_there() -> None:
    preview = _engine().preview(all_of(ROME))
    assert (preview.count, preview.reachable, preview.total) == (2, 2, 5)
    assert preview.now == "2026-03-15T12:00:00.000Z"
    assert preview.took_us >= 0
    assert (preview.bounds, preview.lint) == ({}, ())
    assert (preview.breakdown, preview.sample, preview.near_misses, preview.diff) == (None,) * 4


def test_a_breakdown_counts_every_group_and_condition_on_its_own() -> None:
    rules = {
        "match": "any",
        "groups": [group("all", ROME, HIGH), group("none", group("any", HIGH), ROME)],
        "exclusions": [group("all", field("contact.id", "equals", "a"))],
    }
    preview = _engine().preview(rules, breakdown=True)
    assert preview.count == 1
    assert preview.breakdown == {
        "groups[0]": 1,
        "groups[0].conditions[0]": 2,
        "groups[0].conditions[1]": 3,
        "groups[1]": 1,
        "groups[1].conditions[0]": 3,
        "groups[1].conditions[0].conditions[0]": 3,
        "groups[1].conditions[1]": 2,
        "exclusions[0]": 1,
        "exclusions[0].conditions[0]": 1,
    }


@pytest.mark.parametrize(
    ("more", "reachable"),
    [
        ({}, True),
        ({"email": None}, False),
        ({"unsubscribed": True}, False),
        ({"unsubscribed": False}, True),
        ({"bounced": True}, False),
    ],
)
def test_who_may_not_be_mailed_is_not_reachable(more: Json, reachable: bool) -> None:  # noqa: FBT001
    engine = engine_of({"id": "a", "email": "a@x", **more})
    assert engine.preview(all_of()).reachable == int(reachable)


@pytest.mark.parametrize(
    ("kind", "reachable"), [("unsubscribe", 0), ("complaint", 0), ("bounce", 1), ("open", 1)]
)
def test_an_unsubscribe_or_complaint_suppresses_from_its_instant_on(
    kind: str, reachable: int
) -> None:
    engine = engine_of({"id": "a", "email": "a@x", "unsubscribed": False})
    record(engine, ("a", kind, "2026-03-10"))
    assert engine.preview(all_of()).reachable == reachable
    assert engine.preview(all_of(), now=at("2026-03-09T23:59:59.999Z")).reachable == 1


def test_near_misses_are_counted_by_the_one_unit_they_fail() -> None:
    assert _near(all_of(ROME, HIGH)) == {
        "groups[0].conditions[0]": 2,
        "groups[0].conditions[1]": 1,
    }
    assert _near(all_of(ROME)) == {"groups[0].conditions[0]": 3}
    email = field("contact.email", "is_not_empty")
    assert _near(all_of(ROME, HIGH, email)) == {
        "groups[0].conditions[0]": 1,
        "groups[0].conditions[1]": 1,
        "groups[0].conditions[2]": 0,
    }


def test_a_group_that_is_not_all_is_one_unit_and_a_definition_of_any_has_none() -> None:
    rules = {"match": "all", "groups": [group("any", ROME, HIGH), group("all", ROME, HIGH)]}
    assert _near(rules) == {
        "groups[0]": 0,
        "groups[1].conditions[0]": 2,
        "groups[1].conditions[1]": 1,
    }
    none = {"match": "all", "groups": [group("none", ROME, HIGH), group("all", HIGH)]}
    assert _near(none) == {"groups[0]": 3, "groups[1].conditions[0]": 1}
    nested = all_of(group("all", ROME, HIGH), HIGH)
    assert _near(nested) == {"groups[0].conditions[0]": 2, "groups[0].conditions[1]": 0}
    assert _near({"match": "any", "groups": [group("all", ROME, HIGH)]}) == {}
    assert _near({"match": "all", "groups": []}) == {}


def test_who_is_excluded_is_no_near_miss() -> None:
    assert _near(all_of(ROME, HIGH, exclusions=(field("contact.id", "in", ["b", "c"]),))) == {
        "groups[0].conditions[0]": 1,
        "groups[0].conditions[1]": 0,
    }


def test_the_same_condition_twice_is_two_units_that_fail_together() -> None:
    assert _near(all_of(ROME, ROME)) == {
        "groups[0].conditions[0]": 0,
        "groups[0].conditions[1]": 0,
    }


def test_a_sample_shows_stored_fields_of_the_first_members() -> None:
    engine = _engine()
    record(engine, ("a", "open", "2026-03-01"))
    sample = engine.preview(all_of(HIGH), sample=2).sample
    stamp = "2026-03-15T12:00:00.000Z"
    stamps = {"contact.created_at": stamp, "contact.updated_at": stamp}
    assert sample == (
        {
            "contact.id": "a",
            "contact.email": "a@x",
            "contact.city": "Rome",
            "contact.lead_score": 9.0,
            **stamps,
        },
        {
            "contact.id": "c",
            "contact.email": "c@x",
            "contact.city": "Oslo",
            "contact.lead_score": 7.0,
            **stamps,
        },
    )


@pytest.mark.parametrize("size", [-1, 51])
def test_a_sample_is_of_no_more_than_fifty(size: int) -> None:
    with pytest.raises(FieldError, match="0 to 50"):
        _engine().preview(all_of(), sample=size)


def test_a_sample_of_more_than_there_are_shows_all() -> None:
    shown = _engine().preview(all_of(), sample=50).sample
    assert shown is not None
    assert [one["contact.id"] for one in shown] == list("abcde")


def test_bounds_are_the_instants_of_relative_dates() -> None:
    engine = engine_of("a", timezone="Europe/Berlin")
    rules = all_of(
        field("contact.created_at", "within_last", "1d"),
        field("contact.created_at", "equals", "today"),
        field("contact.created_at", "less_than", "2026-01-01"),
        {"event": "open", "within": "2h"},
        exclusions=(field("contact.created_at", "greater_than", "now-1h"),),
    )
    bounds = engine.preview(rules).bounds
    assert bounds["groups[0].conditions[1]"] == (
        "2026-03-14T23:00:00.000Z",
        "2026-03-15T23:00:00.000Z",
    )
    assert "groups[0].conditions[2]" not in bounds
    assert set(bounds) == {
        "groups[0].conditions[0]",
        "groups[0].conditions[1]",
        "groups[0].conditions[3]",
        "exclusions[0].conditions[0]",
    }


@pytest.mark.parametrize("value", ["9999y", "1d", "999999999999d"])
def test_bounds_far_outside_the_calendar_are_open_ends(value: str) -> None:
    for operator in ("within_last", "within_next", "more_than_ago", "more_than_ahead"):
        rules = all_of(
            field("contact.created_at", operator, value), {"event": "x", "within": value}
        )
        engine = engine_of("a")
        assert engine.preview(rules).count == 0
        assert engine.count(all_of(rules["groups"][0]["conditions"][0])) in (0, 1)


def test_a_diff_names_who_would_enter_and_leave() -> None:
    engine = _engine()
    engine.define_segment("live", all_of(ROME))
    engine.define_segment("fixed", ["e", "b"])
    live = engine.preview(all_of(HIGH), against="live").diff
    assert live is not None
    assert (live.entering, live.leaving) == (2, 1)
    assert (live.entering_sample, live.leaving_sample) == (("c", "d"), ("b",))
    fixed = engine.preview(all_of(ROME), against="fixed").diff
    assert fixed is not None
    assert (fixed.entering_sample, fixed.leaving_sample) == (("a",), ("e",))
    same = engine.preview(all_of({"segment": "live"}), against="live").diff
    assert same is not None
    assert (same.entering, same.leaving) == (0, 0)
    with pytest.raises(UnknownSegmentError, match="live"):
        engine.preview(all_of(ROME), against="lives")


def test_a_preview_of_another_instant_is_of_that_instant() -> None:
    clock = Clock("2026-03-10T00:00:00Z")
    engine = engine_of("a", clock=clock)
    record(engine, ("a", "open", "2026-03-09"))
    rule = all_of({"event": "open", "within": "1d"})
    assert found(engine, rule) == []
    assert found(engine, rule, "2026-03-09T23:59:59.999Z") == ["a"]
    shown = engine.preview(rule, now=at("2026-03-09T12:00:00.0009+01:00"))
    assert (shown.count, shown.now) == (1, "2026-03-09T11:00:00.000Z")
    assert found(engine, rule) == []
    with pytest.raises(FieldError, match="aware"):
        engine.preview(rule, now=at("2026-03-09T12:00:00"))


def test_any_of_nothing_and_all_of_nothing_are_previewed_and_remarked() -> None:
    for rules, count in ((all_of(), 5), (any_of(), 0), ({"match": "all", "groups": []}, 5)):
        preview = _engine().preview(rules, breakdown=True, near_misses=True, sample=1)
        assert preview.count == count
        assert [one.code for one in preview.lint] == ["empty"]
