"""``bitseg import``: what became of every row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitseg import Engine
from tests.cli.conftest import Run, Write


def test_it_shows_types_before_and_after_and_what_went_in(run: Run, contacts: str) -> None:
    result = run("import", "contacts", contacts)

    assert result.exit_code == 0, result.output
    before, after = result.stdout.split("Columns, as loaded")
    assert "Columns, before loading" in before
    for shown in (before, after):
        assert "contact.lead_score" in shown
        assert "customField.plan" in shown
        assert "number" in shown
    assert "created" in after
    assert "lived only for this run" in after
    assert result.stderr == ""


def test_json_holds_the_same_for_programs(run: Run, contacts: str) -> None:
    result = run("import", "contacts", contacts, "--json")

    answer = json.loads(result.stdout)
    assert answer["durable"] is False
    assert answer["found"]["plan"][:2] == ["customField.plan", "string"]
    assert answer["report"]["created"] == 3
    assert answer["report"]["rejected_count"] == 0


def test_events_are_accepted_once(run: Run, contacts: str, events: str) -> None:
    result = run("import", "events", events, "--contacts", contacts, "--json")

    report = json.loads(result.stdout)["report"]
    assert result.exit_code == 0
    assert (report["accepted"], report["duplicate"]) == (3, 1)


def test_events_can_make_their_contacts(run: Run, events: str) -> None:
    report = json.loads(run("import", "events", events, "--create-contacts", "--json").stdout)

    assert report["report"]["created"] == 2
    assert report["report"]["accepted"] == 3


def test_a_row_that_does_not_go_in_is_exit_status_1_with_its_line_and_reason(
    run: Run, events: str, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.ndjson"
    result = run("import", "events", events, "--rejects", str(rejects))

    assert result.exit_code == 1
    assert "line 2:" in result.stderr
    assert "ann" in result.stderr
    assert str(rejects) in result.stderr
    first = json.loads(rejects.read_text().splitlines()[0])
    assert (first["line"], first["row"]["contact_id"]) == (2, "ann")


def test_strict_loads_all_or_nothing(run: Run, events: str) -> None:
    result = run("import", "events", events, "--strict")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")


def test_a_column_can_be_left_out(run: Run, contacts: str) -> None:
    answer = json.loads(run("import", "contacts", contacts, "--map", "plan=", "--json").stdout)

    assert "customField.plan" not in str(answer["report"]["fields"])


def test_a_column_goes_where_it_is_mapped(run: Run, write: Write) -> None:
    file = write("people.csv", "Key,E-mail\nann,ann@example.com\n")

    result = run(
        "import", "contacts", file, "--map", "Key=id", "--map", "E-mail=contact.email", "--json"
    )

    assert result.exit_code == 0, result.stderr
    fields = json.loads(result.stdout)["report"]["fields"]
    assert fields["E-mail"][0] == "contact.email"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--map", "plan"], "Expected column=field, got 'plan'."),
        (["--map", "a=x", "--map", "a=y"], "Expected each column once, got 'a' twice."),
        (["--create-contacts"], "go with events"),
        (["--map-contacts", "a=x"], "--map-contacts goes with --contacts."),
    ],
)
def test_a_command_that_is_not_understood_is_exit_status_2(
    run: Run, contacts: str, arguments: list[str], said: str
) -> None:
    result = run("import", "contacts", contacts, *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_that_is_not_there_is_exit_status_2(run: Run) -> None:
    assert run("import", "contacts", "nowhere.csv").exit_code == 2


def test_a_file_that_cannot_be_read_is_exit_status_1(run: Run, write: Write) -> None:
    result = run("import", "contacts", write("contacts.csv", "id,id\nann,bob\n"))

    assert result.exit_code == 1
    assert "error: " in result.stderr


def test_a_timezone_there_is_not_is_exit_status_1(run: Run, contacts: str) -> None:
    result = run("import", "contacts", contacts, "--timezone", "Europe/Berln")

    assert result.exit_code == 1
    assert "Europe/Berln" in result.stderr


def test_a_missing_column_comes_with_the_option_that_names_it(run: Run, people: str) -> None:
    result = run("import", "contacts", people)

    assert result.exit_code == 1
    assert "--map 'Customer ID=id'" in result.stderr


def test_contacts_of_events_have_a_mapping_of_their_own(run: Run, people: str, events: str) -> None:
    arguments = ("import", "events", events, "--contacts", people, "--json")

    told = run(*arguments).stderr
    result = run(*arguments, "--map-contacts", "Customer ID=id", "--map-contacts", "E-mail=email")

    assert "--map-contacts 'Customer ID=id'" in told
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["report"]["accepted"] == 3


def test_rejects_never_replace_the_contacts(run: Run, contacts: str, events: str) -> None:
    before = Path(contacts).read_text()

    result = run("import", "events", events, "--contacts", contacts, "--rejects", contacts)

    assert result.exit_code == 2
    assert "Expected rejects in a file of their own" in result.stderr
    assert Path(contacts).read_text() == before


def test_contacts_that_did_not_go_in_are_exit_status_1_too(
    run: Run, write: Write, events: str
) -> None:
    some = write("some.csv", "id,lead_score\nann,1\nbob,2\ncid,much\n")

    result = run("import", "events", events, "--contacts", some)

    assert result.exit_code == 1
    assert "1 contact did not go in;" in result.stderr


def test_programs_wait_for_one_inference_only(
    run: Run, contacts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "inspect_contacts", None)

    result = run("import", "contacts", contacts, "--json")

    assert json.loads(result.stdout)["found"]["plan"] == ["customField.plan", "string", "inferred"]
