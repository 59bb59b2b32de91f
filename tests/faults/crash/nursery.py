"""A nursery is a process with everything imported and nothing begun, that writers are forked from.

A fork copies one thread only, so a process that has others may leave a lock held for ever in its
child. The nursery never has others: it opens no file, warms up on an engine in memory, and its
libraries are told to start no threads; it looks before every fork that it has one thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import traceback
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import bitseg
from tests.faults.crash import writer
from tests.faults.crash.operations import Shape, round_of
from tests.faults.crash.performing import ONLY_FILES, Clock, perform

ROOT: Final = Path(__file__).parents[3]
QUIET: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""What keeps libraries from starting threads when they are loaded."""


class Nursery:
    """The process, as whoever wants writers sees it."""

    def __init__(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crash.nursery"],
            cwd=ROOT,
            env={**os.environ, **QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Return it, to be ended with the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def fork(self, words: list[str]) -> int:
        """Start a writer with the words of a command line; return its process id."""
        return int(self._ask({"fork": words}))

    def status(self, pid: int) -> int:
        """Wait for a writer that ended, and return how: as ``os.waitstatus_to_exitcode``."""
        return int(self._ask({"wait": pid}))

    def _ask(self, request: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            message = "the nursery ended"
            raise RuntimeError(message)
        return answer


def _warm_up() -> None:
    """Load what is loaded on first use: kernels, and modules that are imported late."""
    import_module("sqlite_utils")
    clock = Clock()
    engine = bitseg.Engine(clock=clock, retention_days=100)
    for number in range(60):
        for operation in (one for lane in round_of(Shape(1), number) for one in lane):
            if operation.name not in ONLY_FILES:
                clock.turn(operation.at)
                with contextlib.suppress(bitseg.BitsegError):
                    perform(engine, operation)


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _tend() -> None:
    """Fork and wait for writers, as asked."""
    _warm_up()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            _answer(os.waitstatus_to_exitcode(status))
            continue
        assert _threads() == 1, f"{_threads()} threads, so a fork is not safe"
        pid = os.fork()
        if pid:
            _answer(pid)
        else:
            _be_a_writer(request["fork"])


def _be_a_writer(words: list[str]) -> None:
    """Be a writer, and end with it, whatever happens."""
    status = 1
    try:
        os.close(0)
        writer.main(words)
        status = 0
    except BaseException:  # noqa: BLE001 - a writer that fails is no nursery
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _tend()
