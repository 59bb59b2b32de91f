"""The tables are segments as any SQLite tool can read them, changed in the write's transaction.

Each row that answers rest on carries a digest of its cells. ``segment_contacts`` lists the members
of static segments by id for readers; the engine itself reads ``segments.members``.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from bitseg.bitmap import RowSet
from bitseg.changes import (
    DefineSegment,
    DeleteContacts,
    MembersChanged,
    RefreshSegments,
    RemoveSegment,
)
from bitseg.clock import show_instant
from bitseg.contacts import as_ids
from bitseg.errors import DamagedError
from bitseg.rules.respell import respell
from bitseg.storage.arrays import digest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from bitseg.bitmap import Rows
    from bitseg.changes import Change
    from bitseg.contacts import Contacts
    from bitseg.rules.nodes import Definition
    from bitseg.segments import Segments
    from bitseg.zones import Zone

_TABLES: Final = {
    "segment_contacts": "segment_id",
    "segment_changes": "segment_id",
    "segment_analytics": "segment_id",
    "segments": "id",
}
"""What a segment has rows in."""

_ANY_ROW: Final = 2**32
"""More rows than there can be: what a set of so many holds is kept as roaring."""

_EACH: Final = 500
"""Ids in one statement."""


class Tables:
    """Keeps the tables in step with changes."""

    def __init__(self, contacts: Contacts, segments: Segments) -> None:
        """Take the contacts, whose rows the members are, and who was recorded as a member."""
        self._contacts = contacts
        self._segments = segments

    def write(self, connection: sqlite3.Connection, change: Change) -> None:
        """Write what a change means for the tables, in a transaction of the caller's."""
        match change:
            case DefineSegment():
                self._define(connection, change)
            case RefreshSegments():
                for moved in change.moved:
                    _record(connection, moved)
            case RemoveSegment():
                for table, column in _TABLES.items():
                    connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (change.id,))  # noqa: S608
            case DeleteContacts():
                _forget(connection, change.ids)
                self._count_down(connection, change)
            case _:
                pass

    def _count_down(self, connection: sqlite3.Connection, change: DeleteContacts) -> None:
        """Take those who are to be erased out of the counts of recorded members."""
        n = self._contacts.n
        rows = self._contacts.rows_of(as_ids(change.ids))
        gone = RowSet.from_rows(np.unique(rows[rows >= 0]).astype(np.uint32), n)
        for segment in self._segments.ids():
            less = self._segments.history.members(segment, n).and_count(gone)
            if less:
                connection.execute(
                    "UPDATE segments SET contact_count = contact_count - ? WHERE id = ?",
                    (less, segment),
                )

    def _define(self, connection: sqlite3.Connection, change: DefineSegment) -> None:
        at = show_instant(change.at)
        static = change.members is not None
        before = connection.execute(
            "SELECT contact_count, created_at, members NOTNULL FROM segments WHERE id = ?",
            (change.id,),
        ).fetchone()
        count, created_at, was_static = (0, at, False) if before is None else before
        rules = None if change.rules is None else change.rules.decode("utf-8")
        connection.execute(
            "INSERT INTO segments (id, name, segment_type, rules, spelled, contact_count, "
            "last_recalculated_at, created_at, updated_at, members, digest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "segment_type = excluded.segment_type, rules = excluded.rules, "
            "spelled = excluded.spelled, contact_count = excluded.contact_count, "
            "last_recalculated_at = excluded.last_recalculated_at, "
            "updated_at = excluded.updated_at, members = excluded.members, "
            "digest = excluded.digest",
            (
                *(change.id, change.id, "static" if static else "dynamic", rules, change.spelled),
                *(count, at, created_at, at, change.members),
                segment_digest(change.id, change.spelled, change.members),
            ),
        )
        if change.moved is not None:
            _record(connection, change.moved)
        if static and was_static:
            if change.moved is not None:
                self._list(connection, change, change.moved.entered, change.moved.left)
            return
        connection.execute("DELETE FROM segment_contacts WHERE segment_id = ?", (change.id,))
        if change.members is not None:
            self._list(connection, change, change.members, b"")

    def _list(
        self, connection: sqlite3.Connection, change: DefineSegment, entered: bytes, left: bytes
    ) -> None:
        """List static members by id; who stays keeps the instant at which they were added."""
        connection.executemany(
            "DELETE FROM segment_contacts WHERE segment_id = ? AND contact_id = ?",
            [(change.id, contact) for contact in self._ids(left)],
        )
        at = show_instant(change.at)
        connection.executemany(
            "INSERT INTO segment_contacts (segment_id, contact_id, added_at, added_via) "
            "VALUES (?, ?, ?, ?)",
            [(change.id, contact, at, change.via) for contact in self._ids(entered)],
        )

    def _ids(self, rows: bytes) -> list[str]:
        if not rows:
            return []
        members = RowSet.from_bytes(rows, self._contacts.n)
        ids: list[str] = self._contacts.ids.take(members.rows()).to_pylist()
        return ids


