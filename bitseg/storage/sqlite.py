"""The SQLite store keeps a tenant's changes in one file, so that memory never is the only copy.

A change is there for good when ``commit`` returns. Snapshots and checkpoints are a thread's work.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, closing, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

from bitseg.changes import AddEvents, DeleteContacts, UpsertContacts
from bitseg.errors import StoreError
from bitseg.storage import erasures
from bitseg.storage.answers import erase_from_answers, find_answer, write_answer
from bitseg.storage.backup import backup_at, copy_to
from bitseg.storage.capture import Capture
from bitseg.storage.codec import encode
from bitseg.storage.database import WAL_SOON, sync_wal
from bitseg.storage.erasure_file import ErasureFile
from bitseg.storage.journal import TABLES_ONLY, Place, append
from bitseg.storage.keeper import Keeper
from bitseg.storage.ledger import Ledger
from bitseg.storage.memberships import Memberships
from bitseg.storage.parking import Parked, Parking
from bitseg.storage.parts import PartWriter, insert
from bitseg.storage.points import reach
from bitseg.storage.snapshot import Snapshotter
from bitseg.storage.tables import Tables, records_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from bitseg.changes import Change, MembersChanged
    from bitseg.results import Journal, Snapshot
    from bitseg.storage.acknowledged import AcknowledgedFile
    from bitseg.storage.covers import Covers
    from bitseg.storage.database import Database
    from bitseg.storage.holding import Hold
    from bitseg.storage.journal import Entry
    from bitseg.storage.parts import Batch
    from bitseg.storage.state import FileState
    from bitseg.store import Answer
    from bitseg.writes import Writes

ERASE_WITHIN: Final = 900_000
"""What was erased leaves the file by a snapshot at most this long after, ms."""

UNCLEAN_AGAIN: Final = 60_000
"""After so long what an old reader kept in the file is tried to be taken out again, ms."""

CHANGES_MOST: Final = 10_000
"""A snapshot is due after so many changes: replaying one takes about half a millisecond, however
small it is."""

PARTS_COUNT: Final = 8
"""Parts are read back so many times faster than the journal's own bytes, so they count less."""


