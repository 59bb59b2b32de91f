"""A process that ends at any call to the disk leaves a file that opens with all it acknowledged."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.disk.running import judge, run
from tests.faults.disk.shim import compiled
from tests.oracle.profile import first_seed, profile

LONG = profile().name == "long"
SIZED = pytest.mark.long if LONG else pytest.mark.slow
RUNS = 400 if LONG else 5
LAST = 12
"""Calls that closing makes."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = compiled(tmp_path_factory.mktemp("shim"))
    if made is None:
        pytest.skip("there is no compiler for the library that ends processes")
    return made


@SIZED
def test_a_process_that_ends_at_a_write_loses_nothing(library: Path, tmp_path: Path) -> None:
    calls = run(library, tmp_path / "none", "kill", 0).calls
    draw = random.Random(first_seed())  # noqa: S311 - a seed replays it
    places = range(1, calls - LAST)
    for at in sorted(draw.sample(places, min(RUNS, len(places)))):
        done = run(library, tmp_path / str(at), "kill", at)
        assert done.status == -9, (at, done.errors)
        judge(done)


@SIZED
@pytest.mark.parametrize("behind", range(LAST) if LONG else (0, 1, 2, 5))
def test_a_process_that_ends_while_it_closes_loses_nothing(
    behind: int, library: Path, tmp_path: Path
) -> None:
    calls = run(library, tmp_path / "none", "kill", 0).calls
    done = run(library, tmp_path / "ended", "kill", calls - behind)
    assert done.status == -9, done.errors
    judge(done)


@SIZED
@pytest.mark.parametrize("part", ["-acknowledged", "-lock", "-erasures", "-shm", "-wal", ""])
@pytest.mark.parametrize("place", [0, 0.4, 1], ids=["first", "midway", "last"])
def test_a_file_beside_that_fails_is_an_error_with_a_name(
    part: str, place: float, library: Path, tmp_path: Path
) -> None:
    calls = run(library, tmp_path / "none", "EIO", 0, part=part).calls
    at = 1 + round((calls - 1) * place)
    done = run(library, tmp_path / "failing", "EIO", at, part=part)
    assert done.status == 0, done.errors
    judge(done)


@SIZED
@pytest.mark.parametrize("kind", ["EIO", "ENOSPC", "sync", "read"])
def test_a_disk_that_stays_broken_loses_nothing_that_was_acknowledged(
    kind: str, library: Path, tmp_path: Path
) -> None:
    calls = run(library, tmp_path / "none", kind, 0).calls
    draw = random.Random(f"{first_seed()} {kind}")  # noqa: S311 - a seed replays it
    places = range(1, calls + 1)
    for at in [*sorted(draw.sample(places, min(RUNS, calls) - 1)), calls]:
        done = run(library, tmp_path / str(at), kind, at, stays=True)
        assert done.status == 0, (at, done.errors)
        judge(done)
