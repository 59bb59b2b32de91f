"""A segment is its tenant's from before it is made until it is no more, and made by the caller."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from httpx import Response

from bitseg import StoreError
from tests.server.conftest import CANADIANS, Two

EVERYBODY = {"match": "all", "groups": [{"match": "all", "conditions": [
    {"field": "contact.id", "operator": "is_not_empty"}
]}]}  # fmt: skip


def _claimed(two: Two) -> set[tuple[str, str]]:
    """Return the claims there are, as (segment id, tenant id)."""
    with closing(sqlite3.connect(two.data / "control.db")) as store:
        return set(store.execute("SELECT segment_id, tenant_id FROM segments"))


def _create(two: Two, tenant: str = "acme", **headers: str) -> Response:
    body = {"name": "x", "rules": CANADIANS}
    return two.ask("POST", "/api/segments", two.key(tenant, "write"), json=body, headers=headers)


def test_what_is_made_says_whose_it_is_and_who_made_it(two: Two) -> None:
    key = two.key("acme", "write")
    body = {"name": "x", "rules": EVERYBODY}
    made = two.ask("POST", "/api/segments", key, json=body).json()
    path = f"/api/segments/{made['id']}"
    shown = [
        made,
        two.ask("GET", path, key).json(),
        two.ask("GET", "/api/segments", key).json()["items"][0],
        two.ask("POST", f"{path}/duplicate", key, json={}).json(),
        two.ask("POST", f"{path}/freeze", key, json={}).json(),
        two.ask("PATCH", path, key, json={"rules": CANADIANS}).json(),
        two.ask("POST", f"{path}/revisions/1/restore", key, json={}).json(),
    ]

    assert {one["tenant_id"] for one in shown} == {"acme"}
    assert {one["created_by"] for one in shown} == {"write of acme"}
    assert len({one["id"] for one in shown}) == 3


def test_every_revision_says_who_made_it(two: Two) -> None:
    made = _create(two).json()
    path = f"/api/segments/{made['id']}"
    admin = two.key("acme", "admin")
    two.ask("PATCH", path, admin, json={"rules": EVERYBODY})
    two.ask("POST", f"{path}/revisions/1/restore", two.key("acme", "write"), json={})

    revisions = two.ask("GET", f"{path}/revisions", admin).json()["items"]

    assert [one["by"] for one in revisions] == ["write of acme", "admin of acme", "write of acme"]
    assert two.ask("GET", path, admin).json()["created_by"] == "write of acme"


def test_a_new_segment_is_ones_own_until_it_is_deleted(two: Two) -> None:
    path = f"/api/segments/{_create(two).json()['id']}"
    acme, zeta = two.key("acme"), two.key("zeta")

    assert [two.ask("GET", path, key).status_code for key in (acme, zeta)] == [200, 403]
    assert two.ask("DELETE", path, acme).status_code == 204
    assert [two.ask("GET", path, key).status_code for key in (acme, zeta)] == [404, 404]
    assert _claimed(two) == set()


@pytest.mark.parametrize("kind", ["duplicate", "freeze"])
def test_a_copy_is_ones_own_too(two: Two, kind: str) -> None:
    made = _create(two).json()["id"]
    copy = two.ask("POST", f"/api/segments/{made}/{kind}", two.key("acme"), json={}).json()["id"]

    assert two.ask("GET", f"/api/segments/{copy}", two.key("zeta")).status_code == 403
    assert _claimed(two) == {(made, "acme"), (copy, "acme")}


def test_what_is_not_made_is_nobodys(two: Two) -> None:
    first = _create(two).json()["id"]
    key = two.key("acme")
    bodies: list[Any] = [
        {"name": "x", "rules": CANADIANS},
        {"name": "", "rules": CANADIANS},
        {"name": "y"},
        {"name": "y", "rules": {"match": "all", "groups": []}},
    ]
    refused = [two.ask("POST", "/api/segments", key, json=body) for body in bodies]
    copied = two.ask("POST", f"/api/segments/{first}/duplicate", key, json={"name": "x"})

    assert [one.status_code for one in refused] == [409, 422, 422, 422]
    assert copied.status_code == 409
    assert _claimed(two) == {(first, "acme")}


def test_what_is_sent_again_is_answered_as_before_and_claimed_once(two: Two) -> None:
    again = [_create(two, **{"Idempotency-Key": "k"}) for _ in range(3)]
    (made,) = {one.json()["id"] for one in again}
    key = two.key("acme")
    copies = [
        two.ask("POST", f"/api/segments/{made}/{kind}", key, json={"name": kind},
                headers={"Idempotency-Key": kind}).json()["id"]
        for kind in ("duplicate", "freeze") for _ in range(2)
    ]  # fmt: skip

    assert [one.status_code for one in again] == [201] * 3
    assert {one.content for one in again} == {again[0].content}
    assert copies[::2] == copies[1::2]
    assert _claimed(two) == {(one, "acme") for one in (made, *copies)}


def test_a_key_that_makes_a_write_once_is_its_tenants_own(two: Two) -> None:
    acme, zeta = (_create(two, tenant, **{"Idempotency-Key": "k"}) for tenant in ("acme", "zeta"))

    assert [acme.json()["tenant_id"], zeta.json()["tenant_id"]] == ["acme", "zeta"]
    assert acme.json()["id"] != zeta.json()["id"]


def test_a_deletion_that_is_sent_again_is_answered_as_before(two: Two) -> None:
    path = f"/api/segments/{_create(two).json()['id']}"
    key = two.key("acme")

    answers = [two.ask("DELETE", path, key, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert [one.status_code for one in answers] == [204, 204]


def test_what_cannot_be_claimed_is_not_made(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("no")

    with monkeypatch.context() as patched:
        patched.setattr(two.control, "claim_segment", fail)
        assert _create(two).status_code == 503

    assert two.ask("GET", "/api/segments", two.key("acme")).json() == {"items": [], "total": 0}


def test_a_claim_that_stays_is_logged_and_fails_nothing(
    two: Two, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/api/segments/{_create(two).json()['id']}"

    def fail(*_: object) -> None:
        raise StoreError("no")

    monkeypatch.setattr(two.control, "release_segment", fail)

    assert two.ask("DELETE", path, two.key("acme")).status_code == 204
    assert "could not be noted" in caplog.text
    assert two.ask("GET", path, two.key("acme")).status_code == 404