class SqliteStore(Parking):
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
        super().__init__(database, PartWriter(database, state.garbage))
        self._hold = hold
        self._state = state
        self._covers = covers
        self._snapshot_bytes = snapshot_bytes
        self._acknowledged = told
        self._bodies: dict[int, bytes] = {}
        self._one_snapshot = Lock()
        self._asked: deque[None] = deque()  # one for each caller who waits for a snapshot
        self._keeper = Keeper(self._look_after)
        self._closed = False
        self._listed = ErasureFile(database, state.identity.salt)

    def begin(self, writes: Writes) -> None:
        """Take the tenant that the changes are of, and begin to look after the file."""
        self._writes = writes
        self._tables = Tables(writes.tenant.contacts)
        self._memberships = Memberships(self._database, self._state, writes)
        self._snapshotter = Snapshotter(
            self._database, self._parts, self.salt, lambda: bool(self._asked) or self._closed
        )
        self._acknowledge()
        self._keeper.start()

    @property
    def failure(self) -> StoreError | None:
        """Why nothing more is written, or why the last snapshot was not; None where all is well."""
        return self._database.failure or self._keeper.failure

    @property
    def journal(self) -> Journal:
        """What the next start would replay."""
        return self._state.journal

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    @property
    def seq(self) -> int:
        """The number of the last change."""
        return self._state.place.seq

    @property
    def salt(self) -> bytes:
        """What erased ids are hashed with."""
        return self._state.identity.salt

    def commit(
        self,
        changes: Sequence[Change | Parked],
        answers: Sequence[Answer],
        at: int,
        *,
        synced: bool = True,
    ) -> None:
        """Keep changes and answers, all or none; when it returns they are kept.

        Args:
            changes: what is kept, in order.
            answers: what is kept with it.
            at: the instant of it, ms.
            synced: False leaves reaching the disk, and being noted as acknowledged, to the next
                commit: for what follows from other changes and is found again where it is lost.

        Raises:
            StoreError: nothing was kept, unless the error says that it is unknown.
        """
        batch = self._parts.new()
        with batch.or_give_up():
            coded = self._encoded(changes, batch)
            entries = self._write(changes, coded, answers, batch, at, synced=synced)
        parts = sum(len(body) for _, _, body in batch.rows)
        journal = sum(len(body) for _, body in coded)
        self._state.journal_bytes += journal + parts // PARTS_COUNT
        if synced:
            self._came_to(entries[-1].place)
        else:
            self._state.place = entries[-1].place
        reach("write.acknowledged")
        self._bodies = {
            id(change): body
            for change, (_, body) in zip(changes, coded, strict=True)
            if isinstance(change, UpsertContacts | AddEvents)
        }
        if any(isinstance(change, DeleteContacts) for change in changes):
            self._listed.due = True
            if self._state.erased_at is None:
                self._state.erased_at = at
        if self._is_due() or self._database.wal_bytes > WAL_SOON:
            self._keeper.wake()

    def _encoded(self, changes: Sequence[Change | Parked], batch: Batch) -> list[tuple[str, bytes]]:
        """Return the kinds and the bytes of changes; large arrays are in the batch.

        Raises:
            StoreError: one cannot be encoded.
        """
        try:
            return [
                (change.kind, change.body) if isinstance(change, Parked) else encode(change, batch)
                for change in changes
            ]
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(
                f"A change could not be encoded, so nothing was kept: {error!r}"
            ) from error

    def _write(  # noqa: PLR0913 - what a transaction is made of
        self,
        changes: Sequence[Change | Parked],
        coded: list[tuple[str, bytes]],
        answers: Sequence[Answer],
        batch: Batch,
        at: int,
        *,
        synced: bool,
    ) -> list[Entry]:
        """Write changes and answers in one transaction; return the journal's entries of it."""
        place, entries = self._state.place, []
        size = sum(len(body) for _, body in coded) + sum(len(body) for _, _, body in batch.rows)
        with self._database.transaction("write", size=size + 1, synced=synced) as connection:
            ledger = Ledger(connection, place.tables)
            insert(connection, batch.rows)
            for answer in answers:
                write_answer(ledger, answer)
            for change, (kind, body) in zip(changes, coded, strict=True):
                if not isinstance(change, Parked):
                    self._tables.write(ledger, change)
                if isinstance(change, DeleteContacts):
                    self._erase_ids(ledger, place.seq + 1, change.ids)
                entries.append(place.next(at, kind, body, ledger.total))
                place = entries[-1].place
            if not entries:
                entries.append(place.next(at, TABLES_ONLY, b"", ledger.total))
            reach("write.tables")
            append(connection, entries)
            reach("write.journal")
        return entries

    def _erase_ids(self, ledger: Ledger, seq: int, ids: Sequence[str]) -> None:
        """Note that a change erases contacts, and take their ids out of answers."""
        salt = self.salt
        erasures.write(ledger, ((seq, erasures.hash_of(salt, one)) for one in ids))
        erase_from_answers(ledger, ids)

    def _came_to(self, place: Place) -> None:
        """Note that changes up to a place are in the file, in it and beside it.

        Raises:
            StoreError: it could not be noted beside it; then nothing more is written.
        """
        self._state.place = place
        with self._or_stop():
            self._acknowledge()

    @contextmanager
    def _or_stop(self) -> Iterator[None]:
        """Write nothing more where what lies beside the file could not be written."""
        try:
            yield
        except StoreError as error:
            raise self._database.stop(error) from error

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

    def records(
        self, segment: str, *, after: int = 0, newest_first: bool = False
    ) -> Iterator[MembersChanged]:
        """Yield the records of a segment that hold changes behind a number; close it when done.

        Raises:
            StoreError: the file cannot be read, or holds a record that is not what was written.
        """
        with (
            self._database.reading() as connection,
            closing(
                records_of(connection, segment, after=after, newest_first=newest_first)
            ) as records,
        ):
            yield from records

    def snapshot(self) -> Snapshot:
        """Write a snapshot now, and quickly.

        Raises:
            StoreError: it was not written; the one before and the journal still stand.
        """
        self._asked.append(None)
        try:
            return self.snapshot_beside()
        finally:
            self._asked.pop()

    def snapshot_beside(self) -> Snapshot:
        """Write a snapshot at the pace of work that nobody waits for, unless somebody comes to.

        Raises:
            StoreError: it was not written; the one before and the journal still stand.
        """
        with self._one_snapshot:
            erased_at = self._state.erased_at
            dead = 0 if erased_at is None else self._memberships.erase()
            self._memberships.sum_up()
            with self._writes.commits.paused():
                self._writes.commits.check_whole()
                at, contacts = self._writes.now(), self._writes.tenant.contacts
                instant = self._writes.commits.instant  # up to which all that passed is recorded
                with self._or_stop():
                    sync_wal(self.path)  # records are not synced on their own
                    self._acknowledge()
                place, journal_bytes = self._state.place, self._state.journal_bytes
                capture = Capture(self._writes, self._covers)
                if erased_at is not None:  # who was erased meanwhile is the next snapshot's
                    more = contacts.n - contacts.live.count > dead
                    self._state.erased_at = at if more else None
            erasing = erased_at is not None
            with self._erased_again(erased_at):
                self._listed.write()
                with self._or_stop():
                    self._acknowledged.sync()  # what a snapshot holds was acknowledged, for good
                done = self._snapshotter.take(place, capture, instant, erasing=erasing)
            with self._writes.commits.paused():
                if not done.clean:  # someone reads an older state: try again, but not at once
                    self._state.erased_at = at - ERASE_WITHIN + UNCLEAN_AGAIN
                self._state.snapshot_taken(place.seq, at, journal_bytes)
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

    def go_on_behind(self, erased: Iterable[tuple[int, bytes]], ahead: int) -> Snapshot:
        """Hold what other files erased, and let changes go on so many numbers behind all of it.

        The file is whole again only with the snapshot that this ends with.

        Raises:
            StoreError: it could not be written.
        """
        erased = set(erased)
        with self._writes.commits.paused(), self._database.transaction("erase") as connection:
            before = self._state.place
            ledger = Ledger(connection, before.tables)
            held = erasures.read(connection, self.salt).erased
            erasures.write(ledger, erased - set(held))
            last = max((seq for seq, _ in erased), default=0)
            seq = max(last, before.seq) + ahead
            self._state.place = Place(seq, before.chain, ledger.total)
        return self.snapshot()

    def backup(self, destination: Path) -> None:
        """Copy the file as it is now, beside readers and writers.

        Raises:
            StoreError: it could not be copied; an older copy there still stands.
        """
        copy_to(self.path, destination, self._writes.now())

    def backup_at(self) -> int | None:
        """Return when the last backup through this file was made, ms; None = never."""
        with self._database.reading() as connection:
            return backup_at(connection)

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
            with self._one_snapshot, self._writes.commits.paused():
                reach("close.begin")
                self._database.end()  # who puts a change aside does not wait for the commits
                if self._database.checkpoint("TRUNCATE"):
                    sync_wal(self.path)  # that it is empty, before anything says so
                    self._acknowledge(closed=True)
                reach("close.marked")
                self._listed.write()

    def _acknowledge(self, *, closed: bool = False) -> None:
        place = self._state.place
        file_id = self._state.identity.file_id
        self._acknowledged.write(file_id, place.seq, place.chain, closed=closed)

    def _is_due(self) -> bool:
        """Return whether there is so much to replay that a snapshot is due."""
        changes = self._state.place.seq - self._state.snapshot_seq
        return self._state.journal_bytes > self._snapshot_bytes or changes > CHANGES_MOST

    def _look_after(self) -> None:
        """Do what is due."""
        self._database.work_off()
        if self._is_due():
            self.snapshot_beside()
        self._listed.write()
        erased_at = self._state.erased_at
        if erased_at is not None and self._writes.now() - erased_at > ERASE_WITHIN:
            self.snapshot_beside()
