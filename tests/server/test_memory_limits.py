"""Tenants share the memory: one that fills it is refused, and those beside it go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.memory import SHARE, MemoryLimits, memory_there, process_default
from tests.server.conftest import Two

MIB = 2**20


@pytest.mark.parametrize(
    ("process", "tenant", "others", "room"),
    [
        (100, None, 0, 100),
        (100, None, 99, 1),
        (100, None, 100, 1),
        (100, None, 500, 1),
        (100, 30, 0, 30),
        (100, 30, 70, 30),
        (100, 30, 71, 29),
        (100, 300, 0, 100),
    ],
)
def test_a_tenant_has_its_own_limit_and_what_the_others_leave(
    process: int, tenant: int | None, others: int, room: int
) -> None:
    assert MemoryLimits(process, tenant).room(others) == room


def test_the_default_is_a_share_of_what_is_there() -> None:
    assert 64 * MIB < process_default() < memory_there()
    assert process_default() == int(memory_there() * SHARE)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    two = Two(tmp_path / "data", memory=MemoryLimits(24 * MIB, 16 * MIB))
    with two.client:
        yield two
    two.close()


def _fill(two: Two, key: str) -> tuple[int, Any]:
    """Write contacts until that is refused; return how many went in, and the refusal."""
    taken = 0
    while True:
        rows = [{"id": f"c{i}", "city": f"city {i}" * 3} for i in range(taken, taken + 4_000)]
        answer = two.ask("PUT", "/api/contacts", key, json=rows)
        if answer.status_code != 200:
            return taken, answer
        taken += 4_000


def test_a_full_tenant_is_refused_and_its_neighbour_and_its_readers_go_on(two: Two) -> None:
    acme, zeta = two.key("acme"), two.key("zeta")
    assert two.ask("GET", "/api/tenant", zeta).status_code == 200

    taken, refused = _fill(two, acme)

    assert taken > 0
    assert refused.status_code == 507
    assert refused.json() == {
        "title": "Insufficient Storage",
        "status": 507,
        "detail": "There is no room in memory; nothing was changed.",
        "errors": [],
        "type": "about:blank",
        "request_id": "of-a-test",
    }
    assert two.ask("GET", "/api/contacts?limit=1", acme).json()["total"] == taken + 1
    assert two.ask("GET", f"/api/contacts/c{taken - 1}", acme).status_code == 200
    assert two.ask("GET", f"/api/contacts/c{taken}", acme).status_code == 404
    assert two.ask("PUT", "/api/contacts", zeta, json=[{"id": "one"}]).status_code == 200

    beside, refused = _fill(two, zeta)  # what acme left
    assert refused.status_code == 507
    assert 0 < beside < taken


def test_an_answer_that_has_no_room_is_503_and_says_no_figures(two: Two) -> None:
    key = two.key("acme")
    _fill(two, key)
    with two.tenants.hold("acme") as engine:
        engine.memory_budget = sum(engine.memory().values()) + 1_000
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [{"event": "open"}]}]}

    answer = two.ask("POST", "/api/segments/preview", key, json={"rules": rules})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json()["detail"] == "There is no room in memory for this answer."
    assert answer.json()["errors"] == []


def test_tenants_without_limits_are_not_limited(tmp_path: Path) -> None:
    two = Two(tmp_path / "data")
    with two.client:
        two.ask("GET", "/api/tenant", two.key("acme"))
        with two.tenants.hold("acme") as engine:
            assert engine.memory_budget is None
    two.close()
