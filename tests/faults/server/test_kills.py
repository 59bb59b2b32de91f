"""Killed at any moment, a server holds all that it answered, and each other request whole or not.

60 kills in CI within a time budget, 1,000 in the long profile. Options are drawn anew for every
start; some servers are killed while they start, on what a kill left.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

import pytest

from tests.faults.server.history import History
from tests.faults.server.process import Process
from tests.oracle.profile import first_seed, profile

HISTORIES: Final = 2
"""Directories, one beside the other: while one server starts, another has load."""

KILLS: Final = 1_000 if profile().name == "long" else 60
SECONDS: Final = 3_400.0 if profile().name == "long" else 45.0
LEAST: Final = 6
"""Kills without which nothing is shown, however long they take."""

WHILE_STARTING: Final = 0.15
"""So many are killed before they are ready, or about then."""


def _kill(history: History, seed: int) -> None:
    draw = Random(f"{seed}:when")  # noqa: S311 - a seed replays it
    ends_at = monotonic() + SECONDS
    while history.kills < KILLS // HISTORIES:
        if history.kills >= LEAST // HISTORIES and monotonic() > ends_at:
            break
        if draw.random() < WHILE_STARTING:
            history.kill_while_starting()
        else:
            history.kill_under_load()
    history.last_check()


@pytest.mark.slow
def test_nothing_that_was_answered_is_lost(tmp_path: Path) -> None:
    seeds = [first_seed() + number for number in range(HISTORIES)]
    histories = [History(tmp_path, seed) for seed in seeds]
    with ThreadPoolExecutor(HISTORIES) as pool:
        for done in [pool.submit(_kill, *one) for one in zip(histories, seeds, strict=True)]:
            done.result()

    for one in histories:
        sys.stdout.write(
            f"{one.kills} kills, {one.done} requests done, {one.refused} refused, "
            f"{one.unknown} without an answer\n"
        )
        assert one.done > 0
        assert one.unknown > 0


@pytest.mark.slow
def test_told_to_end_under_load_it_drains_and_loses_nothing(tmp_path: Path) -> None:
    history = History(tmp_path, first_seed() + 100)

    status, seconds = history.end_under_load()
    history.last_check()

    assert status == 0
    assert seconds < 10
    assert history.done > 0


@pytest.mark.slow
def test_a_second_process_on_the_directory_is_refused_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    history = History(tmp_path, first_seed() + 200)
    with Process(history.data) as first:
        assert first.wait()
        with Process(history.data) as second:
            assert not second.wait()
            assert second.status() == 1
        history.check(first.url)
        assert first.terminate() == 0

    assert f"is open in process {first.pid}" in history.log()
