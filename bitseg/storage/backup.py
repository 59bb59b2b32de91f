"""A backup is a copy of the file as of one moment, made beside readers and writers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bitseg.errors import InUseError, StoreError
from bitseg.storage import acknowledged
from bitseg.storage.database import FAILURES, connect, reader, store_error, sync_path, sync_wal
from bitseg.storage.holding import Hold
from bitseg.storage.identity import read_identity, write_identity
from bitseg.storage.points import reach


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
        _copy(source, temporary)
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
    _remember(source, at)


def _copy(source: Path, made: Path) -> None:
    made.unlink(missing_ok=True)
    with closing(reader(source)) as origin, closing(sqlite3.connect(made)) as copy:
        copy.execute("PRAGMA secure_delete=ON")
        copy.execute("PRAGMA synchronous=FULL")
        origin.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE").fetchone()
        with copy:
            mark_copy(copy)
    sync_path(made)


def mark_copy(connection: sqlite3.Connection) -> None:
    """Make a copy a file of its own, closed in order.

    Raises:
        DamagedError: it has no identity.
    """
    write_identity(connection, read_identity(connection).copied(), closed=True)


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
            beside.write(told.file_id, told.seq, told.chain)
            beside.sync()
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
