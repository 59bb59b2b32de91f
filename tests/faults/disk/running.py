"""Running is the workload in a process of its own, with a call of it failing, and what it said."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bitseg
from bitseg import Engine
from tests.engine.making import Clock
from tests.faults.disk.shim import Kind, environment
from tests.faults.disk.workload import STEPS, state

ROOT = Path(__file__).parents[3]
MAYBE = "may or may not be there"
SNAPSHOTS = (5, 10)


@dataclass(frozen=True)
class Run:
    """What a run of the workload left.

    Attributes:
        path: the database.
        said: the lines of its log.
        calls: how many calls of the kind there were.
        status: of the process.
        errors: what it printed when it failed.
    """

    path: Path
    said: list[str]
    calls: int
    status: int
    errors: str


def run(  # noqa: PLR0913 - each says something else of the call
    library: Path, directory: Path, kind: Kind, at: int, *, part: str = "", stays: bool = False
) -> Run:
    """Run the workload with one failing call, or all from one on.

    Args:
        library: the shim.
        directory: for the database; it is made.
        kind: how the call fails.
        at: which call, from 1; 0 = none.
        part: the file beside the database that it is about; "" = all.
        stays: whether all calls behind it fail as well.
    """
    directory.mkdir()
    path, log, count = directory / "disk.db", directory / "log", directory / "count"
    marked = path.with_name(path.name + part)
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.disk.workload", str(path), str(log)],
        env=environment(library, marked, kind, at, count, stays=stays),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = log.read_text("utf-8").splitlines() if log.exists() else []
    calls = int(count.read_text()) if count.exists() else 0
    return Run(path, said, calls, done.returncode, done.stderr)


def after(steps: list[int]) -> dict[str, Any]:
    """Return what is there after some of the steps, in memory."""
    engine = Engine(clock=Clock())
    for number in steps:
        if number not in SNAPSHOTS:  # they change nothing
            STEPS[number](engine)
    return state(engine)


def judge(done: Run) -> None:
    """See that the file holds what was acknowledged, what is unknown whole or not, and no more."""
    sure = [int(line.split()[1]) for line in done.said if line.startswith("ok ")]
    refused = [line for line in done.said if line.startswith("refused ")]
    unsure = [int(line.split()[1]) for line in refused if MAYBE in line][:1]
    if done.status:  # it ended within a step, and did not say of which
        unsure = [number for number in range(len(STEPS)) if number > max(sure, default=-1)][:1]
    allowed = [after(sure), *(after(sorted({*sure, number})) for number in unsure)]
    with bitseg.open(done.path, clock=Clock()) as engine:
        assert state(engine) in allowed, done.said
        engine.load_contacts([{"id": "after"}])
    assert bitseg.verify(done.path).findings == ()
