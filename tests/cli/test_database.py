"""``--db``: what a command put into a file is there for the next one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import Engine, NoRoomError
from bitseg.cli.output import progress
from tests.cli.conftest import Run, Write

EVERYBODY = '{"match": "all", "groups": []}'
OPENED = '{"match": "all", "groups": [{"match": "all", "conditions": [{"event": "open"}]}]}'


def _preview(run: Run, db: str, rules: str = EVERYBODY) -> tuple[int, int]:
    answer = json.loads(run("preview", "-", "--db", db, "--json", stdin=rules).stdout)
    return answer["count"], answer["total"]


def test_what_was_imported_is_there_for_the_next_command(
    run: Run, new: str, contacts: str, events: str
) -> None:
    first = run("import", "contacts", contacts, "--db", new)
    second = run("import", "events", events, "--db", new)

    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr + second.stderr
    assert first.stdout.endswith(f"{new} now holds 3 contacts and 0 events.\n")
    assert second.stdout.endswith(f"{new} now holds 3 contacts and 3 events.\n")
    assert "lived only for this run" not in first.stdout
    assert _preview(run, new, OPENED) == (2, 3)


def test_another_process_sees_it_too(run: Run, new: str, contacts: str) -> None:
    run("import", "contacts", contacts, "--db", new)

    command = [sys.executable, "-m", "bitseg.cli", "preview", "-", "--db", new, "--json"]
    done = subprocess.run(command, input=EVERYBODY, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["count"] == 3


def test_json_says_that_it_is_durable(run: Run, new: str, contacts: str) -> None:
    answer = json.loads(run("import", "contacts", contacts, "--db", new, "--json").stdout)

    assert answer["durable"] is True
    assert answer["report"]["created"] == 3


def test_events_and_their_contacts_go_into_it_together(
    run: Run, new: str, contacts: str, events: str
) -> None:
    result = run("import", "events", events, "--contacts", contacts, "--db", new)

    assert result.exit_code == 0, result.stderr
    assert _preview(run, new, OPENED) == (2, 3)


def test_the_environment_names_it_as_well(
    run: Run, new: str, contacts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITSEG_DB", new)
    run("import", "contacts", contacts)

    answer = json.loads(run("preview", "-", "--json", stdin=EVERYBODY).stdout)

    assert answer["total"] == 3


def test_good_rows_stay_when_others_do_not_go_in(run: Run, new: str, write: Write) -> None:
    some = write("some.csv", "id,lead_score\nann,1\nbob,2\ncid,much\n")

    result = run("import", "contacts", some, "--db", new)

    assert result.exit_code == 1
    assert _preview(run, new) == (2, 2)


def test_with_strict_nothing_of_a_file_with_faults_stays(run: Run, new: str, write: Write) -> None:
    some = write("some.csv", "id,lead_score\nann,1\nbob,2\ncid,much\n")

    result = run("import", "contacts", some, "--db", new, "--strict")

    assert result.exit_code == 1
    assert _preview(run, new) == (0, 0)


def test_a_timezone_is_that_of_a_new_file(run: Run, new: str, contacts: str) -> None:
    first = run("import", "contacts", contacts, "--db", new, "--timezone", "Europe/Berlin")
    again = run("import", "contacts", contacts, "--db", new, "--timezone", "Europe/Berlin")
    silent = run("import", "contacts", contacts, "--db", new)

    assert [first.exit_code, again.exit_code, silent.exit_code] == [0, 0, 0]


@pytest.mark.parametrize("command", ["import", "preview"])
def test_another_timezone_of_a_file_with_data_is_one_clear_error(
    run: Run, new: str, contacts: str, command: str
) -> None:
    run("import", "contacts", contacts, "--db", new, "--timezone", "Europe/Berlin")
    arguments = ["contacts", contacts] if command == "import" else ["example:highly-engaged"]

    result = run(command, *arguments, "--db", new, "--timezone", "UTC")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "error: Expected the timezone Europe/Berlin, got UTC: it is fixed once there are data\n"
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How safely each file was asked to be written."""
    asked: list[str] = []
    real = bitseg.open

    def noted(path: Path, **options: Any) -> Engine:
        asked.append(options["sync"])
        return real(path, **options)

    monkeypatch.setattr(bitseg, "open", noted)
    return asked


