"""The preview call: its answers."""

from __future__ import annotations

import pytest

from tests.server.conftest import CANADIANS, Ask

EVERYBODY = {"match": "all", "groups": []}


def test_it_answers_with_the_numbers_and_only_what_was_asked_for(preview: Ask) -> None:
    response = preview(rules=CANADIANS)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"count", "reachable", "total", "now", "took_us", "bounds", "lint"}
    assert (answer["count"], answer["reachable"], answer["total"]) == (2, 1, 4)


def test_it_shows_members(preview: Ask) -> None:
    sample = preview(rules=CANADIANS, sample=50).json()["sample"]

    assert [contact["contact.id"] for contact in sample] == ["ann", "bob"]
    assert sample[1]["contact.bounced"] is True


def test_it_counts_every_part_on_its_own(preview: Ask) -> None:
    breakdown = preview(rules=CANADIANS, breakdown=True).json()["breakdown"]

    assert breakdown["groups[0]"] == 2
    assert breakdown["groups[0].conditions[0]"] == 2


def test_it_counts_near_misses(preview: Ask) -> None:
    near_misses = preview(rules=CANADIANS, near_misses=True).json()["near_misses"]

    assert near_misses == {"groups[0].conditions[0]": 2}


def test_it_compares_with_a_saved_segment(preview: Ask) -> None:
    diff = preview(rules=EVERYBODY, against="canadians").json()["diff"]

    assert (diff["entering"], diff["leaving"]) == (2, 0)


@pytest.mark.parametrize(
    ("now", "count"),
    [
        ("2024-05-01T12:00:00Z", 1),
        ("2024-05-01T14:00:00+02:00", 1),
        ("2024-05-01T11:59:59.999Z", 0),
    ],
)
def test_it_evaluates_for_the_instant_asked_for(preview: Ask, now: str, count: int) -> None:
    opened = {"match": "all", "groups": [{"match": "all", "conditions": [{"event": "open"}]}]}

    assert preview(rules=opened, now=now).json()["count"] == count


def test_it_answers_relative_dates_with_the_instants_they_came_to(preview: Ask) -> None:
    recent = {"field": "engagement.last_opened_at", "operator": "within_last", "value": "1d"}
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [recent]}]}

    bounds = preview(rules=rules, now="2024-05-02T00:00:00Z").json()["bounds"]

    assert list(bounds) == ["groups[0].conditions[0]"]
    assert len(bounds["groups[0].conditions[0]"]) == 2


def test_it_takes_a_percentage_as_the_decimal_written(preview: Ask) -> None:
    sample = {"sample": 100, "seed": "s"}
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [sample]}]}

    assert preview(rules=rules).json()["count"] == 4
