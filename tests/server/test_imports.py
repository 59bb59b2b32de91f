"""Files over HTTP: what goes in, what does not, and what is said of both."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.server.conftest import Two
from tests.server.importing import BATCH, ended, held, ids_csv, imported, opened, send

NDJSON = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
PEOPLE = b"id,email,plan,age\r\nann,Ann@x.org,gold,31\r\nbob,,silver,\r\n"
UNENDING = {"created_at", "started_at", "finished_at", "id"}


@pytest.fixture(autouse=True)
def _open(two: Two) -> None:
    opened(two)


def _contacts(two: Two, key: str) -> list[str]:
    page = two.ask("GET", "/api/contacts?limit=1000", key).json()
    return [one["contact.id"] for one in page["items"]]


def _parquet(**columns: list[Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_a_file_of_contacts_goes_in_and_says_what_its_columns_are(two: Two) -> None:
    key = two.key("acme", "write")

    taken = send(two, key, "/contacts/import", PEOPLE)

    assert taken.status_code == 202
    assert taken.headers["location"] == f"/api/imports/{taken.json()['id']}"
    shown = ended(two, key, taken.json()["id"])
    assert {name: value for name, value in shown.items() if name not in UNENDING} == {
        "kind": "contacts",
        "state": "done",
        "detail": "",
        "format": "csv",
        "size": len(PEOPLE),
        "strict": False,
        "create_contacts": False,
        "created_by": "write of acme",
        "progress": {"done": len(PEOPLE), "total": len(PEOPLE)},
        "rows": 2,
        "created": 2,
        "updated": 0,
        "accepted": 0,
        "duplicate": 0,
        "rejected": 0,
        "types": {
            "id": {"field": "contact.id", "data_type": "string", "how": "built in"},
            "email": {"field": "contact.email", "data_type": "string", "how": "built in"},
            "plan": {"field": "customField.plan", "data_type": "string", "how": "inferred"},
            "age": {"field": "customField.age", "data_type": "number", "how": "inferred"},
        },
        "error": None,
    }
    ann = two.ask("GET", "/api/contacts/ann", key).json()
    assert (ann["contact.email"], ann["customField.age"]) == ("Ann@x.org", 31)
    assert _contacts(two, key) == ["of-acme", "ann", "bob"]


@pytest.mark.parametrize("said", ["application/octet-stream", "text/plain", None])
@pytest.mark.parametrize(
    ("body", "form"),
    [
        (PEOPLE, "csv"),
        (b"\xef\xbb\xbf" + PEOPLE, "csv"),
        (PEOPLE.replace(b",", b"\t"), "csv"),
        (b' \n{"id": "ann"}\n{"id": "bob"}', "ndjson"),
        (_parquet(id=["ann", "bob"]), "parquet"),
    ],
    ids=["csv", "csv with a BOM", "tabs", "ndjson", "parquet"],
)
def test_what_a_file_is_shows_where_nobody_says(
    two: Two, body: bytes, form: str, said: str | None
) -> None:
    key = two.key("acme")
    headers = {} if said is None else {"Content-Type": said}

    taken = two.ask("POST", "/api/contacts/import", key, content=body, headers=headers)

    assert taken.json()["format"] == form
    assert ended(two, key, taken.json()["id"])["created"] == 2
    assert _contacts(two, key) == ["of-acme", "ann", "bob"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"id": "ann"}\n', NDJSON),
        (_parquet(id=["ann"]), PARQUET),
        (b"id\tx\nann\t", "text/tab-separated-values"),
        (PEOPLE[:40], "text/csv; charset=utf-8"),
    ],
)
def test_a_file_may_say_what_it_is(two: Two, body: bytes, said: str) -> None:
    shown = imported(two, two.key("acme"), "/contacts/import", body, Content_Type=said)

    assert (shown["state"], shown["created"]) == ("done", 1)


def test_a_file_of_events_is_recorded_and_what_came_before_is_counted(two: Two) -> None:
    key = two.key("acme")
    events = (
        b"contact_id,kind,at,event_id,amount\nof-acme,open,2026-02-01T00:00:00Z,e1,\n"
        b"of-acme,conversion,2026-02-02T00:00:00Z,e2,9.5\nnew,open,2026-02-03T00:00:00Z,e3,\n"
        b"of-acme,open,2026-02-01T00:00:00Z,e1,\n"
    )

    refused = imported(two, key, "/events/import", events)
    created = imported(two, key, "/events/import?create_contacts=true", events)

    assert (refused["accepted"], refused["duplicate"], refused["rejected"]) == (2, 1, 1)
    assert (created["accepted"], created["duplicate"], created["rejected"]) == (1, 3, 0)
    assert (created["created"], created["create_contacts"], created["rows"]) == (1, True, 4)
    assert two.ask("GET", "/api/contacts/of-acme/events", key).json()["total"] == 2
    assert two.ask("GET", "/api/contacts/new/events", key).json()["total"] == 1


def test_rows_that_do_not_go_in_are_sent_back_with_their_reasons(two: Two) -> None:
    key = two.key("acme")
    shown = imported(two, key, "/contacts/import", b"id,lead_score\nann,1\n,2\nbob,many\ncid,3\n")

    answer = two.ask("GET", f"/api/imports/{shown['id']}/rejects", two.key("acme", "read"))

    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"].startswith(NDJSON)
    assert (shown["created"], shown["rejected"], shown["rows"]) == (2, 2, 4)
    assert [(row["index"], row["line"], row["row"]["id"]) for row in rows] == [
        (1, 3, None), (2, 4, "bob"),
    ]  # fmt: skip
    assert [row["errors"][0]["path"] for row in rows] == ["id", "lead_score"]


def test_where_every_row_went_in_none_is_sent_back(two: Two) -> None:
    key = two.key("acme")
    shown = imported(two, key, "/contacts/import", PEOPLE)

    answer = two.ask("GET", f"/api/imports/{shown['id']}/rejects", key)

    assert (answer.status_code, answer.content) == (200, b"")


def test_strict_takes_all_or_nothing_and_says_why(two: Two) -> None:
    key = two.key("acme")
    good, bad = b"id,lead_score\nann,1\n", b"id,lead_score\nbob,1\ncid,many\n"

    went, refused = (imported(two, key, "/contacts/import?strict=true", one) for one in (good, bad))

    assert (went["state"], went["created"], went["strict"], went["rows"]) == ("done", 1, True, 1)
    assert (refused["state"], refused["created"], refused["rows"]) == ("failed", 0, 0)
    assert refused["detail"] == "No row was committed."
    assert refused["error"]["status"] == 422
    assert [one["path"] for one in refused["error"]["errors"]] == ["", "line 3.lead_score"]
    assert _contacts(two, key) == ["of-acme", "ann"]
    rejects = two.ask("GET", f"/api/imports/{refused['id']}/rejects", key).text
    assert [json.loads(line)["index"] for line in rejects.splitlines()] == [1]


def test_imports_are_listed_the_newest_first(two: Two) -> None:
    key = two.key("acme")
    made = []
    for body in (b"id\na\n", b"id\nb\n", b"id\nc\n"):
        two.clock.at += 1
        made.append(imported(two, key, "/contacts/import", body))

    page = two.ask("GET", "/api/imports?offset=1&limit=1", key).json()

    assert page == {"items": [made[1]], "total": 3}
    assert [one["id"] for one in two.ask("GET", "/api/imports", key).json()["items"]] == [
        one["id"] for one in reversed(made)
    ]


def test_what_went_in_before_an_import_was_cancelled_stays(two: Two) -> None:
    key = two.key("acme")
    with held(two.control) as pause:
        sent = send(two, key, "/contacts/import", ids_csv(3 * BATCH)).json()
        assert pause.there.wait(60)
        running = two.ask("GET", f"/api/imports/{sent['id']}", key).json()
        early = two.ask("GET", f"/api/imports/{sent['id']}/rejects", key)
        cancelled = two.ask("DELETE", f"/api/imports/{sent['id']}", key)

    shown = ended(two, key, sent["id"])
    assert (running["state"], running["rows"], running["created"]) == ("running", BATCH, BATCH)
    assert 0 < running["progress"]["done"] < running["progress"]["total"] == running["size"]
    assert early.status_code == 409
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelling")
    assert (shown["state"], shown["rows"], shown["created"]) == ("cancelled", BATCH, BATCH)
    assert f"The first {BATCH} rows" in shown["detail"]
    assert shown["progress"] is None
    assert two.ask("GET", "/api/contacts", key).json()["total"] == 1 + BATCH
    assert two.ask("DELETE", f"/api/imports/{sent['id']}", key).json() == shown


def test_of_a_tenant_one_runs_at_a_time_and_what_waits_is_cancelled_at_once(two: Two) -> None:
    acme, zeta = two.key("acme"), two.key("zeta")
    with held(two.control) as pause:
        first = send(two, acme, "/contacts/import", ids_csv(5)).json()
        assert pause.there.wait(60)
        waiting = send(two, acme, "/contacts/import", b"id\nx\n").json()
        pause.there.clear()
        send(two, zeta, "/contacts/import", ids_csv(5))
        assert pause.there.wait(60)  # another tenant's does not wait for it
        assert two.ask("GET", f"/api/imports/{waiting['id']}", acme).json()["state"] == "queued"
        cancelled = two.ask("DELETE", f"/api/imports/{waiting['id']}", acme).json()

    assert (cancelled["state"], cancelled["detail"]) == ("cancelled", "No row was committed.")
    assert ended(two, acme, first["id"])["state"] == "done"
    assert "x" not in _contacts(two, acme)


def test_a_strict_import_that_is_cancelled_leaves_nothing(two: Two) -> None:
    key = two.key("acme")
    with held(two.control) as pause:
        blocking = send(two, key, "/contacts/import", b"id\nfirst\n").json()
        assert pause.there.wait(60)
        strict = send(two, key, "/contacts/import?strict=true", ids_csv(10)).json()
        two.ask("DELETE", f"/api/imports/{strict['id']}", key)

    assert ended(two, key, blocking["id"])["created"] == 1
    assert ended(two, key, strict["id"])["state"] == "cancelled"
    assert _contacts(two, key) == ["of-acme", "first"]


def test_so_many_may_be_under_way_and_no_more(two: Two) -> None:
    key = two.key("acme")
    with held(two.control) as pause:
        sent = [send(two, key, "/contacts/import", b"id\nx\n") for _ in range(10)]
        assert pause.there.wait(60)
        refused = send(two, key, "/contacts/import", b"id\nx\n")
        other = send(two, two.key("zeta"), "/contacts/import", b"id\nx\n")

    assert [one.status_code for one in sent] == [202] * 10
    assert (refused.status_code, other.status_code) == (429, 202)
    assert refused.headers["retry-after"] == "10"
    assert [ended(two, key, one.json()["id"])["state"] for one in sent] == ["done"] * 10
    assert send(two, key, "/contacts/import", b"id\nx\n").status_code == 202


def test_a_file_that_is_sent_again_with_its_key_is_the_same_import(two: Two) -> None:
    key = two.key("acme")
    first = send(two, key, "/contacts/import", PEOPLE, Idempotency_Key="k").json()
    done = ended(two, key, first["id"])

    again = send(two, key, "/contacts/import", PEOPLE, Idempotency_Key="k")
    other = send(two, key, "/contacts/import", PEOPLE + b"c,,,\n", Idempotency_Key="k")
    strict = send(two, key, "/contacts/import?strict=true", PEOPLE, Idempotency_Key="k")
    zetas = send(two, two.key("zeta"), "/contacts/import", PEOPLE, Idempotency_Key="k")
    too_long = send(two, key, "/contacts/import", PEOPLE, Idempotency_Key="k" * 256)
    two.clock.at += 86_400_001
    later = send(two, key, "/contacts/import", PEOPLE, Idempotency_Key="k")

    assert (again.status_code, again.json()) == (202, done)
    assert (other.status_code, strict.status_code, too_long.status_code) == (422, 422, 400)
    assert zetas.status_code == later.status_code == 202
    assert len({first["id"], zetas.json()["id"], later.json()["id"]}) == 3
    assert ended(two, key, later.json()["id"])["updated"] == 2
    assert two.ask("GET", "/api/imports", key).json()["total"] == 2
