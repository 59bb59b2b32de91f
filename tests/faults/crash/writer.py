"""A writer is a process that opens a file and makes a history's operations, until it is killed.

It says what it begins and what it was answered, a line each, to whoever outlives it::

    python -m tests.faults.crash.writer FILE SEED [--start K] [--round R] [--rounds N] [--tour]
        [--settled] [--point P --count N --after R] [--broken HOW] [--out PIPE]

SEED and the round give the same operations again; a point, its count and "after" end the process
at the same place.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from threading import Lock, Thread
from typing import Any, Final, Literal

import bitseg
from bitseg.storage import points
from tests.faults.crash.broken import break_store
from tests.faults.crash.operations import Operation, Shape, round_of
from tests.faults.crash.performing import Clock, perform

EVER: Final = 10**9
"""Rounds of a writer that is to be killed."""


class Saying:
    """Where a writer says how far it is: a line at a time, each in one write."""

    def __init__(self, descriptor: int) -> None:
        """Take a pipe."""
        self._descriptor = descriptor

    def __call__(self, *words: object) -> None:
        """Say something."""
        os.write(self._descriptor, (" ".join(map(str, words)) + "\n").encode())


class Death:
    """Ends the process when a point is reached for the n-th time."""

    def __init__(self, point: str, count: int, say: Saying) -> None:
        """Take where and when; it counts from when it is ``armed``."""
        self._point = point
        self._left = count
        self._say = say
        self._lock = Lock()
        self.armed = False

    def __call__(self, point: str) -> None:
        """Hear that a point is reached."""
        if not self.armed or point != self._point:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._say("hit", point)
                os.kill(os.getpid(), signal.SIGKILL)


class Writer:
    """Makes the operations of one history on one file."""

    def __init__(self, path: Path, shape: Shape, start: int, say: Saying, *, settled: bool) -> None:
        """Open the file, with options drawn for this start."""
        self._path = path
        self._shape = shape
        self._draw = Random(f"{shape.seed}:start:{start}")  # noqa: S311 - a seed replays it
        self._settled = settled
        self._say = say
        self.clock = Clock()
        self._engine = self._open()

    def _open(self) -> bitseg.Engine:
        kept: Literal["kept"] = "kept"
        retention = self._shape.retention_days
        if self._settled and self._draw.random() < 0.5:
            return bitseg.open(self._path, retention_days=kept, **self._options())
        self._settled = True  # once this returns, the file says it
        return bitseg.open(self._path, retention_days=retention, **self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "clock": self.clock,
            "sync": self._draw.choice(("full", "normal")),
            "snapshot_bytes": self._draw.choice((20_000, 60_000, 250_000, 1_000_000)),
            "keep_bytes": self._draw.choice((1, 2**16, 2**30)),
        }

    def round(self, number: int) -> None:
        """Make the operations of a round, a thread a lane."""
        lanes = round_of(self._shape, number)
        threads = [Thread(target=self._lane, args=(lane,)) for lane in lanes[1:]]
        for thread in threads:
            thread.start()
        self._lane(lanes[0])
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """Close the file in order."""
        self._engine.close()

    def _lane(self, operations: list[Operation]) -> None:
        for operation in operations:
            self.clock.turn(operation.at)
            self._say("begin", operation.number, operation.name)
            self._make(operation)

    def _make(self, operation: Operation) -> None:
        number = operation.number
        try:
            if operation.name == "reopen":
                self._engine.close()
                self._engine = self._open()
                answer = None
            else:
                answer = perform(self._engine, operation, self._path)
        except bitseg.BitsegError as error:
            self._say("refused", number, type(error).__name__, json.dumps(str(error)[:900]))
        except Exception as error:  # noqa: BLE001 - the parent is to know of it
            self._say("failed", number, json.dumps(repr(error)[:900]))
        else:
            self._say("done", number, json.dumps(answer))


def main(words: Sequence[str] | None = None) -> None:
    """Run a writer."""
    given = _parser().parse_args(words)
    if given.out is None:
        _run(given, Saying(1))
        return
    descriptor = os.open(given.out, os.O_WRONLY)
    _run(given, Saying(descriptor))
    os.close(descriptor)


def _run(given: argparse.Namespace, say: Saying) -> None:
    arm: Callable[[], None] = lambda: None  # noqa: E731 - there may be no death to arm
    if given.point is not None:
        death = Death(given.point, given.count, say)
        points.watch(death)

        def arm() -> None:
            death.armed = True

    if given.after == 0:
        arm()
    if given.broken is not None:
        break_store(given.broken)
    say("opening")
    shape = Shape(given.seed, given.tour)
    writer = Writer(Path(given.file), shape, given.start, say, settled=given.settled)
    say("ready")
    for done in range(given.rounds):
        if done == given.after:
            arm()
        writer.round(given.round + done)
    writer.close()
    say("closed")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crash.writer")
    parser.add_argument("file")
    parser.add_argument("seed", type=int)
    parser.add_argument("--start", type=int, default=0, help="which start of the history it is")
    parser.add_argument("--round", type=int, default=0, help="the first round")
    parser.add_argument("--rounds", type=int, default=EVER, help="how many, then close the file")
    parser.add_argument("--settled", action="store_true", help="the file has its settings")
    parser.add_argument("--tour", action="store_true", help="see Shape.tour")
    parser.add_argument("--point", help="end at this point of the store")
    parser.add_argument("--count", type=int, default=1, help="when it is reached so often")
    parser.add_argument("--after", type=int, default=0, help="counting from so many rounds on")
    parser.add_argument("--broken", help="break the store on purpose, see broken.py")
    parser.add_argument("--out", help="a pipe to say things to instead of standard output")
    return parser


if __name__ == "__main__":
    main()
