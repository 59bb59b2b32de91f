"""What is set for all of a tenant's data is changed while the engine is open, and kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import DATA_TYPES, Engine, FieldError, Once, RuleError, SegmentError
from bitseg.rules.nodes import FieldRule, Group
from tests.engine.making import Clock, Json, all_of, any_of, engine_of, field, found, record, value

EVERYBODY: Json = {"match": "all", "groups": []}
CANADIANS = any_of(field("contact.country", "equals", "Canada"))


def _crowd(engine: Engine) -> Engine:
    """Load five contacts, of whom one is no Canadian, and three are not suppressed by default."""
    engine.load_contacts(
        [
            {"id": "ann", "country": "Canada", "email": "a@x"},
            {"id": "bob", "country": "Canada", "email": "b@x", "bounced": True},
            {"id": "cid", "country": "Canada", "email": "c@x"},
            {"id": "dee", "country": "Chile", "email": "d@x"},
            {"id": "eve", "country": "Canada"},
        ]
    )
    return engine


def _reachable(engine: Engine) -> tuple[int, int]:
    preview = engine.preview(EVERYBODY)
    return preview.count, preview.reachable


# Suppression


def test_the_suppression_says_who_is_reachable_in_every_preview_from_then_on() -> None:
    engine = _crowd(Engine())
    assert _reachable(engine) == (5, 3)

    changed = engine.change_settings(suppression=CANADIANS)

    assert changed.suppression == engine.settings.suppression == CANADIANS
    assert _reachable(engine) == (5, 1)
    assert engine.preview(CANADIANS).reachable == 0
    engine.load_contacts([{"id": "eve", "country": "Peru"}])
    assert _reachable(engine) == (5, 2)
    engine.change_settings(suppression=None)
    assert _reachable(engine) == (5, 3)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda rules: rules, id="dict"),
        pytest.param(json.dumps, id="text"),
        pytest.param(lambda rules: json.dumps(rules).encode(), id="bytes"),
    ],
)
def test_a_suppression_is_shown_as_it_was_given(form: Any) -> None:
    engine = Engine()

    engine.change_settings(suppression=form(CANADIANS))

    assert engine.settings.suppression == CANADIANS


def test_a_definition_that_was_read_is_a_suppression_too() -> None:
    engine = _crowd(Engine())
    rule = FieldRule("contact.country", "equals", value="Canada", data_type="string")
    definition = bitseg.Definition("all", (Group("any", (rule,)),))

    engine.change_settings(suppression=definition)

    assert _reachable(engine) == (5, 1)
    condition = engine.settings.suppression["groups"][0]["conditions"][0]
    assert condition["value"] == "Canada"


def test_the_default_is_shown_as_the_definition_that_it_is() -> None:
    engine = _crowd(Engine())
    record(engine, ("cid", "complaint", "2026-01-01"))
    shown = engine.settings.suppression
    assert _reachable(engine) == (5, 2)

    engine.change_settings(suppression=shown)

    assert _reachable(engine) == (5, 2)
    assert found(engine, shown) == ["bob", "cid", "eve"]


def test_a_suppression_by_time_goes_by_the_instant_that_is_asked_for() -> None:
    clock = Clock("2026-03-15T12:00:00Z")
    engine = engine_of("ann", "bob", clock=clock)
    record(engine, ("ann", "open", "2026-03-14T12:00:00Z"))
    engine.change_settings(suppression=any_of({"event": "open", "within": "2d"}))

    asked = [
        engine.preview(EVERYBODY, now=datetime.fromisoformat(at)).reachable
        for at in ("2026-03-14T11:59:59.999Z", "2026-03-14T12:00Z", "2026-03-16T11:59:59.999Z",
                   "2026-03-16T12:00Z")
    ]  # fmt: skip

    assert asked == [2, 1, 1, 2]


def test_a_suppression_may_speak_of_segments_and_means_what_they_mean_by_then() -> None:
    engine = _crowd(Engine())
    engine.define_segment("some", CANADIANS)
    engine.define_segment("few", ["dee"])
    engine.change_settings(suppression=any_of({"segment": "some"}, {"segment": "few"}))
    assert _reachable(engine) == (5, 0)

    engine.define_segment("some", any_of(field("contact.country", "equals", "Chile")))

    assert _reachable(engine) == (5, 4)
    engine.segments.add_contacts("few", ["ann"])
    assert _reachable(engine) == (5, 3)


def test_a_segment_that_the_suppression_uses_is_not_deleted() -> None:
    engine = _crowd(Engine())
    engine.define_segment("some", CANADIANS)
    engine.change_settings(suppression=all_of({"segment": "some"}))
    assert engine.segments.suppresses("some")

    with pytest.raises(SegmentError, match="'some' is used by the suppression") as refused:
        engine.remove_segment("some")
    assert [(one.code, one.allowed) for one in refused.value.faults] == [
        ("in_use", ("suppression",))
    ]

    engine.define_segment("other", all_of({"segment": "some"}))
    with pytest.raises(SegmentError, match="by 'other', the suppression") as refused:
        engine.segments.delete("some")
    assert refused.value.faults[0].allowed == ("other", "suppression")

    engine.remove_segment("other")
    engine.change_settings(suppression=None)
    engine.remove_segment("some")
    assert "some" not in engine.segments


def test_a_segment_that_is_called_suppression_is_one_like_others() -> None:
    engine = _crowd(Engine())
    engine.define_segment("suppression", CANADIANS)
    engine.define_segment("user", all_of({"segment": "suppression"}))

    engine.change_settings(suppression=all_of({"segment": "user"}))

    assert _reachable(engine) == (5, 1)
    assert engine.segments.dependents("suppression") == ("user",)
    assert not engine.segments.suppresses("suppression")


def test_a_field_that_the_suppression_rests_on_keeps_its_type() -> None:
    engine = Engine()
    engine.define_field("customField.score", "number")
    engine.change_settings(suppression=any_of(field("customField.score", "less_than", 3)))

    for data_type in sorted(DATA_TYPES):
        if data_type == "number":
            engine.define_field("customField.score", data_type)
        else:
            with pytest.raises(FieldError, match="Expected the type that the suppression rest on"):
                engine.define_field("customField.score", data_type)


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        (EVERYBODY, "suppression.groups"),
        (all_of(), "suppression.groups[0].conditions"),
        ("nothing", "suppression"),
        (all_of({"segment": "nobodys"}), "suppression.groups[0].conditions[0].segment"),
        (all_of(field("contact.nothing", "equals", "x")),
         "suppression.groups[0].conditions[0].field"),
    ],
    ids=["empty", "empty group", "no JSON", "unknown segment", "unknown field"],
)  # fmt: skip
def test_what_is_no_suppression_is_refused_with_its_place(rules: Any, path: str) -> None:
    engine = _crowd(Engine())

    with pytest.raises(RuleError) as refused:
        engine.change_settings(suppression=rules, retention_days=5)

    assert [fault.path for fault in refused.value.faults] == [path]
    assert engine.settings_faults(suppression=rules) == refused.value.faults
    assert (engine.retention_days, _reachable(engine)) == (None, (5, 3))


# Days


def test_a_retention_that_is_set_drops_at_once_and_keeps_totals() -> None:
    clock = Clock("2026-03-15T12:00:00Z")
    engine = engine_of("ann", clock=clock)
    record(
        engine,
        ("ann", "open", "2026-03-05T11:59:59.999Z"),
        ("ann", "open", "2026-03-05T12:00:00Z"),
        ("ann", "open", "2026-03-15T12:00:00Z"),
    )

    engine.change_settings(retention_days=10)

    assert (engine.retention_days, engine.event_count) == (10, 2)
    assert value(engine, "ann", "engagement.total_opens") == 3
    engine.change_settings(retention_days=20)
    assert engine.event_count == 2
    engine.change_settings(retention_days=9)
    assert engine.event_count == 1
    engine.change_settings(retention_days=None)
    clock.set("2027-03-15T12:00:00Z")
    record(engine, ("ann", "open", "2026-03-14T12:00:00Z"))
    assert (engine.retention_days, engine.event_count) == (None, 2)


def test_a_retention_that_is_set_holds_for_later_writes() -> None:
    clock = Clock("2026-03-15T12:00:00Z")
    engine = engine_of("ann", clock=clock)
    engine.change_settings(retention_days=1)

    record(
        engine, ("ann", "open", "2026-03-14T11:59:59.999Z"), ("ann", "open", "2026-03-14T12:00Z")
    )

    assert engine.event_count == 1


def test_for_how_long_event_ids_are_remembered_is_changed() -> None:
    clock = Clock("2026-03-01T12:00:00Z")
    short, long = (engine_of("ann", clock=clock) for _ in range(2))
    short.change_settings(remember_event_ids_days=1)
    for day in ("2026-03-01", "2026-03-03", "2026-03-05"):
        clock.set(f"{day}T12:00:00Z")
        for engine in (short, long):
            record(engine, ("ann", "open", day, {"event_id": day}))

    again = ("ann", "open", "2026-03-01", {"event_id": "2026-03-01"})

    assert [record(engine, again).accepted for engine in (short, long)] == [1, 0]
    assert short.settings.remember_event_ids_days == 1


@pytest.mark.parametrize("name", ["retention_days", "remember_event_ids_days"])
@pytest.mark.parametrize("days", [1, 100_000])
def test_so_many_days_may_be_set(name: str, days: int) -> None:
    engine = engine_of("ann")
    record(engine, ("ann", "open", "2026-03-15T12:00:00Z"))

    engine.change_settings(**{name: days})  # type: ignore[arg-type] # one of the two

    assert getattr(engine.settings, name) == days
    assert engine.event_count == 1


@pytest.mark.parametrize("name", ["retention_days", "remember_event_ids_days"])
@pytest.mark.parametrize("days", [0, -1, 100_001, 10**30, True, 1.5, "5"])
def test_what_is_no_number_of_days_is_refused_by_name(name: str, days: Any) -> None:
    engine = Engine()
    before = engine.settings

    with pytest.raises(FieldError) as refused:
        engine.change_settings(**{name: days})

    assert [(fault.path, fault.code) for fault in refused.value.faults] == [(name, "out_of_range")]
    assert engine.settings == before


# The timezone


def test_the_timezone_is_changed_while_there_is_nothing_that_rests_on_it() -> None:
    engine = engine_of(timezone="UTC")
    since = all_of(field("contact.created_at", "greater_or_equal", "2026-03-15"))
    by_hour = all_of({"event": "open", "where": {"match": "all", "conditions": [
        {"field": "hour", "operator": "equals", "value": 9}]}})  # fmt: skip
    usual = all_of(field("engagement.preferred_open_hour", "equals", 9))
    assert [engine.count(rules) for rules in (since, by_hour, usual)] == [0, 0, 0]

    engine.change_settings(timezone="Asia/Tokyo")

    engine.load_contacts([{"id": "ann", "created_at": "2026-03-14T15:30:00Z"}])  # 00:30 in Tokyo
    record(engine, ("ann", "open", "2026-03-15T00:10:00Z"))  # 09:10 in Tokyo
    assert engine.timezone == "Asia/Tokyo"
    assert [engine.count(rules) for rules in (since, by_hour, usual)] == [1, 1, 1]


@pytest.mark.parametrize("what", ["contact", "erased contact", "segment"])
def test_the_timezone_is_fixed_once_there_is(what: str) -> None:
    engine = Engine("Europe/Berlin")
    if what == "segment":
        engine.define_segment("some", CANADIANS)
    else:
        engine.load_contacts([{"id": "ann"}])
    if what == "erased contact":
        engine.delete_contacts(["ann"])

    with pytest.raises(FieldError, match="Expected the timezone Europe/Berlin, got 'UTC'") as no:
        engine.change_settings(timezone="UTC")

    assert [(fault.path, fault.code) for fault in no.value.faults] == [
        ("timezone", "timezone_fixed")
    ]
    assert engine.change_settings(timezone="Europe/Berlin").timezone == "Europe/Berlin"


def test_a_timezone_that_nobody_knows_is_refused() -> None:
    (fault,) = Engine().settings_faults(timezone="Europe/Berlim")

    assert fault.path == "timezone"
    assert "Europe/Berlin" in fault.message


def test_a_suppression_means_the_day_of_the_timezone_that_comes_with_it() -> None:
    engine = engine_of(timezone="UTC")
    born = any_of(field("contact.created_at", "equals", "2026-03-15"))

    engine.change_settings(timezone="Asia/Tokyo", suppression=born)

    engine.load_contacts(
        [
            {"id": "ann", "created_at": "2026-03-14T15:30:00Z"},
            {"id": "bob", "created_at": "2026-03-15T15:30:00Z"},
        ]
    )
    assert _reachable(engine) == (2, 1)
    assert found(engine, engine.settings.suppression) == ["ann"]


# All together


def test_every_fault_is_named_and_nothing_is_changed() -> None:
    engine = _crowd(Engine())
    before = engine.settings
    wanted: Json = {
        "timezone": "Asia/Tokyo",
        "retention_days": 0,
        "remember_event_ids_days": 0,
        "suppression": all_of({"event": ""}, {"segment": "x"}),
    }

    with pytest.raises(RuleError) as refused:
        engine.change_settings(**wanted)

    assert sorted({fault.path.partition("[")[0] for fault in refused.value.faults}) == [
        "remember_event_ids_days", "retention_days", "suppression.groups", "timezone",
    ]  # fmt: skip
    assert engine.settings == before


def test_a_change_that_is_sent_again_takes_effect_once() -> None:
    engine = Engine()
    once = Once("k", b"request")
    first = engine.change_settings(retention_days=5, once=once)
    engine.change_settings(retention_days=7)

    again = engine.change_settings(retention_days=5, once=once)

    assert again == first
    assert engine.retention_days == 7


# The file


@pytest.mark.parametrize("written", ["the journal", "a snapshot"])
def test_settings_are_there_when_the_file_is_opened_again(tmp_path: Path, written: str) -> None:
    path = tmp_path / "acme.db"
    rules = any_of({"segment": "some"}, field("customField.score", "less_than", 3))
    with bitseg.open(path, timezone="Asia/Tokyo") as engine:
        _crowd(engine)
        engine.define_field("customField.score", "number")
        engine.define_segment("some", CANADIANS)
        settings = engine.change_settings(
            suppression=rules, retention_days=9, remember_event_ids_days=3
        )
        if written == "a snapshot":
            engine.snapshot()
    assert bitseg.verify(path).ok

    with bitseg.open(path) as engine:
        assert engine.settings == settings
        assert _reachable(engine) == (5, 1)
        with pytest.raises(SegmentError):
            engine.remove_segment("some")
        engine.change_settings(suppression=None)

    with bitseg.open(path, retention_days=None) as engine:
        assert _reachable(engine) == (5, 3)
        assert (engine.retention_days, engine.settings.remember_event_ids_days) == (None, 3)
        engine.remove_segment("some")


def test_what_opens_a_file_with_other_days_leaves_its_suppression(tmp_path: Path) -> None:
    path = tmp_path / "acme.db"
    with bitseg.open(path) as engine:
        _crowd(engine).change_settings(suppression=CANADIANS)

    with bitseg.open(path, retention_days=100, remember_event_ids_days=40) as engine:
        assert engine.settings.suppression == CANADIANS
        assert _reachable(engine) == (5, 1)


def test_a_suppression_means_the_same_when_a_property_got_another_type(tmp_path: Path) -> None:
    path = tmp_path / "acme.db"
    opened = any_of({"event": "open", "where": {"match": "all", "conditions": [
        {"field": "depth", "operator": "equals", "value": 3, "dataType": "number"}]}})  # fmt: skip
    with bitseg.open(path) as engine:
        engine.change_settings(suppression=opened)
        _crowd(engine)
        record(engine, ("ann", "open", datetime.now(UTC).isoformat(), {"depth": "3"}))

    with bitseg.open(path) as engine:
        assert engine.settings.suppression == opened
        assert _reachable(engine) == (5, 5)
