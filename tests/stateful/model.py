"""A model is what SPEC says of a tenant, as dicts and sets: nothing in it is fast or kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum
from typing import Any

from tests.engine.making import all_of
from tests.engine.making import field as rule

Json = dict[str, Any]
HOUR = 3_600_000

DEFINITIONS: dict[str, Json] = {
    "in Oslo": all_of(rule("contact.city", "equals", "Oslo")),
    "not in Oslo": all_of(rule("contact.city", "not_equals", "Oslo")),
    "tagged": all_of(rule("contact.tags", "contains", "a")),
    "opened": all_of({"event": "open", "within": "2h"}),
    "quiet": all_of({"event": "open", "operator": "equals", "value": 0}),
    "paying": all_of(rule("engagement.revenue", "greater_than", 1)),
}
"""Definitions by name; ``in <segment>`` besides is made of a segment."""


def definition(name: str) -> Json:
    """Return the definition of a name."""
    if name.startswith("in segment "):
        return all_of({"segment": name.removeprefix("in segment ")})
    return DEFINITIONS[name]


@dataclass
class Happened:
    """One event, or so many of the same kind that all happened by an instant."""

    contact: str
    kind: str
    at: int
    event_id: str | None = None
    device: str | None = None
    amount: float | None = None
    count: int = 1


@dataclass
class Listed:
    """A segment: who is in it, or by what definition; and who was last recorded as a member.

    A record is an instant, how many entered at it, and how many left.
    """

    name: str | None = None
    members: dict[str, int] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)
    records: list[tuple[int, int, int]] = field(default_factory=list)


class Model:
    """One tenant."""

    def __init__(self, clock: int) -> None:
        """Begin with nobody."""
        self.clock = clock
        self._recorded_by = clock
        self.contacts: dict[str, Json] = {}
        self.fields: dict[str, str] = {}
        self.events: list[Happened] = []
        self.used: set[str] = set()
        self.segments: dict[str, Listed] = {}
        self.marks: dict[str, list[str]] = {}
        self.erased_marks: list[str] = []

    # Writes

    def load(self, rows: list[Json]) -> tuple[int, int]:
        """Create and update; return how many of each."""
        self.advance()
        created = 0
        for row in rows:
            contact = self.contacts.get(row["id"])
            if contact is None:
                created += 1
                contact = self._create(row["id"])
            contact["contact.updated_at"] = self.clock
            for path, value in row.items():
                if path == "id":
                    continue
                if path == "customField.note":
                    self.marks.setdefault(row["id"], []).append(value)
                if value in (None, "", []):
                    contact.pop(path, None)
                    continue
                if path.startswith("customField."):
                    self.fields.setdefault(path, "string")
                contact[path] = value
        self._settle()
        return created, len(rows) - created

    def _create(self, contact: str) -> Json:
        stamps = dict.fromkeys(("contact.created_at", "contact.updated_at"), self.clock)
        self.contacts[contact] = {"contact.id": contact, **stamps}
        return self.contacts[contact]

    def record(self, rows: list[Json], *, create: bool) -> tuple[int, int, list[int]]:
        """Record events; return how many were accepted and duplicate, and which were rejected."""
        self.advance()
        accepted = duplicate = 0
        rejected = []
        for index, row in enumerate(rows):
            event_id = row.get("event_id")
            known = row["contact_id"] in self.contacts
            if isinstance(row.get("amount"), str) or not (known or create):
                rejected.append(index)
                continue
            if event_id is not None and event_id in self.used:
                duplicate += 1
                continue
            if not known:
                self._create(row["contact_id"])
            if event_id is not None:
                self.used.add(event_id)
            accepted += 1
            self.events.append(
                Happened(
                    row["contact_id"],
                    row["kind"],
                    row["at"],
                    event_id,
                    row.get("device"),
                    row.get("amount"),
                )
            )
        self._settle()
        return accepted, duplicate, rejected

    def withdraw(self, ids: list[str]) -> int:
        """Take events back."""
        self.advance()
        before = len(self.events)
        self.events = [one for one in self.events if one.event_id not in ids]
        self._settle()
        return before - len(self.events)

    def delete(self, ids: list[str]) -> int:
        """Erase contacts and all that is about them; their leaving is recorded, too."""
        self.advance()
        gone = {one for one in ids if one in self.contacts}
        for one in gone:
            del self.contacts[one]
            self.erased_marks += self.marks.pop(one, [])
        self.events = [one for one in self.events if one.contact not in gone]
        for segment in self.segments.values():
            if left := len(segment.recorded & gone):
                segment.records.append((self.clock, 0, left))
            segment.recorded -= gone
            for one in gone:
                segment.members.pop(one, None)
        return len(gone)

    def may_define(self, path: str, data_type: str) -> bool:
        """Return whether a field may be of a type: there are no values of another."""
        if self.fields.get(path, data_type) == data_type:
            return True
        return not any(path in contact for contact in self.contacts.values())

    # Segments

    def define(self, segment: str, what: str | list[str]) -> int:
        """Set a segment by a definition's name or by ids."""
        self.advance()
        found = self.segments.setdefault(segment, Listed())
        if isinstance(what, str):
            found.name, found.members = what, {}
        else:
            stays = found.members if found.name is None else {}
            found.name = None
            found.members = {one: stays.get(one, self.clock) for one in what}
        self._settle()
        return len(self.members(segment))

    def advance(self) -> None:
        """Record who entered and left by time passing, at each instant at which anybody could."""
        now = self.clock
        crossed = {at for one in self.events for at in (one.at, one.at + 2 * HOUR)}
        for at in sorted(one for one in crossed if self._recorded_by < one <= now):
            self.clock = at
            self._settle()
        self.clock = self._recorded_by = now

    def _settle(self) -> None:
        """Record who entered and left each segment by now."""
        for name, segment in self.segments.items():
            members = self.members(name)
            entered, left = members - segment.recorded, segment.recorded - members
            if entered or left:
                segment.records.append((self.clock, len(entered), len(left)))
                segment.recorded = members

    def speaks_of(self, segment: str) -> bool:
        """Return whether another segment refers to one."""
        return any(one.name == f"in segment {segment}" for one in self.segments.values())

    # Questions

    def members(self, segment: str) -> set[str]:
        """Return who is in a segment now."""
        found = self.segments[segment]
        return set(found.members) if found.name is None else self.matching(found.name)

    def matching(self, name: str) -> set[str]:
        """Return who is in a definition now."""
        if name.startswith("in segment "):
            return self.members(name.removeprefix("in segment "))
        by_contact: dict[str, list[Happened]] = {}
        for one in self._past():
            by_contact.setdefault(one.contact, []).append(one)
        return {
            contact
            for contact in self.contacts
            if self._matches(name, contact, by_contact.get(contact, []))
        }

    def _matches(self, name: str, contact: str, events: list[Happened]) -> bool:
        values = self.contacts[contact]
        opens = [one.at for one in events if one.kind == "open"]
        if name == "in Oslo":
            return values.get("contact.city") == "Oslo"
        if name == "not in Oslo":
            return values.get("contact.city") != "Oslo"
        if name == "tagged":
            return "a" in values.get("contact.tags", ())
        if name == "opened":
            return any(at > self.clock - 2 * HOUR for at in opens)
        if name == "quiet":
            return not opens
        return _revenue(events) > 1

    def engagement(self, contact: str) -> Json:
        """Return some of what a contact's events come to."""
        events = [one for one in self._past() if one.contact == contact]
        opens = [one for one in events if one.kind == "open"]
        found: Json = {
            "engagement.total_opens": sum(one.count for one in opens),
            "engagement.revenue": _revenue(events),
        }
        if opens:
            last = max(enumerate(opens), key=lambda pair: (pair[1].at, pair[0]))[1]
            found["engagement.last_opened_at"] = last.at
            found["engagement.last_opened_device"] = last.device
        return found

    def event_count(self) -> int:
        """Return how many events there are, those of the future included."""
        return sum(one.count for one in self.events)

    def _past(self) -> list[Happened]:
        return [one for one in self.events if one.at <= self.clock]


def _revenue(events: list[Happened]) -> float:
    amounts = [one.amount for one in events if one.kind == "conversion"]
    return fsum(one for one in amounts if one is not None)
