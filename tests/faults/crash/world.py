"""A world is what a file must hold: plain dicts and lists that operations are applied to.

It says of each operation what the answer must be, or which error refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from tests.faults.crash import judging
from tests.faults.crash.operations import Operation, Shape
from tests.faults.crash.people import LAST, TOTALS, Person, Shown
from tests.faults.crash.reading import bad_contact, bad_event, event_of, field_of, instant, shown
from tests.faults.crash.rows import DAY

Json: TypeAlias = dict[str, Any]
Segment: TypeAlias = "frozenset[str] | Json"

UNSAID: Final = "unsaid"
"""The answer of an operation whose answer these tests do not foresee."""

DATA_TYPES: Final = ("string", "number", "boolean", "date", "array")


class RefusedError(Exception):
    """An operation must be refused, by the error of this name."""


class World:
    """A tenant.

    Attributes:
        people: contacts by id.
        remembered: event ids that make a duplicate.
        fields: custom fields: type, and the label where one was declared.
        segments: static members or rules, by id.
    """

    def __init__(self, shape: Shape) -> None:
        """Begin with nothing."""
        self.shape = shape
        self.people: dict[str, Person] = {}
        self.remembered: set[str] = set()
        self.fields: dict[str, tuple[str, ...]] = {}
        self.segments: dict[str, Segment] = {}
        self._homes: dict[str, str] = {}
        self._own: set[str] = set()

    def copy(self) -> World:
        """Return another that can change apart from this."""
        other = World(self.shape)
        other.people = dict(self.people)
        other.remembered = set(self.remembered)
        other.fields = dict(self.fields)
        other.segments = dict(self.segments)
        other._homes = dict(self._homes)
        self._own = set()  # both share every person now
        return other

    def apply(self, operation: Operation) -> tuple[str, Any]:
        """Apply an operation; return ``done`` and its answer, or ``refused`` and the error."""
        try:
            run = getattr(self, f"_{operation.name}", None)
            return "done", None if run is None else run(operation.given, operation.at)
        except RefusedError as error:
            return "refused", str(error)

    # What rules ask

    def is_segment(self, segment: str) -> bool:
        """Return whether there is a segment of that id."""
        return segment in self.segments

    def is_member(self, contact_id: str, segment: str, now: int) -> bool:
        """Return whether a contact is in a segment at an instant."""
        what = self.segments[segment]
        if isinstance(what, frozenset):
            return contact_id in what
        return judging.holds(self, what, contact_id, self.people[contact_id], now)

    def members(self, segment: str, now: int) -> frozenset[str]:
        """Return a segment's members at an instant."""
        what = self.segments[segment]
        return what if isinstance(what, frozenset) else self.matching(what, now)

    def matching(self, rules: Json, now: int) -> frozenset[str]:
        """Return who is in a definition at an instant."""
        starts = _starts(rules)
        return frozenset(
            one
            for one, person in self.people.items()
            if one.startswith(starts) and judging.holds(self, rules, one, person, now)
        )

    # Contacts

    def _load_contacts(self, given: Json, now: int) -> list[int]:
        rows = given["rows"]
        good = [row for row in rows if not bad_contact(row)]
        if given["strict"] and len(good) < len(rows):
            raise RefusedError("LoadError")
        created = sum(self._write(row, now) for row in good)
        return [created, len(good) - created, 0, 0, len(rows) - len(good)]

    def _write(self, row: Json, now: int) -> bool:
        """Write a row; return whether its contact is new."""
        contact_id = row["id"]
        new = contact_id not in self.people
        person = self._mine(contact_id, now)
        person.values["contact.id"] = contact_id
        updated = now
        for key, cell in row.items():
            path = field_of(key)
            prefix, _, name = path.partition(".")
            if path == "contact.id":
                continue
            if path == "contact.created_at":
                if not person.created_given:
                    person.values[path] = shown(path, cell) or ""
                    person.created_given = True
            elif path == "contact.updated_at":
                updated = instant(cell)
            elif prefix == "engagement":
                self._set_baseline(person, name, cell)
            else:
                self._set(person, path, shown(path, cell))
        person.values["contact.updated_at"] = shown("contact.updated_at", updated) or ""
        return new

    def _set(self, person: Person, path: str, value: Shown | None) -> None:
        if value is None:
            person.values.pop(path, None)
            return
        person.values[path] = value
        if path.startswith("customField."):
            kind = {str: "string", float: "number", bool: "boolean", tuple: "array"}[type(value)]
            self.fields.setdefault(path, (kind,))

    @staticmethod
    def _set_baseline(person: Person, name: str, cell: Any) -> None:
        if cell is None:
            person.baselines.pop(name, None)
        elif name in LAST:
            person.baselines[name] = instant(cell)
        else:
            assert name in TOTALS or name == "revenue"
            person.baselines[name] = float(cell)

    def _delete_contacts(self, given: Json, now: int) -> int:
        del now
        found = self.people.keys() & set(given["ids"])
        for contact_id in found:
            for event in self.people.pop(contact_id).events:
                if event.event_id is not None:
                    del self._homes[event.event_id]
        for segment, what in self.segments.items():
            if isinstance(what, frozenset):
                self.segments[segment] = what - found
        return len(found)

    def _define_field(self, given: Json, now: int) -> None:
        del now
        path = given["path"]
        if not path.startswith("customField.") or path == "customField.lead_score":
            raise RefusedError("FieldError")
        if given["data_type"] not in DATA_TYPES:
            raise RefusedError("FieldError")
        self.fields[path] = (given["data_type"], given["label"])

    # Events

    def _load_events(self, given: Json, now: int) -> list[int]:
        rows, create = given["rows"], given["create_contacts"]
        good = [
            row
            for row in rows
            if not bad_event(row) and (create or row["contact_id"] in self.people)
        ]
        if given["strict"] and len(good) < len(rows):
            raise RefusedError("LoadError")
        created = accepted = 0
        for row in good:
            event = event_of(row)
            if event.event_id is not None:
                if event.event_id in self.remembered:
                    continue
                self.remembered.add(event.event_id)
                self._homes[event.event_id] = row["contact_id"]
            created += row["contact_id"] not in self.people
            accepted += 1
            person = self._mine(row["contact_id"], now)
            person.values.setdefault("contact.id", row["contact_id"])
            person.values.setdefault("contact.updated_at", shown("contact.updated_at", now) or "")
            person.events.append(event)
        self._drop({row["contact_id"] for row in good}, now)
        return [created, 0, accepted, len(good) - accepted, len(rows) - len(good)]

    def _withdraw_events(self, given: Json, now: int) -> int:
        found = {one: self._homes.pop(one) for one in given["ids"] if one in self._homes}
        for contact_id in set(found.values()):
            person = self._mine(contact_id, now)
            person.events = [one for one in person.events if one.event_id not in found]
        return len(found)

    def _drop_expired_events(self, given: Json, now: int) -> int | str:
        del given
        if self.shape.retention_days is None:
            return 0
        self._drop(self.people, now)
        return UNSAID  # what loads dropped already is not dropped again

    def _drop(self, ids: Iterable[str], now: int) -> None:
        """Drop what is older than the retention. No event of these tests is near its edge."""
        if self.shape.retention_days is None:
            return
        before = now - self.shape.retention_days * DAY
        for contact_id in ids:
            person = self.people.get(contact_id)
            if person is not None and any(one.at < before for one in person.events):
                person = self._mine(contact_id, now)
                person.dropped += [one for one in person.events if one.at < before]
                person.events = [one for one in person.events if one.at >= before]

    # Segments

    def _define_segment(self, given: Json, now: int) -> int:
        segment = given["segment"]
        if "ids" in given:
            if not self.people.keys() >= set(given["ids"]):
                raise RefusedError("SegmentError")
            self.segments[segment] = frozenset(given["ids"])
        else:
            if not judging.is_valid(self, given["rules"]):
                raise RefusedError("RuleError")
            self.segments[segment] = given["rules"]
        return len(self.members(segment, now))

    def _remove_segment(self, given: Json, now: int) -> None:
        del now
        segment = given["segment"]
        if segment not in self.segments:
            raise RefusedError("UnknownSegmentError")
        if any(
            isinstance(what, dict) and segment in judging.targets(what)
            for what in self.segments.values()
        ):
            raise RefusedError("SegmentError")
        del self.segments[segment]

    def _refresh_segments(self, given: Json, now: int) -> dict[str, list[int]]:
        del given, now
        return {}  # who moved was recorded by each write, and as time passed

    def _mine(self, contact_id: str, now: int) -> Person:
        """Return a person that may be changed, made where there is none."""
        if contact_id not in self.people:
            self.people[contact_id] = Person(now)
        elif contact_id not in self._own:
            self.people[contact_id] = self.people[contact_id].copy()
        self._own.add(contact_id)
        return self.people[contact_id].change()


def _starts(rules: Json) -> tuple[str, ...]:
    """Return what the ids of everybody in a definition begin with, by its first group."""
    group = rules["groups"][0]
    ours = group["match"] == "any" and all(
        one.get("field") == "contact.id" and one["operator"] == "starts_with"
        for one in group["conditions"]
    )
    return tuple(one["value"] for one in group["conditions"]) if ours else ("",)
