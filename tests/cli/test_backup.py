"""``bitseg backup``: a whole copy, beside whoever has the file open."""

from __future__ import annotations

import json
from pathlib import Path

import bitseg
from tests.cli.conftest import Run


def test_it_copies_a_file_and_says_how_much(run: Run, db: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"

    result = run("backup", db, str(copy))

    assert result.exit_code == 0, result.stderr
    assert str(copy) in result.stdout
    assert bitseg.verify(copy).ok


def test_json_holds_the_same_for_programs(run: Run, db: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"

    answer = json.loads(run("backup", db, str(copy), "--json").stdout)

    assert answer["backup"] == str(copy)
    assert answer["bytes"] == copy.stat().st_size


def test_a_file_that_is_open_is_copied_with_its_last_write(
    run: Run, db: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with bitseg.open(db) as engine:
        engine.load_contacts([{"id": "dee"}])

        result = run("backup", db, str(copy))

        assert result.exit_code == 0, result.stderr
        assert engine.backup_at is not None
        engine.load_contacts([{"id": "eve"}])
        assert len(engine) == 5
    with bitseg.open(copy) as engine:
        assert len(engine) == 4


def test_an_older_copy_is_replaced(run: Run, db: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    run("backup", db, str(copy))
    with bitseg.open(db) as engine:
        engine.load_contacts([{"id": "dee"}])

    run("backup", db, str(copy))

    with bitseg.open(copy) as engine:
        assert len(engine) == 4


def test_a_copy_that_cannot_be_written_is_exit_status_1(run: Run, db: str, tmp_path: Path) -> None:
    result = run("backup", db, str(tmp_path / "nowhere" / "copy.db"))

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")


def test_a_file_is_not_copied_onto_itself(run: Run, db: str) -> None:
    before = Path(db).read_bytes()

    assert run("backup", db, db).exit_code == 1
    assert Path(db).read_bytes() == before
