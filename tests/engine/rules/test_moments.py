"""Date math: what a date value comes to, step by step, where calendars and clocks disagree."""

from __future__ import annotations

import pytest

from bitseg.clock import HIGHEST, LOWEST
from bitseg.rules.moments import Span, duration_ms, span
from bitseg.rules.nodes import Duration, FieldRule
from tests.engine.rules.views import condition, ms, now

BERLIN = "Europe/Berlin"
HAVANA = "America/Havana"
APIA = "Pacific/Apia"


def come_to(value: str, at: str, timezone: str) -> Span:
    raw = {"field": "contact.created_at", "operator": "equals", "value": value}
    rule = condition(raw, timezone)
    assert isinstance(rule, FieldRule)
    return span(rule.value, now(at, timezone))  # type: ignore[arg-type]


INSTANTS = [
    pytest.param("now", "2024-03-31T10:00Z", BERLIN, "2024-03-31T10:00Z", id="now"),
    pytest.param("now-30s", "2024-03-31T10:00Z", BERLIN, "2024-03-31T09:59:30Z", id="seconds"),
    pytest.param("now+90m", "2024-03-31T10:00Z", BERLIN, "2024-03-31T11:30Z", id="minutes"),
    pytest.param("now-1d", "2024-03-31T10:00Z", BERLIN, "2024-03-30T10:00Z", id="a day is 24 h"),
    pytest.param("now-1w", "2024-04-03T10:00Z", BERLIN, "2024-03-27T10:00Z", id="a week is 168 h"),
    pytest.param("now-1M", "2024-03-31T10:00Z", BERLIN, "2024-02-29T11:00Z", id="month's end"),
    pytest.param("now+1M", "2024-01-31T10:00Z", BERLIN, "2024-02-29T10:00Z", id="leap February"),
    pytest.param("now+1M", "2023-01-31T10:00Z", BERLIN, "2023-02-28T10:00Z", id="short February"),
    pytest.param("now-1y", "2024-02-29T10:00Z", BERLIN, "2023-02-28T10:00Z", id="leap day back"),
    pytest.param("now+4y", "2024-02-29T10:00Z", BERLIN, "2028-02-29T10:00Z", id="to a leap year"),
    pytest.param(
        "now+1M+1M", "2024-01-31T10:00Z", BERLIN, "2024-03-29T10:00Z", id="clamped at each step"
    ),
    pytest.param("now+2M", "2024-01-31T10:00Z", BERLIN, "2024-03-31T09:00Z", id="clamped once"),
    pytest.param("now+1d-1M", "2024-03-31T10:00Z", BERLIN, "2024-03-01T11:00Z", id="left to right"),
    pytest.param(
        "now-1M", "2024-04-30T00:30Z", BERLIN, "2024-03-30T01:30Z", id="wall time is kept"
    ),
    pytest.param(
        "now+1M", "2024-02-29T01:30Z", BERLIN, "2024-03-29T01:30Z", id="two days before a jump"
    ),
    pytest.param("now-1M", "2024-05-01T00:30Z", BERLIN, "2024-04-01T00:30Z", id="behind the jump"),
    pytest.param(
        "now+2M", "2024-01-31T01:30Z", BERLIN, "2024-03-31T01:30Z", id="into a gap: forward"
    ),
    pytest.param(
        "now+1M", "2024-09-27T00:30Z", BERLIN, "2024-10-27T00:30Z", id="into a repetition: first"
    ),
    pytest.param("today+3h", "2024-03-31T10:00Z", BERLIN, "2024-03-31T02:00Z", id="elapsed hours"),
    pytest.param(
        "today-1h", "2024-03-31T10:00Z", BERLIN, "2024-03-30T22:00Z", id="before midnight"
    ),
    pytest.param(
        "today-1d+12h", "2024-04-01T10:00Z", BERLIN, "2024-03-31T11:00Z", id="noon but for a jump"
    ),
    pytest.param(
        "today+12h-1d", "2024-04-01T10:00Z", BERLIN, "2024-03-31T10:00Z", id="noon the day before"
    ),
    pytest.param(
        "today+12h-1w", "2024-04-01T10:00Z", BERLIN, "2024-03-25T11:00Z", id="noon a week before"
    ),
    pytest.param(
        "today+150m-1d", "2024-04-01T10:00Z", BERLIN, "2024-03-31T01:30Z", id="half two: forward"
    ),
    pytest.param(
        "today+1h", "2024-11-03T16:00Z", HAVANA, "2024-11-03T05:00Z", id="midnight comes twice"
    ),
    pytest.param(
        "now+1d", "2011-12-29T20:00Z", APIA, "2011-12-30T20:00Z", id="a day that never was"
    ),
]


@pytest.mark.parametrize(("value", "at", "timezone", "meant"), INSTANTS)
def test_date_math_comes_to_an_instant(value: str, at: str, timezone: str, meant: str) -> None:
    assert come_to(value, at, timezone) == (ms(meant), ms(meant) + 1, False)


