"""Killed beside a close in order, while it is closed or opened again, a file opens with all of it.

A close writes into the file that it was closed; an opening writes that it no longer is.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.faults.crash.driving import Script, at_point, drive, see_hit
from tests.faults.crash.examining import copy_file
from tests.faults.crash.history import History
from tests.faults.crash.nursery import Nursery
from tests.faults.crash.operations import TOUR
from tests.faults.crash.running import Plan, Story
from tests.oracle.profile import first_seed

SEEDS: Final = 40_000
PAGE: Final = 4_096
TRIES: Final = 20

REFUSED: Final = pytest.mark.xfail(
    reason="the file says closed and the -wal holds changes: opening takes it for another's"
)
OPENING: Final = (
    *("open.locked", "open.read", "write.begin", "write.commit"),
    *(pytest.param(one, marks=REFUSED) for one in ("write.committed", "checkpoint.begin")),
    *("checkpoint.done", "trim.begin", "trim.commit", "trim.committed", "open.ready"),
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


def _torn(file: Path, pages: int) -> bool:
    """Leave a file as a kill does when a checkpoint has copied so many pages of its -wal.

    Returns:
        Whether the checkpoint has more to copy.
    """
    whole = file.with_name("whole.db")
    for end in ("", "-wal"):
        shutil.copyfile(f"{file}{end}", f"{whole}{end}")
    with closing(sqlite3.connect(whole)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        after = whole.read_bytes()
    data = bytearray(file.read_bytes())
    data.extend(bytes(len(after) - len(data)))
    changed = [
        at for at in range(0, len(after), PAGE) if data[at : at + PAGE] != after[at : at + PAGE]
    ]
    for at in changed[:pages]:
        data[at : at + PAGE] = after[at : at + PAGE]
    if pages:
        file.write_bytes(data)
    return pages < len(changed)


def _killed_while_closing(nursery: Nursery, directory: Path) -> tuple[History, Story]:
    """Return a file whose writer was killed with the mark of its close in the -wal only."""
    first = first_seed() + SEEDS + 1_000
    for number in range(TRIES):
        place = directory / str(number)
        place.mkdir(parents=True)
        history = History(nursery, place, first + number, left_alone=True)
        where = ("--point", "checkpoint.begin", "--after", "2")
        story = history.run(Plan(("--rounds", "3", *where)))
        look = copy_file(history.file, "look.db")
        with closing(sqlite3.connect(look)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'closed'").fetchone()
        if row == (b"1",):  # and not a checkpoint of the last round's
            assert story.hit == "checkpoint.begin"
            return history, story
    pytest.fail(f"{TRIES} writers ended before they closed their files")


@pytest.mark.slow
@REFUSED
def test_a_kill_in_the_last_checkpoint(nursery: Nursery, tmp_path: Path) -> None:
    pages, more = 0, True
    while more:
        history, story = _killed_while_closing(nursery, tmp_path / str(pages))
        more = _torn(history.file, pages)
        history.check(story)
        pages += 1