def segment_digest(segment: str, spelled: bytes | None, members: bytes | None) -> bytes:
    """Return the digest of what answers rest on in a row of ``segments``."""
    return digest(segment.encode("utf-8"), spelled or b"", members or b"")


def change_digest(moved: MembersChanged) -> bytes:
    """Return the digest of a row of ``segment_changes``."""
    numbers = moved.number.to_bytes(8, "little") + moved.at.to_bytes(8, "little", signed=True)
    segment = moved.segment.encode("utf-8")
    return digest(segment, numbers, moved.entered, moved.left)


def segments_in(
    connection: sqlite3.Connection, n: int, zone: Zone
) -> Generator[tuple[str, Definition | RowSet]]:
    """Yield each segment's id, and its definition or its members among n rows, in order.

    Raises:
        DamagedError: one is not what was written.
    """
    query = "SELECT id, spelled, members, digest FROM segments ORDER BY rowid"
    with closing(connection.execute(query)) as rows:
        for segment, spelled, members, expected in rows:
            if (
                not isinstance(segment, str)
                or segment_digest(segment, spelled, members) != expected
            ):
                raise DamagedError(f"Segment {segment!r} is not what was written")
            if members is None:
                yield segment, respell(spelled, zone)
            else:
                yield segment, RowSet.from_bytes(members, n)


def records_in(connection: sqlite3.Connection) -> Generator[MembersChanged]:
    """Yield the records of entering and leaving, by segment and number.

    Raises:
        DamagedError: one is not what was written, or is missing.
    """
    query = (
        "SELECT segment_id, number, at, entered, left, digest FROM segment_changes "
        "ORDER BY segment_id, number"
    )
    with closing(connection.execute(query)) as rows:
        segment, last = None, 0
        for *cells, expected in rows:
            moved = MembersChanged(*cells)
            last = last + 1 if moved.segment == segment else 1
            segment = moved.segment
            if moved.number != last:
                raise DamagedError(f"Segment {segment!r} lacks its record {last}")
            if change_digest(moved) != expected:
                raise DamagedError(f"Record {last} of segment {segment!r} is not what was written")
            yield moved


def erase_rows(connection: sqlite3.Connection, rows: Rows) -> None:
    """Take rows of erased contacts out of all members and records."""
    dead = RowSet.from_rows(rows, _ANY_ROW)
    segments = connection.execute("SELECT id, spelled, members FROM segments WHERE members NOTNULL")
    for segment, spelled, members in segments.fetchall():
        left = _without(members, dead)
        connection.execute(
            "UPDATE segments SET members = ?, digest = ? WHERE id = ?",
            (left, segment_digest(segment, spelled, left), segment),
        )
    records = connection.execute(
        "SELECT segment_id, number, at, entered, left FROM segment_changes"
    )
    for cells in records.fetchall():
        moved = MembersChanged(*cells)
        moved = msgspec.structs.replace(
            moved, entered=_without(moved.entered, dead), left=_without(moved.left, dead)
        )
        connection.execute(
            "UPDATE segment_changes SET entered = ?, left = ?, digest = ? "
            "WHERE segment_id = ? AND number = ?",
            (moved.entered, moved.left, change_digest(moved), moved.segment, moved.number),
        )


def _record(connection: sqlite3.Connection, moved: MembersChanged) -> None:
    connection.execute(
        "INSERT INTO segment_changes (segment_id, number, at, entered, left, digest) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (*msgspec.structs.astuple(moved), change_digest(moved)),
    )
    connection.execute(
        "UPDATE segments SET contact_count = contact_count + ?, last_recalculated_at = ? "
        "WHERE id = ?",
        (_count(moved.entered) - _count(moved.left), show_instant(moved.at), moved.segment),
    )


def _forget(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _EACH):
        some = ids[start : start + _EACH]
        marks = ", ".join("?" * len(some))
        connection.execute(f"DELETE FROM segment_contacts WHERE contact_id IN ({marks})", some)  # noqa: S608


def _count(rows: bytes) -> int:
    return RowSet.from_bytes(rows, _ANY_ROW).count


def _without(rows: bytes, dead: RowSet) -> bytes:
    return RowSet.from_bytes(rows, _ANY_ROW).minus(dead).to_bytes()
