"""A process is one ``bitseg serve`` on a data directory, started, asked and ended from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self

ENDS_WITHIN: Final = 30.0
"""Seconds after which a process that was told to end hangs."""


def log_of(data: Path) -> Path:
    """Return the file of what the servers of a directory say."""
    return data.with_name(f"{data.name}.log")


class Process:
    """A server of a directory.

    Attributes:
        url: where it answers; empty until it is ready.
    """

    def __init__(self, data: Path, *options: str) -> None:
        """Start it; ``wait`` until it is ready."""
        command = [sys.executable, "-m", "bitseg.cli", "serve", "--port", "0"]
        self.url = ""
        self._log = log_of(data).open("ab")
        self._process = subprocess.Popen(
            [*command, "--data", str(data), *options],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            text=True,
        )

    def __enter__(self) -> Self:
        """Return it, to be killed with the block where it still runs."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Kill it."""
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait(self) -> bool:
        """Wait until it is ready; return whether it came so far."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(r"curl -s (http://[^/]+)", line):
                self.url = found[1]
                # What it says from now on must not fill the pipe.
                Thread(target=self._process.stdout.read, daemon=True).start()
                return True
        return False

    def kill(self) -> None:
        """End it as nothing can prevent, and wait until it is gone."""
        self._process.kill()
        self._process.wait(ENDS_WITHIN)

    def terminate(self) -> int:
        """Tell it to end; return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(ENDS_WITHIN)

    def status(self) -> int:
        """Wait until it ended by itself; return its exit status."""
        return self._process.wait(ENDS_WITHIN)
