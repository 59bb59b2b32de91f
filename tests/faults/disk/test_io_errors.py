"""A disk that fails once: every failure has a name, and nothing acknowledged is lost."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import Engine
from tests.engine.making import Clock
from tests.faults.disk.forking import Forking
from tests.faults.disk.shim import KINDS, Kind, compiled, environment
from tests.faults.disk.workload import SNAPSHOTS, STEPS, state
from tests.oracle.profile import first_seed, profile

LONG = profile().name == "long"
RUNS = 300 if LONG else 8
"""Runs of each kind of failure."""
MAYBE = "may or may not be there"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = compiled(tmp_path_factory.mktemp("shim"))
    if made is None:
        pytest.skip("there is no compiler for the library that fails calls")
    return made


@pytest.fixture(scope="module")
def forking(library: Path) -> Iterator[Forking]:
    with Forking(library) as process:
        yield process


def _run(
    forking: Forking, library: Path, directory: Path, kind: Kind, at: int
) -> tuple[Path, list[str], int]:
    """Run the workload with one failing call; return the file, what it said, and its calls."""
    directory.mkdir()
    path, log, count = directory / "disk.db", directory / "log", directory / "count"
    where = environment(library, path, kind, at, count)
    status = forking.run(where, path, log)
    said = log.read_text("utf-8").splitlines() if log.exists() else []
    assert status == 0
    return path, said, int(count.read_text())


def _states(said: list[str]) -> list[dict[str, Any]]:
    """Return what may be there: all acknowledged, and what may or may not be, with and without."""
    sure = [int(line.split()[1]) for line in said if line.startswith("ok ")]
    unsure = [int(s.split()[1]) for s in said if s.startswith("refused ") and MAYBE in s]
    found = []
    for more in [[], *[[one] for one in unsure[:1]]]:
        engine = Engine(clock=Clock())
        for number in sorted({*sure, *more}):
            if number not in SNAPSHOTS:
                STEPS[number](engine)
        found.append(state(engine))
    return found


def _judge(path: Path, said: list[str]) -> None:
    with bitseg.open(path, clock=Clock()) as engine:
        assert state(engine) in _states(said)
        engine.load_contacts([{"id": "after"}])
    found = bitseg.verify(path)
    assert found.findings == ()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_workload_takes_every_step_where_nothing_fails(
    forking: Forking, library: Path, tmp_path: Path
) -> None:
    path, said, calls = _run(forking, library, tmp_path / "run", "EIO", 0)
    assert said == ["opened", *[f"ok {number}" for number in range(len(STEPS))], "closed"]
    assert calls > 100
    _judge(path, said)


@pytest.mark.long if LONG else pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_fails_loses_nothing_that_was_acknowledged(
    kind: Kind, forking: Forking, library: Path, tmp_path: Path
) -> None:
    _, _, calls = _run(forking, library, tmp_path / "none", kind, 0)
    draw = random.Random(f"{first_seed()} {kind}")  # noqa: S311 - a seed replays it
    every = range(1, calls + 1)
    places = every[:RUNS] if LONG else sorted(draw.sample(every, min(RUNS, calls)))
    refused = 0
    for at in places:
        path, said, _ = _run(forking, library, tmp_path / str(at), kind, at)
        print(kind, at, [line[:90] for line in said if not line.startswith("ok")])  # noqa: T201
        assert not [line for line in said if line.startswith("changed")]
        refused += any(line.startswith(("refused", "unopened", "unclosed")) for line in said)
        _judge(path, said)
    assert (refused > 0) == (kind != "part")  # half a write is gone on with


@pytest.mark.parametrize("part", ["-acknowledged", "-lock"])
def test_a_file_beside_that_fails_is_an_error_with_a_name(
    part: str, forking: Forking, library: Path, tmp_path: Path
) -> None:
    path, log = tmp_path / "disk.db", tmp_path / "log"
    where = environment(library, tmp_path / f"disk.db{part}", "EIO", 1, tmp_path / "count")
    status = forking.run(where, path, log)
    (tmp_path / "count").read_text()  # a call was met
    assert status == 0


def test_after_a_sync_that_failed_nothing_more_is_written(
    forking: Forking, library: Path, tmp_path: Path
) -> None:
    met = 0
    for at in range(2, 60, 3):
        _, said, _ = _run(forking, library, tmp_path / str(at), "sync", at)
        refused = [line.startswith("refused") for line in said]
        if True not in refused:
            continue
        first = refused.index(True)
        behind = [line for line in said[first + 1 :] if not line.startswith("un")]
        assert behind
        written = {line for line in behind if not line.startswith("refused")}
        nothing = {"ok 4", "ok 7", "ok 13", "closed"}  # who or what nobody knows is not written
        assert written <= nothing
        met += 1
        if met == 4:
            return
    assert met > 0, "no failing sync was met by a write"
