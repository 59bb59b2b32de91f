"""A machine that goes down loses what was not synced; what was acknowledged was synced.

Every write and sync of a run is written down. The files are then built as they are at worst when
the machine goes down at some call: of each file only what came before its last sync.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import bitseg
from bitseg import Engine, StoreError
from tests.engine.making import Clock
from tests.faults.disk.shim import compiled, recording
from tests.faults.disk.workload import SNAPSHOTS, STEPS, state
from tests.oracle.profile import first_seed, profile

ROOT = Path(__file__).parents[3]
LONG = profile().name == "long"
CUTS = 1_000 if LONG else 50


class Call(NamedTuple):
    """One call: a write (``w``), a sync (``s``), a new length (``t``) or a new name (``n``)."""

    what: str
    at: int
    path: str
    data: bytes


def _calls(log: Path) -> list[Call]:
    data = log.read_bytes()
    calls, place = [], 0
    while place < len(data):
        end = data.index(b"\n", place)
        what, at, size, path = data[place:end].decode().split(" ", 3)
        place = end + 1 + int(size)
        calls.append(Call(what, int(at), path, data[end + 1 : place]))
    return calls


def _files(calls: list[Call]) -> dict[str, bytearray]:
    """Return the files as of the last sync of each; a new name is there when its directory is."""
    now: dict[str, bytearray] = {}
    synced: dict[str, bytearray] = {}
    named: list[tuple[str, str]] = []
    for call in calls:
        if call.what == "n":
            named.append((call.path, call.data.decode()))
            now[named[-1][1]] = now.pop(call.path)
            continue
        if call.what == "s" and call.path in {str(Path(new).parent) for _, new in named}:
            for old, new in named:
                synced[new] = synced.pop(old)
            named.clear()
            continue
        file = now.setdefault(call.path, bytearray())
        if call.what == "s":
            synced[call.path] = bytearray(file)
        elif call.what == "t":
            file[:] = file[: call.at].ljust(call.at, b"\0")
        else:
            file[:] = file.ljust(call.at, b"\0")
            file[call.at : call.at + len(call.data)] = call.data
    return synced


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Call]]:
    """Run the workload; what it says is among the calls, at its place in time."""
    directory = tmp_path_factory.mktemp("recorded")
    library = compiled(directory)
    if library is None:
        pytest.skip("there is no compiler for the library that writes calls down")
    path, log, said = directory / "run" / "disk.db", directory / "log", directory / "run" / "said"
    path.parent.mkdir()
    subprocess.run(
        [sys.executable, "-m", "tests.faults.disk.workload", str(path), str(said)],
        env=recording(library, path.parent, log),
        cwd=ROOT,
        check=True,
    )
    return path, _calls(log)


@pytest.mark.long if LONG else pytest.mark.slow
def test_what_was_acknowledged_was_synced(run: tuple[Path, list[Call]], tmp_path: Path) -> None:
    path, calls = run
    draw = random.Random(first_seed())  # noqa: S311 - a seed replays it
    ends = range(1, len(calls) + 1)
    cuts = ends if len(ends) <= CUTS else [*sorted(draw.sample(ends[:-1], CUTS - 1)), len(calls)]
    expected: dict[int, dict[str, Any]] = {}
    most = 0
    for cut in cuts:
        said = [c.data.decode() for c in calls[:cut] if c.path.endswith("said") and c.what == "w"]
        sure = [int(line.split()[1]) for line in said if line.startswith("ok ")]
        files = _files(calls[:cut])
        for number in range(len(sure), len(sure) + 2):
            expected.setdefault(number, _after(number))
        there = tmp_path / str(cut)
        there.mkdir()
        for end in ("", "-wal", "-acknowledged"):
            if f"{path}{end}" in files:
                (there / f"disk.db{end}").write_bytes(files[f"{path}{end}"])
        if not (there / "disk.db").exists() and not sure:
            continue  # so early that not even a name was there
        with bitseg.open(there / "disk.db", clock=Clock()) as engine:
            found = state(engine)
        assert found in (expected[len(sure)], expected[len(sure) + 1]), (cut, len(sure))
        most = max(most, len(sure))
    assert most == len(STEPS)


def test_a_write_that_was_not_synced_would_be_missed(
    run: tuple[Path, list[Call]], tmp_path: Path
) -> None:
    """Without its last syncs the same run does lose what was acknowledged: the test can fail."""
    path, calls = run
    last = max(i for i, call in enumerate(calls) if call.data == b"ok 9\n")
    syncs = [i for i, call in enumerate(calls[:last]) if call.what == "s" and "-wal" in call.path]
    kept = [call for i, call in enumerate(calls[:last]) if i not in syncs[-3:]]
    files = _files(kept)
    for end in ("", "-wal"):
        (tmp_path / f"disk.db{end}").write_bytes(files[f"{path}{end}"])
    try:
        with bitseg.open(tmp_path / "disk.db", clock=Clock()) as engine:
            assert state(engine) != _after(10)
    except StoreError:
        pass


def _after(number: int) -> dict[str, Any]:
    """Return what is there after so many steps."""
    engine = Engine(clock=Clock())
    for place, step in enumerate(STEPS[:number]):
        if place not in SNAPSHOTS:
            step(engine)
    return state(engine)
