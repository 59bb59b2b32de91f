"""A change is one kind of write to contacts, events or fields, typed and checked.

Contacts and events apply changes; a journal can store them. Column payloads are Arrow
arrays in one form per data type, ``ARROW_TYPES``: nulls mean "no value", dates are ms since 1970
UTC, strings are never empty and lists hold no duplicates, empties or nulls (SPEC section 4).
"""

from __future__ import annotations

from typing import Final

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
    """

    ids: pa.LargeStringArray
    columns: dict[str, FieldValues]
    at: int


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


class DeleteContacts(msgspec.Struct, frozen=True):
    """Erase contacts, their values and their events."""

    ids: tuple[str, ...]


class WithdrawEvents(msgspec.Struct, frozen=True):
    """Take events back by their ids."""

    event_ids: tuple[str, ...]


class DefineField(msgspec.Struct, frozen=True):
    """Declare a custom field, or change the words of one."""

    field: Field
