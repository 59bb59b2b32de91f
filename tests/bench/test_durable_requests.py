"""Requests: accepted as they are, and never the same twice."""

from __future__ import annotations

import pytest

from bench import data
from bench.data import Clock
from bench.durable_requests import Requests, traffic
from bitseg import Engine


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Engine:
    return data.filled(200, 500, clock)


@pytest.fixture
def requests(clock: Clock) -> Requests:
    return Requests(200, clock)


def test_updates_are_of_contacts_that_exist(engine: Engine, requests: Requests) -> None:
    report = engine.load_contacts(requests.updates(150))

    assert (report.created, report.updated, report.rejected_count) == (0, 150, 0)


def test_people_are_new_each_time(engine: Engine, requests: Requests) -> None:
    created = [engine.load_contacts(requests.people(n)).created for n in (1, 100, 1)]

    assert created == [1, 100, 1]
    assert len(engine) == 302


def test_events_are_of_contacts_that_exist_and_no_duplicates(
    engine: Engine, requests: Requests
) -> None:
    reports = [engine.load_events(requests.events(300)) for _ in range(2)]

    assert [report.accepted for report in reports] == [300, 300]


def test_late_events_are_spread_over_two_years(engine: Engine, requests: Requests) -> None:
    rows = requests.late("open", 4)

    assert engine.load_events(rows).accepted == 4
    assert {row["kind"] for row in rows} == {"open"}
    assert [row["at"][:10] for row in rows] == [
        "2025-11-27",
        "2025-05-29",
        "2024-11-27",
        "2024-05-29",
    ]


def test_everywhere_is_a_contact_of_each_stretch_with_all_fields(
    engine: Engine, requests: Requests
) -> None:
    rows = requests.everywhere(64)

    assert [row["id"] for row in rows] == ["c00000000", "c00000064", "c00000128", "c00000192"]
    assert engine.load_contacts(rows).updated == 4
    assert all(len(row) == len(rows[0]) == 29 for row in rows)


def test_traffic_is_written_as_one_would_expect(engine: Engine, clock: Clock) -> None:
    traffic(engine, 200, clock, 20)

    assert engine.event_count == 500 + 2 * 500 + 8
    assert clock.at == data.START + 2_000
