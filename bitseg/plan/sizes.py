"""A size is how many bytes building a leaf may take, from above, reckoned before it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.plan.nodes import EventLeaf, FieldLeaf, SequenceLeaf

if TYPE_CHECKING:
    from bitseg.plan.nodes import Leaf
    from bitseg.tenant import Tenant

PER_ROW: Final = 16
"""Bytes of a contact or event: a value of eight bytes, or a place in an index, and marks."""

MARKS: Final = 2
"""Bytes of a contact in a set, and while it is made."""

LEAST: Final = 4_096
"""What even the smallest leaf takes."""


def size_of(leaf: Leaf, tenant: Tenant) -> int:
    """Return how many bytes building a leaf may take, with the indices that it needs."""
    size = LEAST + PER_ROW * tenant.contacts.n
    match leaf:
        case FieldLeaf() if leaf.field not in ENGAGEMENT_FIELDS:
            return LEAST + _of_field(leaf, tenant)
        case EventLeaf():
            return size + PER_ROW * _events(tenant, leaf.event)
        case SequenceLeaf():
            return size + PER_ROW * sum(_events(tenant, step.event) for step in leaf.steps)
        case _:
            return size


def _of_field(leaf: FieldLeaf, tenant: Tenant) -> int:
    contacts = tenant.contacts
    size = MARKS * contacts.n
    if leaf.data_type in {"string", "array"}:  # where it is searched, all of it in small letters
        text = contacts.ids if leaf.field == "contact.id" else contacts.columns.get(leaf.field)
        return size + (0 if text is None else text.nbytes)
    return size + (PER_ROW * contacts.n if leaf.data_type == "date" else 0)  # an index by instant


def _events(tenant: Tenant, kind: str) -> int:
    log = tenant.events.kinds.get(kind)
    return 0 if log is None else len(log)
