"""``bitseg snapshot``: the next start reads a snapshot, and what was erased is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bitseg
from bitseg import Engine, Snapshot
from tests.cli.conftest import Run


def test_it_says_what_was_written(run: Run, db: str) -> None:
    result = run("snapshot", db)

    assert result.exit_code == 0, result.stderr
    assert "last change" in result.stdout
    assert "parts written" in result.stdout


def test_json_holds_the_same_for_programs(run: Run, db: str) -> None:
    first = json.loads(run("snapshot", db, "--json").stdout)
    again = json.loads(run("snapshot", db, "--json").stdout)

    assert first["parts"] > 0
    assert first["clean"] is True
    assert again["seq"] == first["seq"]
    assert again["kept"] > 0


def test_with_it_erased_contacts_leave_the_file(run: Run, db: str) -> None:
    with bitseg.open(db) as engine:
        engine.delete_contacts(["ann"])
    before = Path(db).read_bytes()

    run("snapshot", db)

    assert b"ann-4711" in before
    assert b"ann-4711" not in Path(db).read_bytes()


def test_traces_that_a_reader_keeps_there_are_told_and_exit_status_1(
    run: Run, db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Snapshot(seq=3, parts=1, written=10, kept=2, seconds=0.5, clean=False)
    monkeypatch.setattr(Engine, "snapshot", lambda _engine: kept)

    result = run("snapshot", db)

    assert result.exit_code == 1
    assert "Traces of erased contacts are still there; run it again" in result.stderr
