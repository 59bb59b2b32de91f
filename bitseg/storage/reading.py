"""Reading brings a tenant back: the newest snapshot, the journal behind it, and the tables.

Everything that an answer could rest on is checked against its digest on the way.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np

from bitseg.bitmap import RowSet
from bitseg.errors import DamagedError
from bitseg.events.log import Events
from bitseg.storage.arrays import from_bytes
from bitseg.storage.codec import events_from_bytes
from bitseg.storage.coverage import Stretch
from bitseg.storage.covers import ID
from bitseg.storage.journal import TABLES_ONLY, Place, change_of, entries_after
from bitseg.storage.manifest import Manifest
from bitseg.storage.parts import PartReader
from bitseg.storage.points import reach
from bitseg.storage.snapshot import snapshot_digest
from bitseg.storage.tables import records_in, segments_in, sums_in
from bitseg.strings import StringPool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from sqlite3 import Connection

    from bitseg.columns import Column
    from bitseg.fields import DataType
    from bitseg.storage.covers import Covers
    from bitseg.storage.journal import Entry
    from bitseg.storage.manifest import Held
    from bitseg.writes import Writes

Progress: TypeAlias = "Callable[[int, int | None], None]"
"""Told of bytes that were read, and of how many there are."""


class Meter:
    """Counts what was read, from several threads."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        """Take how much there is, and whom to tell."""
        self._total = total
        self._progress = progress
        self._done = 0
        self._lock = Lock()

    def note(self, size: int) -> None:
        """Tell that so many more bytes were read."""
        if self._progress is not None:
            with self._lock:
                self._done += size
                self._progress(min(self._done, self._total), self._total)


def newest(connection: Connection, salt: bytes) -> tuple[Place, Manifest | None]:
    """Return the newest snapshot's place and manifest; at the very beginning there is none.

    Args:
        connection: looks at the file.
        salt: of the file; a snapshot of another file is not taken for its.

    Raises:
        DamagedError: it is not what was written.
    """
    row = connection.execute(
        "SELECT seq, at, chain, tables, body, digest FROM snapshots ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return Place.first(salt), None
    seq, at, chain, tables, body, expected = row
    place = Place(seq, chain, tables)
    if (
        not all(isinstance(one, bytes) for one in (chain, tables, body))
        or not all(isinstance(one, int) for one in (seq, at))
        or snapshot_digest(salt, place, at, body) != expected
    ):
        raise DamagedError(f"The snapshot at change {seq} is not what was written")
    return place, msgspec.msgpack.decode(body, type=Manifest)


def taken_at(connection: Connection, place: Place) -> int | None:
    """Return the instant of the last commit before the snapshot at a place, ms; None = no snapshot.

    ``newest`` has checked it.
    """
    row = connection.execute("SELECT at FROM snapshots WHERE seq = ?", (place.seq,)).fetchone()
    return None if row is None else int(row[0])


class Reader:
    """Reads one file into a tenant that is empty."""

    def __init__(
        self, writes: Writes, covers: Covers, meter: Meter, connections: tuple[Connection, ...]
    ) -> None:
        """Take where it goes, who notes which parts hold what, and one or two connections."""
        self._writes = writes
        self._tenant = writes.tenant
        self._covers = covers
        self._meter = meter
        self._parts = [PartReader(connection, meter.note) for connection in connections]

    def snapshot(self, manifest: Manifest) -> None:
        """Read a snapshot: contacts and events on a thread each, where there are connections.

        Raises:
            DamagedError: a part is missing, or is not what was written.
        """
        self._writes.kept_since = manifest.kept_since
        schema = self._tenant.schema
        schema.fields |= {field.path: field for field in manifest.fields}
        schema.properties |= manifest.properties
        schema.kinds |= set(manifest.kinds)
        schema.version += 1
        first, last = self._parts[0], self._parts[-1]
        with ThreadPoolExecutor(len(self._parts)) as pool:
            for done in [
                pool.submit(self._contacts, manifest, first),
                pool.submit(self._events, manifest, last),
            ]:
                done.result()
        reach("open.read")

    def journal(self, connection: Connection, place: Place) -> Generator[Entry]:
        """Apply the journal behind a place; yields each entry before it is applied.

        Raises:
            DamagedError: a change is missing or is not what was written.
        """
        with closing(entries_after(connection, place)) as entries:
            for entry in entries:
                if entry.kind == TABLES_ONLY:
                    yield entry
                    continue
                change = change_of(entry, self._parts[0])
                yield entry
                reach("open.replaying")
                before = self._tenant.contacts.n
                self._writes.apply(change)
                self._covers.adopt(change, entry.body, before, self._tenant)
                self._meter.note(len(entry.body))

    def segments(self, connection: Connection) -> bool:
        """Read the segments and their records; whoever was erased since is not among them.

        Returns:
            Whether the file still has rows there of contacts that were erased.

        Raises:
            DamagedError: one is not what was written.
        """
        contacts, segments = self._tenant.contacts, self._writes.segments
        dead = contacts.live.others()
        there = 0
        with closing(segments_in(connection, contacts.n, self._tenant.zone)) as found:
            for segment, what, revisions in found:
                read = what
                if isinstance(what, RowSet):
                    there += what.and_count(dead)
                    read = what.and_(contacts.live)
                segments.put(segments.prepared(segment, read, revisions))
        for segment, last, members in sums_in(connection):
            held = RowSet.from_bytes(members, contacts.n)
            there += held.and_count(dead)
            segments.history.restore(segment, last, held)
        with closing(records_in(connection)) as records:
            for moved in records:
                for rows in (moved.entered, moved.left):
                    there += RowSet.from_bytes(rows, contacts.n).and_count(dead)
                segments.history.record(moved, contacts.n)
        segments.history.erase(dead.rows(), contacts.n)
        return there > 0

    def _contacts(self, manifest: Manifest, parts: PartReader) -> None:
        contacts = self._tenant.contacts
        contacts.restore(
            (from_bytes(data)["v"] for _, data in self._read(manifest.ids, parts)),
            RowSet.from_bytes(manifest.live, manifest.n),
            RowSet.from_bytes(manifest.created_given, manifest.n),
        )
        if contacts.n != manifest.n:
            raise DamagedError(f"Expected {manifest.n} contact ids, got {contacts.n}")
        self._covers.column(ID).replace(_made(manifest.ids))
        for path, column in manifest.columns.items():
            made = contacts.column(path, column.data_type)
            self._column(made, column.stretches, parts)
            self._covers.column(path).replace(_made(column.stretches))

    def _column(self, column: Column, stretches: tuple[Held, ...], parts: PartReader) -> None:
        for start, data in self._read(stretches, parts):
            values = from_bytes(data)["v"]
            column.write(np.arange(start, start + len(values), dtype=np.uint32), values)

    def _events(self, manifest: Manifest, parts: PartReader) -> None:
        events = self._tenant.events
        generations = []
        for held in manifest.event_ids:
            ids = StringPool()
            for _, data in self._read(held.stretches, parts):
                ids.extend(from_bytes(data)["v"])
            if len(ids) != held.size:
                raise DamagedError(f"Expected {held.size} event ids, got {len(ids)}")
            generations.append((held.base, ids))
            if held.size:
                self._covers.ids(held.base).replace(_made(held.stretches))
        events.ids.restore(generations[0], generations[1], manifest.opened_at)
        for kind, stretches in manifest.events.items():
            for _, data in self._read(stretches, parts):
                self._add(kind, data, manifest.properties)
            got, expected = len(events.log(kind)), sum(one.size for one in stretches)
            if got != expected:
                raise DamagedError(f"Expected {expected} events of kind {kind}, got {got}")
            self._covers.kind(kind).replace(_made(stretches))

    def _add(self, kind: str, data: bytes, types: dict[str, DataType]) -> None:
        new = events_from_bytes(data)
        dictionaries = self._tenant.events.dictionaries
        encoded = {
            name: dictionaries.encode(name, types[name], values)
            for name, values in new.properties.items()
        }
        events = Events(new.rows, new.at, new.codes, encoded)
        self._tenant.events.log(kind).append(events, types)

    def _read(self, stretches: Iterable[Held], parts: PartReader) -> Iterator[tuple[int, bytes]]:
        """Yield where each stretch that has a part begins, and the part's bytes."""
        for held in stretches:
            if held.part is not None:
                yield held.start, parts.get(held.part)


def _made(stretches: tuple[Held, ...]) -> list[Stretch]:
    return [
        Stretch(held.end, held.part, held.size, made=True, start=held.start) for held in stretches
    ]
