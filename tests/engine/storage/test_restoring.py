"""Restoring a backup erases once more who was erased since, and nobody else."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import bitseg
from bitseg import DamagedError, StoreError
from tests.engine.making import Clock, all_of
from tests.engine.storage.looking import where_in_files


def _open(path: Path) -> bitseg.Engine:
    return bitseg.open(path, clock=Clock())


def _made(folder: Path, *ids: str) -> Path:
    """Return a file with contacts, open to none, and a backup of it beside: ``b.db``."""
    folder.mkdir(exist_ok=True)
    path = folder / "a.db"
    with _open(path) as engine:
        engine.load_contacts([{"id": one, "city": f"town of {one}"} for one in ids])
        engine.define_segment("s", list(ids))
        engine.backup(folder / "b.db")
    return path


def _list(path: Path) -> Path:
    return path.with_name(f"{path.name}-erasures")


def _ids(path: Path) -> list[str]:
    with _open(path) as engine:
        return list(engine.select({"match": "all", "groups": []}).ids())


def _lose(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)


def _left(folder: Path) -> list[str]:
    """Return what a restore left, but for the file that tells who has it open."""
    return [one.name for one in folder.glob("new.db*") if not one.name.endswith("-lock")]


def test_who_was_erased_since_the_backup_is_erased_again(tmp_path: Path) -> None:
    path = _made(tmp_path, "ann", "bob", "eve")
    with _open(path) as engine:
        engine.delete_contacts(["bob", "nobody"])
    new = tmp_path / "new.db"
    done = bitseg.restore(tmp_path / "b.db", new, _list(path))
    assert (done.contacts, done.erased) == (2, 1)
    assert _ids(new) == ["ann", "eve"]
    assert bitseg.verify(new, absent=("bob",)).findings == ()
    assert where_in_files(new, "bob") == []
    with _open(new) as engine:
        assert list(engine.select(all_of({"segment": "s"})).ids()) == ["ann", "eve"]


def test_without_a_list_nobody_is_erased(tmp_path: Path) -> None:
    path = _made(tmp_path, "ann", "bob")
    with _open(path) as engine:
        engine.delete_contacts(["bob"])
    done = bitseg.restore(tmp_path / "b.db", tmp_path / "new.db")
    assert (done.contacts, done.erased) == (2, 0)


def test_the_list_beside_the_lost_file_is_found(tmp_path: Path) -> None:
    path = _made(tmp_path, "ann", "bob")
    with _open(path) as engine:
        engine.delete_contacts(["bob"])
    _lose(path)
    assert bitseg.restore(tmp_path / "b.db", path).erased == 1
    assert _ids(path) == ["ann"]


def test_who_came_back_before_the_backup_stays(tmp_path: Path) -> None:
    path = _made(tmp_path, "ann", "bob")
    with _open(path) as engine:
        engine.delete_contacts(["bob"])
        engine.load_contacts([{"id": "bob", "city": "new town"}])
        engine.backup(tmp_path / "later.db")
    done = bitseg.restore(tmp_path / "later.db", tmp_path / "new.db", _list(path))
    assert (done.contacts, done.erased) == (2, 0)
    with _open(tmp_path / "new.db") as engine:
        assert engine.contact("bob")["contact.city"] == "new town"
        assert engine.count(all_of({"segment": "s"})) == 1


def test_who_came_back_after_the_backup_is_not_the_one_it_has(tmp_path: Path) -> None:
    path = _made(tmp_path, "ann", "bob")
    with _open(path) as engine:
        engine.delete_contacts(["bob"])
        engine.load_contacts([{"id": "bob", "city": "new town"}])
    done = bitseg.restore(tmp_path / "b.db", tmp_path / "new.db", _list(path))
    assert (done.contacts, done.erased) == (1, 1)
    assert where_in_files(tmp_path / "new.db", "town of bob") == []


def test_the_list_of_another_file_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    _made(tmp_path / "one", "ann")
    other = _made(tmp_path / "two", "ann")
    with _open(other) as engine:
        engine.delete_contacts(["ann"])
    with pytest.raises(StoreError, match="of another file"):
        bitseg.restore(tmp_path / "one" / "b.db", tmp_path / "new.db", _list(other))
    assert _left(tmp_path) == []


def test_changes_go_on_with_numbers_behind_the_lists(tmp_path: Path) -> None:
    path = _made(tmp_path, "ann", "bob", "eve")
    with _open(path) as engine:
        for number in range(20):
            engine.load_contacts([{"id": f"c{number}"}])
        engine.delete_contacts(["bob"])
    new = tmp_path / "new.db"
    with closing(sqlite3.connect(path)) as connection:
        (erased_at,) = connection.execute("SELECT max(seq) FROM erasures").fetchone()
    bitseg.restore(tmp_path / "b.db", new, _list(path))
    with _open(new) as engine:
        engine.delete_contacts(["eve"])
        engine.load_contacts([{"id": "bob"}])
    with closing(sqlite3.connect(new)) as connection:
        numbers = [seq for (seq,) in connection.execute("SELECT seq FROM erasures ORDER BY seq")]
    assert erased_at in numbers
    assert numbers[-1] > erased_at
    last = tmp_path / "last.db"
    done = bitseg.restore(tmp_path / "b.db", last, _list(new))
    assert (done.contacts, done.erased) == (1, 2)
    assert _ids(last) == ["ann"]
    with _open(new) as engine:
        engine.backup(tmp_path / "newer.db")
    assert bitseg.restore(tmp_path / "newer.db", tmp_path / "x.db", _list(new)).erased == 0
    assert _ids(tmp_path / "x.db") == ["ann", "bob"]


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = _made(tmp_path, "ann")
    with pytest.raises(StoreError, match="is there already"):
        bitseg.restore(tmp_path / "b.db", path)
    with pytest.raises(StoreError, match="There is no file"):
        bitseg.restore(tmp_path / "none.db", tmp_path / "new.db")


def test_a_damaged_backup_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    _made(tmp_path, *[f"c{i}" for i in range(5_000)])
    backup = tmp_path / "b.db"
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute("UPDATE parts SET body = zeroblob(length(body)) WHERE id = 1")
    with pytest.raises(DamagedError, match=r"Part 1 .* is not what was written"):
        bitseg.restore(backup, tmp_path / "new.db")
    assert _left(tmp_path) == []


def test_what_a_killed_process_left_in_the_wal_is_restored_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": f"c{i}"} for i in range(50)])
        killed = tmp_path / "killed"
        killed.mkdir()
        for one in path.parent.glob("a.db*"):
            if one.is_file():
                shutil.copy(one, killed)
    assert (killed / "a.db-wal").stat().st_size > 0
    assert bitseg.restore(killed / "a.db", tmp_path / "b.db").contacts == 50


def test_what_was_set_aside_opens_after_a_second_restoring_too(tmp_path: Path) -> None:
    path, backup = tmp_path / "a.db", tmp_path / "backup.db"
    engine = bitseg.open(path, clock=Clock())
    engine.load_contacts([{"id": "first"}])
    engine.backup(backup)
    left = tmp_path / "left"
    left.mkdir()
    for one in path.parent.glob("a.db*"):
        if one.is_file():
            shutil.copy(one, left)
    engine.close()
    for one in left.iterdir():  # as if it had been killed
        shutil.copy(one, tmp_path)
    bitseg.restore(backup, path, replace=True)
    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": "second"}])
    bitseg.restore(backup, path, replace=True)
    with bitseg.open(tmp_path / "a.db.before-restore", clock=Clock()) as engine:
        assert len(engine) == 2


def test_what_a_restoring_that_was_ended_midway_left_goes(tmp_path: Path) -> None:
    left = tmp_path / "a.db.restoring"
    left.write_bytes(b"somebody")
    bitseg.open(tmp_path / "a.db").close()
    assert not left.exists()
