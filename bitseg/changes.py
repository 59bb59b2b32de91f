"""A change is one kind of write, typed and checked: nothing else changes a tenant.

Contacts, events and segments apply changes; a store keeps them, and applying the same changes in
the same order to the same data gives the same data again. Column payloads are Arrow arrays in one
form per data type, ``ARROW_TYPES``: nulls mean "no value", dates are ms since 1970 UTC, strings
are never empty and lists hold no duplicates, empties or nulls (SPEC section 4). Strings may be
dictionary-encoded.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.fields import DataType, Field

ARROW_TYPES: Final[dict[DataType, pa.DataType]] = {
    "string": pa.large_string(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.int64(),
    "array": pa.large_list(pa.large_string()),
}


def arrow_type(values: pa.Array) -> pa.DataType:
    """Return the type of an array's values, dictionary-encoded or not."""
    if pa.types.is_dictionary(values.type):
        return values.type.value_type
    if pa.types.is_large_list(values.type) and pa.types.is_dictionary(values.type.value_type):
        return pa.large_list(values.type.value_type.value_type)
    return values.type


class FieldValues(msgspec.Struct, frozen=True):
    """New values of one field, a value a row of the batch.

    Attributes:
        values: an array of the field's ``ARROW_TYPES``; null removes the value.
        given: bool[n], False where the row says nothing of the field and it stays; None = all.
    """

    values: pa.Array
    given: npt.NDArray[np.bool_] | None = None


class UpsertContacts(msgspec.Struct, frozen=True):
    """Create or update contacts. Rows apply in order: of one id given twice the later row wins.

    Attributes:
        ids: large_string[n], valid ids, no nulls.
        columns: by field path; never ``contact.id``. ``engagement.`` ones are baselines.
        at: the write's instant, ms; becomes created_at and updated_at where these are not given.
        fields: custom fields that these values are the first of; they are declared with them.
    """

    ids: pa.LargeStringArray
    columns: dict[str, FieldValues]
    at: int
    fields: tuple[Field, ...] = ()


class RecordEvents(msgspec.Struct, frozen=True):
    """Record events, in the order given.

    Attributes:
        contact_ids: large_string[n], no nulls.
        kinds: large_string[n], valid kinds, no nulls.
        at: int64[n], ms, no nulls.
        event_ids: large_string[n] with nulls for events that have none; None = none has.
        properties: by name, of ``ARROW_TYPES``; null = the event lacks it.
        recorded_at: the write's instant, ms.
        create_contacts: whether unknown contact ids become contacts.
    """

    contact_ids: pa.LargeStringArray
    kinds: pa.LargeStringArray
    at: pa.Int64Array
    event_ids: pa.LargeStringArray | None
    properties: dict[str, pa.Array]
    recorded_at: int
    create_contacts: bool = False


class KindEvents(msgspec.Struct, frozen=True):
    """Events of one kind, in order of arrival.

    Attributes:
        rows: uint32[k], the contacts' rows.
        at: int64[k], ms.
        codes: uint32[k], the event ids' codes, 0 for none; None where none has one.
        properties: by name, of ``ARROW_TYPES``; only those that an event has.
    """

    rows: npt.NDArray[np.uint32]
    at: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint32] | None
    properties: dict[str, pa.Array]


class AddEvents(msgspec.Struct, frozen=True):
    """Add events that were looked at: none is a duplicate, of a wrong type or of nobody.

    What ``RecordEvents`` comes to for the data it meets; it fits no other.

    Attributes:
        created: large_string, the ids of contacts to create; they get the next rows.
        event_ids: large_string, the ids to remember; they get the next codes.
        kinds: the events by kind, in the order in which the kinds appear.
        recorded_at: the write's instant, ms.
    """

    created: pa.LargeStringArray
    event_ids: pa.LargeStringArray
    kinds: dict[str, KindEvents]
    recorded_at: int


class DropEvents(msgspec.Struct, frozen=True):
    """Drop the events before an instant (ms), and keep what they gave to lifetime fields."""

    before: int


class DeleteContacts(msgspec.Struct, frozen=True):
    """Erase contacts, their values and their events."""

    ids: tuple[str, ...]


class WithdrawEvents(msgspec.Struct, frozen=True):
    """Take events back by their ids."""

    event_ids: tuple[str, ...]


