"""A tenant that only remembers what was done to it, for tests of the changes themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bitseg.changes import RecordEvents, UpsertContacts
from bitseg.errors import Fault
from bitseg.schema import Schema
from bitseg.zones import get_zone

NOW = 1_720_000_000_000


class Upserted(msgspec.Struct, frozen=True):
    """What an upsert did."""

    created: int
    updated: int


class Recorded(msgspec.Struct, frozen=True):
    """What a record of events did."""

    accepted: int
    duplicate: int
    rejected: tuple[tuple[int, Fault], ...]
    created: int


class RecordingTenant:
    """Contacts as dicts, events as a list.

    Attributes:
        contacts: field values by contact id; null where a value was removed.
        events: the events recorded, with ``None`` for a property they lack.
        changes: how many changes were applied.
    """

    def __init__(self, timezone: str = "UTC") -> None:
        """Begin empty."""
        self.zone = get_zone(timezone)
        self.schema = Schema()
        self.contacts: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.changes = 0

    def now(self) -> int:
        """Return the same instant, always."""
        return NOW

    def upsert(self, change: UpsertContacts, answer: Any = None) -> Upserted:
        """Write a batch, row by row."""
        assert answer is None
        assert change.at == NOW
        self.changes += 1
        for field in change.fields:
            self.schema.define_field(field)
        created = 0
        for place, contact_id in enumerate(change.ids.to_pylist()):
            created += contact_id not in self.contacts
            contact = self.contacts.setdefault(contact_id, {})
            for path, new in change.columns.items():
                assert self.schema.field(path) is not None
                if new.given is None or new.given[place]:
                    contact[path] = new.values[place].as_py()
        return Upserted(created, len(change.ids) - created)

    def record(self, change: RecordEvents, answer: Any = None) -> Recorded:
        """Note events of known contacts; ids seen before are duplicates."""
        assert answer is None
        recorded, fresh = self._looked_at(change)
        self.changes += 1
        self.events.extend(fresh)
        strangers = {event["contact_id"] for event in fresh} - self.contacts.keys()
        self.contacts.update((contact_id, {}) for contact_id in strangers)
        return recorded

    def look_at(self, change: RecordEvents) -> Recorded:
        """Say what would become of events."""
        return self._looked_at(change)[0]

    def answer(self, answer: Any) -> None:
        """Refuse: no load here has one."""
        raise AssertionError(answer)

    def park(self, change: UpsertContacts | RecordEvents) -> UpsertContacts | RecordEvents:
        """Return the change."""
        return change

    def discard(self, parked: Sequence[Any]) -> None:
        """Forget them."""

    def write_all(self, parked: Sequence[UpsertContacts | RecordEvents]) -> list[Any]:
        """Write all of them."""
        return [
            self.record(one) if isinstance(one, RecordEvents) else self.upsert(one)
            for one in parked
        ]

    def _looked_at(self, change: RecordEvents) -> tuple[Recorded, list[dict[str, Any]]]:
        assert change.recorded_at == NOW
        seen = {event["event_id"] for event in self.events if event["event_id"]}
        accepted, rejected = [], []
        for place, contact_id in enumerate(change.contact_ids.to_pylist()):
            if contact_id not in self.contacts and not change.create_contacts:
                message = f"No contact has the id {contact_id!r}"
                rejected.append((place, Fault("contact_id", message, code="unknown_contact")))
                continue
            ids = change.event_ids
            accepted.append(
                {
                    "contact_id": contact_id,
                    "kind": change.kinds[place].as_py(),
                    "at": change.at[place].as_py(),
                    "event_id": None if ids is None else ids[place].as_py(),
                    **{name: cells[place].as_py() for name, cells in change.properties.items()},
                }
            )
        fresh = [event for event in accepted if event["event_id"] not in seen]
        strangers = {event["contact_id"] for event in fresh} - self.contacts.keys()
        duplicate = len(accepted) - len(fresh)
        recorded = Recorded(len(fresh), duplicate, tuple(rejected), len(strangers))
        return recorded, fresh
