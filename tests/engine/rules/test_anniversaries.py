"""Anniversaries: which dates come again on which days, Feb 29 above all."""

from __future__ import annotations

import pytest

from bitseg.clock import FIRST_INSTANT, LAST_INSTANT
from bitseg.rules import intervals
from bitseg.rules.nodes import FieldRule
from tests.engine.rules.views import condition, ms, now


def comes_again(value: str, today: str, born: str, timezone: str = "UTC") -> bool:
    """Whether a date rule matches at noon of a day; ``born`` is an instant or a date at noon."""
    rule = condition({"field": "contact.created_at", "operator": "anniversary", "value": value})
    assert isinstance(rule, FieldRule)
    at = ms(born if "T" in born else f"{born}T12:00Z")
    found = intervals(rule, now(f"{today}T12:00Z", timezone), at, at)
    return any(start <= at < end for start, end in found)


YES = [
    pytest.param("today", "2024-03-15", "1990-03-15", id="same day"),
    pytest.param("today", "2024-03-15", "2024-03-15", id="this year too"),
    pytest.param("today", "2024-03-15", "2090-03-15", id="a year to come"),
    pytest.param("1d", "2024-03-15", "1990-03-16", id="tomorrow"),
    pytest.param("7d", "2024-03-15", "1990-03-22", id="last of seven"),
    pytest.param("7d", "2024-03-15", "1990-03-15", id="today is one of them"),
    pytest.param("7d", "2023-12-28", "1990-01-04", id="over the new year"),
    pytest.param("365d", "2023-03-15", "1990-03-14", id="a whole year"),
    pytest.param("365d", "2023-03-15", "1992-02-29", id="a whole year has the leap day"),
    pytest.param("today", "2023-02-28", "1992-02-29", id="leap day, other year: Feb 28"),
    pytest.param("today", "2024-02-29", "1992-02-29", id="leap day in a leap year"),
    pytest.param("today", "2024-02-28", "1991-02-28", id="Feb 28 stays Feb 28"),
    pytest.param("today", "2100-02-28", "1992-02-29", id="2100 is no leap year"),
    pytest.param("1d", "2024-02-28", "1992-02-29", id="leap day tomorrow"),
    pytest.param("7d", "2023-02-25", "1992-02-29", id="leap day kept on Feb 28 within the days"),
    pytest.param("7d", "2023-12-31", "1990-01-07", id="days of next year"),
    pytest.param("60d", "2023-12-31", "1992-02-29", id="the year of the day decides"),
    pytest.param("this_month", "2024-03-15", "1990-03-01", id="first of the month"),
    pytest.param("this_month", "2024-03-15", "1990-03-31", id="last of the month"),
    pytest.param("this_month", "2023-02-15", "1992-02-29", id="leap day's month, other year"),
]


@pytest.mark.parametrize(("value", "today", "born"), YES)
def test_a_date_comes_again(value: str, today: str, born: str) -> None:
    assert comes_again(value, today, born)


NO = [
    pytest.param("today", "2024-03-15", "1990-03-16", id="tomorrow"),
    pytest.param("today", "2024-03-15", "1990-03-14", id="yesterday"),
    pytest.param("today", "2024-03-15", "1990-04-15", id="another month"),
    pytest.param("7d", "2024-03-15", "1990-03-23", id="eight days on"),
    pytest.param("7d", "2024-03-15", "1990-03-14", id="yesterday, seven days"),
    pytest.param("today", "2024-02-28", "1992-02-29", id="leap day, leap year: not Feb 28"),
    pytest.param("today", "2023-03-01", "1992-02-29", id="leap day, other year: not Mar 1"),
    pytest.param("today", "2024-02-29", "1991-02-28", id="Feb 28 is not kept on Feb 29"),
    pytest.param("today", "2024-02-29", "1991-03-01", id="nor is Mar 1"),
    pytest.param("7d", "2023-03-01", "1992-02-29", id="from Mar 1 on"),
    pytest.param("this_month", "2024-03-15", "1990-02-28", id="the month before"),
    pytest.param("this_month", "2024-03-15", "1990-04-01", id="the month behind"),
    pytest.param("this_month", "2024-03-15", "1992-02-29", id="leap day is February's"),
]


@pytest.mark.parametrize(("value", "today", "born"), NO)
def test_a_date_does_not_come_again(value: str, today: str, born: str) -> None:
    assert not comes_again(value, today, born)


ZONED = [
    pytest.param("Asia/Kathmandu", "1990-03-14T18:15Z", True, id="local midnight"),
    pytest.param("Europe/Berlin", "1990-03-14T23:00Z", True, id="Berlin's first instant"),
    pytest.param("Europe/Berlin", "1990-03-14T22:59:59.999Z", False, id="the one before"),
    pytest.param("Europe/Berlin", "1990-03-15T22:59:59.999Z", True, id="Berlin's last instant"),
    pytest.param("Europe/Berlin", "1990-03-15T23:00Z", False, id="the one behind"),
    pytest.param("America/New_York", "1990-03-15T04:59:59.999Z", False, id="New York's night"),
    pytest.param("America/New_York", "1990-03-15T05:00Z", True, id="New York's midnight"),
]


@pytest.mark.parametrize(("timezone", "born", "again"), ZONED)
def test_month_and_day_are_those_of_the_tenants_calendar(
    timezone: str, born: str, *, again: bool
) -> None:
    assert comes_again("today", "2024-03-15", born, timezone) is again


def test_a_date_that_came_twice_counts_both_times() -> None:
    # St John's, 2010-11-07: at 00:01 clocks went back to 23:01 of the day before.
    assert comes_again("today", "2024-11-06", "2010-11-07T02:29:59Z", "America/St_Johns")
    assert not comes_again("today", "2024-11-06", "2010-11-07T02:30:30Z", "America/St_Johns")
    assert comes_again("today", "2024-11-06", "2010-11-07T02:31:00Z", "America/St_Johns")


def test_all_years_are_looked_at_unless_the_range_is_known() -> None:
    rule = condition({"field": "contact.created_at", "operator": "anniversary", "value": "today"})
    assert isinstance(rule, FieldRule)
    at = now("2024-03-15T12:00Z", "UTC")
    assert len(intervals(rule, at)) == 9_999
    assert len(intervals(rule, at, FIRST_INSTANT, LAST_INSTANT)) == 9_999
    assert intervals(rule, at, ms("1999-12-31T00:00Z"), ms("2001-01-01T00:00Z")) == (
        (ms("1999-03-15T00:00Z"), ms("1999-03-16T00:00Z")),
        (ms("2000-03-15T00:00Z"), ms("2000-03-16T00:00Z")),
        (ms("2001-03-15T00:00Z"), ms("2001-03-16T00:00Z")),
    )
