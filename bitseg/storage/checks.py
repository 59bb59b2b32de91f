"""Checks refuse a file that SQLite itself would take for whole: gone, cut, or of several times."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from bitseg.errors import DamagedError
from bitseg.storage import acknowledged
from bitseg.storage.database import FAILURES, reader, size_of, wal_of
from bitseg.storage.identity import meta_of, read_identity
from bitseg.storage.ledger import COVERED, sum_of

if TYPE_CHECKING:
    from pathlib import Path

    from bitseg.storage.state import FileState

_MAGIC: Final = b"SQLite format 3\0"
"""What a database begins with (https://sqlite.org/fileformat2.html#magic_header_string)."""

_WAL_HEADER: Final = 32
"""A -wal file of fewer bytes holds no frame (https://sqlite.org/fileformat2.html#walformat)."""


def check_beside(path: Path) -> None:
    """Refuse a file that is gone or cut, and a -wal file that is known not to be its own.

    SQLite would begin anew, or would take the -wal's pages for newer ones, whatever they are.

    Raises:
        DamagedError: it is so.
    """
    told = acknowledged.read(path)
    try:
        _check_beside(path, told)
    except DamagedError:
        if acknowledged.read(path) == told:  # else a process opens or closes it at this moment
            raise


def _check_beside(path: Path, told: acknowledged.Acknowledged | None) -> None:
    wal = wal_of(path)
    has_wal = size_of(wal) > _WAL_HEADER
    head = head_of(path)
    if not head and (has_wal or told is not None):
        beside = wal if has_wal else acknowledged.beside(path)
        raise DamagedError(
            f"{path} is {'empty' if path.exists() else 'missing'}, and {beside} tells of changes "
            "in it; nothing was made. Put the file back, or move what lies beside it away"
        )
    if head and head != _MAGIC:
        raise DamagedError(f"{path} is not a database, or was cut: it begins with {head!r}")
    if has_wal:
        _check_wal(path, wal, told)


def check_rollback(path: Path, told: acknowledged.Acknowledged | None) -> bool:
    """Return whether the first opening of a file, or of a copy, was ended midway.

    SQLite then takes back what was begun, from a -journal: whatever that says.

    Raises:
        DamagedError: there is one, and nobody began to open the file.
    """
    journal = path.with_name(f"{path.name}-journal")
    if not size_of(journal):
        return False
    with closing(_alone(path)) as alone:
        own = read_identity(alone)
    if told is None or told.closed or told.file_id != own.file_id:
        raise DamagedError(f"{journal} is not known to be of {path}; nothing was taken back by it")
    return True


def head_of(path: Path) -> bytes:
    """Return the bytes that a file begins with; none where it is empty or missing."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


def _check_wal(path: Path, wal: Path, told: acknowledged.Acknowledged | None) -> None:
    """Refuse a -wal file of another file, or one that is there although the file was closed."""
    try:
        with closing(_alone(path)) as alone:
            own, was_closed = read_identity(alone), meta_of(alone).get("closed") == b"1"
    except (*FAILURES, DamagedError):
        return  # half worked off, as a process that ends or is at it leaves it
    if told is not None and told.file_id == own.file_id:
        was_closed = told.closed  # a copy may say still that it is, while it is opened first
    elif told is not None and not was_closed:
        raise DamagedError(f"{acknowledged.beside(path)} is of another file than {path} and {wal}")
    if was_closed:
        raise DamagedError(
            f"{path} was closed in order, so {wal} is of another file or of an earlier time; "
            "nothing was read. Move it away to open the file as it was closed"
        )
    with closing(reader(path)) as both:
        if read_identity(both) != own:
            raise DamagedError(f"{wal} is of another file than {path}")


def _alone(path: Path) -> sqlite3.Connection:
    """Return a connection to the file itself, whatever lies beside it."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def check_pages(connection: sqlite3.Connection, most: int = 1) -> None:
    """Refuse a file whose pages do not fit together: SQLite would write over what it holds.

    Args:
        connection: looks at the file.
        most: how many faults to name.

    Raises:
        DamagedError: they do not.
    """
    said = [said for (said,) in connection.execute(f"PRAGMA integrity_check({most})")]
    if said != ["ok"]:
        raise DamagedError(*(f"The pages do not fit together: {one}" for one in said))


def check_tables(connection: sqlite3.Connection, state: FileState) -> None:
    """Refuse tables that are not those that the last change left.

    Raises:
        DamagedError: they are not.
    """
    if sum_of(connection) != state.place.tables:
        raise DamagedError(
            f"The tables are not as change {state.place.seq} left them: a row of "
            f"{', '.join(COVERED)} is missing, or is of an earlier time"
        )


def check_acknowledged(
    path: Path, told: acknowledged.Acknowledged, state: FileState, chain_told: bytes | None
) -> None:
    """Refuse a file that lacks changes which were acknowledged, or has others in their place."""
    if told.file_id != state.identity.file_id:
        return  # nothing was acknowledged of this file: it is new, or a copy
    if told.seq > state.place.seq:
        if told.may_be_lost:
            return
        raise DamagedError(
            f"{path} ends at change {state.place.seq}, and changes up to {told.seq} were "
            "acknowledged: the file or its -wal is of an earlier time, or was cut. To go on "
            f"without them all the same, move {acknowledged.beside(path)} away"
        )
    if chain_told is not None and chain_told != told.chain:
        raise DamagedError(f"Change {told.seq} of {path} is not the one that was acknowledged")
    now = acknowledged.read(path)  # the file may go on being written while it is verified
    if now is not None and now.seq < state.snapshot_seq:
        raise DamagedError(
            f"{path} has a snapshot at change {state.snapshot_seq}, and none behind {now.seq} was "
            "acknowledged: the file or its -wal is of another time"
        )
