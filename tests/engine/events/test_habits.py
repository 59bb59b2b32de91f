"""Usual times, devices and the last mail are what the events say on the tenant's clock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.making import engine_of, record, value

HOUR = "engagement.preferred_open_hour"
WEEKDAY = "engagement.preferred_open_weekday"
DEVICE = "engagement.last_opened_device"
OPENED = "engagement.opened_last_email"
Event = tuple[Any, ...]


@pytest.mark.parametrize(
    ("opens", "hour", "weekday"),
    [
        ([], None, None),
        (["2026-03-02T09:59:59.999Z"], 10, 1),
        (["2026-03-02T09:00Z", "2026-03-03T08:00Z"], 9, 1),
        (["2026-03-03T09:00Z", "2026-03-03T08:00Z", "2026-03-01T09:00Z"], 10, 2),
        (["2026-03-01T22:59Z"], 23, 7),
        (["2026-03-01T23:00Z"], 0, 1),
        # The clock goes from 02:00 to 03:00 at 01:00Z; an hour later is 03:xx still by one hour.
        (["2026-03-29T00:30Z", "2026-03-29T01:30Z", "2026-03-29T01:45Z"], 3, 7),
        # 02:30 comes twice.
        (["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"], 2, 7),
        (["1901-01-01T12:00Z"], 13, 2),
    ],
)
def test_the_usual_time_is_the_most_common_one_on_the_tenants_clock(
    opens: list[str], hour: int | None, weekday: int | None
) -> None:
    engine = engine_of("a", timezone="Europe/Berlin")
    if opens:
        record(engine, *(("a", "open", at) for at in opens))
    now = "2026-12-01T00:00Z"
    assert (value(engine, "a", HOUR, now), value(engine, "a", WEEKDAY, now)) == (hour, weekday)


def test_a_usual_time_changes_when_opens_are_withdrawn_or_not_yet() -> None:
    engine = engine_of("a")
    record(
        engine,
        ("a", "open", "2026-03-02T09:00Z", {"event_id": "nine"}),
        ("a", "open", "2026-03-03T09:00Z", {"event_id": "nine again"}),
        ("a", "open", "2026-03-04T08:00Z"),
    )
    assert value(engine, "a", HOUR) == 9
    assert value(engine, "a", HOUR, "2026-03-02T08:00Z") is None
    engine.withdraw_events(["nine"])
    assert value(engine, "a", HOUR) == 8
    engine.withdraw_events(["nine again"])
    assert value(engine, "a", WEEKDAY) == 3


def test_the_last_device_is_of_the_latest_open_and_of_equals_the_later_recorded() -> None:
    engine = engine_of("a")
    record(engine, ("a", "open", "2026-03-02", {"device": "ios"}))
    record(engine, ("a", "open", "2026-03-02", {"device": "web"}))
    assert value(engine, "a", DEVICE) == "web"
    record(engine, ("a", "open", "2026-03-01", {"device": "tv"}))
    assert value(engine, "a", DEVICE) == "web"
    record(engine, ("a", "open", "2026-03-03", {"event_id": "bare"}))
    assert value(engine, "a", DEVICE) is None
    assert value(engine, "a", DEVICE, "2026-03-02T23:00Z") == "web"
    engine.withdraw_events(["bare"])
    assert value(engine, "a", DEVICE) == "web"


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        ([], None),
        ([("open", 1, "x")], None),
        ([("sent", 1, "x")], False),
        ([("sent", 2, "x"), ("open", 1, "x")], True),
        ([("sent", 1, "x"), ("open", 2, "y")], False),
        ([("sent", 1, "x"), ("open", 2, None)], False),
        ([("sent", 1, "x"), ("open", 2, "x"), ("sent", 3, "y")], False),
        ([("sent", 1, "x"), ("open", 2, "x"), ("sent", 3, None)], None),
        ([("sent", 3, "x"), ("sent", 1, None), ("open", 9, "x")], True),
        ([("sent", 1, "x"), ("sent", 1, "y"), ("open", 2, "y")], True),
        ([("sent", 1, "y"), ("sent", 1, "x"), ("open", 2, "y")], False),
        ([("sent", 1, "x"), ("open", 20, "x")], False),
        ([("sent", 1, "x"), ("open", 2, "x"), ("sent", 20, "y")], True),
    ],
)
def test_the_last_mail_was_opened_if_any_open_is_of_its_campaign(
    events: list[Event],
    answer: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    engine = engine_of("a", "other")
    for kind, day, campaign in events:
        record(
            engine,
            ("a", kind, f"2026-03-{day:02}", {"campaign": campaign}),
            ("other", "open", f"2026-03-{day:02}", {"campaign": "x"}),
        )
        value(engine, "a", OPENED)
    assert value(engine, "a", OPENED) is answer
    assert value(engine, "other", OPENED) is None
