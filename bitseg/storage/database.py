"""A database is the connections to one SQLite file, and what its errors mean."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from bitseg.errors import DamagedError, InUseError, NoRoomError, StoreError
from bitseg.storage.points import reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Sync: TypeAlias = Literal["full", "normal"]

BUSY_MS: Final = 5_000
READERS_MS: Final = 250
"""So long writers are held up to see whether who reads an old state of the file is done."""

WAL_KEPT: Final = 16 * 2**20
"""The -wal file is cut to this many bytes when it starts anew."""

WAL_SOON: Final = 24 * 2**20
"""A longer -wal file is worked off beside the writers."""

WAL_NOW: Final = 48 * 2**20
"""A longer one holds the writers up until it is: they would outrun who works it off for ever."""

ROOM: Final = 512 * 2**10
"""Bytes of the disk that stay free, for the tables and for what lies beside the file."""

_LEVEL: Final = {"normal": 1, "full": 2}
_HARMLESS: Final = {"SQLITE_FULL", "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"}
"""Errors of a COMMIT after which nothing of it is there and the next may succeed."""


_DAMAGE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH")
"""What damage is called; no statement of ours breaks a constraint of a file that is whole."""

FAILURES: Final = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; the second where what it says of a damaged file is no text."""


def connect(path: Path, sync: Sync) -> sqlite3.Connection:
    """Return a connection that may write, in autocommit, from any thread.

    ``synchronous`` is not kept in the file, so every connection sets it.

    Raises:
        StoreError: the file cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={_LEVEL[sync]}")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(f"PRAGMA journal_size_limit={WAL_KEPT}")
        connection.execute("PRAGMA foreign_keys=ON")
    except FAILURES as error:
        raise store_error(error, path) from error
    return connection


def reader(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads.

    Raises:
        StoreError: the file cannot be opened.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA query_only=ON")
    except FAILURES as error:
        raise store_error(error, path) from error
    return connection


def store_error(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> StoreError:
    """Return what an error of SQLite means for whoever called."""
    if isinstance(error, UnicodeDecodeError):
        return DamagedError(
            f"The file is damaged: {path}: a name in its schema is no text: {error}"
        )
    name = error.sqlite_errorname if hasattr(error, "sqlite_errorname") else ""
    said = f"{path}: {error} ({name or type(error).__name__})"
    if name == "SQLITE_FULL":
        return NoRoomError(f"There is no room to write, so nothing was: {said}")
    if name.startswith(_DAMAGE) or "decode" in str(error):  # no text where there was one
        return DamagedError(f"The file is damaged: {said}")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return InUseError(f"Another program holds the file: {said}")
    return StoreError(f"The file cannot be used: {said}")


def wal_of(path: Path) -> Path:
    """Return the name of a file's -wal file."""
    return path.with_name(f"{path.name}-wal")


