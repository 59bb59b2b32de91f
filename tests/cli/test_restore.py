"""``bitseg restore``: a backup becomes a database, without those who were erased since."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bitseg
from bitseg import Restored
from tests.cli.conftest import Run


@pytest.fixture
def backup(db: str, tmp_path: Path) -> str:
    """A copy of the database, from before ann was erased in it."""
    copy = tmp_path / "copy.db"
    bitseg.backup(db, copy)
    with bitseg.open(db) as engine:
        engine.delete_contacts(["ann"])
        engine.load_contacts([{"id": "dee"}, {"id": "eve"}])
    return str(copy)


def _ids(path: str | Path) -> list[str]:
    with bitseg.open(path) as engine:
        return list(engine.select({"match": "all", "groups": []}).ids())


def test_who_was_erased_since_is_erased_again(run: Run, backup: str, db: str, new: str) -> None:
    result = run("restore", backup, new, "--erasures", f"{db}-erasures")

    assert result.exit_code == 0, result.stderr
    assert "erased again" in result.stdout
    assert _ids(new) == ["bob", "cid"]
    assert run("verify", new, "--absent", "ann-4711").exit_code == 0


def test_json_holds_the_same_for_programs(run: Run, backup: str, db: str, new: str) -> None:
    result = run("restore", backup, new, "--erasures", f"{db}-erasures", "--json")

    assert json.loads(result.stdout) == {"contacts": 2, "erased": 1}


def test_the_list_beside_a_lost_file_is_taken_by_itself(run: Run, backup: str, db: str) -> None:
    Path(db).unlink()

    assert run("restore", backup, db).exit_code == 0
    assert _ids(db) == ["bob", "cid"]


def test_a_file_that_is_there_stays_and_the_way_out_is_named(
    run: Run, backup: str, db: str
) -> None:
    result = run("restore", backup, db)

    assert result.exit_code == 1
    assert "--replace" in result.stderr
    assert _ids(db) == ["bob", "cid", "dee", "eve"]


def test_a_file_that_is_there_is_replaced_when_asked_for_and_kept(
    run: Run, backup: str, db: str
) -> None:
    result = run("restore", backup, db, "--replace")

    assert result.exit_code == 0, result.stderr
    assert _ids(db) == ["bob", "cid"]
    assert _ids(f"{db}.before-restore") == ["bob", "cid", "dee", "eve"]


def test_a_damaged_file_is_replaced_too(run: Run, db: str, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.db")
    bitseg.backup(db, copy)
    Path(db).write_bytes(Path(db).read_bytes()[:5_000])

    assert run("restore", copy, db, "--replace").exit_code == 0
    assert _ids(db) == ["ann", "bob", "cid"]


def test_a_file_that_is_open_is_not_replaced(run: Run, backup: str, db: str) -> None:
    with bitseg.open(db) as engine:
        result = run("restore", backup, db, "--replace")

        assert result.exit_code == 1
        assert "is open in this process already" in result.stderr
        engine.load_contacts([{"id": "fay"}])
    assert _ids(db) == ["bob", "cid", "dee", "eve", "fay"]


def test_a_file_stays_when_the_backup_is_damaged(run: Run, backup: str, db: str) -> None:
    Path(backup).write_bytes(Path(backup).read_bytes()[:5_000])

    result = run("restore", backup, db, "--replace")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert _ids(db) == ["bob", "cid", "dee", "eve"]
    assert not Path(f"{db}.before-restore").exists()


def test_a_file_is_not_restored_from_itself(run: Run, db: str) -> None:
    result = run("restore", db, db, "--replace")

    assert result.exit_code == 2
    assert _ids(db) == ["ann", "bob", "cid"]


def test_a_list_that_is_none_is_exit_status_1(
    run: Run, backup: str, contacts: str, new: str
) -> None:
    result = run("restore", backup, new, "--erasures", contacts)

    assert result.exit_code == 1
    assert "is no erasure list" in result.stderr
    assert not Path(new).exists()


def test_a_list_that_is_not_there_is_exit_status_2(run: Run, backup: str, new: str) -> None:
    assert run("restore", backup, new, "--erasures", "nowhere").exit_code == 2


def test_nothing_but_the_names_is_passed_on(
    run: Run, backup: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[object, ...]] = []

    def noted(*given: object, replace: bool) -> Restored:
        called.append((*given, replace))
        return Restored(contacts=1_234, erased=5)

    monkeypatch.setattr(bitseg, "restore", noted)

    result = run("restore", backup, new)

    assert called == [(Path(backup), Path(new), None, False)]
    assert "1,234" in result.stdout
