"""Imports and the end of a server, in order or not; what they leave behind, and for how long."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from litestar.testing import TestClient

from bitseg import BudgetError, Engine, NoRoomError, StoreError
from server import Settings, create_app
from server.control import DAY_MS, Import
from tests.server.conftest import Two
from tests.server.importing import BATCH, ended, held, ids_csv, imported, opened, send


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    settings = Settings(refusals_a_minute=1_000, imports=tmp_path / "imports")
    two = Two(tmp_path / "data", settings)
    yield two
    two.close()


@contextmanager
def _served(two: Two, directory: Path) -> Iterator[Two]:
    """Serve as the next process does, over what is there."""
    settings = Settings(refusals_a_minute=1_000, imports=directory)
    app = create_app(two.tenants, settings, two.control, two.clock)
    two.client = TestClient(app, raise_server_exceptions=False)
    with two.client:
        yield opened(two)


def _left(directory: Path) -> list[str]:
    return sorted(path.suffix for path in directory.glob("*/*"))


def test_a_server_that_stops_ends_imports_with_their_batch_and_says_so(
    two: Two, tmp_path: Path
) -> None:
    key = two.key("acme")
    with (
        _served(two, tmp_path / "imports"),
        held(two.control, two.client.app.state.loads.stopping) as pause,
    ):
        first = send(two, key, "/contacts/import", ids_csv(3 * BATCH)).json()
        assert pause.there.wait(60)
        waiting = send(two, key, "/contacts/import", b"id\nx\n").json()

    assert _left(tmp_path / "imports") == []
    with _served(two, tmp_path / "imports"):
        cut, never = (ended(two, key, one["id"]) for one in (first, waiting))
        total = two.ask("GET", "/api/contacts", key).json()["total"]
    assert (cut["state"], cut["rows"], cut["created"]) == ("interrupted", BATCH, BATCH)
    assert f"The first {BATCH} rows" in cut["detail"]
    assert (never["state"], never["detail"]) == ("interrupted", "No row was committed.")
    assert total == 1 + BATCH


def test_a_server_that_was_killed_says_at_its_next_start_what_was_cut(
    two: Two, tmp_path: Path
) -> None:
    for state, rows in (("queued", 0), ("running", BATCH), ("done", 5)):
        ended_at = 1 if state == "done" else None
        two.control.imports.add(
            Import(state, "acme", "contacts", state, "csv", 9, 0, 0, None, two.clock.at,  # type: ignore[arg-type] # one of them
                   finished_at=two.clock.at if ended_at else None, rows=rows)
        )  # fmt: skip
    directory = tmp_path / "imports" / "acme"
    directory.mkdir(parents=True)
    for name in ("a.body", "b.queued", "c.rejects.part", "done.rejects"):
        (directory / name).write_bytes(b'{"index":0}\n')

    with _served(two, tmp_path / "imports"):
        key = two.key("acme")
        shown = {
            state: two.ask("GET", f"/api/imports/{state}", key).json()
            for state in ("queued", "running", "done")
        }
        rejects = two.ask("GET", "/api/imports/done/rejects", key).text

    assert [one["state"] for one in shown.values()] == ["interrupted", "interrupted", "done"]
    assert [one["rows"] for one in shown.values()] == [0, BATCH, 5]
    assert shown["running"]["finished_at"] == "2026-03-01T09:30:00Z"
    assert rejects == '{"index":0}\n'
    assert _left(tmp_path / "imports") == [".rejects"]


def test_after_seven_days_imports_and_what_they_rejected_are_gone(two: Two, tmp_path: Path) -> None:
    with _served(two, tmp_path / "imports"):
        key = two.key("acme")
        old = imported(two, key, "/contacts/import", b"id\n,\n")
        two.clock.at += 7 * DAY_MS
        assert two.ask("GET", f"/api/imports/{old['id']}", key).json() == old
        assert _left(tmp_path / "imports") == [".rejects"]
        two.clock.at += 1
        new = imported(two, key, "/contacts/import", b"id\nann\n")
        page = two.ask("GET", "/api/imports", key).json()

    assert page == {"items": [new], "total": 1}
    assert _left(tmp_path / "imports") == []


def test_nothing_of_an_import_shows_to_another_tenant(two: Two, tmp_path: Path) -> None:
    with _served(two, tmp_path / "imports"):
        acme, zeta = two.key("acme"), two.key("zeta")
        body = b"id,lead_score,secretacme\nann,1,secretacme\nbob,secretacme,1\n"
        shown = imported(two, acme, "/contacts/import", body, Idempotency_Key="secretacme")
        theirs = imported(two, zeta, "/contacts/import", b"id\nann\n", Idempotency_Key="secretacme")
        received = "".join(
            two.ask("GET", path, zeta).text
            for path in (
                "/api/imports",
                f"/api/imports/{shown['id']}",
                f"/api/imports/{shown['id']}/rejects",
                f"/api/imports/{theirs['id']}",
                f"/api/imports/{theirs['id']}/rejects",
                "/api/contacts",
                "/api/fields",
            )
        )
        assert two.ask("DELETE", f"/api/imports/{shown['id']}", zeta).status_code == 404
        own = two.ask("GET", f"/api/imports/{shown['id']}/rejects", acme).text

    assert theirs["id"] != shown["id"]
    assert "secretacme" not in received
    assert "of acme" not in received
    assert "secretacme" in own


def test_a_deleted_tenants_imports_are_gone_and_do_not_come_back(two: Two) -> None:
    record = Import("i", "acme", "contacts", "running", "csv", 9, 0, 0, None, 1)
    two.control.imports.add(record)

    two.control.delete_tenant("acme")
    two.control.imports.change(record)

    assert two.control.imports.find("acme", "i") is None


def test_a_record_that_was_altered_is_found(two: Two) -> None:
    two.control.imports.add(Import("i", "acme", "contacts", "done", "csv", 9, 0, 0, None, 1))
    with sqlite3.connect(two.data / "control.db") as connection:
        connection.execute("UPDATE imports SET rows = 7")
    connection.close()

    with pytest.raises(StoreError, match="the row 'i' of imports is not what was written"):
        two.control.check()


class Usage(NamedTuple):
    """What a disk holds, bytes."""

    total: int
    used: int
    free: int


def test_where_there_is_no_room_for_a_body_it_is_507(
    two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"id\nann\n"
    with _served(two, tmp_path / "imports"):
        key = two.key("acme")
        for free, status in ((len(body) - 1, 507), (len(body), 202)):
            with monkeypatch.context() as patch:
                usage = Usage(10, 10, free)
                patch.setattr(shutil, "disk_usage", lambda _path, usage=usage: usage)
                answer = send(two, key, "/contacts/import", body)
            assert answer.status_code == status, answer.text

        def full(*_: Any) -> Path:
            raise OSError(errno.ENOSPC, "No space left on device", "/secret")

        monkeypatch.setattr(Path, "rename", full)
        refused = send(two, key, "/contacts/import", body)

    assert (refused.status_code, "secret" in refused.text) == (507, False)


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (NoRoomError("no room in /secret"), 507, "There is no room on the disk."),
        (BudgetError("no room in /secret", writing=True), 507, "There is no room in memory."),
        (StoreError("/secret is read-only"), 503, "A file cannot be used now; the log says why."),
        (RuntimeError("/secret"), 500, "Something went wrong here; it was logged."),
    ],
)
def test_what_fails_midway_says_what_stays_and_names_no_file_of_ours(  # noqa: PLR0913, PLR0917 - cases
    two: Two,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    detail: str,
) -> None:
    load = Engine.load_contacts

    def failing(engine: Engine, rows: Any, *, committed: Any = None, **more: Any) -> Any:
        def then(*said: Any) -> None:
            committed(*said)
            raise error

        return load(engine, rows, committed=then, **more)

    monkeypatch.setattr(Engine, "load_contacts", failing)
    with _served(two, tmp_path / "imports"):
        key = two.key("acme")
        shown = imported(two, key, "/contacts/import", ids_csv(2 * BATCH))
        total = two.ask("GET", "/api/contacts", key).json()["total"]

    assert (shown["state"], shown["rows"], total) == ("failed", BATCH, 1 + BATCH)
    assert shown["error"] == {
        "title": shown["error"]["title"], "status": status, "detail": detail, "errors": [],
        "type": shown["error"]["type"],
    }  # fmt: skip
    assert "secret" not in json.dumps(shown)
    assert _left(tmp_path / "imports") == []


def test_an_end_that_cannot_be_noted_is_told_all_the_same_and_noted_later(
    two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_record: Import) -> None:
        raise StoreError("control.db is read-only")

    with _served(two, tmp_path / "imports"):
        key = two.key("acme")
        with monkeypatch.context() as patch:
            patch.setattr(two.control.imports, "change", failing)
            shown = imported(two, key, "/contacts/import", b"id\nann\n")
            kept = two.control.imports.find("acme", shown["id"])
            listed = two.ask("GET", "/api/imports", key).json()["items"]
        two.ask("GET", f"/api/imports/{shown['id']}", key)
        noted = two.control.imports.find("acme", shown["id"])

    assert kept is not None and noted is not None  # noqa: PT018 - for the type checker
    assert (kept.state, noted.state) == ("queued", "done")
    assert (shown["state"], shown["created"], listed) == ("done", 1, [shown])
