"""Running starts one writer, ends it as planned, and keeps what it said: the story."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from tests.faults.crash.nursery import ROOT, Nursery

READY_WITHIN: Final = 60.0
"""Seconds after which a writer that says nothing hangs."""


@dataclass
class Story:
    """What a writer said until it ended.

    Attributes:
        command: its command line, to run it again.
        opened: whether it came so far as to open the file.
        begun: numbers of operations, in the order in which they were begun.
        answers: what came of those that returned: ``done``, ``refused`` or ``failed``, and what
            was said.
        hit: the point that it ended at, where it was told one.
        closed: whether it closed the file in order.
        killed: whether it was killed.
        seconds: from "opening" to "ready", None where it did not come so far.
    """

    command: list[str]
    opened: bool = False
    begun: list[int] = field(default_factory=list)
    answers: dict[int, tuple[str, Any]] = field(default_factory=dict)
    hit: str | None = None
    closed: bool = False
    killed: bool = False
    seconds: float | None = None

    @property
    def in_flight(self) -> list[int]:
        """The operations that were begun and never answered."""
        return [number for number in self.begun if number not in self.answers]


@dataclass(frozen=True)
class Plan:
    """How a writer ends.

    Attributes:
        words: options of its command line.
        after: kill it so many seconds after it says ``at``; None = it ends by itself.
        at: "ready" or "opening".
        fresh: whether it is a process started anew, and not forked.
    """

    words: tuple[str, ...] = ()
    after: float | None = None
    at: str = "ready"
    fresh: bool = False


def run(nursery: Nursery, file: Path, seed: int, plan: Plan) -> Story:
    """Run a writer until it ends."""
    command = [str(file), str(seed), *plan.words]
    pipe = file.with_name(f"{file.name}-{time.monotonic_ns()}.pipe")
    os.mkfifo(pipe)
    words = [*command, "--out", str(pipe)]
    process: subprocess.Popen[bytes] | None = None
    if plan.fresh:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crash.writer", *words], cwd=ROOT
        )
        pid = process.pid
    else:
        pid = nursery.fork(words)
    story = Story(command)
    try:
        _listen(pipe, pid, plan, story)
    finally:
        pipe.unlink()
        status = process.wait() if process is not None else nursery.status(pid)
    story.killed = status == -signal.SIGKILL
    assert story.killed or (story.closed and status == 0), f"{command} ended with {status}"
    return story


def _listen(pipe: Path, pid: int, plan: Plan, story: Story) -> None:
    """Read all that a writer says, and kill it when it is time."""
    timers: list[threading.Timer] = []

    def kill_in(seconds: float) -> None:
        timer = threading.Timer(seconds, _kill, (pid,))
        timers.append(timer)
        timer.start()

    if plan.after is None:
        kill_in(READY_WITHIN)
    began = time.monotonic()
    try:
        with _heard(pipe) as lines:
            for line in lines:
                word, _, rest = line.decode().rstrip("\n").partition(" ")
                if plan.after is not None and word == plan.at:
                    kill_in(plan.after)
                if word == "opening":
                    began = time.monotonic()
                elif word == "ready":
                    story.seconds = time.monotonic() - began
                _take(story, word, rest)
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()


def _heard(pipe: Path) -> BinaryIO:
    """Open a pipe for reading once something was said in it; its writer may die before."""
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(READY_WITHIN * 1_000):
        os.close(descriptor)
        message = f"a writer said nothing in {READY_WITHIN} s ({pipe})"
        raise AssertionError(message)
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _take(story: Story, word: str, rest: str) -> None:
    """Take one line into the story."""
    first, _, more = rest.partition(" ")
    match word:
        case "opening":
            story.opened = False
        case "ready":
            story.opened = True
        case "hit":
            story.hit = first
        case "closed":
            story.closed = True
        case "begin":
            story.begun.append(int(first))
        case "done":
            story.answers[int(first)] = ("done", json.loads(more))
        case _:
            story.answers[int(first)] = (word, more)
