"""Killed at each point of the store, a file holds what it must; a point not reached is a failure.

Each point 3 times in CI, 20 times in the long profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import pytest

from bitseg.storage.points import POINTS
from tests.faults.crash.driving import Script, at_point, drive, see_hit
from tests.faults.crash.history import History
from tests.faults.crash.nursery import Nursery
from tests.faults.crash.operations import TOUR
from tests.oracle.profile import first_seed

TIMES = 3
LONG_TIMES = 20
PER_HISTORY = 7
"""Kills of one file, about."""

SEEDS = 10_000
"""Seeds of these tests begin so far behind the first."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "making": ("migrate.", "mark."),
    "opening": ("open.locked", "open.read", "open.replaying", "open.ready"),
    "writing": ("write.", "parts."),
    "snapshots": ("snapshot.", "switch.", "trim.", "erase.", "checkpoint."),
    "closing": ("backup.", "close."),
}
"""Beginnings of points, by what drives a writer there."""

ALONE: Final = ("making", "opening")
"""Groups in which only writers open a file, so that a point finds it as it must be."""

OFTEN: Final = ("write.", "parts.", "snapshot.part")
"""Points that a tour comes to often, so that any time may be the last."""


def _points(group: str) -> list[str]:
    return [point for point in POINTS if point.startswith(GROUPS[group])]


def test_every_point_is_in_one_group() -> None:
    assert sorted(point for group in GROUPS for point in _points(group)) == sorted(POINTS)


def _making(hits: Counter[str]) -> Script:
    """End a writer in and behind each migration of a new file, and when it is first opened."""
    for point in _points("making"):
        see_hit((yield at_point(point)), point)
        hits[point] += 1


def _opening(history: History, draw: Random, points: Sequence[str], hits: Counter[str]) -> Script:
    """End writers that open a file with a snapshot, and with a journal to replay."""
    for point in points:
        snapshots = entries = 0
        while not snapshots or not entries:
            before = "write.acknowledged"
            see_hit((yield at_point(before, draw.randint(1, 9), draw.randint(4, 9))), before)
            snapshots, entries = history.to_read()
        count = draw.randint(1, min(entries, 9)) if point == "open.replaying" else 1
        see_hit((yield at_point(point, count)), point)
        hits[point] += 1


def _touring(draw: Random, points: Sequence[str], hits: Counter[str]) -> Script:
    """End writers at points on a tour of all that a store does."""
    for point in points:
        count = draw.choice((1, 2, 3, 5)) if point.startswith(OFTEN) else draw.choice((1, 1, 1, 2))
        see_hit((yield at_point(point, count, draw.randint(1, len(TOUR)))), point)
        hits[point] += 1


def _kill(nursery: Nursery, directory: Path, group: str, times: int) -> Counter[str]:
    """Kill writers at each point of a group; return how often each was hit."""
    points = _points(group) * times
    first = first_seed() + SEEDS + 1_000 * list(GROUPS).index(group)
    count = times if group == "making" else -(-len(points) // PER_HISTORY)
    hits: Counter[str] = Counter()
    scripts: list[tuple[History, Script]] = []
    Random(f"{first}:order").shuffle(points)  # noqa: S311 - a seed replays it
    for number in range(count):
        seed = first + number
        draw = Random(f"{seed}:points")  # noqa: S311 - a seed replays it
        history = History(nursery, directory, seed, tour=True, left_alone=group in ALONE)
        match group:
            case "making":
                script = _making(hits)
            case "opening":
                script = _opening(history, draw, points[number::count], hits)
            case _:
                script = _touring(draw, points[number::count], hits)
        scripts.append((history, script))
    drive(scripts)
    return hits


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_a_kill_at_each_point_loses_nothing(nursery: Nursery, tmp_path: Path, group: str) -> None:
    hits = _kill(nursery, tmp_path, group, TIMES)
    assert all(hits[point] >= TIMES for point in _points(group)), hits


@pytest.mark.long
@pytest.mark.parametrize("group", GROUPS)
def test_no_kill_at_any_point_loses_anything(nursery: Nursery, tmp_path: Path, group: str) -> None:
    hits = _kill(nursery, tmp_path, group, LONG_TIMES)
    assert all(hits[point] >= LONG_TIMES for point in _points(group)), hits
