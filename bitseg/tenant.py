"""A tenant is one customer's data: its clock's zone, schema, contacts and events, and all writes.

Every write is a change of ``bitseg.changes`` and takes one of the methods here.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from bitseg.arrivals import Arrivals, Recorded, type_of
from bitseg.changes import ARROW_TYPES, DefineField, arrow_type
from bitseg.contacts import Contacts, Upserted, as_ids
from bitseg.engagement import derived_source
from bitseg.errors import Fault, FieldError
from bitseg.events.log import Events
from bitseg.events.logs import EventLogs
from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.schema import Schema, check_field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitseg.bitmap import Rows
    from bitseg.changes import (
        AddEvents,
        DeleteContacts,
        RecordEvents,
        UpsertContacts,
        WithdrawEvents,
    )
    from bitseg.clock import Now
    from bitseg.fields import DataType, Field
    from bitseg.zones import Zone


class Tenant:
    """One customer's contacts, events and schema."""

    def __init__(self, zone: Zone, remember_days: int) -> None:
        """Take the timezone and for how many days an event id is remembered at the least."""
        self.zone = zone
        self.schema = Schema()
        self.contacts = Contacts()
        self.events = EventLogs(remember_days)

    def apart(self) -> Tenant:
        """Return the same data, with tallies made anew; call its ``events.end`` when done."""
        other = copy(self)
        other.events = self.events.apart()
        return other

    def check_upsert(self, change: UpsertContacts, before: Iterable[Field] = ()) -> None:
        """Refuse contacts whose fields are not what they were when the change was read.

        Args:
            change: the contacts.
            before: fields that will be there by then.

        Raises:
            FieldError: values of another type than their field's, or a new field that may not be.
        """
        for field in change.fields:
            self.check_field(field)
        new = {field.path: field.data_type for field in (*before, *change.fields)}
        faults = []
        for path, given in change.columns.items():
            known = self.schema.field(path)
            wanted = known.data_type if known else new.get(path, "string")
            if arrow_type(given.values) != ARROW_TYPES[wanted]:
                message = f"Expected type {wanted}; the field changed meanwhile"
                faults.append(Fault(path, message, code="wrong_type"))
        if faults:
            raise FieldError(*faults)

    def upsert(self, change: UpsertContacts) -> Upserted:
        """Create or update contacts; the change was checked."""
        for field in change.fields:
            self.define_field(DefineField(field))
        types: dict[str, DataType] = {}
        for path in change.columns:
            known = self.schema.field(path)
            types[path] = known.data_type if known else "string"
        return self.contacts.upsert(change, types)

    def check_field(self, field: Field) -> None:
        """Refuse a field that may not be called or typed so, or has values of another type.

        Raises:
            FieldError: with what is wrong.
        """
        check_field(field)
        known = self.schema.field(field.path)
        if known is None or known.data_type == field.data_type:
            return
        if not field.declared:
            message = f"Expected type {known.data_type}, got {field.data_type}"
            raise FieldError(Fault(field.path, message, code="wrong_type"))
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

    def define_field(self, change: DefineField) -> None:
        """Declare a custom field, change its words, or change its type; it was checked."""
        field = change.field
        known = self.schema.field(field.path)
        if known is not None and not field.declared:
            return  # someone declared it since it was inferred
        if known is not None and known.data_type != field.data_type:
            self.contacts.drop_column(field.path)
        self.schema.define_field(field)

    def record(self, change: RecordEvents) -> Recorded:
        """Record events."""
        added, recorded = self.resolve(change)
        self.add(added)
        return recorded

    def look_at(self, change: RecordEvents) -> Recorded:
        """Return what would be rejected; the others may be accepted or duplicates."""
        arrivals = Arrivals(change, self.contacts, self.schema)
        return Recorded(int(arrivals.wanted.sum()), 0, 0, tuple(arrivals.rejected))

    def resolve(self, change: RecordEvents) -> tuple[AddEvents, Recorded]:
        """Return what recording comes to for the data as they are, and change nothing."""
        return Arrivals(change, self.contacts, self.schema).resolve(self.events.ids)

    def add(self, change: AddEvents) -> None:
        """Add events that were resolved for the data as they are."""
        if len(change.event_ids):
            self.events.ids.remember(change.event_ids, change.recorded_at)
        if len(change.created):
            self.contacts.create(change.created, change.recorded_at)
        for kind, new in change.kinds.items():
            self.schema.see_kind(kind)
            types: dict[str, DataType] = {}
            encoded = {}
            for name, values in new.properties.items():
                types[name] = type_of(values)
                self.schema.see_property(name, types[name])
                encoded[name] = self.events.dictionaries.encode(name, types[name], values)
            self.events.record(kind, Events(new.rows, new.at, new.codes, encoded), types)

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

    def values(self, path: str, rows: Rows, now: Now) -> pa.Array:
        """Return the values of uint32[k] contacts likewise, of the field's Arrow type.

        Strings may be dictionary-encoded.
        """
        if path not in ENGAGEMENT_FIELDS:
            return self.contacts.values(path, rows)
        source = derived_source(path, self.contacts, self.events, self.zone)
        source.settle(now, self.contacts.n)
        return source.values_at(rows)

    def memory(self) -> dict[str, int]:
        """Return bytes held, by what for."""
        return {**self.contacts.memory(), **self.events.memory()}
