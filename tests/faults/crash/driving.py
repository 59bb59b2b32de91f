"""Driving takes histories through kills: while one has a writer, another's file is checked."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Final, NamedTuple, TypeAlias

from tests.faults.crash.history import History
from tests.faults.crash.running import Plan, Story

Script: TypeAlias = Generator[Plan, Story, None]
"""Says how each writer of a history ends, and is told what it said once its file was checked."""

SOONEST: Final = 0.02
LATEST: Final = 1.5
"""Seconds after which writers are killed at random."""

ROUNDS: Final = 200
"""Rounds within which a writer comes to its point, or never does."""


class _Turn(NamedTuple):
    """A history and what its next writer is to do."""

    history: History
    script: Script
    plan: Plan


def drive(scripts: Iterable[tuple[History, Script]]) -> None:
    """Play scripts to their ends, in turn, one writer at a time.

    Raises:
        MismatchError: a file is not what it must be.
    """
    waiting = deque(_Turn(history, script, next(script)) for history, script in scripts)
    with ThreadPoolExecutor(1) as pool:
        running: tuple[_Turn, Future[Story]] | None = None
        while running is not None or waiting:
            ended = None if running is None else (running[0], running[1].result())
            running = None
            if waiting:
                turn = waiting.popleft()
                running = turn, pool.submit(turn.history.run, turn.plan)
            if ended is not None:
                turn, story = ended
                turn.history.check(story)
                try:
                    waiting.append(turn._replace(plan=turn.script.send(story)))
                except StopIteration:
                    continue


def at_random(draw: Random, kills: int, *, soon: int = 1) -> Script:
    """Kill writers at random moments.

    Args:
        draw: where moments come from.
        kills: how many.
        soon: 1 = all moments are as likely; more = early ones are likelier.
    """
    for _ in range(kills):
        story = yield Plan(
            after=SOONEST + (LATEST - SOONEST) * draw.random() ** soon,
            at="opening" if draw.random() < 0.15 else "ready",
            fresh=draw.random() < 0.03,
        )
        assert story.killed, story.command


def at_point(point: str, count: int = 1, after: int = 0) -> Plan:
    """Plan a writer that ends at a point.

    Args:
        point: which.
        count: when it is reached so often.
        after: counted from so many rounds on; 0 = from before the file is opened.
    """
    where = ("--point", point, "--count", str(count), "--after", str(after))
    return Plan((*where, "--rounds", str(ROUNDS)))


def see_hit(story: Story, point: str) -> None:
    """See that a writer ended at a point.

    Raises:
        AssertionError: it did not come there.
    """
    assert story.hit == point, f"{point} was not reached by {' '.join(story.command)}"
    assert story.killed, story.command
