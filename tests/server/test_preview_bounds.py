"""The parts of a preview at their limits, beside what is counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import KEY
from tests.server.test_segments import Api

PEOPLE = 120
NOW = "2026-03-15T12:00:00Z"


def _score(operator: str, value: Any) -> dict[str, Any]:
    return {"field": "contact.lead_score", "operator": operator, "value": value}


def _all(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"match": "all", "groups": [{"match": "all", "conditions": [*conditions]}], **more}


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    engine = Engine(timezone="America/Toronto")
    engine.load_contacts(
        [
            {"id": f"c{i}", "lead_score": i, "email": None if i % 10 == 0 else f"{i}@x.org",
             "customField.odd": bool(i % 2)}
            for i in range(PEOPLE)
        ]
    )  # fmt: skip
    engine.load_events(
        [
            {"contact_id": "c1", "kind": "unsubscribe", "at": "2024-01-01T00:00:00Z"},
            {"contact_id": "c2", "kind": "bounce", "at": "2024-01-01T00:00:00Z"},
        ]
    )
    for first, stop in ((0, 60), (0, 0), (30, 90)):
        members = [f"c{i}" for i in range(first, stop)]
        engine.define_segment(f"{first}-{stop}", members)
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


def _preview(api: Api, rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = api("POST", "/segments/preview", {"rules": rules, "now": NOW, **more})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.parametrize("size", [1, 49, 50])
def test_a_sample_has_the_first_members(size: int, api: Api) -> None:
    shown = _preview(api, _all(_score("greater_or_equal", 10)), sample=size)

    assert [one["contact.id"] for one in shown["sample"]] == [f"c{i}" for i in range(10, 10 + size)]
    assert all("customField.odd" in one for one in shown["sample"])


@pytest.mark.parametrize("size", [-1, 51])
def test_no_other_size_is_a_sample(size: int, api: Api) -> None:
    answer = api("POST", "/segments/preview", {"rules": _all(), "sample": size})

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["sample"]


def test_who_has_no_mail_or_unsubscribed_is_not_reachable(api: Api) -> None:
    shown = _preview(api, _all(_score("less_than", 11)))

    assert (shown["count"], shown["reachable"], shown["total"]) == (
        11,
        11 - len(["c0", "c1", "c10"]),
        PEOPLE,
    )
    assert shown["now"] == "2026-03-15T12:00:00.000Z"


@pytest.mark.parametrize("size", [0, 1, 49, 50, 51, PEOPLE])
@pytest.mark.parametrize("against", ["0-60", "0-0", "30-90"])
def test_a_diff_counts_all_and_names_the_first_fifty(against: str, size: int, api: Api) -> None:
    first, stop = map(int, against.split("-"))
    saved, new = {*range(first, stop)}, {*range(size)}

    diff = _preview(api, _all(_score("less_than", size)), against=against)["diff"]

    assert diff == {
        "entering": len(new - saved),
        "leaving": len(saved - new),
        "entering_sample": [f"c{i}" for i in sorted(new - saved)[:50]],
        "leaving_sample": [f"c{i}" for i in sorted(saved - new)[:50]],
    }


def test_a_breakdown_has_every_part_exclusions_too(api: Api) -> None:
    excluded = {"match": "any", "conditions": [_score("equals", 20), {"event": "bounce"}]}
    nested = {"match": "none", "conditions": [_score("less_than", 5)]}
    rules = _all(_score("less_or_equal", 20), nested, exclusions=[excluded])

    shown = _preview(api, rules, breakdown=True)

    assert shown["count"] == len({*range(5, 21)} - {20, 2})
    assert shown["breakdown"] == {
        "groups[0]": 16,
        "groups[0].conditions[0]": 21,
        "groups[0].conditions[1]": PEOPLE - 5,
        "groups[0].conditions[1].conditions[0]": 5,
        "exclusions[0]": 2,
        "exclusions[0].conditions[0]": 1,
        "exclusions[0].conditions[1]": 1,
    }


def test_a_near_miss_fails_one_unit_and_hits_no_exclusion(api: Api) -> None:
    low, high = _score("less_than", 30), _score("greater_or_equal", 20)
    odd = {"field": "customField.odd", "operator": "equals", "value": True}
    either = {"match": "any", "conditions": [_score("equals", 21), _score("equals", 50), odd]}
    rules = {
        "match": "all",
        "groups": [{"match": "all", "conditions": [low, high]}, either],
        "exclusions": [{"match": "all", "conditions": [_score("equals", 22)]}],
    }
    units = {
        "groups[0].conditions[0]": {i for i in range(PEOPLE) if i < 30},
        "groups[0].conditions[1]": {i for i in range(PEOPLE) if i >= 20},
        "groups[1]": {i for i in range(PEOPLE) if i in {21, 50} or i % 2},
    }
    want = {
        path: sum(
            i != 22 and [one for one, members in units.items() if i not in members] == [path]
            for i in range(PEOPLE)
        )
        for path in units
    }

    assert _preview(api, rules, near_misses=True)["near_misses"] == want
    assert _preview(api, {**rules, "match": "any"}, near_misses=True)["near_misses"] == {}


def test_bounds_are_the_instants_that_relative_dates_came_to(api: Api) -> None:
    created = "contact.created_at"
    rules = _all(
        {"field": created, "operator": "equals", "value": "today"},
        {"field": created, "operator": "within_last", "value": "1d"},
        {"field": created, "operator": "more_than_ago", "value": "1h"},
        {"event": "open", "since": "today-7d"},
        {"field": created, "operator": "greater_than", "value": "2024-01-01T00:00:00Z"},
    )

    bounds = _preview(api, rules)["bounds"]

    assert {path.rpartition("[")[2]: between for path, between in bounds.items()} == {
        "0]": ["2026-03-15T04:00:00.000Z", "2026-03-16T04:00:00.000Z"],  # Toronto is at UTC-4
        "1]": ["2026-03-14T12:00:00.000Z", "2026-03-15T12:00:00.000Z"],  # the instants themselves
        "2]": [None, "2026-03-15T11:00:00.000Z"],
        "3]": ["2026-03-08T05:00:00.000Z", "2026-03-15T12:00:00.000Z"],  # a day before UTC-4 began
    }
