"""The caller's tenant over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.response import Stream
from litestar.testing import TestClient

import bitseg
from server import Settings, create_app
from server.auth import let_in, needs
from server.leases import Leases, provide_caller, provide_engine
from tests.server.conftest import KEY, Two

DEFAULT_SUPPRESSION = {
    "match": "any",
    "groups": [
        {
            "match": "any",
            "conditions": [
                {
                    "field": "contact.unsubscribed",
                    "operator": "equals",
                    "value": True,
                    "dataType": "boolean",
                },
                {
                    "field": "contact.bounced",
                    "operator": "equals",
                    "value": True,
                    "dataType": "boolean",
                },
                {"event": "unsubscribe"},
                {"event": "complaint"},
                {"field": "contact.email", "operator": "is_empty", "dataType": "string"},
            ],
        }
    ],
}


def _change(two: Two, name: Any, **headers: str) -> Any:
    return two.ask("PATCH", "/api/tenant", two.key("acme"), json={"name": name}, headers=headers)


def test_it_says_its_name_and_how_its_data_are_kept(two: Two) -> None:
    answer = two.ask("GET", "/api/tenant", two.key("acme", "read"))

    assert answer.headers["etag"] == '"1"'
    assert answer.json() == {
        "id": "acme",
        "name": "Acme",
        "timezone": "Europe/Berlin",
        "suppression": DEFAULT_SUPPRESSION,
        "retention_days": None,
        "remember_event_ids_days": 30,
        "job_schedules": {"recalculation": "*/30 * * * *"},
        "limits": {"body_bytes": 8_388_608, "preview_sample": 50},
        "created_at": "2026-03-01T09:30:00Z",
        "revision": 1,
    }


def test_its_name_is_changed(two: Two) -> None:
    answer = _change(two, "Acme Inc.")

    assert (answer.status_code, answer.json()["name"]) == (200, "Acme Inc.")
    assert answer.headers["etag"] == '"2"'
    assert two.ask("GET", "/api/tenant", two.key("acme")).json() == answer.json()
    assert two.ask("GET", "/api/tenant", two.key("zeta")).json()["name"] == "Zeta"


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"1"', 200), ("*", 200), ('"2"', 412), ('"0"', 412), ("W/x", 412), ('"' + "9" * 40, 412)],
)
def test_with_if_match_only_what_was_read_is_changed(two: Two, if_match: str, status: int) -> None:
    answer = _change(two, "New", **{"If-Match": if_match})

    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert two.control.there("acme").name == ("New" if status == 200 else "Acme")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": 1}, "name"),
        ({"name": "n", "id": "zeta"}, "id"),
        ({"name": "n", "timezone": "UTC"}, "timezone"),
    ],
)
def test_every_fault_is_named(two: Two, body: dict[str, Any], path: str) -> None:
    answer = two.ask("PATCH", "/api/tenant", two.key("acme"), json=body)

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_a_process_with_one_tenant_calls_it_default() -> None:
    app = create_app(bitseg.Engine("Asia/Tokyo", retention_days=90), Settings(KEY))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/api/tenant", headers={"Authorization": f"Bearer {KEY}"})

    said = answer.json()
    assert (said["id"], said["timezone"], said["retention_days"]) == ("default", "Asia/Tokyo", 90)


def test_a_tenant_whose_file_is_damaged_is_503_and_the_others_answer(two: Two) -> None:
    path = two.data / "tenants" / "acme.db"
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(b"of-acme")] ^= 1
    path.write_bytes(damaged)

    answer = two.ask("GET", "/api/tenant", two.key("acme"))

    assert answer.status_code == 503
    assert answer.json()["state"] == "failed"
    assert "acme.db" not in answer.text
    assert two.ask("GET", "/api/tenant", two.key("zeta")).status_code == 200


def test_an_engine_is_lent_until_the_answer_is_sent(two: Two) -> None:
    two.ask("GET", "/api/tenant", two.key("acme"))
    (resident,) = two.tenants._residents.values()  # noqa: SLF001 - who uses it shows nowhere else

    assert resident.leases == 0
    two.clock.at += 60_000
    two.tenants.sweep()
    assert two.tenants.check() == {}
    assert two.ask("GET", "/api/tenant", two.key("acme")).status_code == 200


def test_an_engine_stays_open_while_an_answer_is_streamed(two: Two) -> None:
    closed: list[dict[str, Any]] = []

    @get("/stream", opt=needs("read"))
    async def stream(engine: NamedDependency[bitseg.Engine]) -> Stream:
        async def parts() -> AsyncIterator[bytes]:
            two.clock.at += 60_000
            await asyncio.to_thread(two.tenants.sweep)
            closed.append(dict(two.tenants.check()))
            yield str(len(engine)).encode()

        return Stream(parts())

    two.app.register(
        Router(
            "/api",
            route_handlers=[stream],
            guards=[let_in],
            middleware=[Leases()],
            dependencies={"engine": Provide(provide_engine), "caller": Provide(provide_caller)},
        )
    )

    answer = two.ask("GET", "/api/stream", two.key("acme"))
    two.clock.at += 60_000
    two.tenants.sweep()

    assert (answer.status_code, answer.text) == (200, "1")
    assert [list(leases) for leases in closed] == [["acme"]]


def test_ready_asks_the_engines_that_are_open(two: Two, tmp_path: Path) -> None:
    none = two.ask("GET", "/health/ready").json()
    for tenant in ("acme", "zeta"):
        two.ask("GET", "/api/tenant", two.key(tenant))
    never = two.ask("GET", "/health/ready").json()
    for tenant in ("acme", "zeta"):
        with two.tenants.hold(tenant) as engine:
            engine.backup(tmp_path / f"{tenant}.db")
    both = two.ask("GET", "/health/ready").json()

    assert (none["status"], none["backup_at"]) == ("ready", None)
    assert never["backup_at"] is None
    assert both["backup_at"] is not None
    assert both["backup_age_s"] >= 0
