"""Making a file, or bringing an older one to the current format, is done before it is read."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from bitseg.errors import StoreError
from bitseg.storage import acknowledged
from bitseg.storage.acknowledged import AcknowledgedFile
from bitseg.storage.checks import check_pages, check_rollback, head_of
from bitseg.storage.database import Database, reader, sync_path
from bitseg.storage.identity import Identity, write_identity
from bitseg.storage.migrations import migrate, pending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bitseg.storage.database import Sync


def make(path: Path, sync: Sync) -> None:
    """Make the file if there is none, and bring an older one to the current format."""
    if not head_of(path):
        _make_new(path)
        return
    told = acknowledged.read(path)
    if check_rollback(path, told):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    with closing(reader(path)) as connection:
        todo = pending(connection)
        if todo:
            check_pages(connection)
    if todo:
        if told is not None and told.closed:  # there is a -wal again from now on
            with closing(AcknowledgedFile(path, synced=sync == "full")) as beside:
                beside.begin(told.file_id, told.seq, told.chain)
        with closing(Database(path, sync)) as database:
            migrate(database)


def _make_new(path: Path) -> None:
    """Make a file beside, closed as a copy is, and only then call it what it is called."""
    made = path.with_name(f"{path.name}.making")
    with _removing(made):
        with closing(Database(made, "full")) as database:
            migrate(database)
            with database.transaction("migrate") as connection:
                write_identity(connection, Identity.new(), closed=True)
            database.connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        sync_path(made)
        made.replace(path)
        sync_path(path.parent)


@contextmanager
def _removing(made: Path) -> Iterator[None]:
    """Leave nothing of a file that was not made to its end, now or before."""
    remove(made)
    try:
        yield
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{made} cannot be made: {error.strerror}") from error
    finally:
        remove(made)


def restoring(path: Path) -> Path:
    """Return what a file is called while it is restored."""
    return path.with_name(f"{path.name}.restoring")


def remove(path: Path) -> None:
    """Remove a file that is not needed, with all that lies beside it."""
    for name in ("", "-wal", "-shm", "-journal", "-lock", "-acknowledged", "-erasures"):
        path.with_name(f"{path.name}{name}").unlink(missing_ok=True)
