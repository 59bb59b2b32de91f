"""Growth is how many bytes a write may add to a tenant, from above, reckoned before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import pyarrow as pa

from bitseg.changes import RecordEvents, UpsertContacts

if TYPE_CHECKING:
    from bitseg.tenant import Tenant

Growing: TypeAlias = UpsertContacts | RecordEvents
"""The changes that make a tenant larger."""

PER_ROW: Final = 48
"""Bytes of a row beside its values: its place in indices, sets and instants."""

PER_CELL: Final = 12
"""Bytes of a cell of a column, of the widest, with its place in an index."""

TEXT: Final = 3
"""A text is held once, again in small letters where it is searched, and in a half-full table."""

_MARGIN: Final = 4_096
"""What even the smallest arrays take."""


def growth_of(change: Growing, tenant: Tenant) -> int:
    """Return how many bytes a change may add to a tenant."""
    if isinstance(change, UpsertContacts):
        return _MARGIN + _of_contacts(change, tenant)
    return _MARGIN + _of_recorded(change, tenant)


def _of_contacts(change: UpsertContacts, tenant: Tenant) -> int:
    rows, known = len(change.ids), tenant.contacts.columns
    texts: int = change.ids.nbytes + sum(_text(given.values) for given in change.columns.values())
    new = sum(path not in known for path in change.columns)
    cells = rows * (len(known) + new) + tenant.contacts.n * new
    return PER_ROW * rows + PER_CELL * cells + TEXT * texts


def _of_recorded(change: RecordEvents, tenant: Tenant) -> int:
    rows, ids = len(change.at), change.event_ids
    texts: int = change.contact_ids.nbytes + (0 if ids is None else ids.nbytes)
    texts += sum(map(_text, change.properties.values()))
    cells = rows * (len(change.properties) + len(tenant.contacts.columns))
    return PER_ROW * rows + PER_CELL * cells + TEXT * texts


def _text(values: pa.Array) -> int:
    """Return the bytes of an array's texts; of numbers and dates, 0: they are in their cells."""
    plain = pa.types.is_primitive(values.type)
    return 0 if plain else int(values.nbytes)
