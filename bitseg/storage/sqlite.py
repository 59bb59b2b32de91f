"""The SQLite store keeps a tenant's changes in one file, so that memory never is the only copy.

A change is there for good when ``commit`` returns. Snapshots and checkpoints are a thread's work.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec

from bitseg.changes import AddEvents, DeleteContacts, UpsertContacts
from bitseg.errors import StoreError
from bitseg.storage import erasures
from bitseg.storage.answers import erase_from_answers, find_answer, write_answer
from bitseg.storage.backup import copy_to
from bitseg.storage.capture import Capture
from bitseg.storage.codec import decode, encode, named
from bitseg.storage.database import WAL_SOON
from bitseg.storage.journal import Place, append
from bitseg.storage.keeper import Keeper
from bitseg.storage.parts import PartReader, PartWriter, insert
from bitseg.storage.points import reach
from bitseg.storage.snapshot import Snapshotter
from bitseg.storage.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bitseg.changes import Change
    from bitseg.results import Snapshot
    from bitseg.storage.acknowledged import AcknowledgedFile
    from bitseg.storage.codec import PartName
    from bitseg.storage.covers import Covers
    from bitseg.storage.database import Database
    from bitseg.storage.holding import Hold
    from bitseg.storage.journal import Entry
    from bitseg.storage.parts import Batch
    from bitseg.store import Answer
    from bitseg.writes import Writes

ERASE_WITHIN: Final = 900_000
"""What was erased leaves the file by a snapshot at most this long after, ms."""

CHANGES_MOST: Final = 10_000
"""A snapshot is due after so many changes: replaying one takes about half a millisecond, however
small it is."""

PARTS_COUNT: Final = 8
"""Parts are read back so many times faster than the journal's own bytes, so they count less."""


class Parked(msgspec.Struct, frozen=True):
    """A change whose arrays lie in parts that nothing names yet.

    Attributes:
        kind: the kind of change, a word.
        body: the change, with the parts' names.
    """

    kind: str
    body: bytes


class FileState(msgspec.Struct):
    """What of a file must be known to go on writing it.

    Attributes:
        file_id: tells this file from every other, and from its copies.
        salt: what erased ids are hashed with.
        place: the last change.
        snapshot_seq: the last change that the newest snapshot holds.
        needed: the parts that something names, when it was read.
        journal_bytes: of the changes behind it.
        erased_at: when the first contact was erased since then, ms; None = none was.
    """

    file_id: bytes
    salt: bytes
    place: Place
    snapshot_seq: int
    needed: set[PartName]
    journal_bytes: int = 0
    erased_at: int | None = None


