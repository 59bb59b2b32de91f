"""Killed at any moment, a file holds all that was acknowledged, and each other write whole or not.

60 kills in CI, 1,000 in the long profile. Options are drawn anew for every writer.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.faults.crash.driving import at_random, drive
from tests.faults.crash.history import History
from tests.faults.crash.nursery import Nursery
from tests.oracle.profile import first_seed

HISTORIES = 6
KILLS = 10
"""Of each history in CI: 60 in all."""

LONG_PARTS = 10
LONG_KILLS = 17
"""Of each history in a part: 1,020 in all."""


def _kill(nursery: Nursery, directory: Path, first: int, kills: int, soon: int) -> int:
    """Take ``HISTORIES`` files through kills; return how many there were."""
    histories = [History(nursery, directory, first + number) for number in range(HISTORIES)]
    drive(
        (one, at_random(Random(f"{one.shape.seed}:kills"), kills, soon=soon))  # noqa: S311
        for one in histories
    )
    return sum(one.kills for one in histories)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(nursery: Nursery, tmp_path: Path) -> None:
    assert _kill(nursery, tmp_path, first_seed(), KILLS, soon=4) == HISTORIES * KILLS


@pytest.mark.long
@pytest.mark.parametrize("part", range(LONG_PARTS))
def test_nothing_acknowledged_is_ever_lost(nursery: Nursery, tmp_path: Path, part: int) -> None:
    first = first_seed() + 1_000 + part * HISTORIES
    assert _kill(nursery, tmp_path, first, LONG_KILLS, soon=1) == HISTORIES * LONG_KILLS
