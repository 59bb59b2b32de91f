"""Memberships are the members and the records of segments in a file, as they are looked after.

Records are written by the commits that make them. Here, a stretch at a time between commits, those
who were erased are taken out of all of them; and members are summed up where many records lead to
them, so that a file need not read each of these when it is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bitseg.bitmap import among
from bitseg.changes import MembersChanged
from bitseg.errors import DamagedError
from bitseg.segments.records import packed, unpacked, without
from bitseg.storage.journal import TABLES_ONLY, append
from bitseg.storage.ledger import Ledger, rows_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.bitmap import Rows
    from bitseg.storage.database import Database
    from bitseg.storage.state import FileState
    from bitseg.writes import Writes

SUMMED_FROM: Final = 50_000
"""With so many records that no sum holds, segments are summed up: reading one takes some 15 us."""

STRETCH: Final = 1_000
"""Records that are looked at in one transaction: commits wait for it, some 10 ms."""


class Memberships:
    """What a file keeps of who was in segments; one thread at a time looks after it."""

    def __init__(self, database: Database, state: FileState, writes: Writes) -> None:
        """Take the file and the data."""
        self._database = database
        self._state = state
        self._writes = writes

    def erase(self) -> int:
        """Take the rows of all erased contacts out; return how many contacts these are.

        Raises:
            StoreError: it could not be written; what was taken out stays out.
        """
        contacts, connection = self._writes.tenant.contacts, self._database.connection
        with self._writes.lock:
            dead = contacts.live.others().rows()
        self._write(lambda ledger: _erase_members(ledger, dead))
        (last,) = connection.execute("SELECT max(rowid) FROM segment_changes").fetchone()
        for start in range(0, (last or 0) + 1, STRETCH):
            self._write(lambda ledger, start=start: _erase_records(ledger, dead, start))  # type: ignore[misc]
        return dead.size

    def sum_up(self) -> None:
        """Write the members of the segments with most records, where many are not summed up.

        Raises:
            StoreError: it could not be written; records lead to the same.
        """
        history = self._writes.segments.history
        unsummed = history.unsummed()
        left = sum(unsummed.values())
        if left < SUMMED_FROM:
            return
        for segment in sorted(unsummed, key=unsummed.__getitem__, reverse=True):
            if left < SUMMED_FROM // 2:
                return
            left -= unsummed[segment]
            self._write(lambda ledger, segment=segment: self._sum(ledger, segment))  # type: ignore[misc]

    def _sum(self, ledger: Ledger, segment: str) -> None:
        history, n = self._writes.segments.history, self._writes.tenant.contacts.n
        last, members = history.last(segment), history.members(segment, n).to_bytes()
        if not last:  # it was forgotten meanwhile
            return
        ledger.delete("segment_members", "segment_id = ?", (segment,))
        ledger.insert("segment_members", [(segment, last, members)])
        history.summed(segment)

    def _write(self, change: Callable[[Ledger], None]) -> None:
        """Write tables between commits; it reaches the disk with a later one."""
        with self._writes.commits.paused():
            before = self._state.place
            with self._database.transaction("erase", synced=False) as connection:
                ledger = Ledger(connection, before.tables)
                change(ledger)
                if ledger.total == before.tables:
                    return
                entry = before.next(self._writes.commits.instant, TABLES_ONLY, b"", ledger.total)
                append(connection, [entry])
            self._state.place = entry.place


def _erase_members(ledger: Ledger, dead: Rows) -> None:
    """Take rows, ascending, out of static members and of members that were summed up."""
    for table, key in (("segments", "id"), ("segment_members", "segment_id")):
        query = f"SELECT {key}, members FROM {table} WHERE members NOTNULL"  # noqa: S608 - names are ours
        for segment, members in ledger.connection.execute(query).fetchall():
            held = unpacked(members)
            left = held[~among(held, dead)]
            if left.size < held.size:
                ledger.update(table, {"members": packed(left)}, f"{key} = ?", (segment,))


def _erase_records(ledger: Ledger, dead: Rows, start: int) -> None:
    """Take rows, ascending, out of the records of a stretch.

    Raises:
        DamagedError: a record is not what was written; to write it again would hide that.
    """
    where, values = "rowid >= ? AND rowid < ?", (start, start + STRETCH)
    found = [*rows_in(ledger.connection, "segment_changes", where=where, values=values)]
    for whole, cells in found:
        record = MembersChanged(*cells)  # type: ignore[arg-type] # the digest tells the types
        if not whole:
            message = f"Change {record.first} of segment {record.segment!r} is not what was written"
            raise DamagedError(message)
        less = without(record, dead)
        if less is not record:
            changed = {"entered": less.entered, "left": less.left, "erased": less.erased}
            key = (record.segment, record.first)
            ledger.update("segment_changes", changed, "segment_id = ? AND first = ?", key)
