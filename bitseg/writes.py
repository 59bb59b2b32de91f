"""Writes are the way of changes into a tenant: each takes the lock for one short step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from bitseg.clock import system_now
from bitseg.retention import drop_events_before
from bitseg.zones import DAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

    from bitseg.changes import DefineField, RecordEvents, UpsertContacts
    from bitseg.contacts import Upserted
    from bitseg.schema import Schema
    from bitseg.tenant import Recorded, Tenant
    from bitseg.zones import Zone

RETENTION_EVERY = 3_600_000
"""Events outlive their retention by up to an hour, where writes alone drop them, ms."""


class Writes:
    """A tenant as loads see it.

    Attributes:
        kept_since: events before this instant (ms) were dropped by retention; None = none were.
    """

    def __init__(
        self,
        tenant: Tenant,
        lock: RLock,
        clock: Callable[[], int] | None,
        retention_days: int | None,
    ) -> None:
        """Take the tenant, its lock, its clock (None = the system's) and its retention."""
        self._tenant = tenant
        self._lock = lock
        self._clock = clock or system_now
        self._retention_days = retention_days
        self.kept_since: int | None = None

    @property
    def zone(self) -> Zone:
        """The tenant's timezone."""
        return self._tenant.zone

    @property
    def schema(self) -> Schema:
        """The tenant's fields and properties."""
        return self._tenant.schema

    def now(self) -> int:
        """Return the clock's instant, ms."""
        return self._clock()

    def upsert(self, change: UpsertContacts) -> Upserted:
        """Create or update contacts."""
        with self._lock:
            return self._tenant.upsert(change)

    def record(self, change: RecordEvents, *, check_only: bool = False) -> Recorded:
        """Record events, or only say what would be rejected."""
        with self._lock:
            recorded = self._tenant.record(change, check_only=check_only)
            if not check_only and self._is_due(change):
                self.drop_expired(change.recorded_at)
            return recorded

    def define_field(self, change: DefineField) -> None:
        """Declare a custom field."""
        with self._lock:
            self._tenant.define_field(change)

    def _is_due(self, change: RecordEvents) -> bool:
        """Whether to look at retention again: not each time, as dropping moves all later events."""
        if self._retention_days is None:
            return False
        if self.kept_since is None:
            return True
        passed = change.recorded_at - self._retention_days * DAY - self.kept_since
        return passed >= RETENTION_EVERY or pc.min(change.at).as_py() < self.kept_since

    def drop_expired(self, now: int) -> int:
        """Drop the events that are older than the retention, and return how many."""
        if self._retention_days is None:
            return 0
        with self._lock:
            instant = now - self._retention_days * DAY
            if self.kept_since is None or instant > self.kept_since:
                self.kept_since = instant
            return drop_events_before(self._tenant, self.kept_since)
