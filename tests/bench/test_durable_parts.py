"""The parts of ``python -m bench durable``: each measures all its cases; no time is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import durable_acks, durable_bulk, durable_file, durable_previews, durable_start
from bench.__main__ import main
from bench.durable_acks import Case
from bench.durable_apart import sqlite
from bench.durable_report import Figure, Setting


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """A tenant so small that its figures say nothing."""
    return Setting(1_000, 3_000, 1, tmp_path_factory.mktemp("durable"))


def _cases(figures: list[Figure]) -> list[str]:
    return [one.case for one in figures]


def test_acknowledgements_are_measured_beside_memory_and_the_disk(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_acks, "SECONDS", 0.01)
    cases = (Case("people", 100), Case("events", 1, 8))

    figures = durable_acks.measure(setting, cases)

    assert _cases(figures) == [
        "people of 100 rows, full",
        "people of 100 rows, normal",
        "people of 100 rows, memory",
        "events of 1 row, 8 writers, full",
        "events of 1 row, 8 writers, normal",
        "events of 1 row, 8 writers, memory",
        "events of 1 row, 8 writers, sqlite3 alone, one writer",
    ]
    assert all(one.values["n"] >= 1 for one in figures)


def test_bulk_loads_are_compared_and_their_bytes_counted(setting: Setting) -> None:
    figures = durable_bulk.measure(setting)

    assert _cases(figures) == ["contacts", "events", "both", "written"]
    assert all(value > 0 for one in figures for value in one.values.values())


def test_previews_are_watched_in_every_case(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SECONDS": 0.2, "ENOUGH": 10, "MOST": 1}.items():
        monkeypatch.setattr(durable_previews, name, value)

    figures = {one.case: one for one in durable_previews.measure(setting)}

    assert len(figures) == 3 * len(durable_previews.CASES)
    for case, one in figures.items():
        assert (one.values["snap MB"] > 0) == ("snapshots" in case)
        assert (one.values["events/s"] > 0) == ("events/s" in case)


@pytest.mark.slow
def test_starts_are_measured_of_files_as_they_may_be_found(setting: Setting) -> None:
    figures = durable_start.measure(setting)

    assert _cases(figures) == [
        "closed after a snapshot",
        "closed after a snapshot, cold",
        "killed, 20 writes behind",
        "killed after loads, no snapshot",
        "load of Parquet into memory",
    ]


def test_a_killed_process_leaves_a_file_with_its_wal(setting: Setting) -> None:
    with durable_file.working_copy(durable_file.busy(setting)) as path:
        assert len(durable_file.together(path)) == 2
        with durable_file.opened(path) as engine:
            assert engine.event_count == 3_000 + 2 * 500 + 8
    with durable_file.working_copy(durable_file.closed(setting)) as path:
        assert durable_file.together(path) == [path]


def test_the_command_prints_tables_and_json_and_keeps_the_files(tmp_path: Path) -> None:
    size = ["--contacts", "1000", "--events", "3000", "--rounds", "1", "--keep", str(tmp_path)]
    run = ["durable", "--only", "size", *size]

    shown = CliRunner().invoke(main, run, catch_exceptions=False)
    told = CliRunner().invoke(main, [*run, "--json"], catch_exceptions=False)

    assert "bytes of a contact" in shown.output
    assert "machine" in json.loads(shown.output.splitlines()[-1])
    report = json.loads(told.output)
    assert [one["case"] for one in report["figures"]] == [
        "bytes of a contact",
        "bytes of an event",
        "all, MB",
    ]
    assert (tmp_path / "1000-3000" / "sources" / "events.parquet").exists()


def test_the_peer_writes_what_it_says(tmp_path: Path) -> None:
    assert sqlite("commits", tmp_path, 0.001)["taken"]
    assert sqlite("blobs", tmp_path, 3_000_000)["seconds"] > 0
    assert (tmp_path / "raw.db").stat().st_size > 3_000_000
