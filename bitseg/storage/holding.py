"""Holding a file keeps every other process from writing it, for as long as this one lives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from bitseg.errors import InUseError, StoreError

if TYPE_CHECKING:
    from pathlib import Path


class Hold:
    """The lock of one file; the system lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once, or not at all.

        Raises:
            InUseError: another process, or another engine of this one, has it.
            StoreError: the directory cannot be written to.
        """
        if path.is_dir() or not path.parent.is_dir():
            what = path if path.is_dir() else path.parent
            raise StoreError(
                f"Expected a file in a directory that is there, got {path}: {what} is "
                + ("a directory" if path.is_dir() else "not there")
            )
        beside = path.with_name(f"{path.name}-lock")
        self._lock = FileLock(beside, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
            beside.write_text(f"{os.getpid()}\n", "ascii")
        except Timeout as error:
            raise InUseError(
                f"{path} is open {_by_whom(beside)}; one at a time may write"
            ) from error
        except OSError as error:
            self._lock.release()
            message = f"{path} cannot be opened for writing: {error.strerror} ({beside})"
            raise StoreError(message) from error

    def release(self) -> None:
        """Let go."""
        self._lock.release()


def _by_whom(beside: Path) -> str:
    try:
        process = beside.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        process = ""
    if process == str(os.getpid()):
        return "in this process already"
    return f"in process {process}" if process else "in another process"
