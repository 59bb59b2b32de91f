"""Writes are the way of changes into a tenant: checked, kept by the store, and only then seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.changes import (
    AddEvents,
    ChangeSettings,
    DefineField,
    DeleteContacts,
    DropEvents,
    RecordEvents,
    RefreshSegments,
    UpsertContacts,
    WithdrawEvents,
)
from bitseg.clock import system_now
from bitseg.commits import Commits, Staged
from bitseg.contacts import Upserted, as_ids
from bitseg.errors import FieldError
from bitseg.repeats import Repeats
from bitseg.retention import drop_events_before
from bitseg.segments import suppression_of
from bitseg.zones import DAY, get_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from threading import RLock

    from bitseg.arrivals import Recorded
    from bitseg.changes import Change
    from bitseg.commits import Follower
    from bitseg.fields import Field
    from bitseg.repeats import Answering
    from bitseg.schema import Schema
    from bitseg.segments import Segments
    from bitseg.store import Answer, Store
    from bitseg.tenant import Tenant
    from bitseg.zones import Zone

Parkable: TypeAlias = UpsertContacts | RecordEvents
"""What loads write."""

RETENTION_EVERY: Final = 3_600_000
"""Events outlive their retention by up to an hour, where writes alone drop them, ms."""

FAULTS_MOST: Final = 100
"""Faults that are told of events that no longer fit when they are written."""

BULK: Final = 4_096
"""From so many events on, a change is looked at before it is kept, so that it is kept as it will
lie in the logs; fewer are kept as they came, many writers in one commit."""


class Writes:
    """A tenant as whoever writes sees it.

    Attributes:
        tenant: contacts, events and fields.
        segments: the named sets.
        retention_days: for how many days events are kept; None = for ever.
        now: returns the clock's instant, ms.
        commits: the queue of writes.
        submit: checks, keeps and applies one.
        check_room: refuses a change for which there is no room in memory.
        once: runs one, or gives the answer that it was given when it ran before.
        kept_since: events before this instant (ms) were dropped by retention; None = none were.
        follower: says what else goes ahead of each commit and follows it; None = nothing.
        last_at: the instant of the last change that was read from a file, ms; None = none was.
    """

    def __init__(
        self,
        tenant: Tenant,
        segments: Segments,
        lock: RLock,
        clock: Callable[[], int] | None = None,
        retention_days: int | None = None,
    ) -> None:
        """Take the data, their lock, clock (None = the system's), retention and store."""
        self.tenant = tenant
        self.segments = segments
        self.retention_days = retention_days
        self.kept_since: int | None = None
        self.now = clock or system_now
        self.commits = Commits(lock, self.now, self)
        self.follower: Follower | None = None
        self.last_at: int | None = None
        self.submit = self.commits.submit
        self.check_room: Callable[[Parkable], None] = lambda _: None
        self.once = Repeats(lambda: self.store, self.now).once

    @property
    def lock(self) -> RLock:
        """Held by evaluations, and while a change is applied."""
        return self.commits.lock

    @property
    def store(self) -> Store:
        """Keeps changes before they are applied."""
        return self.commits.store

    @property
    def zone(self) -> Zone:
        """The tenant's timezone."""
        return self.tenant.zone

    @property
    def schema(self) -> Schema:
        """The tenant's fields and properties."""
        return self.tenant.schema

    @property
    def settings(self) -> ChangeSettings:
        """What is set for the data."""
        days = self.tenant.events.ids.days
        given, spelled = self.segments.suppression.kept
        return ChangeSettings(self.tenant.zone.key, days, self.retention_days, given, spelled)

    # One method for each kind of write

    def upsert(self, change: UpsertContacts, answer: Answering[Upserted] = None) -> Upserted:
        """Create or update contacts, and declare the fields that come with them.

        Raises:
            FieldError: a field is not what it was when the change was read; nothing was done.
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[Upserted]:
            self.tenant.check_upsert(change)
            self.check_room(change)
            kept = None if answer is None else answer(self._will_upsert(change))
            return Staged((change,), lambda: self._apply_upsert(change), kept)

        return self.submit(stage, alone=bool(change.fields) or answer is not None)

    def record(self, change: RecordEvents, answer: Answering[Recorded] = None) -> Recorded:
        """Record events.

        Raises:
            StoreError: the change could not be kept; nothing was done.
        """
        small = len(change.at) < BULK and answer is None

        def stage() -> Staged[Recorded]:
            self.check_room(change)
            if small:
                return Staged((change,), lambda: self.tenant.record(change))
            added, recorded = self.tenant.resolve(change)
            kept = None if answer is None else answer(recorded)

            def publish() -> Recorded:
                self.apply(added)
                return recorded

            return Staged((added,) if added.kinds else (), publish, kept)

        return self.submit(stage, alone=not small)

    def look_at(self, change: RecordEvents) -> Recorded:
        """Return which events would be rejected."""
        with self.lock:
            return self.tenant.look_at(change)

    def park(self, change: Parkable) -> Any:
        """Put a change aside for ``write_all``.

        Raises:
            StoreError: it could not be put aside.
        """
        return self.store.park(change)

    def discard(self, parked: Sequence[Any]) -> None:
        """Give up changes that were put aside."""
        self.store.discard(parked)

    def write_all(self, parked: Sequence[Any]) -> list[Any]:
        """Write changes that were put aside, all or none, in one commit; return what each did.

        Raises:
            FieldError: something is not what it was when they were read; nothing was done.
            StoreError: they could not be kept; nothing was done.
        """

        def stage() -> Staged[list[Any]]:
            fields: list[Field] = []
            for one in parked:
                change = self.store.unpark(one)
                if isinstance(change, UpsertContacts):
                    self.tenant.check_upsert(change, fields)
                    fields += change.fields
                elif rejected := self.look_at(change).rejected:
                    raise FieldError(*(fault for _, fault in rejected[:FAULTS_MOST]))
                self.check_room(change)
            return Staged(tuple(parked), publish, sliced=True)

        def publish() -> list[Any]:
            return [self._publish_parked(one) for one in parked]

        return self.submit(stage, alone=True)

    def _publish_parked(self, parked: Any) -> Upserted | Recorded:
        change = self.store.unpark(parked)
        with self.commits.publishing():
            if isinstance(change, UpsertContacts):
                return self._apply_upsert(change, parked)
            return self.tenant.record(change)

    def answer(self, answer: Answer) -> None:
        """Keep the answer of a write that changes nothing.

        Raises:
            StoreError: it could not be kept.
        """
        self.submit(lambda: Staged((), lambda: None, answer))

    def define_field(self, made: Callable[[], Field], answer: Answering[Field] = None) -> Field:
        """Declare the custom field that is made of those there are by then, and return it.

        Raises:
            FieldError: it may not be so, has values of another type, or a segment rests on it.
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[Field]:
            field = made()
            self.tenant.check_field(field)
            self.segments.check_type(field)
            change, kept = DefineField(field), None if answer is None else answer(field)

            def publish() -> Field:
                self.tenant.define_field(change)
                return field

            return Staged((change,), publish, kept)

        return self.submit(stage, alone=True)

    def delete(self, change: DeleteContacts, answer: Answering[int] = None) -> int:
        """Erase contacts, their values, their events and their memberships; return how many.

        Raises:
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[int]:
            found = self.tenant.contacts.rows_of(as_ids(change.ids))
            rows, n = np.unique(found[found >= 0]).astype(np.uint32), self.tenant.contacts.n
            history, at = self.segments.history, self.commits.instant
            moved = history.erasing(rows, n, at)  # their changes are numbered, as all are
            kept = None if answer is None else answer(rows.size)

            def publish() -> int:
                if rows.size:
                    self.apply(change)
                for one in moved:
                    history.record(one, n)
                return rows.size

            changes: tuple[Change, ...] = (change,) if rows.size else ()
            if moved:
                changes = (*changes, RefreshSegments(at, moved))
            return Staged(changes, publish, kept)

        return self.submit(stage, alone=True)

    def withdraw(self, change: WithdrawEvents, answer: Answering[int] = None) -> int:
        """Take events back by their ids; return how many there were.

        Raises:
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[int]:
            with self.lock:  # looking sorts in what has arrived
                number = self.tenant.events.count_of(as_ids(change.event_ids))
            kept = None if answer is None else answer(number)

            def publish() -> int:
                if number:
                    self.apply(change)
                return number

            return Staged((change,) if number else (), publish, kept)

        return self.submit(stage, alone=True)

    def settle(self, wanted: ChangeSettings) -> None:
        """Set what is fixed for the data, where it is not so.

        Raises:
            StoreError: the change could not be kept; nothing was done.
        """
        if wanted != self.settings:
            self.submit(lambda: Staged((wanted,), lambda: self.apply(wanted)), alone=True)

    def catch_up(self) -> None:
        """Record what time alone changed by now."""
        self.submit(lambda: Staged((), lambda: None))

    def drop_expired(self, now: int) -> int:
        """Drop the events that are older than the retention, and return how many."""
        if self.retention_days is None:
            return 0
        return self.submit(lambda: self._dropping(now), alone=True)

    # How a write goes

    def ahead(self, at: int) -> Iterator[Staged[Any]]:
        """Yield what time alone asks for up to ms ``at``."""
        if self.follower is not None:
            yield from self.follower.ahead(at)

    def behind(self, changes: list[Change], at: int) -> Iterator[Staged[Any]]:
        """Yield what follows from changes: what retention drops, and then what all of it moved."""
        yield from self._drop_due(changes)
        if self.follower is not None:
            yield from self.follower.behind(changes, at)

    def apply(self, change: Change) -> None:
        """Apply a change that a store kept, here or when it is read back."""
        tenant = self.tenant
        match change:
            case UpsertContacts():
                self._apply_upsert(change)
            case RecordEvents():
                tenant.record(change)
            case AddEvents():
                tenant.add(change)
                self.store.published(change, tenant.contacts.n - len(change.created))
            case DropEvents():
                self._apply_drop(change)
            case DeleteContacts():
                rows = tenant.delete(change)
                self.segments.erase(rows, tenant.contacts.n)
            case WithdrawEvents():
                tenant.withdraw(change)
            case DefineField():
                tenant.define_field(change)
            case ChangeSettings():
                tenant.zone = get_zone(change.timezone)
                tenant.events.ids.days = change.remember_event_ids_days
                self.retention_days = change.retention_days
                kept = (change.suppression, change.spelled)
                self.segments.suppression = suppression_of(kept, tenant.zone)
            case _:  # segments are kept as they are, not as they came to be
                pass

    def _will_upsert(self, change: UpsertContacts) -> Upserted:
        rows = self.tenant.contacts.rows_of(change.ids)
        created = len(pc.unique(change.ids.filter(pa.array(rows < 0))))
        return Upserted(created, rows.size - created)

    def _apply_upsert(self, change: UpsertContacts, parked: Any = None) -> Upserted:
        before = self.tenant.contacts.n
        done = self.tenant.upsert(change)
        self.store.published(change, before, parked)
        return done

    # Retention

    def _is_due(self, change: RecordEvents | AddEvents) -> bool:
        """Whether to look at retention again: not each time, as dropping moves all later events."""
        if self.retention_days is None:
            return False
        if self.kept_since is None:
            return True
        passed = change.recorded_at - self.retention_days * DAY - self.kept_since
        return passed >= RETENTION_EVERY or _first_instant(change) < self.kept_since

    def _dropping(self, now: int) -> Staged[int]:
        instant = now - (self.retention_days or 0) * DAY
        if self.kept_since is not None:
            instant = max(instant, self.kept_since)
        change = DropEvents(instant)
        return Staged((change,), lambda: self._apply_drop(change))

    def _drop_due(self, changes: list[Change]) -> Iterator[Staged[int]]:
        """Yield the dropping that is due behind changes."""
        for change in changes:
            if isinstance(change, RecordEvents | AddEvents) and self._is_due(change):
                yield self._dropping(change.recorded_at)
                return

    def _apply_drop(self, change: DropEvents) -> int:
        self.kept_since = change.before
        return drop_events_before(self.tenant, change.before)


def _first_instant(change: RecordEvents | AddEvents) -> int:
    if isinstance(change, RecordEvents):
        first: int = pc.min(change.at).as_py()
        return first
    return min(int(events.at.min()) for events in change.kinds.values())
