"""A sample shows the first members of a definition, in the order of first load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.preview.show import contacts_shown

if TYPE_CHECKING:
    from bitseg.bitmap import RowSet
    from bitseg.tenant import Tenant


def sample(members: RowSet, size: int, tenant: Tenant) -> tuple[dict[str, Any], ...]:
    """Return ``{path: value}`` of the first members, of stored fields.

    Derived fields are left out: a cold one is a pass over all events, too much for a glance.
    """
    stored = [
        field for path, field in tenant.schema.fields.items() if path not in ENGAGEMENT_FIELDS
    ]
    rows = members.some(0, size)
    columns = {field.path: tenant.contacts.values(field.path, rows) for field in stored}
    return contacts_shown(stored, columns, rows.size)
