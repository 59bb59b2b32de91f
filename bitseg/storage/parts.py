"""A part is the bytes of one column, or of a stretch of it: written once, named by id and digest.

Parts that nothing names do not exist for a reader: that is how a large write stays unseen until a
small commit names its parts.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Final

from bitseg.errors import DamagedError
from bitseg.storage.arrays import digest
from bitseg.storage.points import reach

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from bitseg.storage.codec import PartName
    from bitseg.storage.database import Database

TOGETHER: Final = 16 * 2**20
"""Parts go into transactions of at most so many bytes."""


class PartReader:
    """Reads parts on one connection."""

    def __init__(
        self, connection: sqlite3.Connection, note: Callable[[int], None] | None = None
    ) -> None:
        """Take the connection, and whom to tell of the bytes of each part."""
        self._connection = connection
        self._note = note

    def get(self, name: PartName) -> bytes:
        """Return the bytes of a part.

        Raises:
            DamagedError: it is missing, or is not what was written.
        """
        part, expected = name
        row = self._connection.execute("SELECT path, body FROM parts WHERE id = ?", (part,))
        found = row.fetchone()
        if found is None:
            raise DamagedError(f"Part {part} is missing")
        path, body = found
        if not isinstance(body, bytes) or digest(body) != expected:
            raise DamagedError(f"Part {part} ({path}) is not what was written")
        if self._note is not None:
            self._note(len(body))
        return body

    def put(self, path: str, data: bytes) -> PartName:
        """Refuse: reading writes nothing."""
        message = f"a reader was asked to keep {len(data)} bytes of {path}"
        raise TypeError(message)


class PartWriter:
    """Collects parts, and writes them.

    Attributes:
        written: bytes written in all.
        garbage: parts that were written and that nothing will name; a snapshot takes them out.
    """

    def __init__(self, database: Database, garbage: set[int]) -> None:
        """Take the file, behind whose ids new ones go on, and parts of it that nothing names."""
        self._database = database
        row = database.connection.execute("SELECT coalesce(max(id), 0) FROM parts").fetchone()
        self._ids = count(int(row[0]) + 1)  # taken by loads and a snapshot side by side
        self.written = 0
        self.garbage = garbage

    def new(self) -> Batch:
        """Return an empty batch of parts."""
        return Batch(self)

    def take_id(self) -> int:
        """Return an id that no part ever had in this process."""
        return next(self._ids)

    def write(self, rows: list[tuple[int, str, bytes]]) -> None:
        """Write parts that nothing names yet; the commit that names them makes them last.

        Raises:
            StoreError: none was written.
        """
        size = sum(len(body) for _, _, body in rows)
        with self._database.transaction("parts", size=size, synced=False) as connection:
            insert(connection, rows)
        self.written += size


class Batch:
    """Parts on their way: small ones wait for the commit that names them."""

    def __init__(self, writer: PartWriter) -> None:
        """Take who writes them."""
        self._writer = writer
        self._size = 0
        self._flushed: list[int] = []
        self.rows: list[tuple[int, str, bytes]] = []

    def put(self, path: str, data: bytes) -> PartName:
        """Keep the bytes of a column; more than fit in a transaction are written at once."""
        if self.rows and self._size + len(data) > TOGETHER:
            self.flush()
        part = self._writer.take_id()
        self.rows.append((part, path, data))
        self._size += len(data)
        return part, digest(data)

    def get(self, name: PartName) -> bytes:
        """Refuse: what was put is not read back from here."""
        message = f"a writer was asked for part {name[0]}"
        raise TypeError(message)

    def flush(self) -> None:
        """Write what waits, unnamed."""
        if self.rows:
            self._writer.write(self.rows)
        self._flushed += [part for part, _, _ in self.rows]
        self.rows = []
        self._size = 0

    def give_up(self) -> None:
        """Leave what was written to be taken out: nothing will name it."""
        self._writer.garbage |= set(self._flushed)

    @contextmanager
    def or_give_up(self) -> Iterator[None]:
        """Give up where the block does not end well."""
        try:
            yield
        except BaseException:
            self.give_up()
            raise


def insert(connection: sqlite3.Connection, rows: Iterable[tuple[int, str, bytes]]) -> None:
    """Write parts, in a transaction of the caller's."""
    for row in rows:
        connection.execute("INSERT INTO parts (id, path, body) VALUES (?, ?, ?)", row)
        reach("write.parts")
