"""Opening a file reads all of it, checks all of it, and only then lets it be written."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from bitseg.changes import ChangeSettings
from bitseg.errors import DamagedError, FieldError, NoRoomError, StoreError
from bitseg.segments import History, Segments
from bitseg.settling import has_data
from bitseg.storage import acknowledged
from bitseg.storage.acknowledged import AcknowledgedFile
from bitseg.storage.checks import (
    check_acknowledged,
    check_beside,
    check_pages,
    check_tables,
)
from bitseg.storage.codec import named
from bitseg.storage.covers import Covers
from bitseg.storage.database import FAILURES, Database, reader, store_error
from bitseg.storage.holding import Hold
from bitseg.storage.identity import meta_of, read_identity
from bitseg.storage.journal import entries_after
from bitseg.storage.making import make, remove, restoring
from bitseg.storage.migrations import check_schema
from bitseg.storage.points import reach
from bitseg.storage.reading import Meter, Reader, newest, taken_at
from bitseg.storage.snapshot import delete_parts
from bitseg.storage.sqlite import PARTS_COUNT, SqliteStore
from bitseg.storage.state import FileState
from bitseg.tenant import Tenant
from bitseg.writes import Writes
from bitseg.zones import get_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from bitseg.storage.codec import PartName
    from bitseg.storage.database import Sync
    from bitseg.storage.journal import Entry, Place
    from bitseg.storage.manifest import Manifest
    from bitseg.storage.reading import Progress

SNAPSHOT_BYTES: Final = 64 * 2**20
"""A snapshot is due when the journal behind the last one has so many bytes."""


class Wanted(msgspec.Struct, frozen=True):
    """What whoever opens a file asks for.

    Attributes:
        timezone: the tenant's; None = what the file says, UTC where it is new.
        remember_event_ids_days: likewise, 30 where it is new.
        retention_days: likewise for ``kept``, None where it is new; None = events stay for ever.
    """

    timezone: str | None = None
    remember_event_ids_days: int | None = None
    retention_days: int | Literal["kept"] | None = "kept"

    def over(self, writes: Writes, *, new: bool) -> ChangeSettings:
        """Return the settings that the tenant is to have.

        Raises:
            FieldError: there is no such timezone, or it is another and the tenant has data.
        """
        tenant = writes.tenant
        zone = "UTC" if new else tenant.zone.key
        days = 30 if new else tenant.events.ids.days
        if self.timezone is not None and self.timezone != zone:
            if has_data(writes):
                raise FieldError(
                    f"Expected the timezone {zone}, got {self.timezone}: it is fixed once there "
                    "are data"
                )
            zone = get_zone(self.timezone).key
        retention = writes.retention_days if self.retention_days == "kept" else self.retention_days
        return msgspec.structs.replace(
            writes.settings,
            timezone=zone,
            remember_event_ids_days=self.remember_event_ids_days or days,
            retention_days=retention,
        )


def open_file(  # noqa: PLR0913 - each is a setting of the caller's
    path: Path,
    wanted: Wanted,
    *,
    clock: Callable[[], int] | None,
    sync: Sync,
    snapshot_bytes: int,
    progress: Progress | None,
) -> Writes:
    """Return a tenant as its file says, and the way of writes that keeps the file in step.

    Raises:
        InUseError: another process has the file.
        DamagedError: the file is not what was written.
        StoreError: it cannot be used, or a later version wrote it.
        FieldError: another timezone, of a tenant that has data.
    """
    hold = Hold(path)
    with ExitStack() as undo:
        undo.callback(hold.release)
        reach("open.locked")
        with _naming(path):
            remove(restoring(path))  # of a restoring that was ended midway
            check_beside(path)
            make(path, sync)
            covers = Covers()
            tenant = Tenant(get_zone("UTC"), 1)  # the first change of every file sets both
            segments = Segments(History(keeps=False))
            writes = Writes(tenant, segments, RLock(), clock)
            tenant.contacts.watch(covers)
            tenant.events.watch(covers)
            told = acknowledged.read(path)
            state = _read_beside_checks(path, writes, covers, told, progress)
            beside = _begin(path, state, sync, undo)
            database = Database(path, sync)
            undo.callback(database.close)
            _mark_open(database)
            _sweep(database, state)
            store = SqliteStore(database, hold, beside, state, covers, snapshot_bytes)
            writes.commits.store = store
            writes.last_at = state.at
            writes.commits.instant = state.at or writes.commits.instant
            store.begin(writes)
            undo.pop_all()
            undo.callback(store.close)
            writes.settle(wanted.over(writes, new=state.place.seq == 0))
        reach("open.ready")
        undo.pop_all()
    return writes


def _read_beside_checks(
    path: Path,
    writes: Writes,
    covers: Covers,
    told: acknowledged.Acknowledged | None,
    progress: Progress | None,
) -> FileState:
    """Read a file, and on another thread look whether its pages fit together."""

    def check() -> None:
        with closing(reader(path)) as connection:
            check_pages(connection)

    with closing(reader(path)) as connection, closing(reader(path)) as second:
        check_schema(connection)
        with ThreadPoolExecutor(1) as pool:
            checked = pool.submit(check)
            state = read_all(
                connection, path, writes, covers, told, second=second, progress=progress
            )
            checked.result()
            return state


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Make an error of SQLite one that says what it means, and let all name the file."""
    try:
        yield
    except FAILURES as error:
        raise store_error(error, path) from error
    except StoreError as error:
        if str(path) in str(error):
            raise
        faults = [msgspec.structs.replace(one, path=str(path)) for one in error.faults]
        raise type(error)(*faults) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror}") from error


