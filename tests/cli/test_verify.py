"""``bitseg verify``: everything is read, and everything wrong is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bitseg
from bitseg import Fault, Verified
from tests.cli.conftest import Run


def test_it_says_what_was_read(run: Run, db: str) -> None:
    result = run("verify", db)

    assert result.exit_code == 0, result.stderr
    for counted in ("changes", "parts", "contacts", "events", "segments", "bytes", "findings"):
        assert counted in result.stdout
    assert result.stderr == ""


def test_json_holds_the_same_for_programs(run: Run, db: str) -> None:
    answer = json.loads(run("verify", db, "--json").stdout)

    assert (answer["ok"], answer["findings"]) == (True, [])
    assert (answer["contacts"], answer["events"]) == (3, 2)
    assert answer["bytes"] == Path(db).stat().st_size


def test_it_looks_at_a_file_that_is_open(run: Run, db: str) -> None:
    with bitseg.open(db) as engine:
        engine.load_contacts([{"id": "dee"}])

        answer = json.loads(run("verify", db, "--json").stdout)

    assert (answer["ok"], answer["contacts"]) == (True, 4)


def test_damage_is_named_and_exit_status_1(run: Run, damaged: str) -> None:
    result = run("verify", damaged)

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "not what was written" in result.stderr


def test_every_finding_is_named(run: Run, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = (Fault("part 3", "It is missing"), Fault("segment vip", "It differs"))
    found = Verified(1, 2, 3, 4, 5, 6, findings)
    monkeypatch.setattr(bitseg, "verify", lambda *_args, **_named: found)

    table, program = run("verify", db), run("verify", db, "--json")

    assert (table.exit_code, program.exit_code) == (1, 1)
    assert table.stderr.splitlines() == [
        "error: It is missing – at `part 3`",
        "error: It differs – at `segment vip`",
    ]
    answer = json.loads(program.stdout)
    assert answer["ok"] is False
    assert [finding["path"] for finding in answer["findings"]] == ["part 3", "segment vip"]


def test_it_proves_that_an_erased_contact_is_gone(run: Run, db: str) -> None:
    with bitseg.open(db) as engine:
        engine.delete_contacts(["ann"])

    before = run("verify", db, "--absent", "ann-4711")
    run("snapshot", db)
    after = run("verify", db, "--absent", "ann-4711", "--absent", "ann-4711@example.com")
    others = run("verify", db, "--absent", "ann-4711", "--absent", "bob@example.com")

    assert (before.exit_code, after.exit_code, others.exit_code) == (1, 0, 1)
    assert "Expected 'ann-4711' nowhere, found it here" in before.stderr
    assert "'bob@example.com'" in others.stderr
    assert "ann" not in others.stderr


def test_an_empty_text_is_exit_status_2(run: Run, db: str) -> None:
    assert run("verify", db, "--absent", "").exit_code == 2


def test_another_programs_file_is_exit_status_1(run: Run, contacts: str) -> None:
    result = run("verify", contacts)

    assert result.exit_code == 1
    assert "Expected a file of bitseg" in result.stderr
