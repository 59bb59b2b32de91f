"""Saved segments over HTTP: what is made is found, changed, copied and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import CANADIANS, KEY

ALL = {"match": "all", "groups": [{"match": "all", "conditions": [
    {"field": "contact.id", "operator": "is_not_empty"}
]}]}  # fmt: skip
CHILE = {"match": "all", "groups": [{"match": "all", "conditions": [
    {"field": "contact.country", "operator": "equals", "value": "Chile"}
]}]}  # fmt: skip


class Api:
    """Asks one server."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        """Take whom to ask."""
        self._client = client

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Ask with a key; underscores in the names of headers are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.request(
            method,
            f"/api{path}",
            json=body,
            headers={"Authorization": f"Bearer {KEY}", **named},
        )

    def raw(self, method: str, path: str, data: bytes, **headers: str) -> Response:
        """Ask with a body as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.request(
            method,
            f"/api{path}",
            content=data,
            headers={"Authorization": f"Bearer {KEY}", **named},
        )

    def made(self, **body: Any) -> dict[str, Any]:
        """Make a segment."""
        response = self("POST", "/segments", body)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made


@pytest.fixture
def api() -> Iterator[Api]:
    engine = Engine()
    engine.load_contacts(
        [
            {"id": "ann", "country": "Canada", "email": "ann@example.com"},
            {"id": "bob", "country": "Canada", "bounced": True},
            {"id": "cid", "country": "Chile"},
            {"id": "dee"},
        ]
    )
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


def test_a_segment_is_made_and_read(api: Api) -> None:
    made = api.made(
        name="Canadians",
        description="from Canada",
        segment_type="dynamic",
        rules=CANADIANS,
        workspace_id="w",
        tags=["north"],
        guard={"max_drop": 50},
    )
    assert (made["contact_count"], made["rules"], made["guard"]) == (2, CANADIANS, {"max_drop": 50})
    response = api("GET", f"/segments/{made['id']}")
    assert response.headers["etag"] == '"1"'
    assert {**response.json(), "last_recalculated_at": ""} == {**made, "last_recalculated_at": ""}


def test_a_static_segment_says_whom_it_did_not_find(api: Api) -> None:
    made = api.made(name="some", segment_type="static", contact_ids=["ann", "nobody", "cid"])
    assert (made["contact_count"], made["not_found"]) == (2, ["nobody"])
    empty = api.made(name="empty", segment_type="static")
    assert (empty["segment_type"], empty["contact_count"]) == ("static", 0)


@pytest.mark.parametrize(
    ("body", "status", "paths"),
    [
        ({"rules": ALL}, 422, ["name"]),
        ({"name": "", "rules": ALL}, 422, ["name"]),
        ({"name": "x"}, 422, [""]),
        ({"name": "x", "rules": ALL, "contact_ids": []}, 422, [""]),
        ({"name": "x", "segment_type": "static", "rules": ALL}, 422, [""]),
        ({"name": "x", "segment_type": "dynamic", "contact_ids": []}, 422, ["rules"]),
        ({"name": "x", "segment_type": "round", "rules": ALL}, 422, ["segment_type"]),
        ({"name": "x", "rules": ALL, "id": "mine"}, 422, ["id"]),
        ({"name": "x", "rules": ALL, "tenant_id": "t", "contact_count": 9}, 422,
         ["tenant_id", "contact_count"]),
        ({"name": "x", "rules": {"match": "all", "groups": []}}, 422, ["groups"]),
    ],
)  # fmt: skip
def test_a_body_with_faults_makes_nothing(
    body: Any, status: int, paths: list[str], api: Api
) -> None:
    response = api("POST", "/segments", body)
    assert response.status_code == status, response.text
    assert [error["path"] for error in response.json()["errors"]] == paths
    assert api("GET", "/segments").json() == {"items": [], "total": 0}


def test_a_name_that_is_taken_is_a_conflict(api: Api) -> None:
    api.made(name="x", rules=ALL)
    response = api("POST", "/segments", {"name": "x", "rules": CHILE})
    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "name_taken"
    assert set(response.json()) == {"title", "status", "detail", "errors", "type", "request_id"}


