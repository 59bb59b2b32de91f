"""A snapshot is written beside everything else, switched to in one transaction, then trimmed after.

Parts that still are what they should be stay as they are. Until the switch the file says what it
said before; after it the journal up to the snapshot is no longer needed and is taken out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from bitseg.errors import StoreError
from bitseg.results import Snapshot
from bitseg.storage.arrays import digest
from bitseg.storage.capture import Capture
from bitseg.storage.codec import named
from bitseg.storage.manifest import Manifest
from bitseg.storage.pace import Pace
from bitseg.storage.points import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitseg.storage.codec import PartName
    from bitseg.storage.coverage import Stretch
    from bitseg.storage.database import Database
    from bitseg.storage.journal import Place
    from bitseg.storage.parts import PartWriter

SLICE: Final = 4 * 2**20
"""Bytes of parts that are written, or taken out, in one transaction; other writes come between."""

SLICE_LEAST: Final = 2**16
"""What is taken out is overwritten, which takes room: where there is little, slices are small."""


class Snapshotter:
    """Writes snapshots into a file, one at a time."""

    def __init__(
        self, database: Database, parts: PartWriter, salt: bytes, hurried: Callable[[], bool]
    ) -> None:
        """Take the file, who writes parts, its salt, and what says whether somebody waits."""
        self._hurried = hurried
        self._database = database
        self._salt = salt
        self._parts = parts
        self._unnamed: set[int] = set()  # parts that snapshots wrote and none yet names

    def take(self, place: Place, capture: Capture, at: int, *, erasing: bool) -> Snapshot:
        """Write a snapshot of what was captured.

        Args:
            place: the last change before the capture.
            capture: the tenant as of then.
            at: the instant of the last commit before it, ms.
            erasing: whether contacts were erased since the last one, whose traces are to go.

        Raises:
            StoreError: it was not written, and the one before and the journal still stand; or it
                was, which the error says, and what it replaces is still there.
        """
        reach("snapshot.captured")
        began = time.monotonic()
        before = self._parts.written
        pace = Pace(self._hurried)
        try:
            made = self._make(capture, pace)
        finally:
            capture.release()
        manifest = capture.manifest()
        body = msgspec.msgpack.encode(manifest)
        reach("snapshot.encoded")
        garbage = self._switch(place, at, body, manifest)
        try:
            self._trim(place.seq, garbage, pace)
            clean = self._database.checkpoint("TRUNCATE" if erasing else "PASSIVE")
        except StoreError as error:
            self._parts.garbage |= set(garbage)
            raise type(error)(
                f"The snapshot at change {place.seq} is written, and what it replaces could not be "
                f"taken out: {error}"
            ) from error
        return Snapshot(
            place.seq,
            made,
            self._parts.written - before,
            sum(1 for _ in manifest.parts()) - made,
            time.monotonic() - began,
            clean or not erasing,
        )

    def _make(self, capture: Capture, pace: Pace) -> int:
        """Write the parts that are due; return how many."""
        rows: list[tuple[int, str, bytes]] = []
        waiting: list[tuple[Stretch, PartName]] = []
        size = made = 0
        for due in capture.due:
            data = due.make()
            reach("snapshot.part")
            if data is None:
                due.stretch.hold(None)
                continue
            part = self._parts.take_id()
            rows.append((part, due.path, data))
            waiting.append((due.stretch, (part, digest(data))))
            size += len(data)
            made += 1
            if size > SLICE:
                pace.rest()
                self._flush(rows, waiting)
                size = 0
            pace.rest()
        self._flush(rows, waiting)
        return made

    def _flush(
        self, rows: list[tuple[int, str, bytes]], waiting: list[tuple[Stretch, PartName]]
    ) -> None:
        """Write parts, and only then call them held."""
        if rows:
            self._parts.write(rows)
            self._unnamed |= {part for part, _, _ in rows}
        for stretch, part in waiting:
            stretch.hold(part)
        rows.clear()
        waiting.clear()
        self._database.work_off()

    def _switch(self, place: Place, at: int, body: bytes, manifest: Manifest) -> list[int]:
        """Make the snapshot the newest; return the parts that it leaves behind."""
        held = {part for part, _ in manifest.parts()}
        left = (self._named_before(place.seq) | self._unnamed | self._parts.garbage) - held
        with self._database.transaction("switch", size=len(body)) as connection:
            connection.execute("DELETE FROM snapshots")
            sealed = snapshot_digest(self._salt, place, at, body)
            connection.execute(
                "INSERT INTO snapshots (seq, at, chain, tables, body, digest) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (place.seq, at, place.chain, place.tables, body, sealed),
            )
        self._unnamed = set()
        self._parts.garbage -= left
        return sorted(left)

    def _named_before(self, seq: int) -> set[int]:
        """Return the parts that the last snapshot and the journal up to a change name."""
        found: set[int] = set()
        with self._database.reading() as connection:
            for (old,) in connection.execute("SELECT body FROM snapshots"):
                found |= {part for part, _ in msgspec.msgpack.decode(old, type=Manifest).parts()}
            for kind, body in connection.execute(
                "SELECT kind, body FROM journal WHERE seq <= ? "
                "AND kind IN ('upsert', 'add', 'record')",
                (seq,),
            ):
                found |= {part for part, _ in named(kind, body)}
        return found

    def _trim(self, seq: int, garbage: list[int], pace: Pace) -> None:
        """Take out the journal up to a change, and parts that nothing names, slice by slice."""
        with self._database.reading() as connection:
            sizes = connection.execute(
                "SELECT seq, length(body) FROM journal WHERE seq <= ? ORDER BY seq", (seq,)
            ).fetchall()
        for first, last in _slices(sizes):
            with self._database.transaction("trim", synced=False) as connection:
                connection.execute("DELETE FROM journal WHERE seq BETWEEN ? AND ?", (first, last))
            self._work_off(pace)
        delete_parts(self._database, garbage, lambda: self._work_off(pace))

    def _work_off(self, pace: Pace) -> None:
        pace.rest()
        self._database.work_off()
        pace.rest()


def snapshot_digest(salt: bytes, place: Place, at: int, body: bytes) -> bytes:
    """Return the digest of a row of ``snapshots`` in a file with a salt."""
    numbers = b"".join(one.to_bytes(8, "little", signed=True) for one in (place.seq, at))
    return digest(salt, numbers, place.chain, place.tables, body)


def delete_parts(database: Database, parts: list[int], between: Callable[[], None]) -> None:
    """Take parts out of the file, in slices; ``between`` is called after each."""
    with database.reading() as connection:
        sizes = [
            (part, size)
            for part in parts
            for (size,) in connection.execute(
                "SELECT length(body) FROM parts WHERE id = ?", (part,)
            )
        ]
    while sizes:
        most = max(SLICE_LEAST, min(SLICE, database.room()))
        some: list[tuple[int]] = []
        size = 0
        while sizes and (not some or size + sizes[-1][1] <= most):
            part, more = sizes.pop()
            some.append((part,))
            size += more
        with database.transaction("trim", size=size, synced=False) as connection:
            connection.executemany("DELETE FROM parts WHERE id = ?", some)
        between()


def _slices(sizes: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of stretches of at most ``SLICE`` bytes, one row at least."""
    first, size = None, 0
    for seq, more in sizes:
        if first is not None and size + more > SLICE:
            yield first, seq - 1
            first, size = None, 0
        first = seq if first is None else first
        size += more
    if first is not None:
        yield first, sizes[-1][0]