def size_of(path: Path) -> int:
    """Return how large a file is, 0 where there is none: it may go at any moment."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def sync_path(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_wal(path: Path) -> None:
    """Wait until the -wal file is on the disk as it is, which cutting it does not wait for.

    Raises:
        StoreError: it may not be.
    """
    wal = wal_of(path)
    try:
        sync_path(wal)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{wal} cannot be used: {error.strerror}") from error


class Database:
    """One file's writing connection: one transaction at a time, and none after a failed one."""

    def __init__(self, path: Path, sync: Sync) -> None:
        """Open the file, or make it."""
        self.path = path
        self.sync: Sync = sync
        self._connection = connect(path, sync)
        self._lock = RLock()
        self._failed: StoreError | None = None
        self._wal_now = WAL_NOW

    @property
    def failure(self) -> StoreError | None:
        """Why nothing more is written; None where it is."""
        return self._failed

    @property
    def connection(self) -> sqlite3.Connection:
        """The writing connection, for reading and for schema changes."""
        return self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees what is committed, and nothing of a running transaction.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            with closing(reader(self.path)) as connection:
                yield connection
        except FAILURES as error:
            raise store_error(error, self.path) from error

    @contextmanager
    def transaction(
        self, label: str, *, size: int = 0, synced: bool = True
    ) -> Iterator[sqlite3.Connection]:
        """Write, all or nothing.

        Args:
            label: names the points on the way: its begin, commit and committed.
            size: how many bytes it adds, about; 0 where it adds none to speak of.
            synced: False leaves reaching the disk to the next transaction that is synced.

        Raises:
            StoreError: nothing was written; if its outcome is unknown, it says so, and so does
                every later transaction until the file is opened again.
        """
        with self._lock:
            if self._failed is not None:
                raise self._failed
            reach(f"{label}.begin")
            if size:
                self._make_room(size)
            try:
                self._set_sync(synced=synced)
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                raise store_error(error, self.path) from error
            try:
                yield self._connection
                reach(f"{label}.commit")
            except FAILURES as error:
                self._roll_back()
                raise store_error(error, self.path) from error
            except Exception as error:
                self._roll_back()
                if isinstance(error, StoreError):
                    raise
                raise StoreError(f"{self.path}: nothing was written: {error!r}") from error
            except BaseException:
                self._roll_back()
                raise
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._after_commit(error) from error
            reach(f"{label}.committed")
            if self.wal_bytes > self._wal_now:
                self._work_off_now()

    def checkpoint(self, mode: Literal["PASSIVE", "TRUNCATE"] = "PASSIVE") -> bool:
        """Move what the -wal file holds into the file itself; return whether all of it was.

        Args:
            mode: "PASSIVE" goes on beside writers; "TRUNCATE" holds them up and empties the -wal.

        Raises:
            StoreError: it could not; what was written still stands.
        """
        reach("checkpoint.begin")
        try:
            if mode == "TRUNCATE":
                with self._lock, self._waiting(READERS_MS):
                    row = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            else:  # on a connection of its own
                with closing(connect(self.path, "full")) as keeper:
                    row = keeper.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            raise self._after_checkpoint(error) from error
        reach("checkpoint.done")
        busy, frames, done = row
        return bool(busy == 0 and frames == done)

    @contextmanager
    def _waiting(self, most: int) -> Iterator[None]:
        """Wait for others at most so many ms, while the block runs."""
        self._connection.execute(f"PRAGMA busy_timeout={most}")
        try:
            yield
        finally:
            self._connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    def work_off(self) -> None:
        """Work the -wal file off beside the writers, where it has become long.

        Raises:
            StoreError: it could not; what was written still stands.
        """
        if self.wal_bytes > WAL_SOON:
            self.checkpoint()

    def stop(self, error: Exception) -> StoreError:
        """Write nothing more until the file is opened again; return the error that says so."""
        self._failed = self._unknown(error)
        return self._failed

    def room(self) -> int:
        """Return how many bytes may be written so that the -wal can still be worked off."""
        return (shutil.disk_usage(self.path.parent).free - self.wal_bytes - ROOM) // 2

    def _make_room(self, size: int) -> None:
        """Refuse to write what would leave no room to work the -wal off: it would never shrink.

        Raises:
            NoRoomError: there is too little, even with the -wal worked off.
        """
        if self.room() >= size:
            return
        self.checkpoint("TRUNCATE")
        if self.room() < size:
            raise NoRoomError(
                f"There is no room to write, so nothing was: {self.path} and its -wal need about "
                f"{2 * size + ROOM:,} bytes more, and the disk has "
                f"{shutil.disk_usage(self.path.parent).free:,}"
            )

    def _after_checkpoint(self, error: sqlite3.Error) -> StoreError:
        """Stop writing after a checkpoint that the disk failed: what it took may be gone."""
        if getattr(error, "sqlite_errorname", "").startswith("SQLITE_IOERR"):
            return self.stop(error)
        return store_error(error, self.path)

    def _work_off_now(self) -> None:
        """Work the -wal file off while nobody writes; a long reader may keep it from starting anew.

        The write that came before is done and stays so, whatever becomes of this.
        """
        try:
            row = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._after_checkpoint(error)
            return
        _, frames, done = row
        self._wal_now = WAL_NOW if frames == done else self.wal_bytes + WAL_KEPT

    @property
    def wal_bytes(self) -> int:
        """How large the -wal file is."""
        return size_of(wal_of(self.path))

    def end(self) -> None:
        """Let nobody write any more, in whatever thread; what runs is waited for."""
        with self._lock:
            self._failed = self._failed or StoreError(f"{self.path} was closed")

    def close(self) -> None:
        """Close the connection."""
        self.end()
        with self._lock:
            self._connection.close()

    def _set_sync(self, *, synced: bool) -> None:
        level = _LEVEL[self.sync if synced else "normal"]
        self._connection.execute(f"PRAGMA synchronous={level}")

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            self.stop(error)

    def _after_commit(self, error: sqlite3.Error) -> StoreError:
        if getattr(error, "sqlite_errorname", "") in _HARMLESS and self._failed is None:
            return store_error(error, self.path)
        return self.stop(error)

    def _unknown(self, error: Exception) -> StoreError:
        """Return the error of a write whose outcome only opening the file again will tell.

        After a failed fsync the kernel may have dropped what it could not write, and says so only
        once: going on would build on what is not there.
        """
        return StoreError(
            f"{self.path}: writing failed midway ({error}), so this write may or may not be there; "
            "nothing more is written until the file is opened again"
        )