def test_a_change_rests_on_a_revision(api: Api) -> None:
    made = api.made(name="x", rules=ALL)
    path = f"/segments/{made['id']}"
    changed = api("PATCH", path, {"name": "y", "tags": ["a"]}, If_Match='"1"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    stale = api("PATCH", path, {"name": "z"}, If_Match='"1"')
    assert stale.status_code == 412
    assert api("DELETE", path, If_Match='"1"').status_code == 412
    assert api("PATCH", path, {"name": "z"}, If_Match="x").status_code == 412
    assert api("GET", path).json()["name"] == "y"
    assert api("DELETE", path, If_Match='"2"').status_code == 204
    assert api("GET", path).status_code == 404


def test_a_guard_answers_with_who_would_leave(api: Api) -> None:
    made = api.made(name="x", rules=ALL, guard={"max_drop": 50})
    path = f"/segments/{made['id']}"
    refused = api("PATCH", path, {"rules": CHILE})
    assert refused.status_code == 409
    assert (refused.json()["leaving"], refused.json()["entering"]) == (3, 0)
    assert refused.json()["type"] == "about:blank"
    done = api("PATCH", path, {"rules": CHILE, "override_guard": True})
    assert done.json()["contact_count"] == 1


def test_what_is_used_is_not_deleted(api: Api) -> None:
    used = api.made(name="x", rules=ALL)["id"]
    reference = {"match": "all", "groups": [{"match": "all", "conditions": [{"segment": used}]}]}
    user = api.made(name="y", rules=reference)["id"]
    refused = api("DELETE", f"/segments/{used}")
    assert (refused.status_code, refused.json()["used_by"]) == (409, [user])
    assert api("GET", f"/segments/{used}/dependents").json() == {
        "segments": [user],
        "suppression": False,
    }
    cycle = {"match": "all", "groups": [{"match": "all", "conditions": [{"segment": user}]}]}
    assert api("PATCH", f"/segments/{used}", {"rules": cycle}).status_code == 422


def _of(segment: str) -> dict[str, Any]:
    return {"match": "all", "groups": [{"match": "all", "conditions": [{"segment": segment}]}]}


def _chain(api: Api, references: int) -> list[str]:
    """Make segments of which each speaks of the one before it."""
    ids = [api.made(name="0", rules=ALL)["id"]]
    for number in range(references):
        ids.append(api.made(name=f"{number + 1}", rules=_of(ids[-1]))["id"])
    return ids


@pytest.mark.parametrize("length", [1, 2, 8, 11])
def test_a_cycle_of_segments_is_refused_and_nothing_changes(api: Api, length: int) -> None:
    ids = _chain(api, length - 1)
    before = api("GET", f"/segments/{ids[0]}").json()

    refused = api("PATCH", f"/segments/{ids[0]}", {"rules": _of(ids[-1])})

    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["path"].startswith("groups[0].conditions[0]")
    assert all(segment in fault["message"] for segment in ids)
    after = api("GET", f"/segments/{ids[0]}").json()
    assert (after["rules"], after["revision"]) == (before["rules"], before["revision"])


def test_ten_segments_may_stand_behind_one_another_and_no_more(api: Api) -> None:
    ids = _chain(api, 10)
    body = {"name": "one more", "rules": _of(ids[-1])}

    refused = api("POST", "/segments", body)

    assert refused.status_code == 422
    assert "at most 10 references" in refused.text
    assert api("GET", f"/segments/{ids[-1]}").status_code == 200
    assert api("GET", "/segments").json()["total"] == 11


def test_copies_revisions_and_a_restored_one(api: Api) -> None:
    made = api.made(name="x", rules=CANADIANS)
    path = f"/segments/{made['id']}"
    assert api("POST", f"{path}/duplicate", {"name": "y"}).json()["rules"] == CANADIANS
    frozen = api("POST", f"{path}/freeze", {}).json()
    assert (frozen["segment_type"], frozen["contact_count"]) == ("static", 2)
    api("PATCH", path, {"rules": CHILE})
    revisions = api("GET", f"{path}/revisions").json()
    assert revisions["total"] == 2
    first = api("GET", f"{path}/revisions?offset=1&limit=1").json()
    assert first == {"items": revisions["items"][1:], "total": 2}
    assert [(one["revision"], one["rules"]) for one in revisions["items"]] == [
        (2, CHILE),
        (1, CANADIANS),
    ]
    restored = api("POST", f"{path}/revisions/1/restore", {})
    assert (restored.json()["revision"], restored.json()["rules"]) == (3, CANADIANS)
    assert api("POST", f"{path}/revisions/9/restore", {}).status_code == 404


def test_a_list_is_narrowed_and_paged(api: Api) -> None:
    api.made(name="one", rules=ALL, tags=["a"])
    api.made(name="two", rules=CHILE, workspace_id="w")
    api.made(name="three", segment_type="static")

    def names(query: str) -> list[str]:
        return [one["name"] for one in api("GET", f"/segments{query}").json()["items"]]

    assert names("") == ["one", "two", "three"]
    assert names("?search=TW") == ["two"]
    assert names("?segment_type=static") == ["three"]
    assert names("?tag=a") == ["one"]
    assert names("?workspace_id=w") == ["two"]
    assert names("?is_active=false") == []
    assert names("?offset=1&limit=1") == ["two"]
    assert api("GET", "/segments?limit=0").status_code == 422
    assert api("GET", "/segments?limit=1001").status_code == 422


def test_members_are_listed_put_in_taken_out_and_asked_for(api: Api) -> None:
    path = f"/segments/{api.made(name='x', segment_type='static', contact_ids=['ann'])['id']}"
    added = api("POST", f"{path}/contacts", {"contact_ids": ["cid", "dee", "nobody"]})
    assert added.json() == {"changed": 2, "count": 3, "not_found": ["nobody"]}
    assert api("DELETE", f"{path}/contacts", {"contact_ids": ["ann"]}).json()["count"] == 2
    page = api("GET", f"{path}/contacts?fields=contact.id,contact.country&limit=1").json()
    assert page["total"] == 2
    assert page["contacts"] == [{"contact.id": "cid", "contact.country": "Chile"}]
    behind = api("GET", f"{path}/contacts?after=cid&fields=contact.id").json()
    assert behind["contacts"] == [{"contact.id": "dee"}]
    assert api("GET", f"{path}/contacts?fields=contact.cuntry").status_code == 422
    asked = api("POST", f"{path}/membership", {"contact_ids": ["ann", "cid", "nobody"]})
    assert asked.json() == {"ann": False, "cid": True, "nobody": False}
    dynamic = api.made(name="y", rules=ALL)["id"]
    refused = api("POST", f"/segments/{dynamic}/contacts", {"contact_ids": ["ann"]})
    assert refused.status_code == 409


def test_a_contact_is_explained_by_rules_or_by_a_segment(api: Api) -> None:
    made = api.made(name="x", rules=CANADIANS)["id"]
    for asked in ({"rules": CANADIANS}, {"segment": made}):
        answer = api("POST", "/segments/explain", {**asked, "contact_id": "cid"}).json()
        assert answer["member"] is False
        assert answer["conditions"][1]["value"] == "Chile"
    assert api("POST", "/segments/explain", {"contact_id": "cid"}).status_code == 422
    nobody = api("POST", "/segments/explain", {"segment": made, "contact_id": "x"})
    assert nobody.status_code == 422
    assert nobody.json()["errors"][0]["path"] == "contact_id"


def test_segments_are_compared(api: Api) -> None:
    ids = [api.made(name=str(i), rules=rules)["id"] for i, rules in enumerate((ALL, CHILE))]
    answer = api("POST", "/segments/overlap", {"segments": ids}).json()
    assert answer["sizes"] == [4, 1]
    assert answer["pairs"] == [{"a": ids[0], "b": ids[1], "both": 1, "jaccard": 0.25}]
    assert api("POST", "/segments/overlap", {"segments": ids[:1]}).status_code == 422


def test_a_write_with_a_key_takes_effect_once(api: Api) -> None:
    body = {"name": "x", "rules": ALL}
    first = api("POST", "/segments", body, Idempotency_Key="k")
    again = api("POST", "/segments", body, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (201, first.json())
    other = api("POST", "/segments", {**body, "name": "y"}, Idempotency_Key="k")
    assert other.status_code == 422
    assert api("GET", "/segments").json()["total"] == 1
    assert api("POST", "/segments", body, Idempotency_Key="k" * 256).status_code == 400


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_segment_that_is_not_there_is_not_found(method: str, api: Api) -> None:
    response = api(method, "/segments/x", {} if method == "PATCH" else None)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
