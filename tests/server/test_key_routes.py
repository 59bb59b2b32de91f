"""Keys over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from server.keys import is_key
from tests.server.conftest import Two
from tests.server.control import key_of


def _make(two: Two, admin: str, /, **body: Any) -> Any:
    return two.ask("POST", "/api/keys", admin, json=body)


def test_a_key_is_made_and_shown_once(two: Two) -> None:
    admin = two.key("acme")

    made = _make(two, admin, name="import", scope="write", expires_at="2026-04-01T00:00:00+02:00")

    answer = made.json()
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert is_key(answer["key"])
    assert answer == {
        "id": answer["id"],
        "name": "import",
        "scope": "write",
        "prefix": answer["key"][:12],
        "created_at": "2026-03-01T09:30:00Z",
        "last_used_at": None,
        "expires_at": "2026-03-31T22:00:00Z",
        "revoked_at": None,
        "rate": None,
        "key": answer["key"],
    }
    assert two.ask("GET", "/api/tenant", answer["key"]).status_code == 200
    listed = two.ask("GET", "/api/keys", admin)
    assert {key["id"]: key for key in listed.json()["items"]}[answer["id"]] == {
        n: v for n, v in answer.items() if n != "key"
    }
    assert answer["key"] not in listed.text


def test_lists_are_cut_as_asked(two: Two) -> None:
    admin = two.key("acme")
    for number in range(3):
        two.clock.at += 1
        _make(two, admin, name=str(number), scope="read")

    page = two.ask("GET", "/api/keys?offset=1&limit=2", admin).json()
    behind = two.ask("GET", "/api/keys?offset=9", admin).json()

    assert page["total"] == 4
    assert [key["name"] for key in page["items"]] == ["0", "1"]
    assert behind == {"items": [], "total": 4}


@pytest.mark.parametrize(
    ("query", "path"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("offset=-1", "offset"), ("limit=x", "limit")],
)
def test_a_list_that_cannot_be_cut_so_is_422(two: Two, query: str, path: str) -> None:
    answer = two.ask("GET", f"/api/keys?{query}", two.key("acme"))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        pytest.param({}, ["name", "scope"], id="nothing"),
        pytest.param({"name": "", "scope": "read"}, ["name"], id="no name"),
        pytest.param({"name": "n", "scope": "root"}, ["scope"], id="no such scope"),
        pytest.param({"name": "n", "scope": "read", "tenant_id": "zeta"}, ["tenant_id"],
                     id="not its to say"),
        pytest.param({"name": "n", "scope": "read", "key": "bsg_live_x"}, ["key"], id="own key"),
        pytest.param({"name": "n", "scope": "read", "expires_at": "2026-03-01T09:30:00Z"},
                     ["expires_at"], id="expired already"),
        pytest.param({"name": "n", "scope": "read", "expires_at": "2026-04-01"}, ["expires_at"],
                     id="no instant"),
        pytest.param({"name": "n", "scope": "read", "replaces": "nobody"}, ["replaces"],
                     id="replaces none"),
        pytest.param({"name": "n", "scope": "read", "replaced_for_days": 8},
                     ["replaced_for_days"], id="too long"),
    ],
)  # fmt: skip
def test_every_fault_is_named(two: Two, body: dict[str, Any], paths: list[str]) -> None:
    answer = _make(two, two.key("acme"), **body)

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == paths


def test_a_body_that_is_no_json_is_400(two: Two) -> None:
    answer = two.ask("POST", "/api/keys", two.key("acme"), content=b"{")

    assert answer.status_code == 400
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_key_is_replaced_and_the_old_one_goes_on_for_a_week(two: Two) -> None:
    admin = two.key("acme")
    old = _make(two, admin, name="import", scope="write").json()

    new = _make(
        two, admin, name="import 2", scope="write", replaces=old["id"], replaced_for_days=7
    ).json()

    listed = {key["id"]: key for key in two.ask("GET", "/api/keys", admin).json()["items"]}
    assert listed[old["id"]]["expires_at"] == "2026-03-08T09:30:00Z"
    assert listed[new["id"]]["expires_at"] is None
    assert two.ask("GET", "/api/tenant", old["key"]).status_code == 200
    two.clock.at += 7 * 86_400_000
    assert two.ask("GET", "/api/tenant", old["key"]).status_code == 401
    assert two.ask("GET", "/api/tenant", new["key"]).status_code == 200


def test_a_key_of_another_tenant_cannot_be_replaced_or_told_from_an_unknown_one(two: Two) -> None:
    key_id = key_of(two.control, "zeta")[0].id
    admin = two.key("acme")

    answers = [
        _make(two, admin, name="n", scope="read", replaces=one) for one in (key_id, "0" * 36)
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].text.replace(key_id, "0" * 36) == answers[1].text


def test_taking_a_key_back_twice_is_taking_it_back(two: Two) -> None:
    admin = two.key("acme")
    made = _make(two, admin, name="n", scope="read").json()

    statuses = [two.ask("DELETE", f"/api/keys/{made['id']}", admin).status_code for _ in range(2)]

    assert statuses == [204, 204]
    assert two.ask("GET", "/api/keys", admin).text.count('"revoked_at":"2026') == 1


def test_no_key_has_an_unknown_id(two: Two) -> None:
    answer = two.ask("DELETE", "/api/keys/nobody", two.key("acme"))

    assert answer.status_code == 404
    assert answer.json()["detail"] == "No key has this id."
    assert answer.headers["x-content-type-options"] == "nosniff"