class DefineField(msgspec.Struct, frozen=True):
    """Declare a custom field, or change the words of one."""

    field: Field


class MembersChanged(msgspec.Struct, frozen=True):
    """Record who entered and left a segment, as changes numbered from 1 without gaps.

    Those who entered come first, then those who left, each by row. A contact that was erased since
    leaves its number behind, and nothing else.

    Attributes:
        segment: the segment's id.
        first: the number of the first of these changes.
        at: the instant at which they did, ms.
        entered: their rows as portable roaring bytes.
        left: likewise.
        came: how many entered, erased since or not.
        went: how many left, likewise.
        size: how many members there were then.
        erased: the places, from 0, of the changes whose contact was erased since, as portable
            roaring bytes; empty = none.
        via: how those who entered came to be members: ``rule_match`` by a definition or a question,
            ``manual`` by ids, ``import`` from a file.
    """

    segment: str
    first: int
    at: int
    entered: bytes
    left: bytes
    came: int
    went: int
    size: int
    erased: bytes = b""
    via: str = "rule_match"

    @property
    def last(self) -> int:
        """The number of the last of these changes."""
        return self.first + self.came + self.went - 1


class About(msgspec.Struct, frozen=True):
    """What people say of a segment; who is in it does not rest on it.

    Attributes:
        name: unique among the segments of its workspace.
        description: more words.
        workspace_id: where it belongs; None = nowhere, which counts as one workspace.
        tags: free words, in the order given.
        max_drop: a new definition that drops more than so many percent of the members is
            refused; None = any is taken.
        is_active: whether anybody still works with it.
        created_by: who made it; None = nobody said.
    """

    name: str
    description: str = ""
    workspace_id: str | None = None
    tags: tuple[str, ...] = ()
    max_drop: float | None = None
    is_active: bool = True
    created_by: str | None = None


class Revision(msgspec.Struct, frozen=True):
    """A segment as it was from one change of it on.

    Attributes:
        number: from 1 without gaps in each segment.
        at: the change's instant, ms.
        by: who made it; None = nobody said.
        about: what was said of it.
        rules: its definition as JSON, as people gave it; None where it was static.
    """

    number: int
    at: int
    by: str | None
    about: About
    rules: bytes | None


class DefineSegment(msgspec.Struct, frozen=True):
    """Set a segment: dynamic by rules, or static by rows.

    Attributes:
        id: the segment's.
        revision: what it is from now on, in words.
        spelled: the rules as they were read, with all types: what it means must not depend on what
            the schema holds when it is read again.
        members: the rows as portable roaring bytes; None where it is dynamic.
        moved: who entered and left by it; None where nobody did.
        via: how static members came to be, as in ``MembersChanged``.
    """

    id: str
    revision: Revision
    spelled: bytes | None = None
    members: bytes | None = None
    moved: MembersChanged | None = None
    via: str = "manual"


class DescribeSegment(msgspec.Struct, frozen=True):
    """Change what is said of a segment; its definition stays."""

    id: str
    revision: Revision


class ChangeMembers(msgspec.Struct, frozen=True):
    """Put contacts into a static segment, or take some out."""

    moved: MembersChanged


class RefreshSegments(msgspec.Struct, frozen=True):
    """Record who entered and left by writes and by the passing of time, found at ms ``at``."""

    at: int
    moved: tuple[MembersChanged, ...]


class RemoveSegment(msgspec.Struct, frozen=True):
    """Forget a segment."""

    id: str
    at: int


class ChangeSettings(msgspec.Struct, frozen=True):
    """Set what is fixed for the data, not for a process.

    Attributes:
        timezone: IANA name of the tenant's timezone.
        remember_event_ids_days: for how many days an event id is remembered at the least.
        retention_days: for how many days events are kept; None = for ever.
        suppression: who must not be mailed, as JSON, as people gave it; None = the default.
        spelled: the same as it was read, with all types, as for a segment.
    """

    timezone: str
    remember_event_ids_days: int
    retention_days: int | None = None
    suppression: bytes | None = None
    spelled: bytes | None = None


Change: TypeAlias = (
    UpsertContacts
    | RecordEvents
    | AddEvents
    | DropEvents
    | DeleteContacts
    | WithdrawEvents
    | DefineField
    | DefineSegment
    | DescribeSegment
    | ChangeMembers
    | RefreshSegments
    | RemoveSegment
    | ChangeSettings
)