def _begin(path: Path, state: FileState, sync: Sync, undo: ExitStack) -> AcknowledgedFile:
    """Note, before the first byte goes into a -wal, that one may be there from now on."""
    is_new = not acknowledged.beside(path).exists()
    beside = AcknowledgedFile(path, synced=sync == "full")
    if is_new:  # a copy that is not opened after all stays a copy
        undo.callback(acknowledged.beside(path).unlink, missing_ok=True)
    undo.callback(beside.close)
    beside.begin(state.identity.file_id, state.place.seq, state.place.chain)
    return beside


def _mark_open(database: Database) -> None:
    """Let a copy no longer say that it is closed, and take in what a process left in the -wal.

    What was erased may be in there still.
    """
    if meta_of(database.connection).get("closed") == b"1":
        with database.transaction("mark") as connection:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'closed'", (b"0",))
    with suppress(NoRoomError):
        database.checkpoint("TRUNCATE")


def read_all(  # noqa: PLR0913 - what reading needs and fills
    connection: sqlite3.Connection,
    path: Path,
    writes: Writes,
    covers: Covers,
    told: acknowledged.Acknowledged | None,
    *,
    second: sqlite3.Connection | None = None,
    progress: Progress | None = None,
) -> FileState:
    """Read all of a file into an empty tenant; return how far it has come.

    Args:
        connection: looks at the file; ``told`` was read before.
        path: the file, for what is said of it.
        writes: the tenant to fill.
        covers: takes which parts hold what.
        told: the last change that was acknowledged; None = nobody knows.
        second: another connection, to read with two threads while nobody writes.
        progress: told of bytes that were read.

    Raises:
        DamagedError: something is not what was written, or is missing.
    """
    identity = read_identity(connection)
    place, manifest = newest(connection, identity.salt)
    needed = parts_needed(connection, place, manifest)
    held = set() if manifest is None else set(manifest.parts())
    behind = _size(connection, needed - held)
    meter = Meter(_journal_size(connection) + behind + _size(connection, held), progress)
    connections = (connection,) if second is None else (connection, second)
    reader_ = Reader(writes, covers, meter, connections)
    if manifest is not None:
        writes.apply(manifest.settings)
        reader_.snapshot(manifest)
    at = taken_at(connection, place)
    state = FileState(identity, place, place.seq, needed, behind // PARTS_COUNT, at, snapshot_at=at)
    chain_told = place.chain if told is not None and told.seq == place.seq else None
    with closing(reader_.journal(connection, place)) as entries:
        chain_told = _follow(entries, state, told, chain_told)
    if told is not None:
        check_acknowledged(path, told, state, chain_told)
    check_tables(connection, state)
    if reader_.segments(connection) and state.erased_at is None:
        state.erased_at = 0  # a snapshot ended before it had taken out all of someone
    return state


def _follow(
    entries: Iterable[Entry],
    state: FileState,
    told: acknowledged.Acknowledged | None,
    chain_told: bytes | None,
) -> bytes | None:
    """Note how far entries come; return the digest at the change that was acknowledged last."""
    for entry in entries:
        state.place = entry.place
        state.journal_bytes += len(entry.body)
        state.at = entry.at
        if told is not None and told.seq == entry.place.seq:
            chain_told = entry.place.chain
        if state.erased_at is None and entry.kind == "delete":
            state.erased_at = entry.at
    return chain_told


def _journal_size(connection: sqlite3.Connection) -> int:
    """Return how many bytes the journal's changes have."""
    row = connection.execute("SELECT coalesce(sum(length(body)), 0) FROM journal").fetchone()
    return int(row[0])


def _size(connection: sqlite3.Connection, parts: set[PartName]) -> int:
    """Return how many bytes those of the parts have that are there."""
    sizes = (
        connection.execute(
            "SELECT coalesce(length(body), 0) FROM parts WHERE id = ?", (part,)
        ).fetchone()
        for part, _ in parts
    )
    return sum(int(size[0]) for size in sizes if size is not None)


def parts_needed(
    connection: sqlite3.Connection, place: Place, manifest: Manifest | None
) -> set[PartName]:
    """Return the parts that the newest snapshot and the journal behind it name.

    Raises:
        DamagedError: the journal is not what was written, or names a part twice.
    """
    found = set() if manifest is None else set(manifest.parts())
    with closing(entries_after(connection, place)) as entries:
        for entry in entries:
            parts = set(named(entry.kind, entry.body))
            if twice := parts & found:
                numbers = ", ".join(str(part) for part, _ in sorted(twice))
                raise DamagedError(
                    f"Change {entry.place.seq} names parts that were named before: {numbers}"
                )
            found |= parts
    return found


def _sweep(database: Database, state: FileState) -> None:
    """Take out what a process left behind that ended midway: nothing names it."""
    connection = database.connection
    held = {part for (part,) in connection.execute("SELECT id FROM parts").fetchall()}
    left = held - {part for part, _ in state.needed}
    try:
        delete_parts(database, sorted(left), lambda: None)
        with database.transaction("trim", synced=False):
            connection.execute("DELETE FROM journal WHERE seq <= ?", (state.snapshot_seq,))
    except NoRoomError:  # the next snapshot takes them out, and so much of the journal
        state.garbage = left
    state.needed = set()  # a large file names many
