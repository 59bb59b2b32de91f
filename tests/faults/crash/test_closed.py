"""Killed beside a close in order, while it is closed or opened again, a file opens with all of it.

A close notes beside the file that it was closed; an opening notes first that it no longer is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.faults.crash.driving import Script, at_point, drive, see_hit
from tests.faults.crash.history import History
from tests.faults.crash.nursery import Nursery
from tests.faults.crash.operations import TOUR
from tests.faults.crash.running import Plan
from tests.oracle.profile import first_seed

SEEDS: Final = 40_000

OPENING: Final = (
    *("open.locked", "open.read", "trim.begin", "trim.commit", "trim.committed", "open.ready"),
)
"""Points that opening a file comes to that was closed in order."""


def _opened_again(point: str) -> Script:
    """Close a file in order, and end the next writer while it opens it."""
    story = yield Plan(("--rounds", str(TOUR.index("snapshot") + 1)))
    assert story.closed, story.command
    see_hit((yield at_point(point)), point)


@pytest.mark.slow
@pytest.mark.parametrize("point", OPENING)
def test_a_kill_while_opening_a_closed_file(nursery: Nursery, tmp_path: Path, point: str) -> None:
    seed = first_seed() + SEEDS + 2
    history = History(nursery, tmp_path, seed, tour=True, left_alone=True)
    drive([(history, _opened_again(point))])
