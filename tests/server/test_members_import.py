"""Members of a static segment from a file: by id, by e-mail, and what is said of the others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

import bitseg
from server import Settings, create_app
from tests.server.conftest import CANADIANS, KEY
from tests.server.test_segments import Api

PEOPLE = [
    {"id": "ann", "email": "Ann@Example.com"},
    {"id": "bob", "email": "bob@example.com"},
    {"id": "cid", "email": "BOB@example.com"},
    {"id": "dee", "email": "straße@example.com"},
    {"id": "eve"},
    {"id": "=fay", "email": "+fay@example.com"},
    {"id": "ann@example.com"},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "acme.db"


@pytest.fixture
def api(path: Path) -> Iterator[Api]:
    with bitseg.open(path) as engine:
        engine.load_contacts(PEOPLE)
        app = create_app(engine, Settings(KEY))
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Api(client)


@pytest.fixture
def segment(api: Api) -> str:
    made: str = api.made(name="s", segment_type="static", contact_ids=["eve"])["id"]
    return made


def _send(api: Api, segment: str, body: bytes | str, **headers: str) -> Any:
    data = body.encode() if isinstance(body, str) else body
    headers.setdefault("Content_Type", "text/csv")
    return api.raw("POST", f"/segments/{segment}/import", data, **headers)


def _members(api: Api, segment: str) -> list[str]:
    page = api("GET", f"/segments/{segment}/contacts?fields=contact.id").json()
    return [one["contact.id"] for one in page["contacts"]]


def test_members_come_by_id_and_the_others_are_named(api: Api, segment: str) -> None:
    answer = _send(api, segment, "x,contact_id\n1,ann\n2,nobody\n3,ann\n4,eve\n5,\n6,nobody\n7\n")

    assert answer.status_code == 200
    said = answer.json()
    rejected = said.pop("rejected")
    assert said == {
        "rows": 7, "added": 1, "count": 2, "matched": 2,
        "not_found_count": 2, "not_found": ["nobody"],
        "twice_count": 1, "twice": ["ann"],
        "ambiguous_count": 0, "ambiguous": [],
        "rejected_count": 2,
    }  # fmt: skip
    assert [(one["index"], one["line"]) for one in rejected] == [(4, 6), (6, 8)]
    assert _members(api, segment) == ["ann", "eve"]


def test_an_email_is_found_whatever_its_case_and_one_of_several_adds_them_all(
    api: Api, segment: str
) -> None:
    body = "E-Mail\nANN@example.COM\nbOb@example.com\nSTRASSE@example.com\nBOB@EXAMPLE.COM\nx@y\n"

    said = _send(api, segment, body).json()

    assert (said["added"], said["matched"], said["count"]) == (4, 4, 5)
    assert said["ambiguous"] == [
        {"email": "bOb@example.com", "contacts": 2}, {"email": "BOB@EXAMPLE.COM", "contacts": 2},
    ]  # fmt: skip
    assert (said["ambiguous_count"], said["twice"]) == (2, ["BOB@EXAMPLE.COM"])
    assert said["not_found"] == ["x@y"]
    assert _members(api, segment) == ["ann", "bob", "cid", "dee", "eve"]


def test_where_there_are_both_the_id_counts_and_the_email_where_it_is_empty(
    api: Api, segment: str
) -> None:
    body = "id,email\nann,bob@example.com\n,straße@example.com\nnobody,ann@example.com\n,\n"

    said = _send(api, segment, body).json()

    assert (said["matched"], said["not_found"], said["rejected_count"]) == (2, ["nobody"], 1)
    assert _members(api, segment) == ["ann", "dee", "eve"]


def test_what_is_like_an_email_in_a_column_of_ids_is_an_id(api: Api, segment: str) -> None:
    assert _send(api, segment, "id\nann@example.com\n").json()["added"] == 1
    assert _members(api, segment) == ["eve", "ann@example.com"]


def test_what_an_export_sent_is_taken_back(api: Api) -> None:
    everybody = api.made(
        name="all", segment_type="static", contact_ids=[one["id"] for one in PEOPLE]
    )["id"]
    for fields in ("contact.id", "contact.email"):
        sent = api("GET", f"/segments/{everybody}/export?fields={fields}").content
        assert b"'" in sent
        target = api.made(name=fields, segment_type="static", contact_ids=[])["id"]
        said = _send(api, target, sent).json()
        assert said["not_found"] == []
        with_it = [one for one in PEOPLE if fields.partition(".")[2] in one]
        assert said["matched"] == len(with_it)


def test_one_mark_before_a_formula_is_not_of_the_id_and_another_is(api: Api, segment: str) -> None:
    said = _send(api, segment, "id\n'=fay\n''=fay\n'ann\n").json()

    assert (said["matched"], said["not_found"]) == (1, ["'=fay", "'ann"])
    assert _members(api, segment) == ["eve", "=fay"]


def test_who_came_so_is_known_to_have(api: Api, segment: str, path: Path) -> None:
    _send(api, segment, "id\nann\n")

    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT contact_id, added_via FROM segment_contacts ORDER BY contact_id"
        ).fetchall()
    assert found == [("ann", "import"), ("eve", "manual")]


def test_a_file_that_is_sent_again_with_its_key_is_answered_as_before(
    api: Api, segment: str
) -> None:
    first = _send(api, segment, "id\nann\n", Idempotency_Key="k")
    other = _send(api, segment, "id\nbob\n", Idempotency_Key="k")
    api("DELETE", f"/segments/{segment}/contacts", {"contact_ids": ["ann"]})
    again = _send(api, segment, "id\nann\n", Idempotency_Key="k")

    assert (first.json()["added"], again.json(), other.status_code) == (1, first.json(), 422)
    assert _members(api, segment) == ["eve"]
    api("DELETE", f"/segments/{segment}")
    assert _send(api, segment, "id\nann\n", Idempotency_Key="k").json() == first.json()
    assert _send(api, segment, "id\nann\n").status_code == 404


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"", "text/csv", 422, "empty file"),
        (b"name\nann\n", "text/csv", 422, "column named id"),
        (b"id,contact_id\nann,ann\n", "text/csv", 422, "one column"),
        (b"id,id\nann,ann\n", "text/csv", 422, "each column once"),
        (b'id\nann\n"bob\n', "text/csv", 422, "closing quote"),
        (b'{"id": "ann"}\n', "application/x-ndjson", 422, "delimited text"),
        (b'["ann"]', "application/json", 415, "text/csv"),
        (b"\x1f\x8b\x08\x00", "text/csv", 415, "gzip"),
    ],
)
def test_a_file_that_cannot_be_read_puts_in_nobody(  # noqa: PLR0913, PLR0917 - cases
    api: Api, segment: str, body: bytes, kind: str, status: int, words: str
) -> None:
    answer = _send(api, segment, body, Content_Type=kind)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.text
    assert "/tmp" not in answer.text  # noqa: S108 - where bodies lie here is nobody's business
    assert _members(api, segment) == ["eve"]


def test_a_dynamic_segment_takes_none(api: Api) -> None:
    dynamic = api.made(name="d", rules=CANADIANS)["id"]

    answer = _send(api, dynamic, "id\nann\n")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "dynamic")


def test_what_is_listed_is_cut_and_counted_in_full(api: Api, segment: str) -> None:
    body = "id\n" + "".join(f"x{number}\n" for number in range(1_001)) + "\n" * 3

    said = _send(api, segment, body).json()

    assert (said["not_found_count"], len(said["not_found"])) == (1_001, 1_000)
    assert said["not_found"][:2] == ["x0", "x1"]


@pytest.mark.parametrize("rows", [65_535, 65_536, 65_537])
def test_files_of_more_than_a_batch_name_all(api: Api, segment: str, rows: int) -> None:
    body = "id\n" + "ann\n" * (rows - 1) + "bob\n"

    said = _send(api, segment, body).json()

    assert (said["rows"], said["matched"], said["twice_count"]) == (rows, 2, rows - 2)
