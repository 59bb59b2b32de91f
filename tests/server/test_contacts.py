"""Contacts and events over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import KEY
from tests.server.test_segments import ALL, Api

PEOPLE = [
    {"id": "ann", "email": "Ann@Example.com", "first_name": "Ann"},
    {"id": "bob", "email": "bob@example.org"},
    {"id": "cid"},
]


@pytest.fixture
def api() -> Iterator[Api]:
    app = create_app(Engine(), Settings(KEY))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Api(client)


def test_good_rows_go_in_and_others_are_named(api: Api) -> None:
    rows = [*PEOPLE, {"id": ""}, {"email": "x"}, {"id": "dee", "created_at": "no date"}]
    answer = api("PUT", "/contacts", rows).json()
    assert (answer["created"], answer["updated"], answer["rejected_count"]) == (3, 0, 3)
    assert [one["index"] for one in answer["rejected"]] == [3, 4, 5]
    assert api("PUT", "/contacts", PEOPLE).json()["updated"] == 3


def test_strict_rows_go_in_together_or_not_at_all(api: Api) -> None:
    refused = api("PUT", "/contacts?strict=true", [*PEOPLE, {"id": ""}])
    assert refused.status_code == 422
    assert api("GET", "/contacts").json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"[{]", 400), (b"\xff", 400), (b'{"id": "a"}', 422), (b"[1]", 422), (b"", 400)],
)
def test_what_is_no_list_of_objects_is_refused(body: bytes, status: int, api: Api) -> None:
    response = api.raw("PUT", "/contacts", body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_lines_of_json_are_rows(api: Api) -> None:
    lines = b'{"id": "a"}\n\n{"id": "b"}\r\n'
    answer = api.raw("PUT", "/contacts", lines, Content_Type="application/x-ndjson")
    assert answer.json()["created"] == 2
    wrong = api.raw("PUT", "/contacts", b'{"id": "c"}\n{', Content_Type="application/x-ndjson")
    assert (wrong.status_code, "line 2" in wrong.json()["detail"]) == (400, True)


def test_contacts_are_found_by_a_part_of_what_they_are_called(api: Api) -> None:
    api("PUT", "/contacts", PEOPLE)

    def found(query: str) -> list[str]:
        return [one["contact.id"] for one in api("GET", f"/contacts{query}").json()["items"]]

    assert found("") == ["ann", "bob", "cid"]
    assert found("?q=EXAMPLE") == ["ann", "bob"]
    assert found("?q=example.ORG") == ["bob"]
    assert found("?q=%25") == []
    assert found("?offset=1&limit=1") == ["bob"]


@pytest.mark.parametrize(
    "contact_id", ["a/b", "a b", "é", "a%2Fb", "?", "..", "#", "a\\b", "x" * 255]
)
def test_an_id_in_a_path_may_be_any_text(contact_id: str, api: Api) -> None:
    from urllib.parse import quote  # noqa: PLC0415 - as clients do

    api("PUT", "/contacts", [{"id": contact_id}, {"id": "other"}])
    api("POST", "/events", [{"contact_id": contact_id, "kind": "open", "at": 5}])
    path = f"/contacts/{quote(contact_id, safe='').replace('.', '%2E')}"
    assert api("GET", path).json()["contact.id"] == contact_id
    assert api("GET", f"{path}/segments").json() == {"contact_id": contact_id, "segments": []}
    assert api("GET", f"{path}/events").json()["total"] == 1
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert api("DELETE", path).status_code == 404
    assert api("GET", "/contacts").json()["total"] == 1


def test_an_id_that_is_no_text_is_refused(api: Api) -> None:
    assert api("GET", "/contacts/%FF").status_code == 400


def test_a_contacts_segments_are_those_it_is_in_now(api: Api) -> None:
    api("PUT", "/contacts", PEOPLE)
    everybody = api.made(name="x", rules=ALL)["id"]
    static = api.made(name="y", segment_type="static", contact_ids=["ann"])["id"]
    ann = api("GET", "/contacts/ann/segments").json()["segments"]
    assert [(one["segment_id"], one["added_via"]) for one in ann] == [
        (everybody, "rule_match"),
        (static, "manual"),
    ]
    for one in ann:
        (entered,) = [
            item
            for item in api("GET", f"/segments/{one['segment_id']}/history").json()["items"]
            if item["contact_id"] == "ann"
        ]
        assert one["added_at"] == entered["at"]
    bob = api("GET", "/contacts/bob/segments").json()["segments"]
    assert [one["segment_id"] for one in bob] == [everybody]


def test_events_are_recorded_once_and_withdrawn(api: Api) -> None:
    api("PUT", "/contacts", PEOPLE)
    events: list[dict[str, Any]] = [
        {"contact_id": "ann", "kind": "open", "at": "2024-05-01T12:00:00Z", "event_id": "e1",
         "campaign": "may", "amount": 2.5},
        {"contact_id": "ann", "kind": "click", "at": "2024-05-02T12:00:00Z"},
        {"contact_id": "nobody", "kind": "open", "at": "2024-05-01T12:00:00Z"},
    ]  # fmt: skip
    answer = api("POST", "/events", events).json()
    assert (answer["accepted"], answer["duplicate"], answer["rejected_count"]) == (2, 0, 1)
    assert api("POST", "/events", events[:1]).json()["duplicate"] == 1
    timeline = api("GET", "/contacts/ann/events").json()
    assert timeline == {
        "items": [
            {"kind": "click", "at": "2024-05-02T12:00:00.000Z", "properties": {}},
            {"kind": "open", "at": "2024-05-01T12:00:00.000Z",
             "properties": {"campaign": "may", "amount": 2.5}, "event_id": "e1"},
        ],
        "total": 2,
    }  # fmt: skip
    page = api("GET", "/contacts/ann/events?offset=1&limit=5").json()
    assert [one["kind"] for one in page["items"]] == ["open"]
    assert api("POST", "/events/delete", {"event_ids": ["e1", "x"]}).json() == {"withdrawn": 1}
    assert api("GET", "/contacts/ann/events").json()["total"] == 1
    created = api("POST", "/events?create_contacts=true", events[2:]).json()
    assert (created["accepted"], created["created"]) == (1, 1)


def test_contacts_are_erased_together(api: Api) -> None:
    api("PUT", "/contacts", PEOPLE)
    answer = api("POST", "/contacts/delete", {"contact_ids": ["ann", "x", "cid"]})
    assert answer.json() == {"deleted": 2}
    assert api("GET", "/contacts").json()["total"] == 1
    assert api("GET", "/contacts/ann/events").status_code == 404


def test_rows_with_a_key_are_written_once(api: Api) -> None:
    api("PUT", "/contacts", PEOPLE)
    event = [{"contact_id": "ann", "kind": "open", "at": 5}]
    for _ in range(2):
        assert api("POST", "/events", event, Idempotency_Key="k").json()["accepted"] == 1
    assert api("GET", "/contacts/ann/events").json()["total"] == 1
    many = [{"id": str(i)} for i in range(65_537)]
    assert api("PUT", "/contacts", many, Idempotency_Key="m").status_code == 422
