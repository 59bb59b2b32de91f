"""``bitseg preview``: how many contacts a definition has."""

from __future__ import annotations

import json

import pytest

from bitseg import examples
from tests.cli.conftest import Run, Write

GOLD = json.dumps(
    {
        "match": "all",
        "groups": [
            {
                "match": "all",
                "conditions": [
                    {"field": "customField.plan", "operator": "equals", "value": "gold"},
                    {"event": "open"},
                ],
            }
        ],
    }
)


def test_it_says_how_many_match(run: Run, write: Write, contacts: str, events: str) -> None:
    rules = write("rules.json", GOLD)
    result = run("preview", rules, "--contacts", contacts, "--events", events)

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("1 of 3 contacts match; 1 are reachable.")


def test_rules_come_from_standard_input_too(run: Run, contacts: str) -> None:
    result = run("preview", "-", "--contacts", contacts, "--json", stdin=GOLD)

    answer = json.loads(result.stdout)
    assert (answer["count"], answer["total"]) == (0, 3)


def test_it_shows_breakdown_near_misses_and_members(run: Run, contacts: str, events: str) -> None:
    result = run(
        "preview", "-", "--contacts", contacts, "--events", events,
        "--breakdown", "--near-misses", "--sample", "5", stdin=GOLD,
    )  # fmt: skip

    assert result.exit_code == 0, result.stderr
    assert "Each on its own" in result.stdout
    assert "groups[0].conditions[1]" in result.stdout
    assert "Near misses" in result.stdout
    assert "ann@example.com" in result.stdout


def test_it_evaluates_for_another_instant(run: Run, contacts: str, events: str) -> None:
    result = run(
        "preview", "-", "--contacts", contacts, "--events", events,
        "--now", "2024-04-01T00:00:00Z", "--json", stdin=GOLD,
    )  # fmt: skip

    answer = json.loads(result.stdout)
    assert answer["count"] == 0
    assert answer["now"].startswith("2024-04-01T00:00:00")


def test_events_alone_bring_their_contacts(run: Run, events: str) -> None:
    opened = '{"match": "all", "groups": [{"match": "all", "conditions": [{"event": "open"}]}]}'

    result = run("preview", "-", "--events", events, "--json", stdin=opened)

    assert json.loads(result.stdout)["count"] == 2


def test_every_fault_is_shown_with_its_path(run: Run, contacts: str) -> None:
    rules = GOLD.replace("customField.plan", "customField.pln").replace("open", "Open it")

    result = run("preview", "-", "--contacts", contacts, stdin=rules)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "groups[0].conditions[0].field" in result.stderr
    assert "groups[0].conditions[1].event" in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_rules_that_are_no_json_are_exit_status_1(run: Run, contacts: str) -> None:
    result = run("preview", "-", "--contacts", contacts, stdin="{")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")


def test_every_example_runs_on_the_demo_and_most_find_somebody(run: Run) -> None:
    first = json.loads(run("preview", "example:active-subscribers", "--demo", "--json").stdout)

    assert first["total"] == 20_000
    assert 0 < first["reachable"] <= first["count"] < 20_000


def test_an_unknown_example_is_answered_with_those_there_are(run: Run) -> None:
    result = run("preview", "example:nobody", "--demo")

    assert result.exit_code == 2
    for example in examples.segments():
        assert example.id in result.stderr.replace("\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="no data"),
        pytest.param(["--demo", "--contacts", "CONTACTS"], id="both"),
        pytest.param(["--demo", "--map-events", "a=b"], id="nothing to map"),
        pytest.param(["--contacts", "CONTACTS", "--map-events", "a=b"], id="no events to map"),
        pytest.param(["--contacts", "CONTACTS", "--map-contacts", "a"], id="mapped to what"),
        pytest.param(["--demo", "--sample", "51"], id="sample too large"),
        pytest.param(["--demo", "--now", "2024-04-01"], id="now without offset"),
    ],
)
def test_a_command_that_is_not_understood_is_exit_status_2(
    run: Run, contacts: str, arguments: list[str]
) -> None:
    given = [contacts if argument == "CONTACTS" else argument for argument in arguments]

    assert run("preview", "-", *given, stdin=GOLD).exit_code == 2


def test_rules_that_are_not_there_are_exit_status_2(run: Run, contacts: str) -> None:
    assert run("preview", "nowhere.json", "--contacts", contacts).exit_code == 2


def test_columns_go_where_they_are_mapped(run: Run, people: str, write: Write) -> None:
    happened = write("happened.csv", "Customer ID,kind,When\nann,open,2024-05-01T12:00:00Z\n")

    result = run(
        "preview", "-", "--contacts", people, "--map-contacts", "Customer ID=id",
        "--map-contacts", "E-mail=", "--events", happened,
        "--map-events", "Customer ID=contact_id", "--map-events", "When=at", "--json", stdin=GOLD,
    )  # fmt: skip

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["count"] == 1


def test_a_missing_column_comes_with_the_option_that_names_it(
    run: Run, people: str, contacts: str, write: Write
) -> None:
    happened = write("happened.csv", "Customer ID,kind,When\nann,open,2024-05-01T12:00:00Z\n")

    first = run("preview", "-", "--contacts", people, stdin=GOLD)
    second = run("preview", "-", "--contacts", contacts, "--events", happened, stdin=GOLD)

    assert (first.exit_code, second.exit_code) == (1, 1)
    assert "--map-contacts 'Customer ID=id'" in first.stderr
    assert "--map-events 'Customer ID=contact_id'" in second.stderr
    assert "--map-events COLUMN=at" in second.stderr


@pytest.mark.parametrize(
    ("rows", "said"),
    [("ann,open,soon\n", "1 event did not go in;"), ("ann,open,\n" * 2, "2 events did not go in;")],
)
def test_rows_that_did_not_go_in_are_told_and_exit_status_1(
    run: Run, write: Write, contacts: str, rows: str, said: str
) -> None:
    happened = write("happened.csv", f"contact_id,kind,at\nann,open,2024-05-01T12:00:00Z\n{rows}")

    result = run("preview", "-", "--contacts", contacts, "--events", happened, "--json", stdin=GOLD)

    assert result.exit_code == 1
    assert said in result.stderr
    assert json.loads(result.stdout)["count"] == 1
