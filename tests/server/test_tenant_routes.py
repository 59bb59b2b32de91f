"""The caller's tenant over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
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
        "limits": {
            "body_bytes": 8_388_608,
            "file_bytes": 1_073_741_824,
            "calls_a_second": 1_000_000,
            "evaluation_seconds": 2.0,
            "preview_sample": 50,
        },
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
        ({"timezone": "Europe/Nowhere", "name": "n"}, "timezone"),
        ({"timezone": 5}, "timezone"),
        ({"limits": {"body_bytes": 5}}, "limits"),
        ({"revision": 5}, "revision"),
        ({"retention_days": 0}, "retention_days"),
        ({"retention_days": 100_001}, "retention_days"),
        ({"retention_days": "5"}, "retention_days"),
        ({"remember_event_ids_days": None}, "remember_event_ids_days"),
        ({"remember_event_ids_days": 0}, "remember_event_ids_days"),
        ({"suppression": 5}, "suppression"),
        ({"suppression": {"match": "any", "groups": []}}, "suppression.groups"),
        ({"job_schedules": {"nothing": "* * * * *"}}, "job_schedules.nothing"),
        ({"job_schedules": {"recalculation": "* * * *"}}, "job_schedules.recalculation"),
        ({"job_schedules": {"recalculation": 5}}, "job_schedules"),
    ],
)
def test_every_fault_is_named(two: Two, body: dict[str, Any], path: str) -> None:
    answer = two.ask("PATCH", "/api/tenant", two.key("acme"), json=body)

    assert answer.status_code == 422
    assert {error["path"] for error in answer.json()["errors"]} == {path}
    assert two.control.there("acme").revision == 1


CANADIANS = {
    "match": "any",
    "groups": [
        {
            "match": "any",
            "conditions": [{"field": "contact.country", "operator": "equals", "value": "Canada"}],
        }
    ],
}
EVERYBODY = {"rules": {"match": "all", "groups": []}}


def _reachable(two: Two, tenant: str = "acme") -> tuple[int, int]:
    said = two.ask("POST", "/api/segments/preview", two.key(tenant), json=EVERYBODY).json()
    return said["count"], said["reachable"]


def test_all_settings_are_changed_at_once_and_for_the_caller_alone(two: Two) -> None:
    key = two.key("acme")
    contacts = [{"id": "ann", "country": "Canada", "email": "a@x"}, {"id": "bob", "email": "b@x"}]
    two.ask("PUT", "/api/contacts", key, json=contacts)
    assert _reachable(two) == (3, 2)  # the third has no e-mail
    wanted = {
        "name": "Acme Inc.",
        "timezone": "Europe/Berlin",
        "suppression": CANADIANS,
        "retention_days": 90,
        "remember_event_ids_days": 60,
        "job_schedules": {"recalculation": "15 * * * *"},
    }
    theirs = two.ask("GET", "/api/tenant", two.key("zeta")).json()

    answer = two.ask("PATCH", "/api/tenant", key, json=wanted, headers={"If-Match": '"1"'})

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in wanted} == wanted
    assert (answer.json()["revision"], answer.headers["etag"]) == (2, '"2"')
    assert two.ask("GET", "/api/tenant", key).json() == answer.json()
    assert _reachable(two) == (3, 2)  # Ann is in Canada
    assert two.ask("GET", "/api/tenant", two.key("zeta")).json() == theirs


def test_settings_outlive_the_server(tmp_path: Path) -> None:
    two = Two(tmp_path / "data")
    with two.client:
        wanted = {"suppression": CANADIANS, "retention_days": 90}
        two.ask("PATCH", "/api/tenant", two.key("acme"), json=wanted)
    two.close()

    with bitseg.open(tmp_path / "data" / "tenants" / "acme.db") as engine:
        assert (engine.settings.suppression, engine.retention_days) == (CANADIANS, 90)


def test_null_is_the_default_or_for_ever(two: Two) -> None:
    key = two.key("acme")
    two.ask("PATCH", "/api/tenant", key, json={"suppression": CANADIANS, "retention_days": 90})

    answer = two.ask(
        "PATCH", "/api/tenant", key, json={"suppression": None, "retention_days": None}
    )

    said = answer.json()
    assert (said["suppression"], said["retention_days"]) == (DEFAULT_SUPPRESSION, None)


def test_a_change_of_nothing_is_none(two: Two) -> None:
    answer = two.ask("PATCH", "/api/tenant", two.key("acme"), json={})

    assert (answer.status_code, answer.json()["revision"]) == (200, 1)


def test_faults_of_all_parts_are_named_together_and_nothing_is_changed(two: Two) -> None:
    key = two.key("acme")
    before = two.ask("GET", "/api/tenant", key).json()
    wanted = {
        "name": "",
        "timezone": "UTC",
        "retention_days": 90,
        "suppression": {"match": "any", "groups": [{"match": "any", "conditions": [
            {"segment": "nobodys"}]}]},
        "job_schedules": {"recalculation": "61 * * * *", "other": None},
    }  # fmt: skip

    answer = two.ask("PATCH", "/api/tenant", key, json=wanted)

    assert answer.status_code == 422
    assert sorted(error["path"] for error in answer.json()["errors"]) == [
        "job_schedules.other",
        "job_schedules.recalculation",
        "name",
        "suppression.groups[0].conditions[0].segment",
        "timezone",
    ]
    assert two.ask("GET", "/api/tenant", key).json() == before


def test_of_many_names_that_no_job_has_some_are_told(two: Two) -> None:
    wanted = {"job_schedules": {f"j{i}": None for i in range(5_000)}}

    answer = two.ask("PATCH", "/api/tenant", two.key("acme"), json=wanted)

    assert (answer.status_code, len(answer.json()["errors"])) == (422, 100)
    assert answer.json()["errors"][0] == {
        "path": "job_schedules.j0",
        "message": "Expected a job, got 'j0'.",
        "allowed": ["recalculation"],
        "code": "unknown_job",
    }


def test_what_rests_on_an_older_revision_changes_no_setting(two: Two) -> None:
    key = two.key("acme")
    _change(two, "Acme Inc.")

    answer = two.ask(
        "PATCH", "/api/tenant", key, json={"retention_days": 5}, headers={"If-Match": '"1"'}
    )

    assert answer.status_code == 412
    assert two.ask("GET", "/api/tenant", key).json()["retention_days"] is None


def test_a_change_that_is_sent_again_is_answered_as_it_was(two: Two) -> None:
    key = two.key("acme")
    headers = {"Idempotency-Key": "k", "If-Match": '"1"'}
    body = {"name": "Acme Inc.", "retention_days": 90}
    first = two.ask("PATCH", "/api/tenant", key, json=body, headers=headers)
    _change(two, "Other")

    again = two.ask("PATCH", "/api/tenant", key, json=body, headers=headers)
    other = two.ask("PATCH", "/api/tenant", key, json={"name": "x"}, headers=headers)

    assert (first.status_code, first.json()["revision"]) == (200, 2)
    assert (again.json(), again.headers["etag"]) == (first.json(), '"2"')
    assert other.status_code == 422
    assert two.control.there("acme").name == "Other"


def test_of_many_changes_of_one_revision_one_is_made(two: Two) -> None:
    key = two.key("acme")
    two.ask("GET", "/api/tenant", key)
    begin = Barrier(8)

    def change(days: int) -> tuple[int, int]:
        begin.wait(30)
        headers = {"If-Match": '"1"'}
        body = {"retention_days": days, "name": f"n{days}"}
        return two.ask("PATCH", "/api/tenant", key, json=body, headers=headers).status_code, days

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(change, range(1, 9)))

    assert [status for status, _ in answers] == [200] + [412] * 7
    made = answers[0][1]
    said = two.ask("GET", "/api/tenant", key).json()
    assert (said["name"], said["retention_days"], said["revision"]) == (f"n{made}", made, 2)


def test_a_segment_that_the_suppression_uses_is_not_deleted(two: Two) -> None:
    key = two.key("acme")
    body = {"name": "x", "rules": CANADIANS}
    segment = two.ask("POST", "/api/segments", key, json=body).json()["id"]
    uses = {"match": "any", "groups": [{"match": "any", "conditions": [{"segment": segment}]}]}
    two.ask("PATCH", "/api/tenant", key, json={"suppression": uses})

    refused = two.ask("DELETE", f"/api/segments/{segment}", key)

    assert (refused.status_code, refused.json()["used_by"]) == (409, ["suppression"])
    dependents = two.ask("GET", f"/api/segments/{segment}/dependents", key).json()
    assert dependents == {"segments": [], "suppression": True}
    two.ask("PATCH", "/api/tenant", key, json={"suppression": None})
    assert two.ask("DELETE", f"/api/segments/{segment}", key).status_code == 204


def test_another_tenants_segment_is_unknown_to_a_suppression(two: Two) -> None:
    body = {"name": "x", "rules": CANADIANS}
    theirs = two.ask("POST", "/api/segments", two.key("zeta"), json=body).json()["id"]

    said = [
        two.ask("PATCH", "/api/tenant", two.key("acme"), json={"suppression": {
            "match": "any", "groups": [{"match": "any", "conditions": [{"segment": one}]}]}})
        for one in (theirs, theirs[::-1])
    ]  # fmt: skip

    assert [answer.status_code for answer in said] == [422, 422]
    assert said[0].text == said[1].text.replace(theirs[::-1], theirs)


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
