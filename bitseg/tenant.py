"""A tenant is one customer's data: its clock's zone, schema, contacts and events, and all writes.

Every write is a change of ``bitseg.changes`` and takes one of the methods here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.changes import ARROW_TYPES
from bitseg.contacts import Contacts, Upserted, as_ids
from bitseg.engagement import derived_source
from bitseg.errors import Fault, FieldError
from bitseg.events.log import Events
from bitseg.events.logs import EventLogs
from bitseg.events.properties import any_present
from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.changes import (
        DefineField,
        DeleteContacts,
        RecordEvents,
        UpsertContacts,
        WithdrawEvents,
    )
    from bitseg.clock import Now
    from bitseg.events.properties import Encoded
    from bitseg.fields import DataType
    from bitseg.zones import Zone


class Recorded(msgspec.Struct, frozen=True):
    """What recording did.

    Attributes:
        accepted: events that are new.
        duplicate: events whose id was remembered.
        created: contacts that were new.
        rejected: (place in the change, why) of the others.
    """

    accepted: int
    duplicate: int
    created: int = 0
    rejected: tuple[tuple[int, Fault], ...] = ()


class Tenant:
    """One customer's contacts, events and schema."""

    def __init__(self, zone: Zone, remember_days: int) -> None:
        """Take the timezone and for how many days an event id is remembered at the least."""
        self.zone = zone
        self.schema = Schema()
        self.contacts = Contacts()
        self.events = EventLogs(remember_days)

    def upsert(self, change: UpsertContacts) -> Upserted:
        """Create or update contacts."""
        types: dict[str, DataType] = {}
        for path in change.columns:
            field = self.schema.field(path)
            types[path] = field.data_type if field else "string"
        faults = [
            Fault(
                path, f"Expected type {types[path]}; the field changed meanwhile", code="wrong_type"
            )
            for path, new in change.columns.items()
            if new.values.type != ARROW_TYPES[types[path]]
        ]
        if faults:
            raise FieldError(*faults)
        return self.contacts.upsert(change, types)

    def define_field(self, change: DefineField) -> None:
        """Declare a custom field, change its words, or change its type while it has no values.

        Raises:
            FieldError: the field may not be called or typed so, or has values of another type.
        """
        field = change.field
        known = self.schema.field(field.path)
        if known is not None and not field.declared:
            if known.data_type != field.data_type:
                message = f"Expected type {known.data_type}, got {field.data_type}"
                raise FieldError(Fault(field.path, message, code="wrong_type"))
            return  # someone declared it since it was inferred
        if known is not None and known.data_type != field.data_type:
            column = self.contacts.columns.get(field.path)
            if column is not None and column.held:
                raise FieldError(
                    Fault(
                        field.path,
                        f"Expected type {known.data_type} while {column.held:,} contacts have "
                        f"a value, got {field.data_type}",
                        code="type_in_use",
                    )
                )
            self.contacts.columns.pop(field.path, None)
        self.schema.define_field(field)

    def record(self, change: RecordEvents, *, check_only: bool = False) -> Recorded:
        """Record events, or only say what would be rejected."""
        rows = self.contacts.rows_of(change.contact_ids)
        known = rows >= 0
        rejected: list[tuple[int, Fault]] = []
        if not change.create_contacts and not known.all():
            rejected = [
                (int(place), _unknown(change.contact_ids[int(place)].as_py()))
                for place in np.flatnonzero(~known)
            ]
        wanted = np.ones(len(rows), np.bool_) if change.create_contacts else known.copy()
        for clash, fault in self._clashes(change):
            rejected += [(int(place), fault) for place in np.flatnonzero(clash & wanted)]
            wanted &= ~clash
        if check_only:
            return Recorded(int(wanted.sum()), 0, 0, tuple(rejected))
        fresh, codes = self._fresh(change, wanted)
        before = self.contacts.n
        if change.create_contacts and not known[fresh].all():
            rows[fresh] = self._create(change, fresh)
        self._split(change, rows.astype(np.uint32), codes, fresh)
        accepted = int(fresh.sum())
        created = self.contacts.n - before
        return Recorded(accepted, int(wanted.sum()) - accepted, created, tuple(rejected))

    def _clashes(self, change: RecordEvents) -> Iterator[tuple[Mask, Fault]]:
        """Yield which events have a property of a type that it turned out not to have.

        Loads read before they write; another load may have set the type in between.
        """
        for name, values in change.properties.items():
            known, got = self.schema.property_type(name), _type_of(values)
            if known is not None and known != got:
                fault = Fault(name, f"Expected type {known}, got {got}", code="wrong_type")
                yield values.is_valid().to_numpy(zero_copy_only=False), fault

    def _fresh(
        self, change: RecordEvents, wanted: Mask
    ) -> tuple[Mask, npt.NDArray[np.uint32] | None]:
        """Return which wanted events are no duplicates, and the codes of all events' ids."""
        if change.event_ids is None:
            return wanted, None
        named = np.flatnonzero(wanted & change.event_ids.is_valid().to_numpy(zero_copy_only=False))
        codes = np.zeros(wanted.size, np.uint32)
        fresh = wanted.copy()
        if named.size:
            ids = change.event_ids.take(pa.array(named))
            codes[named], fresh[named] = self.events.ids.remember(ids, change.recorded_at)
        return fresh, codes

    def _create(self, change: RecordEvents, fresh: Mask) -> Rows:
        """Make contacts of the ids of fresh events that are unknown, and return all their rows."""
        ids = change.contact_ids.filter(pa.array(fresh))
        unknown = ids.filter(pa.array(self.contacts.rows_of(ids) < 0))
        self.contacts.create(pc.unique(unknown), change.recorded_at)
        return self.contacts.rows_of(ids).astype(np.uint32)

    def _split(
        self,
        change: RecordEvents,
        rows: Rows,
        codes: npt.NDArray[np.uint32] | None,
        fresh: Mask,
    ) -> None:
        """Record the fresh events, a kind at a time."""
        chosen = np.flatnonzero(fresh)
        if chosen.size == 0:
            return
        types, properties = self._encoded(change, chosen)
        kinds = change.kinds.dictionary_encode()
        kind_codes = kinds.indices.to_numpy(zero_copy_only=False)[chosen]
        at = change.at.to_numpy(zero_copy_only=False)[chosen]
        named = None if codes is None else codes[chosen]
        rows = rows[chosen]
        for code, kind in enumerate(kinds.dictionary.to_pylist()):
            places = np.flatnonzero(kind_codes == code)
            if places.size == 0:
                continue
            self.schema.see_kind(kind)
            ids = None if named is None or not named[places].any() else named[places]
            had = {name: values[places] for name, values in properties.items()}
            had = {name: values for name, values in had.items() if any_present(values)}
            self.events.record(kind, Events(rows[places], at[places], ids, had), types)

    def _encoded(
        self, change: RecordEvents, places: npt.NDArray[np.int64]
    ) -> tuple[dict[str, DataType], dict[str, Encoded]]:
        """Return the types and codes of the properties that the events at some places have."""
        types: dict[str, DataType] = {}
        encoded = {}
        for name, values in change.properties.items():
            chosen = values if places.size == len(values) else values.take(pa.array(places))
            if chosen.null_count == len(chosen):
                continue
            data_type = self.schema.property_type(name) or _type_of(values)
            self.schema.see_property(name, data_type)
            types[name] = data_type
            encoded[name] = self.events.dictionaries.encode(name, data_type, chosen)
        return types, encoded

    def withdraw(self, change: WithdrawEvents) -> int:
        """Take events back by id and return how many there were."""
        return self.events.withdraw(as_ids(change.event_ids))

    def delete(self, change: DeleteContacts) -> Rows:
        """Erase contacts, their values and their events; return the rows they had."""
        found = self.contacts.rows_of(as_ids(change.ids))
        rows = np.unique(found[found >= 0]).astype(np.uint32)
        if rows.size:
            self.events.erase(rows)
            self.contacts.erase(rows)
        return rows

    def value(self, path: str, row: int, now: Now) -> Any:
        """Return one contact's value of any field at an instant, None where it is missing."""
        if path not in ENGAGEMENT_FIELDS:
            return self.contacts.value(path, row)
        source = derived_source(path, self.contacts, self.events, self.zone)
        source.settle(now, self.contacts.n)
        return source.value_at(row)

    def memory(self) -> dict[str, int]:
        """Return bytes held, by what for."""
        return {**self.contacts.memory(), **self.events.memory()}


def _unknown(contact_id: str) -> Fault:
    return Fault("contact_id", f"No contact has the id {contact_id!r}", code="unknown_contact")


def _type_of(values: pa.Array) -> DataType:
    if pa.types.is_boolean(values.type):
        return "boolean"
    return "number" if pa.types.is_floating(values.type) else "string"