@pytest.mark.parametrize(
    ("arguments", "sync"), [([], "full"), (["--sync", "normal"], "normal")], ids=["default", "told"]
)
def test_a_file_is_written_as_safely_as_was_asked_for(
    run: Run, db: str, asked: list[str], arguments: list[str], sync: str
) -> None:
    contacts = Path(db).with_name("some.csv")
    contacts.write_text("id\nfay\n")

    assert run("import", "contacts", str(contacts), "--db", db, *arguments).exit_code == 0
    assert asked == [sync]


def test_the_environment_says_how_safely_unless_the_command_does(
    run: Run, new: str, contacts: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITSEG_SYNC", "normal")

    run("import", "contacts", contacts, "--db", new)
    run("import", "contacts", contacts, "--db", new, "--sync", "full")

    assert asked == ["normal", "full"]


def test_a_sync_there_is_not_is_exit_status_2(run: Run, new: str, contacts: str) -> None:
    assert run("import", "contacts", contacts, "--db", new, "--sync", "off").exit_code == 2
    assert not Path(new).exists()


@pytest.mark.parametrize(
    "arguments",
    [["--demo"], ["--contacts", "FILE"], ["--events", "FILE"], ["--demo", "--contacts", "FILE"]],
)
def test_it_goes_with_no_other_source(
    run: Run, db: str, contacts: str, arguments: list[str]
) -> None:
    given = [contacts if argument == "FILE" else argument for argument in arguments]

    for command in (["preview", "-"], ["serve"]):
        result = run(*command, "--db", db, *given, stdin=EVERYBODY)

        assert result.exit_code == 2
        assert "Give one of --db (or BITSEG_DB), --demo, and files, not several." in result.stderr


@pytest.mark.parametrize(
    "command",
    [["preview", "-"], ["snapshot"], ["verify"], ["backup"]],
    ids=lambda command: command[0],
)
def test_only_import_and_serve_make_a_file(
    run: Run, new: str, tmp_path: Path, command: list[str]
) -> None:
    named = [new] if command[0] in {"snapshot", "verify", "backup"} else ["--db", new]
    copy = [str(tmp_path / "copy.db")] if command[0] == "backup" else []

    result = run(*command, *named, *copy, stdin=EVERYBODY)

    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_has_open_is_exit_status_1(run: Run, db: str, contacts: str) -> None:
    with bitseg.open(db):
        results = [
            run("import", "contacts", contacts, "--db", db),
            run("preview", "-", "--db", db, stdin=EVERYBODY),
            run("snapshot", db),
        ]

    for result in results:
        assert result.exit_code == 1
        assert f"error: {db} is open in this process already" in result.stderr


def test_a_damaged_file_is_exit_status_1_and_gives_no_count(run: Run, damaged: str) -> None:
    result = run("preview", "-", "--db", damaged, stdin=EVERYBODY)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")


def test_an_import_that_finds_no_room_says_what_it_has_put_in(
    run: Run, new: str, contacts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(engine: Engine, rows: Path, **_options: Any) -> None:
        load_all(engine, rows)
        raise NoRoomError("There is no room to write, so nothing was")

    load_all = Engine.load_contacts
    monkeypatch.setattr(Engine, "load_contacts", load)

    result = run("import", "contacts", contacts, "--db", new)

    assert result.exit_code == 1
    assert f"It ended midway: {new} holds 3 contacts and 0 events." in result.stderr
    assert "error: There is no room to write" in result.stderr
    assert _preview(run, new) == (3, 3)


def test_rejects_never_replace_it(run: Run, db: str, contacts: str) -> None:
    result = run("import", "contacts", contacts, "--db", db, "--rejects", db)

    assert result.exit_code == 2
    assert "Expected rejects in a file of their own" in result.stderr
    assert _preview(run, db) == (3, 3)


def test_progress_is_told_on_where_nobody_watches_a_bar() -> None:
    heard: list[tuple[int, int | None]] = []

    with progress("acme.db", lambda done, total: heard.append((done, total))) as tell:
        assert tell is not None
        tell(1, 2)
    with progress("acme.db") as nobody:
        assert nobody is None

    assert heard == [(1, 2)]
