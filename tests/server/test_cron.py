"""When a cron text says that a job runs, worked out by hand from the zones' rules."""

from __future__ import annotations

from datetime import datetime

import pytest

from server.jobs import cron_fault, next_after


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


def _runs(cron: str, timezone: str, after: str, count: int) -> list[int]:
    at, found = _ms(after), []
    for _ in range(count):
        at = next_after(cron, timezone, at)
        found.append(at)
    return found


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "expected"),
    [
        pytest.param("*/30 * * * *", "UTC", "2026-03-01T09:29:59.999Z",
                     ["2026-03-01T09:30Z", "2026-03-01T10:00Z"], id="just before"),
        pytest.param("*/30 * * * *", "UTC", "2026-03-01T09:30:00Z",
                     ["2026-03-01T10:00Z"], id="at a run the next is the one after"),
        pytest.param("*/30 * * * *", "UTC", "2026-03-01T09:30:00.001Z",
                     ["2026-03-01T10:00Z"], id="just after"),
        pytest.param("*/30 * * * *", "Asia/Kolkata", "2026-03-01T00:00Z",
                     ["2026-03-01T00:30Z", "2026-03-01T01:00Z"], id="half an hour off UTC"),
        pytest.param("0 2 * * *", "Asia/Tokyo", "2026-03-01T00:00Z",
                     ["2026-03-01T17:00Z", "2026-03-02T17:00Z"], id="on the zone's clock"),
        pytest.param("0 9 * * 0", "UTC", "2026-03-02T00:00Z",
                     ["2026-03-08T09:00Z", "2026-03-15T09:00Z"], id="0 is Sunday"),
        pytest.param("0 9 * * 7", "UTC", "2026-03-02T00:00Z", ["2026-03-08T09:00Z"],
                     id="and so is 7"),
        pytest.param("0 9 13 * 5", "UTC", "2026-03-08T00:00Z",
                     ["2026-03-13T09:00Z", "2026-03-20T09:00Z"],
                     id="a day of the month or a weekday"),
        pytest.param("0 0 29 2 *", "UTC", "2026-03-01T00:00Z", ["2028-02-29T00:00Z"],
                     id="a leap day"),
        # Berlin skips 02:00 to 03:00 on 29 March 2026, and repeats it on 25 October.
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z",
                     ["2026-03-29T01:00Z", "2026-03-30T00:30Z"], id="skipped in Berlin"),
        pytest.param("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z",
                     ["2026-03-29T01:00Z", "2026-03-30T00:00Z", "2026-03-30T00:30Z"],
                     id="two skipped at once are one"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z",
                     ["2026-10-25T00:30Z", "2026-10-26T01:30Z"], id="repeated in Berlin"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10Z",
                     ["2026-10-26T01:30Z"], id="in the second of two hours, the first is past"),
        pytest.param("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45Z",
                     ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z",
                      "2026-10-25T01:30Z", "2026-10-25T02:00Z"], id="by time that passes"),
        # New York skips 02:00 to 03:00 on 8 March 2026, and repeats 01:00 on 1 November.
        pytest.param("0 2 * * *", "America/New_York", "2026-03-07T12:00Z",
                     ["2026-03-08T07:00Z", "2026-03-09T06:00Z"], id="skipped in New York"),
        pytest.param("15 1 * * *", "America/New_York", "2026-10-31T12:00Z",
                     ["2026-11-01T05:15Z", "2026-11-02T06:15Z"], id="repeated in New York"),
        # Lord Howe skips and repeats half an hour.
        pytest.param("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00Z",
                     ["2026-04-04T14:45Z", "2026-04-05T15:15Z"], id="half an hour repeated"),
        # Santiago skips its midnight.
        pytest.param("30 0 * * *", "America/Santiago", "2026-09-05T12:00Z",
                     ["2026-09-06T04:00Z", "2026-09-07T03:30Z"], id="a midnight skipped"),
    ],
)  # fmt: skip
def test_it_runs_at_these_instants(
    cron: str, timezone: str, after: str, expected: list[str]
) -> None:
    assert _runs(cron, timezone, after, len(expected)) == [_ms(one) for one in expected]


@pytest.mark.parametrize(
    "cron", ["*/30 * * * *", "0 2 * * *", "5,35 8-18 * JAN-MAR MON-FRI", "0 0 1 1 *", "0 0 29 2 *"]
)
def test_a_cron_text_has_no_fault(cron: str) -> None:
    assert cron_fault(cron, "here") is None


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("", "not 5 fields"),
        ("* * * *", "not 5 fields"),
        ("* * * * * *", "not 5 fields"),
        ("@daily", "not 5 fields"),
        ("60 * * * *", "bad minute"),
        ("* 24 * * *", "bad hour"),
        ("* * 0 * *", "bad day-of-month"),
        ("* * * 13 *", "bad month"),
        ("* * * * 8", "bad day-of-week"),
        ("*/0 * * * *", "bad minute"),
        ("-1 * * * *", "bad minute"),
        ("٣ * * * *", "bad minute"),
        ("* * 31 2 *", "bad day-of-month"),
        ("0 0 29 2 *" + " " * 91, "100 characters"),
    ],
)
def test_what_is_no_cron_text_is_one_fault_that_says_why(cron: str, why: str) -> None:
    fault = cron_fault(cron, "job_schedules.recalculation")

    assert fault is not None
    assert (fault.path, fault.code) == ("job_schedules.recalculation", "invalid_cron")
    assert why in fault.message
