"""The journal is every change since the last snapshot, numbered, each digest over the one before.

So a change that is missing, doubled, out of order or altered breaks the chain where it is. The
chain begins with the file's salt, and takes in what the tables are after each change.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bitseg.errors import DamagedError
from bitseg.storage.arrays import digest
from bitseg.storage.codec import decode
from bitseg.storage.ledger import EMPTY

if TYPE_CHECKING:
    from collections.abc import Generator

    from bitseg.changes import Change
    from bitseg.storage.codec import Parts

TABLES_ONLY: Final = "tables"
"""The kind of an entry that is no change: only tables were written, such as an answer."""


class Place(msgspec.Struct, frozen=True):
    """How far a journal has come.

    Attributes:
        seq: the number of the last change.
        chain: its digest.
        tables: the sum over the tables' rows after it.
    """

    seq: int
    chain: bytes
    tables: bytes

    @classmethod
    def first(cls, salt: bytes) -> Place:
        """Return the place before all changes of a file."""
        return cls(0, digest(salt), EMPTY)

    def next(self, at: int, kind: str, body: bytes, tables: bytes) -> Entry:
        """Return the entry that comes next."""
        seq = self.seq + 1
        numbers = seq.to_bytes(8, "little") + at.to_bytes(8, "little", signed=True)
        chain = digest(self.chain, numbers, kind.encode(), body, tables)
        return Entry(at, kind, body, Place(seq, chain, tables))


class Entry(msgspec.Struct, frozen=True):
    """A change as the journal holds it.

    Attributes:
        at: when it was written, ms.
        kind: the kind of change, a word.
        body: the change.
        place: its number, from 1 without gaps, and the digest over the entry before and this.
    """

    at: int
    kind: str
    body: bytes
    place: Place


def append(connection: sqlite3.Connection, entries: list[Entry]) -> None:
    """Write entries, in a transaction of the caller's."""
    connection.executemany(
        "INSERT INTO journal (seq, at, kind, body, tables, digest) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (one.place.seq, one.at, one.kind, one.body, one.place.tables, one.place.chain)
            for one in entries
        ],
    )


def entries_after(connection: sqlite3.Connection, place: Place) -> Generator[Entry]:
    """Yield the entries behind a place, each checked against the one before.

    Close it where it is left midway: it reads the file until then.

    Raises:
        DamagedError: one is missing or is not what was written.
    """
    with closing(
        connection.execute(
            "SELECT seq, at, kind, body, tables, digest FROM journal WHERE seq > ? ORDER BY seq",
            (place.seq,),
        )
    ) as rows:
        for seq, *cells, chain in rows:
            expected = _next(place, *cells)
            if seq != place.seq + 1:
                raise DamagedError(
                    f"The journal lacks changes {place.seq + 1} to {seq - 1}; it goes on at {seq}"
                )
            if expected is None or expected.place.chain != chain:
                raise DamagedError(f"Change {seq} of the journal is not what was written")
            place = expected.place
            yield expected


def _next(place: Place, at: Any, kind: Any, body: Any, tables: Any) -> Entry | None:
    """Return the entry of cells, or None where damage gave them other types."""
    if not (
        isinstance(at, int)
        and isinstance(kind, str)
        and isinstance(body, bytes)
        and isinstance(tables, bytes)
    ):
        return None
    return place.next(at, kind, body, tables)


def change_of(entry: Entry, parts: Parts) -> Change:
    """Return the change of an entry that was checked.

    Raises:
        DamagedError: a part of it is not what was written.
    """
    try:
        return decode(entry.kind, entry.body, parts)
    except DamagedError:
        raise
    except Exception as error:
        message = (
            f"Change {entry.place.seq} of the journal ({entry.kind}) cannot be read: {error!r}"
        )
        raise DamagedError(message) from error
