"""A backup is a copy of the file as of one moment, made beside readers and writers."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from bitseg.errors import DamagedError, InUseError, StoreError
from bitseg.storage import acknowledged
from bitseg.storage.database import FAILURES, connect, reader, store_error, sync_path, sync_wal
from bitseg.storage.holding import Hold
from bitseg.storage.identity import read_identity, write_identity
from bitseg.storage.points import reach

_log = logging.getLogger("bitseg.storage")


def copy_to(source: Path, destination: Path, at: int) -> None:
    """Copy a file that may be in use, by SQLite's online backup (https://sqlite.org/backup.html).

    All pages are copied in one step, in one read transaction: writers go on meanwhile and the
    copy never starts over. It becomes a file of its own, with an id of its own, closed in order.

    Args:
        source: the file.
        destination: what the copy is called once it is whole.
        at: when this is, ms; the source remembers it.

    Raises:
        StoreError: it could not be copied; an older file at the destination still stands.
    """
    if not source.is_file():
        raise StoreError(f"There is no file {source}")
    if destination.exists() and destination.samefile(source):
        raise StoreError(f"Expected a backup beside {source}, got the file itself")
    if acknowledged.beside(destination).exists():
        raise StoreError(
            f"{destination} is a tenant's file, as {acknowledged.beside(destination)} tells, and "
            "no backup; nothing was written over it"
        )
    hold = Hold(destination) if destination.exists() else None  # who writes it would go on so
    temporary = destination.with_name(f"{destination.name}.new")
    try:
        copy(source, temporary)
        reach("backup.copied")
        temporary.replace(destination)
        sync_path(destination.parent)
        reach("backup.renamed")
    except FAILURES as error:
        damaged = getattr(error, "sqlite_errorname", "").startswith("SQLITE_CORRUPT")
        raise store_error(error, source if damaged else destination) from error
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{destination}: {error.strerror}") from error
    finally:
        for left in ("", "-journal"):
            temporary.with_name(f"{temporary.name}{left}").unlink(missing_ok=True)
        if hold is not None:
            hold.release()
    try:
        _remember(source, at)
    except (*FAILURES, StoreError) as error:  # the copy is there, and that is what counts
        _log.warning("%s: when it was last copied could not be noted: %s", source, error)


def copy(source: Path, made: Path) -> None:
    """Copy a file with what is in its -wal; the copy is a file of its own, closed in order.

    Raises:
        sqlite3.Error: it could not be copied.
        DamagedError: it has no identity.
        OSError: the copy could not be synced.
    """
    made.unlink(missing_ok=True)
    with closing(reader(source)) as origin, closing(sqlite3.connect(made)) as target:
        target.execute("PRAGMA secure_delete=ON")
        target.execute("PRAGMA synchronous=FULL")
        origin.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE").fetchone()
        with target:
            write_identity(target, read_identity(target).copied(), closed=True)
    sync_path(made)


def backup_at(connection: sqlite3.Connection) -> int | None:
    """Return when a file was last copied, ms; None = never.

    Raises:
        DamagedError: what it says is no instant.
    """
    row = connection.execute("SELECT value FROM meta WHERE key = 'backup_at'").fetchone()
    if row is None:
        return None
    try:
        return int(row[0])
    except ValueError:
        raise DamagedError("When the file was last copied is not what was written") from None


def _remember(source: Path, at: int) -> None:
    """Write into the source when it was last copied, unless nobody has put it in order yet."""
    try:
        hold = Hold(source)  # nobody may open it while it has a -wal again
    except InUseError:  # whoever has it open looks after its -wal
        with closing(connect(source, "full")) as connection:
            _write_backup_at(connection, at)
        return
    told = acknowledged.read(source)
    try:
        if told is None or not told.closed:
            return
        beside = acknowledged.AcknowledgedFile(source, synced=told.synced)
        with closing(beside):
            beside.begin(told.file_id, told.seq, told.chain)
            with closing(connect(source, "full")) as connection:
                _write_backup_at(connection, at)
                row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                sync_wal(source)
            if row[0] == 0:
                beside.write(told.file_id, told.seq, told.chain, closed=True)
    finally:
        hold.release()


def _write_backup_at(connection: sqlite3.Connection, at: int) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('backup_at', ?)", (str(at).encode(),))
