"""A file is opened by one, in its format or an older one, with the settings that it has."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import DamagedError, FieldError, InUseError, StoreError
from bitseg.storage import acknowledged, database, migrations, points
from bitseg.storage.identity import read_identity
from bitseg.storage.making import make
from bitseg.storage.migrations import FORMAT, MIGRATIONS, pending
from tests.engine.making import Clock, all_of, field

DAY = 86_400_000


def _open(path: Path, clock: Clock | None = None, **settings: Any) -> bitseg.Engine:
    return bitseg.open(path, clock=clock or Clock(), **settings)


# Settings


def test_settings_are_kept_in_the_file(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", Clock()
    with _open(
        path, clock, timezone="Asia/Tokyo", remember_event_ids_days=2, retention_days=5
    ) as engine:
        engine.load_contacts([{"id": "a"}])
        event = {"contact_id": "a", "kind": "open", "at": clock.ms, "event_id": "e"}
        engine.load_events([event])
        engine.snapshot()
    with _open(path, clock) as engine:
        writes = engine._writes  # noqa: SLF001 - nothing public tells
        assert (writes.zone.key, writes.retention_days) == ("Asia/Tokyo", 5)
        assert writes.tenant.events.ids.days == 2
        clock.ms += 6 * DAY
        assert engine.drop_expired_events() == 1
    with _open(path, clock, retention_days=None, remember_event_ids_days=9) as engine:
        assert engine._writes.retention_days is None  # noqa: SLF001 - likewise
    with _open(path, clock) as engine:
        assert engine._writes.retention_days is None  # noqa: SLF001 - likewise
        assert engine._writes.tenant.events.ids.days == 9  # noqa: SLF001 - likewise
        assert engine.contact("a")["engagement.total_opens"] == 1


def test_the_timezone_may_change_only_before_there_are_data(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    _open(path, timezone="UTC").close()
    with _open(path, timezone="Europe/Berlin") as engine:
        engine.load_contacts([{"id": "a"}])
    with pytest.raises(FieldError, match="Expected the timezone Europe/Berlin, got UTC"):
        _open(path, timezone="UTC")
    with _open(path, timezone="Europe/Berlin") as engine:  # it let go of the file
        engine.delete_contacts(["a"])
    with pytest.raises(FieldError, match="fixed once there are data"):
        _open(path, timezone="UTC")


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Base"},
        {"retention_days": 0},
        {"remember_event_ids_days": -1},
        {"sync": "off"},
    ],
)
def test_a_setting_that_may_not_be_so_is_refused_and_the_file_let_go_of(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(FieldError):
        _open(tmp_path / "a.db", **wrong)
    _open(tmp_path / "a.db").close()


# Formats


def test_a_later_format_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    _open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={FORMAT + 5}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"has format {FORMAT + 5} and this bitseg knows up to"):
        _open(path)
    assert path.read_bytes() == before
    assert not bitseg.verify(path).ok


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        _open(path)
    assert path.read_bytes() == before


def test_what_is_no_sqlite_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"id,city\n" * 2_000)
    with pytest.raises(DamagedError):
        _open(path)
    assert path.read_bytes() == b"id,city\n" * 2_000


def test_a_file_that_had_the_first_migration_only_is_brought_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", MIGRATIONS[:1])
        older.setattr(migrations, "FORMAT", 1)
        make(path, "full")
    with closing(sqlite3.connect(path)) as connection:
        assert pending(connection) == ["segments"]
    with _open(path) as engine:
        engine.load_contacts([{"id": "a"}])
        assert engine.define_segment("s", ["a"]) == 1
    with _open(path) as engine:
        assert engine.count(all_of({"segment": "s"})) == 1
    assert bitseg.verify(path).ok


@pytest.mark.parametrize("snapshot", [False, True])
def test_an_older_file_keeps_its_contacts_and_events(tmp_path: Path, *, snapshot: bool) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        engine.load_contacts([{"id": "a", "city": "Oslo"}, {"id": "b"}])
        engine.load_events([{"contact_id": "a", "kind": "open", "at": 5}])
        if snapshot:
            engine.snapshot()
    with closing(sqlite3.connect(path)) as connection, connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'segment%'"
        ).fetchall()
        assert len(tables) == 6
        for (table,) in sorted(tables, reverse=True):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version=1")
    said = bitseg.verify(path).findings
    assert [one.message for one in said] == [
        "Expected the current format; open it once to add segments"
    ]
    with _open(path) as engine:
        assert engine.count(all_of(field("contact.city", "equals", "Oslo"))) == 1
        assert engine.event_count == 1
        assert engine.define_segment("s", ["b"]) == 1
    assert bitseg.verify(path).ok


# One at a time


def test_a_second_opener_in_the_same_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        with pytest.raises(InUseError, match="in this process already"):
            _open(path)
        link = tmp_path / "link.db"
        link.symlink_to(path)
        with pytest.raises(InUseError):
            _open(link)
        engine.load_contacts([{"id": "a"}])
    with _open(link) as engine:
        assert len(engine) == 1


def test_a_second_opener_in_another_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    program = f"import bitseg\ntry: bitseg.open({str(path)!r})\nexcept bitseg.InUseError: print(1)"
    with _open(path):
        said = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
    assert said.stdout == "1\n"
    _open(path).close()


def test_verifying_and_copying_go_on_beside_who_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        engine.load_contacts([{"id": "a"}])
        before = engine.backup_at
        assert bitseg.verify(path).contacts == 1
        bitseg.backup(path, tmp_path / "b.db")
        assert (before is None, engine.backup_at is None) == (True, False)
        with _open(tmp_path / "b.db") as copy:
            assert len(copy) == 1


def test_closing_twice_does_no_harm_and_a_closed_engine_writes_no_more(tmp_path: Path) -> None:
    engine = _open(tmp_path / "a.db")
    engine.close()
    engine.close()
    with pytest.raises(StoreError):
        engine.load_contacts([{"id": "a"}])
    assert bitseg.verify(tmp_path / "a.db").contacts == 0


# First openings that were ended midway


def _copy_with_journal(tmp_path: Path) -> Path:
    """Return a copy of a database as it is while its first opening writes the first page."""
    with _open(tmp_path / "a.db") as engine:
        engine.load_contacts([{"id": "a"}])
        engine.backup(tmp_path / "b.db")
    path = tmp_path / "c.db"
    with closing(sqlite3.connect(tmp_path / "b.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA cache_spill=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE meta SET value = x'ff' WHERE key = 'closed'")
        shutil.copy(tmp_path / "b.db", path)
        shutil.copy(tmp_path / "b.db-journal", tmp_path / "c.db-journal")
    return path


def test_a_first_opening_that_was_ended_midway_is_taken_back(tmp_path: Path) -> None:
    path = _copy_with_journal(tmp_path)
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as alone:
        identity = read_identity(alone)
    told = acknowledged.read(tmp_path / "a.db")
    assert told is not None
    with closing(acknowledged.AcknowledgedFile(path, synced=True)) as beside:
        beside.begin(identity.file_id, told.seq, told.chain)
    with pytest.raises(StoreError, match="open it once more"):
        bitseg.verify(path)
    with _open(path) as engine:
        assert len(engine) == 1
    assert bitseg.verify(path).ok


def test_a_journal_that_nobody_began_is_not_believed(tmp_path: Path) -> None:
    path = _copy_with_journal(tmp_path)
    before = path.read_bytes()
    with pytest.raises(DamagedError, match="-journal is not known to be of"):
        _open(path)
    assert path.read_bytes() == before


def test_an_older_record_beside_a_copy_does_not_stay(tmp_path: Path) -> None:
    """A copy is put in place of a file that had come further; then its process is killed."""
    path = tmp_path / "a.db"
    with _open(path) as engine:
        engine.load_contacts([{"id": "a"}])
        engine.backup(tmp_path / "b.db")
        for number in range(6):
            engine.load_contacts([{"id": f"c{number}"}])
    shutil.copy(tmp_path / "b.db", path)
    left = tmp_path / "left"
    left.mkdir()
    with _open(path) as engine:
        engine.load_contacts([{"id": "later"}])
        engine.snapshot()
        for one in tmp_path.glob("a.db*"):
            if one.is_file():
                shutil.copy(one, left)
    assert bitseg.verify(left / "a.db").ok
    with _open(left / "a.db") as engine:
        assert len(engine) == 2


def test_an_upgrade_that_was_ended_midway_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, left = tmp_path / "a.db", tmp_path / "left"
    left.mkdir()
    with _open(path) as engine:
        engine.load_contacts([{"id": "a"}])

    def third(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE third (a)")

    def keep(point: str) -> None:
        if point == "migrate.committed":
            for one in tmp_path.glob("a.db*"):
                if one.is_file():
                    shutil.copy(one, left)

    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("third", third)))
    monkeypatch.setattr(migrations, "FORMAT", FORMAT + 1)
    monkeypatch.setattr(points, "_reached", keep)
    _open(path).close()
    with _open(left / "a.db") as engine:
        assert len(engine) == 1


def test_a_file_that_cannot_be_read_is_an_error_with_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    _open(path).close()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        _open(path)
    with pytest.raises(StoreError, match="Permission denied"):
        bitseg.verify(path)


def test_a_copy_that_is_not_opened_after_all_stays_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 100)  # who reads stays longer than anybody waits
    with _open(tmp_path / "a.db") as engine:
        engine.load_contacts([{"id": "a"}])
        engine.backup(tmp_path / "b.db")
        with closing(sqlite3.connect(tmp_path / "b.db", isolation_level=None)) as reading:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM meta").fetchone()
            with pytest.raises(StoreError):
                _open(tmp_path / "b.db")
        assert not (tmp_path / "b.db-acknowledged").exists()
        engine.backup(tmp_path / "b.db")


def test_who_writes_while_a_file_is_closed_is_refused_and_the_file_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strict load puts its rows aside without waiting for other writes."""
    said: list[str] = []
    rows = [{"id": f"c{i}", "note": f"{i * 7919}" * 9} for i in range(6_000)]
    engine = _open(tmp_path / "a.db")
    engine.load_contacts([{"id": "a"}])

    def load(point: str) -> None:
        if point != "close.marked":
            return

        def run() -> None:
            try:
                engine.load_contacts(rows, strict=True)
            except StoreError as error:
                said.append(str(error))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(5)
        monkeypatch.setattr(points, "_reached", None)

    monkeypatch.setattr(points, "_reached", load)
    engine.close()
    for _ in range(100):
        if said:
            break
        time.sleep(0.05)
    assert len(said) == 1
    assert "was closed" in said[0]
    with _open(tmp_path / "a.db") as engine:
        assert len(engine) == 1
