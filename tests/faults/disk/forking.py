"""Forking gives each run of the workload a process of its own that has nothing left to load.

All are forked from one process that the shim is loaded into, with everything imported and every
kernel compiled. As a fork copies one thread only, that process never has others: it opens no file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bitseg import Engine
from tests.engine.making import Clock
from tests.faults.crash.nursery import QUIET, ROOT
from tests.faults.disk.workload import SNAPSHOTS, STEPS, main, state


class Forking:
    """The process that runs are forked from, as a test sees it."""

    def __init__(self, library: Path) -> None:
        """Start it with the shim."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.disk.forking"],
            cwd=ROOT,
            env={**os.environ, **QUIET, "LD_PRELOAD": str(library)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

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

    def run(self, environment: dict[str, str], database: Path, log: Path) -> int:
        """Run the workload with what tells the shim what to do; return how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        told = {name: value for name, value in environment.items() if name.startswith("SHIM_")}
        request = {"environment": told, "arguments": [str(database), str(log)]}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that runs are forked from ended"
        return int(answer)


def _load() -> None:
    """Load what is loaded on first use, by a run in memory."""
    import_module("sqlite_utils")
    engine = Engine(clock=Clock())
    for number, step in enumerate(STEPS):
        if number not in SNAPSHOTS:
            state(engine)
            step(engine)
    state(engine)


def _fork(request: Any) -> int:
    """Run the workload in a fork; return how it ended, as ``os.waitstatus_to_exitcode``."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"{threads} threads, so a fork is not safe"
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 1
    try:
        os.environ.update(request["environment"])
        main(*request["arguments"])
        status = 0
    except BaseException:  # noqa: BLE001 - it is shown, and the status tells of it
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _load()
    for line in sys.stdin:
        sys.stdout.write(f"{_fork(json.loads(line))}\n")
        sys.stdout.flush()
