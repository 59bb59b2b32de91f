"""``bitseg segment``: lists, makes and exports segments of a file."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from pyarrow import parquet

import bitseg
from tests.cli.conftest import Run, Write

GOLD = {
    "match": "all",
    "groups": [
        {
            "match": "all",
            "conditions": [{"field": "customField.plan", "operator": "equals", "value": "gold"}],
        }
    ],
}
MEMBERS = {
    "csv": b"contact.id\r\nann\r\ncid\r\n",
    "ndjson": b'{"contact.id":"ann"}\n{"contact.id":"cid"}\n',
}


@pytest.fixture
def rules(write: Write) -> str:
    return write("gold.json", json.dumps(GOLD))


def test_one_by_rules_is_made_listed_and_exported(run: Run, db: str, rules: str) -> None:
    made = run("segment", "create", db, "Gold", "--rules", rules, "--description", "They pay.")
    listed = json.loads(run("segment", "list", db, "--json").stdout)
    exported = run("segment", "export", db, "Gold", "--fields", "contact.id,customField.plan")

    assert made.exit_code == 0, made.stderr
    assert "has 2 members now" in made.stdout
    (one,) = listed["items"]
    assert (one["name"], one["description"], one["contact_count"], one["rules"]) == (
        "Gold", "They pay.", 2, GOLD,
    )  # fmt: skip
    assert exported.exit_code == 0, exported.stderr
    assert exported.stdout_bytes == b"contact.id,customField.plan\r\nann,gold\r\ncid,gold\r\n"


def test_a_table_is_for_people(run: Run, db: str, rules: str) -> None:
    run("segment", "create", db, "Gold", "--rules", rules)
    run("segment", "create", db, "Readers", "--rules", "example:highly-engaged")

    both = run("segment", "list", db).stdout
    one = run("segment", "list", db, "--search", "gOL").stdout

    assert "Gold" in both
    assert "Readers" in both
    assert "Gold" in one
    assert "Readers" not in one


def test_one_by_ids_names_those_that_nobody_has(run: Run, db: str, write: Write) -> None:
    good, bad = write("good.txt", "ann\nbob\n\n"), write("bad.txt", "ann\nnobody\n")

    made = run("segment", "create", db, "Good", "--ids", good, "--json")
    left_out = run("segment", "create", db, "Bad", "--ids", bad)

    assert (made.exit_code, json.loads(made.stdout)["contact_count"]) == (0, 2)
    assert left_out.exit_code == 1
    assert "No contact has the ids nobody." in left_out.stderr


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_every_format_goes_to_a_file(
    run: Run, db: str, rules: str, form: str, tmp_path: Path
) -> None:
    run("segment", "create", db, "Gold", "--rules", rules)
    out = tmp_path / f"gold.{form}"
    options = ("--format", form, "--fields", "contact.id", "--out", str(out))

    result = run("segment", "export", db, "Gold", *options)

    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    data = out.read_bytes()
    if form == "parquet":
        rows = parquet.read_table(BytesIO(data)).to_pylist()
        assert rows == [{"contact.id": "ann"}, {"contact.id": "cid"}]
    else:
        assert data == MEMBERS[form]


def test_what_is_not_there_is_exit_status_1(run: Run, db: str, rules: str, tmp_path: Path) -> None:
    run("segment", "create", db, "Gold", "--rules", rules)

    unknown = run("segment", "export", db, "Silver")
    field = run("segment", "export", db, "Gold", "--fields", "contact.citty")
    taken = run("segment", "create", db, "Gold", "--rules", rules)
    neither = run("segment", "create", db, "Silver")
    nowhere = run("segment", "export", db, "Gold", "--out", str(tmp_path / "none" / "gold.csv"))

    assert [one.exit_code for one in (unknown, field, taken, neither, nowhere)] == [1] * 5
    assert "Silver" in unknown.stderr
    assert "Did you mean 'contact.city'?" in field.stderr
    assert "Expected either rules" in neither.stderr


def test_a_name_that_several_have_is_no_name(run: Run, db: str) -> None:
    with bitseg.open(db) as engine:
        for workspace in ("a", "b"):
            engine.segments.create("Gold", GOLD, workspace_id=workspace, id=f"gold-{workspace}")

    result = run("segment", "export", db, "Gold")

    assert result.exit_code == 2
    assert "gold-a, gold-b" in result.stderr
    assert run("segment", "export", db, "gold-b", "--fields", "contact.id").exit_code == 0
