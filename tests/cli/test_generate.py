"""``bitseg generate``: what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

FEW = ("--contacts", "5", "--events", "20")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*FEW, "--now", "0001-01-01T00:00:00Z"), "Expected a year from 5 to 9998, got 1"),
        ((*FEW, "--now", "9999-12-31T00:00:00Z"), "Expected a year from 5 to 9998, got 9999"),
        ((*FEW, "--now", "2024-05-01"), "Expected an ISO 8601 date-time with an offset"),
        (("--contacts", "0"), "Expected 1 contact or more to have 1,000,000 events"),
    ],
)
def test_what_cannot_be_generated_is_exit_status_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = run("generate", "--out", str(tmp_path), *arguments)

    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("now", ["0005-01-01T00:00:00Z", "9998-12-31T23:59:59Z"])
def test_the_first_and_the_last_year_can_be_loaded(run: Run, tmp_path: Path, now: str) -> None:
    made = run("generate", *FEW, "--now", now, "--format", "csv", "--out", str(tmp_path))
    contacts, events = tmp_path / "contacts.csv", tmp_path / "events.csv"
    loaded = run("import", "events", str(events), "--contacts", str(contacts))

    assert made.exit_code == 0, made.stderr
    assert loaded.exit_code == 0, loaded.stderr


def test_nobody_has_no_events(run: Run, tmp_path: Path) -> None:
    result = run("generate", "--contacts", "0", "--events", "0", "--out", str(tmp_path))

    assert result.exit_code == 0, result.stderr
