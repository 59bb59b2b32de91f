"""A backup or a restore never takes a file away from who writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

import bitseg
from bitseg import InUseError, StoreError


def _made(path: Path, *ids: str) -> Path:
    with bitseg.open(path) as engine:
        engine.load_contacts([{"id": one} for one in ids])
    return path


def _ids(path: Path) -> list[str]:
    with bitseg.open(path) as engine:
        return list(engine.select({"match": "all", "groups": []}).ids())


def test_a_tenants_file_is_not_overwritten_by_a_backup(tmp_path: Path) -> None:
    mine, other = _made(tmp_path / "a.db", "a"), _made(tmp_path / "b.db", "b")
    with pytest.raises(StoreError, match="is a tenant's file"):
        bitseg.backup(other, mine)
    assert _ids(mine) == ["a"]


def test_an_older_backup_is_overwritten_and_nothing_else_is_left(tmp_path: Path) -> None:
    mine = _made(tmp_path / "a.db", "a")
    copies = tmp_path / "copies"
    copies.mkdir()
    bitseg.backup(mine, copies / "a.db")
    _made(mine, "b")
    bitseg.backup(mine, copies / "a.db")
    assert bitseg.verify(copies / "a.db").contacts == 2
    assert [path.name for path in copies.iterdir() if "-lock" not in path.name] == ["a.db"]


def test_a_file_that_is_open_is_not_replaced_even_where_its_name_is_gone(tmp_path: Path) -> None:
    mine = _made(tmp_path / "a.db", "a")
    bitseg.backup(mine, tmp_path / "copy.db")
    with bitseg.open(mine) as engine:
        with pytest.raises(InUseError):
            bitseg.restore(tmp_path / "copy.db", mine, replace=True)
        mine.rename(tmp_path / "moved.db")
        with pytest.raises(InUseError):
            bitseg.restore(tmp_path / "copy.db", mine)
        (tmp_path / "moved.db").rename(mine)
        engine.load_contacts([{"id": "b"}])
    assert _ids(mine) == ["a", "b"]


def test_what_was_set_aside_opens_with_all_that_was_in_it(tmp_path: Path) -> None:
    mine = _made(tmp_path / "a.db", "a")
    bitseg.backup(mine, tmp_path / "copy.db")
    with bitseg.open(mine) as engine:
        engine.load_contacts([{"id": "b"}, {"id": "c"}])
        killed = tmp_path / "killed"
        killed.mkdir()
        for path in tmp_path.glob("a.db*"):
            (killed / path.name).write_bytes(path.read_bytes())
    bitseg.restore(tmp_path / "copy.db", killed / "a.db", replace=True)
    assert _ids(killed / "a.db") == ["a"]
    assert _ids(killed / "a.db.before-restore") == ["a", "b", "c"]


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreError):
        bitseg.backup(broken, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.db"]


def test_progress_counts_the_parts_of_a_file_without_a_snapshot(tmp_path: Path) -> None:
    with bitseg.open(tmp_path / "a.db") as engine:
        rows = [{"id": f"person-{i}", "note": f"note {i * 7919}"} for i in range(20_000)]
        engine.load_contacts(rows)
    said: list[tuple[int, int | None]] = []
    bitseg.open(tmp_path / "a.db", progress=lambda *told: said.append(told)).close()
    done, total = said[-1]
    assert done == total
    assert total is not None
    assert total > 100_000
