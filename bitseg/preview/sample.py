"""A sample shows the first members of a definition, in the order of first load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.preview.show import contact_values

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
    rows = members.rows()[:size]
    columns = {field.path: tenant.contacts.values(field.path, rows) for field in stored}
    return tuple(
        contact_values(stored, {path: values[i] for path, values in columns.items()}.get)
        for i in range(rows.size)
    )
