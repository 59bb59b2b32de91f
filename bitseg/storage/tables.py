"""The tables are segments as any SQLite tool can read them, changed in the write's transaction.

``segments`` and ``segment_changes`` are in the ledger. ``segment_contacts`` lists the members of
static segments by id for readers; the engine itself reads ``segments.members``.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from bitseg.bitmap import RowSet
from bitseg.changes import (
    About,
    ChangeMembers,
    DefineSegment,
    DeleteContacts,
    DescribeSegment,
    MembersChanged,
    RefreshSegments,
    RemoveSegment,
    Revision,
)
from bitseg.clock import show_instant
from bitseg.errors import DamagedError
from bitseg.rules.respell import respell
from bitseg.segments.records import packed, unpacked
from bitseg.storage.ledger import COVERED, rows_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Sequence

    from bitseg.changes import Change
    from bitseg.contacts import Contacts
    from bitseg.rules.nodes import Definition
    from bitseg.storage.ledger import Cell, Ledger
    from bitseg.zones import Zone

_EACH: Final = 500
"""Ids in one statement."""


_NOT_SUMMED: Final = (
    "first > coalesce((SELECT last FROM segment_members AS summed "
    "WHERE summed.segment_id = segment_changes.segment_id), 0)"
)


class Tables:
    """Keeps the tables in step with changes."""

    def __init__(self, contacts: Contacts) -> None:
        """Take the contacts, whose rows the members are."""
        self._contacts = contacts

    def write(self, ledger: Ledger, change: Change) -> None:
        """Write what a change means for the tables, in the ledger's transaction."""
        match change:
            case DefineSegment():
                self._define(ledger, change)
            case DescribeSegment():
                cells = _said(change.revision)
                ledger.update("segments", cells, "id = ?", (change.id,))
                _revise(ledger, change.id, change.revision)
            case ChangeMembers():
                self._change_members(ledger, change)
            case RefreshSegments():
                for moved in change.moved:
                    _record(ledger, moved)
            case RemoveSegment():
                for table in ("segment_contacts", "segment_analytics"):
                    query = f"DELETE FROM {table} WHERE segment_id = ?"  # noqa: S608 - names are ours
                    ledger.connection.execute(query, (change.id,))
                for table in ("segment_changes", "segment_members", "segment_revisions"):
                    ledger.delete(table, "segment_id = ?", (change.id,))
                ledger.delete("segments", "id = ?", (change.id,))
            case DeleteContacts():
                _forget(ledger.connection, change.ids)
            case _:
                pass

    def _define(self, ledger: Ledger, change: DefineSegment) -> None:
        at = show_instant(change.revision.at)
        static = change.members is not None
        cells = _said(change.revision) | {
            "segment_type": "static" if static else "dynamic",
            "spelled": change.spelled,
            "last_recalculated_at": at,
            "members": change.members,
        }
        before = ledger.connection.execute(
            "SELECT members NOTNULL FROM segments WHERE id = ?", (change.id,)
        ).fetchone()
        if before is None:
            cells |= {"id": change.id, "created_at": at, "contact_count": 0}
            ledger.insert("segments", [[cells.get(name) for name in COVERED["segments"]]])
        else:
            ledger.update("segments", cells, "id = ?", (change.id,))
        _revise(ledger, change.id, change.revision)
        if change.moved is not None:
            _record(ledger, change.moved)
        self._relist(ledger.connection, change, was_static=before is not None and bool(before[0]))

    def _relist(
        self, connection: sqlite3.Connection, change: DefineSegment, *, was_static: bool
    ) -> None:
        """List a segment's static members anew, or only those who came and went."""
        if change.members is not None and was_static:
            if change.moved is not None:
                self._list(connection, change.moved)
            return
        connection.execute("DELETE FROM segment_contacts WHERE segment_id = ?", (change.id,))
        if change.members is not None:
            self._enlist(connection, change.id, change.revision.at, change.members, change.via)

    def _change_members(self, ledger: Ledger, change: ChangeMembers) -> None:
        moved = change.moved
        query = "SELECT members FROM segments WHERE id = ?"
        (before,) = ledger.connection.execute(query, (moved.segment,)).fetchone()
        held = np.union1d(unpacked(before), unpacked(moved.entered))
        members = np.setdiff1d(held, unpacked(moved.left), assume_unique=True)
        cells = {"members": packed(members.astype(np.uint32))}
        ledger.update("segments", cells, "id = ?", (moved.segment,))
        _record(ledger, moved)
        self._list(ledger.connection, moved)

    def _list(self, connection: sqlite3.Connection, moved: MembersChanged) -> None:
        """List static members by id; who stays keeps the instant at which they were added."""
        connection.executemany(
            "DELETE FROM segment_contacts WHERE segment_id = ? AND contact_id = ?",
            [(moved.segment, contact) for contact in self._ids(moved.left)],
        )
        self._enlist(connection, moved.segment, moved.at, moved.entered, moved.via)

    def _enlist(
        self, connection: sqlite3.Connection, segment: str, at: int, rows: bytes, via: str
    ) -> None:
        """List static members by id, as added at ms ``at``."""
        connection.executemany(
            "INSERT INTO segment_contacts (segment_id, contact_id, added_at, added_via) "
            "VALUES (?, ?, ?, ?)",
            [(segment, contact, show_instant(at), via) for contact in self._ids(rows)],
        )

    def _ids(self, rows: bytes) -> list[str]:
        ids: list[str] = self._contacts.ids.take(unpacked(rows)).to_pylist()
        return ids


