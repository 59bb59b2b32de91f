"""Connections to ``control.db``: WAL, every commit on the disk, one transaction at a time."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Final

from bitseg import DamagedError, InUseError, NoRoomError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_MS: Final = 5_000
"""How long a writer waits for another process's to end."""

FAILURES: Final = (sqlite3.Error, UnicodeDecodeError)
_DAMAGE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_MISMATCH")


class Connections:
    """One connection that writes and one that reads; in memory they are the same.

    Attributes:
        where: the file, for messages.
    """

    def __init__(self, path: Path | None) -> None:
        """Open a file, which is made where there is none, or a store in memory.

        Raises:
            StoreError: it cannot be opened.
        """
        self.where = "the control store" if path is None else str(path)
        self._lock = RLock()
        self._own_commits = 0
        with self.failing():
            if path is None:
                self._writes = self._reads = _connect(":memory:")
                return
            _make_private(path)
            self._writes = _connect(str(path))
            self._reads = _connect(str(path))

    def version(self) -> int:
        """Return a number that is another one after every commit, of whichever process."""
        with self.failing():
            ((others,),) = self._reads.execute("PRAGMA data_version").fetchall()
        return int(others) + self._own_commits

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return what is committed.

        Raises:
            StoreError: it cannot be read.
        """
        with self.failing():
            return self._reads.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write, all or nothing; it is on the disk when the block has ended.

        One within another, in the same thread, is a part of that.

        Raises:
            StoreError: nothing was written.
        """
        with self._lock, self.failing():
            is_part = self._writes.in_transaction
            if is_part:
                yield self._writes
                return
            self._writes.execute("BEGIN IMMEDIATE")
            try:
                yield self._writes
                self._writes.execute("COMMIT")
            except BaseException:
                if self._writes.in_transaction:
                    self._writes.execute("ROLLBACK")
                raise
            if self._writes is self._reads:  # its own commits are no news to a connection
                self._own_commits += 1

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Turn SQLite's errors into those of bitseg, which name the file."""
        try:
            yield
        except FAILURES as error:
            raise _store_error(error, self.where) from error

    def close(self) -> None:
        """Close both."""
        with self._lock:
            self._reads.close()
            self._writes.close()


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for setting in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # not kept in the file, so every connection sets it
        "secure_delete=ON",
        "foreign_keys=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _make_private(path: Path) -> None:
    """Make the file and its directory, for their owner only."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"{path} cannot be opened for writing: {error.strerror}") from error


def _store_error(error: sqlite3.Error | UnicodeDecodeError, where: str) -> StoreError:
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    said = f"{where}: {error} ({name})"
    if name == "SQLITE_FULL":
        return NoRoomError(f"There is no room to write, so nothing was: {said}")
    if name.startswith(_DAMAGE) or isinstance(error, UnicodeDecodeError):
        return DamagedError(f"The file is damaged: {said}")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return InUseError(f"Another program holds the file: {said}")
    return StoreError(f"The file cannot be used: {said}")
