"""Verifying reads a whole file and tells everything that is wrong with it, and changes nothing.

It may run beside a process that has the file open: it looks at one moment of it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from threading import RLock
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bitseg.bitmap import RowSet
from bitseg.errors import BitsegError, DamagedError, Fault, StoreError
from bitseg.results import Verified
from bitseg.segments import History, Segments
from bitseg.storage import acknowledged
from bitseg.storage.absence import found_in
from bitseg.storage.backup import backup_at
from bitseg.storage.checks import check_beside, check_pages, check_rollback
from bitseg.storage.covers import Covers
from bitseg.storage.database import FAILURES, reader, store_error
from bitseg.storage.identity import read_identity
from bitseg.storage.ledger import rows_in
from bitseg.storage.migrations import check_schema, pending
from bitseg.storage.opening import parts_needed, read_all
from bitseg.storage.parts import PartReader
from bitseg.storage.reading import newest
from bitseg.storage.tables import records_in
from bitseg.tenant import Tenant
from bitseg.writes import Writes
from bitseg.zones import get_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bitseg.storage.acknowledged import Acknowledged
    from bitseg.storage.codec import PartName
    from bitseg.storage.reading import Progress

_SHOWN = 5


def verify(path: Path, absent: tuple[str, ...] = (), progress: Progress | None = None) -> Verified:
    """Check all of a file: pages, digests, sequence, bitmaps against what they are made of.

    Args:
        path: the file.
        absent: texts that must be nowhere in it, neither in what it holds nor in free pages.
        progress: told of bytes that were read.

    Raises:
        StoreError: there is no such file, or another program's.
    """
    if not path.is_file():
        raise StoreError(f"There is no file {path}")
    told = acknowledged.read(path)
    check = _Check(path, told, progress)
    try:
        _check_opened(path, told)
        check.run("the -wal", lambda: check_beside(path))
        with closing(reader(path)) as connection:
            check.run("format", lambda: _check_format(connection))
            if not check.findings:
                connection.execute("BEGIN")
                check.everything(connection)
                for text in absent:
                    for place in found_in(path, connection, text):
                        check.say(place, f"Expected {text!r} nowhere, found it here", "present")
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    return check.result()


def _check_opened(path: Path, told: Acknowledged | None) -> None:
    if check_rollback(path, told):
        raise StoreError(f"The first opening of {path} was ended midway; open it once more")


def _check_format(connection: sqlite3.Connection) -> None:
    if todo := pending(connection):
        raise StoreError(f"Expected the current format; open it once to add {', '.join(todo)}")
    check_schema(connection)


class _Check:
    """What was found so far."""

    def __init__(self, path: Path, told: Acknowledged | None, progress: Progress | None) -> None:
        self._path = path
        self._told = told  # read before the file, which may go on being written
        self._progress = progress
        self._counts: dict[str, int] = {}
        self.findings: list[Fault] = []

    def say(self, where: str, message: str, code: str) -> None:
        """Note something that is wrong."""
        self.findings.append(Fault(where, message, code=code))

    def run(self, where: str, step: Callable[[], object]) -> None:
        """Run a step of the check; what it raises is a finding, and others go on."""
        with self.noting(where):
            step()

    @contextmanager
    def noting(self, where: str) -> Iterator[None]:
        """Make what the block raises a finding."""
        try:
            yield
        except BitsegError as error:
            self.findings += [
                msgspec.structs.replace(fault, path=fault.path or where) for fault in error.faults
            ]
        except FAILURES as error:
            meant = store_error(error, self._path)
            if not isinstance(meant, DamagedError):
                raise meant from error
            self.say(where, str(meant), "damaged")
        except ValueError as error:  # rows that are not there, of digests that are right
            self.say(where, str(error), "damaged")

    def result(self) -> Verified:
        """Return what was found."""
        return Verified(
            bytes=self._path.stat().st_size,
            findings=tuple(self.findings),
            **{
                name: self._counts.get(name, 0)
                for name in ("changes", "parts", "contacts", "events", "segments")
            },
        )

    def everything(self, connection: sqlite3.Connection) -> None:
        """Check all that there is."""
        self.run("pages", lambda: check_pages(connection, _SHOWN))
        self.run("backup_at", lambda: backup_at(connection))
        self.run("parts", lambda: self._parts(connection))
        for table in ("answers", "erasures"):
            self.run(table, lambda table=table: self._rows(connection, table))  # type: ignore[misc]
        self.run("content", lambda: self._content(connection))

    def _parts(self, connection: sqlite3.Connection) -> None:
        """Check each part that anything names, not only the first that is wrong."""
        parts = PartReader(connection)
        names = self._named(connection)
        self._counts["parts"] = len(names)
        for name in sorted(names):
            self.run(f"part {name[0]}", lambda name=name: parts.get(name))  # type: ignore[misc]

    def _named(self, connection: sqlite3.Connection) -> set[PartName]:
        names: set[PartName] = set()
        with self.noting("snapshot"):
            names |= parts_needed(connection, *newest(connection, read_identity(connection).salt))
        return names

    def _rows(self, connection: sqlite3.Connection, table: str) -> None:
        """Check the rows of a table that opening a file does not read."""
        for whole, (first, *_) in rows_in(connection, table):
            if not whole:
                self.say(f"{table} {first!r}", "It is not what was written", "damaged")

    def _content(self, connection: sqlite3.Connection) -> None:
        """Read everything into memory, and compare bitmaps with what they are made of."""
        tenant = Tenant(get_zone("UTC"), 1)
        writes = Writes(tenant, Segments(History(keeps=False)), RLock())
        state = read_all(
            connection, self._path, writes, Covers(), self._told, progress=self._progress
        )
        self._counts |= {
            "changes": state.place.seq,
            "contacts": tenant.contacts.live.count,
            "events": len(tenant.events),
            "segments": len(list(writes.segments.ids())),
        }
        self._ids(tenant)
        self._members(connection, writes)

    def _ids(self, tenant: Tenant) -> None:
        """Compare the live rows with the ids that are there, and what rests on rows with both."""
        contacts = tenant.contacts
        found = contacts.rows_of(contacts.ids.take(contacts.live.rows()))
        known = RowSet.from_rows(found[found >= 0].astype(np.uint32), contacts.n)
        if known.count != contacts.live.count or known.minus(contacts.live).count:
            self.say("contacts", "The live rows are not those of the ids that are there", "differs")
        if contacts.created_given.minus(contacts.live).count:
            self.say("contacts", "created_at is said to be given where nobody is", "differs")
        for kind, log in tenant.events.kinds.items():
            rows = log.stretch(0, len(log)).rows
            if rows.size and int(rows.max()) >= contacts.n:
                self.say(f"events {kind}", "Some are of a contact that is not there", "differs")
            elif not contacts.live.test(rows).all():
                self.say(f"events {kind}", "Some are of an erased contact", "differs")

    def _members(self, connection: sqlite3.Connection, writes: Writes) -> None:
        """Compare members with the records that led to them, and with the lists by id."""
        contacts, segments = writes.tenant.contacts, writes.segments
        replayed = History(keeps=False)
        for moved in records_in(connection, summed=True):
            replayed.record(moved, contacts.n)
        for segment in segments.ids():
            static = segments.get(segment).static
            recorded = segments.history.members(segment, contacts.n)
            led = replayed.members(segment, contacts.n).and_(contacts.live)
            if recorded.minus(led).count or led.minus(recorded).count:
                message = "Its members are not summed up as its records lead to them"
                self.say(f"segment {segment}", message, "differs")
            if static is None:
                continue
            if recorded.minus(static.members).count or static.members.minus(recorded).count:
                message = "Its members are not those that its records lead to"
                self.say(f"segment {segment}", message, "differs")
            listed = {
                contact
                for (contact,) in connection.execute(
                    "SELECT contact_id FROM segment_contacts WHERE segment_id = ?", (segment,)
                )
            }
            wrong = listed ^ set(contacts.ids.take(static.members.rows()).to_pylist())
            if wrong:
                some = ", ".join(sorted(wrong)[:_SHOWN])
                message = f"segment_contacts lists others than its members, such as {some}"
                self.say(f"segment {segment}", message, "differs")