def segments_in(
    connection: sqlite3.Connection, n: int, zone: Zone
) -> Generator[tuple[str, Definition | RowSet, tuple[Revision, ...]]]:
    """Yield each segment's id, its definition or its members among n rows, and its revisions.

    Raises:
        DamagedError: one is not what was written.
    """
    revisions = _revisions_in(connection)
    with closing(rows_in(connection, "segments")) as rows:
        for whole, cells in rows:
            row: dict[str, Any] = dict(zip(COVERED["segments"], cells, strict=True))
            segment = row["id"]
            if not whole:
                raise DamagedError(f"Segment {segment!r} is not what was written")
            if segment not in revisions:
                raise DamagedError(f"Segment {segment!r} lacks its revisions")
            dynamic = row["members"] is None
            what = (
                respell(row["spelled"], zone) if dynamic else RowSet.from_bytes(row["members"], n)
            )
            yield segment, what, tuple(revisions[segment])


def _revisions_in(connection: sqlite3.Connection) -> dict[str, list[Revision]]:
    """Return the revisions of all segments, in order."""
    found: dict[str, list[Revision]] = {}
    with closing(rows_in(connection, "segment_revisions", "segment_id, number")) as rows:
        for whole, cells in rows:
            row: dict[str, Any] = dict(zip(COVERED["segment_revisions"], cells, strict=True))
            segment, number = row["segment_id"], row["number"]
            if not whole:
                message = f"Revision {number} of segment {segment!r} is not what was written"
                raise DamagedError(message)
            about = msgspec.json.decode(row["about"], type=About)
            rules = None if row["rules"] is None else row["rules"].encode("utf-8")
            revision = Revision(number, row["at"], row["created_by"], about, rules)
            found.setdefault(segment, []).append(revision)
    return found


def sums_in(connection: sqlite3.Connection) -> Generator[tuple[str, int, bytes]]:
    """Yield the segments whose records were summed up, the last change of it, and the members.

    Raises:
        DamagedError: one is not what was written.
    """
    with closing(rows_in(connection, "segment_members")) as rows:
        for whole, (segment, last, members) in rows:
            if not whole:
                raise DamagedError(f"The members of segment {segment!r} are not what was written")
            yield segment, last, members  # type: ignore[misc] # the digest tells the types


def records_in(
    connection: sqlite3.Connection, *, summed: bool = False
) -> Generator[MembersChanged]:
    """Yield the records of entering and leaving, by segment and number.

    Args:
        connection: looks at the file.
        summed: whether those are among them that were summed up.

    Raises:
        DamagedError: one is not what was written, or is missing.
    """
    sums = {} if summed else {segment: last for segment, last, _ in sums_in(connection)}
    where = "1" if summed else _NOT_SUMMED
    order = "segment_id, first"
    with closing(rows_in(connection, "segment_changes", order, where)) as rows:
        segment, last = None, 0
        for whole, cells in rows:
            moved = MembersChanged(*cells)  # type: ignore[arg-type] # the digest tells the types
            last = last if moved.segment == segment else sums.get(moved.segment, 0)
            segment = moved.segment
            if not whole:
                message = f"Change {moved.first} of segment {segment!r} is not what was written"
                raise DamagedError(message)
            if moved.first != last + 1:
                raise DamagedError(f"Segment {segment!r} lacks its change {last + 1}")
            last = moved.last
            yield moved


def records_of(
    connection: sqlite3.Connection, segment: str, *, after: int = 0, newest_first: bool = False
) -> Generator[MembersChanged]:
    """Yield the records of one segment that hold changes behind a number.

    Raises:
        DamagedError: one is not what was written.
    """
    order = "first DESC" if newest_first else "first"
    begin = "SELECT max(first) FROM segment_changes WHERE segment_id = ?1 AND first <= ?2"
    where = f"segment_id = ?1 AND first >= coalesce(({begin}), 0)"
    values = (segment, after + 1)
    with closing(rows_in(connection, "segment_changes", order, where, values)) as rows:
        for whole, cells in rows:
            if not whole:
                raise DamagedError(f"A record of segment {segment!r} is not what was written")
            yield MembersChanged(*cells)  # type: ignore[arg-type] # the digest tells the types


def _said(revision: Revision) -> dict[str, Cell]:
    """Return the cells of a segment's row that a revision sets."""
    about = revision.about
    return {
        "workspace_id": about.workspace_id,
        "name": about.name,
        "description": about.description,
        "rules": _text(revision.rules),
        "is_active": int(about.is_active),
        "created_by": about.created_by,
        "updated_at": show_instant(revision.at),
        "tags": msgspec.json.encode(about.tags).decode(),
        "max_drop": None if about.max_drop is None else float(about.max_drop),
        "revision": revision.number,
    }


def _revise(ledger: Ledger, segment: str, revision: Revision) -> None:
    about = msgspec.json.encode(revision.about).decode()
    row = (segment, revision.number, revision.at, revision.by, about, _text(revision.rules))
    ledger.insert("segment_revisions", [row])


def _text(rules: bytes | None) -> str | None:
    return None if rules is None else rules.decode("utf-8")


def _record(ledger: Ledger, moved: MembersChanged) -> None:
    ledger.insert("segment_changes", [msgspec.structs.astuple(moved)])
    cells: dict[str, Cell] = {
        "contact_count": moved.size,
        "last_recalculated_at": show_instant(moved.at),
    }
    ledger.update("segments", cells, "id = ?", (moved.segment,))


def _forget(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _EACH):
        some = ids[start : start + _EACH]
        marks = ", ".join("?" * len(some))
        connection.execute(f"DELETE FROM segment_contacts WHERE contact_id IN ({marks})", some)  # noqa: S608
