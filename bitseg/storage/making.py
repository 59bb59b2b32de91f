"""Making a file, or bringing an older one to the current format, is done before it is read."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from bitseg.errors import StoreError
from bitseg.storage.checks import check_pages, head_of
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
    with closing(reader(path)) as connection:
        todo = pending(connection)
        if todo:
            check_pages(connection)
    if todo:
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

    def remove() -> None:
        for name in ("", "-wal", "-shm", "-journal"):
            made.with_name(f"{made.name}{name}").unlink(missing_ok=True)

    remove()
    try:
        yield
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{made} cannot be made: {error.strerror}") from error
    finally:
        remove()
