"""A world is one tenant as plain dicts and lists, with the writes that change it.

Silent or ambiguous places, and the reading taken here:

- `created_at` is the first value ever given, even if it is given by a later write; until one is
  given it is the instant of the first write. A second given value changes nothing.
- An event that creates its contact is that contact's first write; other events write no contact.
- An event id stays used after its event was withdrawn or its contact deleted, so a redelivery is a
  duplicate; and a known id makes a row a duplicate whatever else is in that row. After thirty days
  an id may be forgotten or not: nothing is asked about that, see `remembered_event_ids`.
- Deleting a contact takes it out of static segments; coming back does not put it in again.
- Withdrawing an id that is not there does nothing.
- Defining a segment that exists replaces it.
- A property keeps its type when the events that carried it are gone, and a field likewise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.intake import Row, RowRefusedError, cells_of, event_of, inferred
from tests.oracle.operators import Cell

CREATED_AT = "contact.created_at"
UPDATED_AT = "contact.updated_at"
REMEMBERED = 30 * 86_400_000


@dataclass
class Event:
    """An event is something that happened to a contact at an instant."""

    kind: str
    at: int
    properties: dict[str, Any]
    event_id: str | None
    recorded: int


@dataclass
class Contact:
    """A contact is an id with cells, baselines and events."""

    id: str
    values: dict[str, Cell] = field(default_factory=dict)
    baselines: dict[str, float] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    created_at_given: bool = False


@dataclass
class Report:
    """A report says what a load did: counts, and the indices of refused rows."""

    created: int = 0
    updated: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: list[int] = field(default_factory=list)


@dataclass
class World:
    """A world holds contacts in the order of first load, and what is known about them."""

    timezone: str = "UTC"
    clock: int = 0
    contacts: dict[str, Contact] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    property_types: dict[str, str] = field(default_factory=dict)
    segments: dict[str, dict[str, Any] | list[str]] = field(default_factory=dict)
    used_event_ids: dict[str, int] = field(default_factory=dict)
    recorded: int = 0

    def define_field(self, path: str, data_type: str) -> None:
        """Declare a custom field."""
        self.fields[path] = data_type

    def load_contacts(self, rows: Iterable[Row]) -> Report:
        """Create or change contacts, row by row, in order."""
        report = Report()
        for index, row in enumerate(rows):
            try:
                cells = cells_of(row, self.fields, self.timezone)
            except RowRefusedError:
                report.rejected.append(index)
                continue
            known = row["id"] in self.contacts
            report.updated += known
            report.created += not known
            self._write(row["id"], cells)
        return report

    def _write(self, contact_id: str, cells: dict[str, tuple[str, Cell]]) -> Contact:
        contact = self.contacts.get(contact_id)
        if contact is None:
            contact = self.contacts[contact_id] = Contact(contact_id)
            contact.values[CREATED_AT] = self.clock
        contact.values[UPDATED_AT] = self.clock
        for path, (kind, cell) in cells.items():
            prefix, _, name = path.partition(".")
            if prefix == "customField":
                self.fields.setdefault(path, kind)
            if path == CREATED_AT:
                self._give_created_at(contact, cell)
            elif prefix == "engagement":
                _put(contact.baselines, name, cell)
            elif path != "contact.id":
                _put(contact.values, path, cell)
        return contact

    def _give_created_at(self, contact: Contact, cell: Cell) -> None:
        if not contact.created_at_given:
            contact.created_at_given = True
            contact.values[CREATED_AT] = cell

    def load_events(self, rows: Iterable[Row], create_contacts: bool = False) -> Report:  # noqa: FBT001, FBT002
        """Record events, row by row, in order."""
        report = Report()
        for index, row in enumerate(rows):
            event_id = row.get("event_id")
            if event_id is not None and event_id in self.used_event_ids:
                report.duplicate += 1
                continue
            try:
                at, properties = event_of(row, self.property_types, self.timezone)
            except RowRefusedError:
                report.rejected.append(index)
                continue
            contact = self.contacts.get(row["contact_id"])
            if contact is None and not create_contacts:
                report.rejected.append(index)
                continue
            if contact is None:
                report.created += 1
                contact = self._write(row["contact_id"], {})
            self._record(contact, Event(row["kind"], at, properties, event_id, self.recorded))
            report.accepted += 1
        return report

    def _record(self, contact: Contact, event: Event) -> None:
        self.recorded += 1
        if event.event_id is not None:
            self.used_event_ids[event.event_id] = self.clock
        for name, value in event.properties.items():
            self.property_types.setdefault(name, inferred(value))
        contact.events.append(event)

    def remembered_event_ids(self) -> list[str]:
        """Give the ids that must be known still: those recorded less than thirty days ago."""
        recorded = self.used_event_ids.items()
        return sorted(one for one, at in recorded if abs(self.clock - at) < REMEMBERED)

    def withdraw_events(self, event_ids: Iterable[str]) -> None:
        """Take events back by their ids."""
        withdrawn = set(event_ids)
        for contact in self.contacts.values():
            contact.events = [one for one in contact.events if one.event_id not in withdrawn]

    def delete_contacts(self, ids: Iterable[str]) -> None:
        """Forget contacts with their values and events."""
        gone = set(ids)
        for contact_id in gone:
            self.contacts.pop(contact_id, None)
        for name, content in self.segments.items():
            if isinstance(content, list):
                self.segments[name] = [one for one in content if one not in gone]

    def define_segment(self, segment: str, content: dict[str, Any] | list[str]) -> None:
        """Save a dynamic segment (a definition) or a static one (contact ids)."""
        self.segments[segment] = content

    def remove_segment(self, segment: str) -> None:
        """Forget a segment."""
        del self.segments[segment]


def _put(cells: dict[str, Any], name: str, cell: Cell) -> None:
    if cell is None:
        cells.pop(name, None)
    else:
        cells[name] = cell
