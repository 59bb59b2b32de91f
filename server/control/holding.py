"""Holding a data directory keeps a second server off it, for as long as this process lives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from bitseg import InUseError, StoreError

if TYPE_CHECKING:
    from pathlib import Path


class Hold:
    """The lock beside a file; the system lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once, or not at all.

        Raises:
            InUseError: another process has it.
            StoreError: the directory cannot be written to.
        """
        beside = path.with_name(f"{path.name}-lock")
        self._lock = FileLock(beside, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
            beside.write_text(f"{os.getpid()}\n", "ascii")
        except Timeout as error:
            by = beside.read_text("ascii", "replace").strip() or "unknown"
            raise InUseError(
                f"{path} is open in process {by}; one at a time may have it"
            ) from error
        except OSError as error:
            self._lock.release()
            raise StoreError(f"{beside} cannot be written: {error.strerror}") from error

    def release(self) -> None:
        """Let go."""
        self._lock.release()