class SqliteStore:
    """The store of a durable engine."""

    durable = True

    def __init__(  # noqa: PLR0913, PLR0917 - what an open file is
        self,
        database: Database,
        hold: Hold,
        told: AcknowledgedFile,
        state: FileState,
        covers: Covers,
        snapshot_bytes: int,
    ) -> None:
        """Take an open file, what lies beside it, and how far it has come."""
        self._database = database
        self._hold = hold
        self._state = state
        self._covers = covers
        self._snapshot_bytes = snapshot_bytes
        self._acknowledged = told
        self._parts = PartWriter(database)
        self._bodies: dict[int, bytes] = {}
        self._one_snapshot = Lock()
        self._keeper = Keeper(self._look_after)
        self._closed = False

    def begin(self, writes: Writes) -> None:
        """Take the tenant that the changes are of, and begin to look after the file."""
        self._writes = writes
        self._tables = Tables(writes.tenant.contacts, writes.segments)
        self._snapshotter = Snapshotter(self._database, self._parts)
        self._acknowledge()
        self._keeper.start()

    @property
    def failure(self) -> StoreError | None:
        """Why nothing more is written, or why the last snapshot was not; None where all is well."""
        return self._database.failure or self._keeper.failure

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    def park(self, change: Change) -> Parked:
        """Put a change aside: its arrays into the file, unnamed, so that nobody sees them.

        Raises:
            StoreError: it could not be put aside.
        """
        batch = self._parts.new()
        with batch.or_give_up():
            parked = Parked(*encode(change, batch))
            batch.flush()
        return parked

    def discard(self, parked: Sequence[Parked]) -> None:
        """Give up changes that were put aside; their parts go with the next snapshot."""
        for one in parked:
            self._parts.garbage |= {part for part, _ in named(one.kind, one.body)}

    def unpark(self, parked: Parked) -> Change:
        """Return a change that was put aside.

        Raises:
            StoreError: it cannot be read.
        """
        with self._database.reading() as connection:
            return decode(parked.kind, parked.body, PartReader(connection))

    def commit(
        self, changes: Sequence[Change | Parked], answers: Sequence[Answer], at: int
    ) -> None:
        """Keep changes and answers, all or none; when it returns they are kept.

        Raises:
            StoreError: nothing was kept, unless the error says that it is unknown.
        """
        batch = self._parts.new()
        with batch.or_give_up():
            entries, bodies = self._write(changes, answers, batch, at)
        if entries:
            self._state.place = Place(entries[-1].seq, entries[-1].chain)
        parts = sum(len(body) for _, _, body in batch.rows)
        journal = sum(len(entry.body) for entry in entries)
        self._state.journal_bytes += journal + parts // PARTS_COUNT
        self._acknowledge()
        reach("write.acknowledged")
        self._bodies = bodies
        if self._state.erased_at is None and any(
            isinstance(change, DeleteContacts) for change in changes
        ):
            self._state.erased_at = at
        if self._is_due() or self._database.wal_bytes > WAL_SOON:
            self._keeper.wake()

    def _write(
        self, changes: Sequence[Change | Parked], answers: Sequence[Answer], batch: Batch, at: int
    ) -> tuple[list[Entry], dict[int, bytes]]:
        """Write changes and answers in one transaction; return as ``_encoded`` does."""
        entries, bodies = self._encoded(changes, batch, at)
        with self._database.transaction("write") as connection:
            insert(connection, batch.rows)
            append(connection, entries)
            reach("write.journal")
            for change, entry in zip(changes, entries, strict=True):
                if isinstance(change, Parked):
                    continue
                self._tables.write(connection, change)
                if isinstance(change, DeleteContacts):
                    erasures.write(connection, entry.seq, self._state.salt, change.ids)
                    erase_from_answers(connection, change.ids)
            for answer in answers:
                write_answer(connection, answer)
            reach("write.tables")
        return entries, bodies

    def _encoded(
        self, changes: Sequence[Change | Parked], batch: Batch, at: int
    ) -> tuple[list[Entry], dict[int, bytes]]:
        """Return the entries of changes, and by identity the bytes of those that may be adopted.

        Raises:
            StoreError: one cannot be encoded; nothing was kept.
        """
        place, entries, bodies = self._state.place, [], {}
        try:
            for change in changes:
                if isinstance(change, Parked):
                    kind, body = change.kind, change.body
                else:
                    kind, body = encode(change, batch)
                entry = place.next(at, kind, body)
                place = Place(entry.seq, entry.chain)
                entries.append(entry)
                if isinstance(change, UpsertContacts | AddEvents):
                    bodies[id(change)] = body
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(
                f"A change could not be encoded, so nothing was kept: {error!r}"
            ) from error
        return entries, bodies

    def published(self, change: Change, first_row: int, parked: Parked | None = None) -> None:
        """Hear that a change was applied, and from which row on contacts are new by it."""
        body = self._bodies.pop(id(change), None) if parked is None else parked.body
        if body is not None:
            self._covers.adopt(change, body, first_row, self._writes.tenant)

    def recall(self, key: str) -> Answer | None:
        """Return the answer to an earlier write with a key, or None.

        Raises:
            StoreError: the file cannot be read.
        """
        return find_answer(self._database, key)

    def snapshot(self) -> Snapshot:
        """Write a snapshot now.

        Raises:
            StoreError: it was not written; the one before and the journal still stand.
        """
        with self._one_snapshot:
            with self._writes.commits.paused(), self._writes.lock:
                self._writes.commits.check_whole()
                place, journal_bytes = self._state.place, self._state.journal_bytes
                erased_at, at = self._state.erased_at, self._writes.now()
                capture = Capture(self._writes, self._covers)
                self._state.erased_at = None
            erasing = erased_at is not None
            with self._erased_again(erased_at):
                done = self._snapshotter.take(place, capture, at, erasing=erasing)
            if not done.clean:
                self._state.erased_at = erased_at
            self._state.snapshot_seq = place.seq
            self._state.journal_bytes -= journal_bytes
            return done

    @contextmanager
    def _erased_again(self, erased_at: int | None) -> Iterator[None]:
        """Remember what was erased before a snapshot that then is not written."""
        try:
            yield
        except BaseException:
            if erased_at is not None:
                self._state.erased_at = erased_at
            raise

    def backup(self, destination: Path) -> None:
        """Copy the file as it is now, beside readers and writers.

        Raises:
            StoreError: it could not be copied; an older copy there still stands.
        """
        copy_to(self.path, destination, self._writes.now())

    def backup_at(self) -> int | None:
        """Return when the last backup through this file was made, ms; None = never."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'backup_at'").fetchone()
        return None if row is None else int(row[0])

    def close(self) -> None:
        """Stop the keeper, mark the file as closed in order, and let go of it."""
        if self._closed:
            return
        self._closed = True
        self._keeper.stop()
        with ExitStack() as behind:
            behind.callback(self._hold.release)
            behind.callback(self._acknowledged.close)
            behind.callback(self._database.close)
            with self._writes.commits.paused():
                reach("close.begin")
                self._write_erasures()
                if self._database.checkpoint("TRUNCATE"):
                    self._acknowledge(closed=True)
                reach("close.marked")

    def _acknowledge(self, *, closed: bool = False) -> None:
        place = self._state.place
        self._acknowledged.write(self._state.file_id, place.seq, place.chain, closed=closed)

    def _is_due(self) -> bool:
        """Return whether there is so much to replay that a snapshot is due."""
        changes = self._state.place.seq - self._state.snapshot_seq
        return self._state.journal_bytes > self._snapshot_bytes or changes > CHANGES_MOST

    def _look_after(self) -> None:
        """Do what is due."""
        self._database.work_off()
        if self._is_due():
            self.snapshot()
        erased_at = self._state.erased_at
        if erased_at is not None:
            self._write_erasures()
            if self._writes.now() - erased_at > ERASE_WITHIN:
                self.snapshot()

    def _write_erasures(self) -> None:
        """Bring the list beside the file up to date."""
        with self._database.reading() as connection:
            listed = erasures.read(connection, self._state.salt)
        if listed.erased:
            erasures.to_file(listed, erasures.beside(self.path))
