"""Killed, and killed again while it is opened, a file holds what it must.

10 times in CI, 100 in the long profile. In every second one the moment is a random one.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.faults.crash.driving import Script, at_point, drive, see_hit
from tests.faults.crash.history import History
from tests.faults.crash.nursery import Nursery
from tests.faults.crash.running import Plan
from tests.oracle.profile import first_seed

HISTORIES = 2
DOUBLES = 5
"""Of each history in CI: 10 in all."""

LONG_PARTS = 5
LONG_DOUBLES = 10
"""Of each history in a part: 100 in all."""

SEEDS = 20_000
TRIES = 30

ON_THE_WAY: Final = (
    *("open.locked", "open.read", "open.replaying", "open.replaying", "open.ready"),
    *("write.begin", "write.commit", "write.committed", "checkpoint.begin", "checkpoint.done"),
    *("trim.begin", "trim.commit", "trim.committed"),
)
"""Points that opening a file comes to: it marks the file as open, and sweeps it."""


def _doubles(history: History, draw: Random, doubles: int) -> Script:
    """Kill a writer at work, then the next while it opens what the first one left."""
    opens_in = 0.1
    for number in range(doubles):
        entries = snapshots = 0
        while not entries:
            story = yield Plan(after=draw.uniform(0.02, 0.5))
            assert story.killed, story.command
            opens_in = story.seconds or opens_in
            snapshots, entries = history.to_read()
        for _ in range(draw.choice((1, 1, 2))):
            if number % 2:
                yield from _at_a_moment(draw, opens_in)
                continue
            point = draw.choice(ON_THE_WAY)
            if point == "open.read" and not snapshots:
                point = "open.locked"
            count = draw.randint(1, min(entries, 9)) if point == "open.replaying" else 1
            see_hit((yield at_point(point, count)), point)


def _at_a_moment(draw: Random, opens_in: float) -> Script:
    """Kill a writer before it has opened its file."""
    for _ in range(TRIES):
        story = yield Plan(after=draw.uniform(0, opens_in), at="opening")
        assert story.killed, story.command
        if not story.opened:
            return
    pytest.fail(f"{TRIES} writers opened {story.command} before they were killed")


def _kill(nursery: Nursery, directory: Path, first: int, doubles: int) -> int:
    """Take files through double crashes; return how many kills there were."""
    histories = [
        History(nursery, directory, first + number, left_alone=True) for number in range(HISTORIES)
    ]
    drive(
        (one, _doubles(one, Random(f"{one.shape.seed}:doubles"), doubles))  # noqa: S311
        for one in histories
    )
    return sum(one.kills for one in histories)


@pytest.mark.slow
def test_a_kill_while_opening_loses_nothing(nursery: Nursery, tmp_path: Path) -> None:
    kills = _kill(nursery, tmp_path, first_seed() + SEEDS, DOUBLES)
    assert kills >= 2 * HISTORIES * DOUBLES


@pytest.mark.long
@pytest.mark.parametrize("part", range(LONG_PARTS))
def test_no_kill_while_opening_loses_anything(nursery: Nursery, tmp_path: Path, part: int) -> None:
    first = first_seed() + SEEDS + 1_000 + part * HISTORIES
    assert _kill(nursery, tmp_path, first, LONG_DOUBLES) >= 2 * HISTORIES * LONG_DOUBLES