DAYS = [
    pytest.param(
        "today", "2024-03-31T10:00Z", BERLIN, "2024-03-30T23:00Z", "2024-03-31T22:00Z", id="23 h"
    ),
    pytest.param(
        "today", "2024-10-27T10:00Z", BERLIN, "2024-10-26T22:00Z", "2024-10-27T23:00Z", id="25 h"
    ),
    pytest.param(
        "today", "2024-07-01T22:00Z", BERLIN, "2024-07-01T22:00Z", "2024-07-02T22:00Z", id="start"
    ),
    pytest.param(
        "today",
        "2024-07-01T21:59:59.999Z",
        BERLIN,
        "2024-06-30T22:00Z",
        "2024-07-01T22:00Z",
        id="last millisecond",
    ),
    pytest.param(
        "today-1d", "2024-04-01T10:00Z", BERLIN, "2024-03-30T23:00Z", "2024-03-31T22:00Z", id="d"
    ),
    pytest.param(
        "today+1w", "2024-03-25T10:00Z", BERLIN, "2024-03-31T22:00Z", "2024-04-01T22:00Z", id="w"
    ),
    pytest.param(
        "today-1M", "2024-03-31T10:00Z", BERLIN, "2024-02-28T23:00Z", "2024-02-29T23:00Z", id="M"
    ),
    pytest.param(
        "today-1y", "2024-02-29T10:00Z", BERLIN, "2023-02-27T23:00Z", "2023-02-28T23:00Z", id="y"
    ),
    pytest.param(
        "today+1M-1M",
        "2024-01-31T10:00Z",
        BERLIN,
        "2024-01-28T23:00Z",
        "2024-01-29T23:00Z",
        id="clamped at each step",
    ),
    pytest.param(
        "2024-03-31",
        "2020-01-01T00:00Z",
        BERLIN,
        "2024-03-30T23:00Z",
        "2024-03-31T22:00Z",
        id="bare date",
    ),
    pytest.param(
        "2018-11-04",
        "2020-01-01T00:00Z",
        "America/Sao_Paulo",
        "2018-11-04T03:00Z",
        "2018-11-05T02:00Z",
        id="midnight skipped",
    ),
    pytest.param(
        "2018-02-17",
        "2020-01-01T00:00Z",
        "America/Sao_Paulo",
        "2018-02-17T02:00Z",
        "2018-02-18T03:00Z",
        id="23:00 twice",
    ),
    pytest.param(
        "2024-11-03",
        "2020-01-01T00:00Z",
        HAVANA,
        "2024-11-03T04:00Z",
        "2024-11-04T05:00Z",
        id="midnight twice",
    ),
    pytest.param(
        "today-1d", "2011-12-31T05:00Z", APIA, "2011-12-30T10:00Z", "2011-12-30T10:00Z", id="never"
    ),
    pytest.param(
        "today", "2011-12-30T09:59Z", APIA, "2011-12-29T10:00Z", "2011-12-30T10:00Z", id="29th"
    ),
    pytest.param(
        "9999-12-31", "2020-01-01T00:00Z", "UTC", "9999-12-31T00:00Z", None, id="last day"
    ),
]


@pytest.mark.parametrize(("value", "at", "timezone", "start", "end"), DAYS)
def test_date_math_comes_to_a_whole_day(
    value: str, at: str, timezone: str, start: str, end: str | None
) -> None:
    behind = 253_402_300_800_000 if end is None else ms(end)
    assert come_to(value, at, timezone) == (ms(start), behind, True)


BEYOND = [
    pytest.param("now-9000y", LOWEST, False, id="years back"),
    pytest.param("now+9000y", HIGHEST, False, id="years ahead"),
    pytest.param("now-999999999999999999s", LOWEST, False, id="a great many seconds"),
    pytest.param("now+999999999999999999w", HIGHEST, False, id="a great many weeks"),
    pytest.param("now-9000y+9000y", LOWEST, False, id="no way back"),
    pytest.param("today-9000y", LOWEST, True, id="days back"),
    pytest.param("today+99999999d", HIGHEST, True, id="days ahead"),
    pytest.param("today+1h+99999999M", HIGHEST, False, id="from an instant"),
    pytest.param("today-99999999d+1h", LOWEST, True, id="then an hour"),
]


@pytest.mark.parametrize(("value", "place", "whole"), BEYOND)
def test_a_step_out_of_the_years_1_to_9999_lies_beyond_every_date(
    value: str, place: int, *, whole: bool
) -> None:
    assert come_to(value, "2024-01-01T00:00Z", BERLIN) == (place, place, whole)


LENGTHS = [("1s", 1_000), ("2m", 120_000), ("1h", 3_600_000), ("2d", 172_800_000)]


@pytest.mark.parametrize(("text", "length"), [*LENGTHS, ("1w", 604_800_000)])
def test_a_gap_has_a_length(text: str, length: int) -> None:
    assert duration_ms(Duration(int(text[:-1]), text[-1])) == length  # type: ignore[arg-type]


def test_no_gap_is_longer_than_all_dates() -> None:
    assert duration_ms(Duration(10**18, "w")) == 315_537_897_599_999
