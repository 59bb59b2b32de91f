"""A tenant over HTTP: its name, and how its data are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

EXAMPLE: Final[dict[str, Any]] = {
    "id": "acme",
    "name": "Acme Ltd.",
    "timezone": "Europe/Berlin",
    "retention_days": 730,
    "created_at": "2026-03-01T09:30:00Z",
    "revision": 1,
}
CHANGE_EXAMPLE: Final[dict[str, Any]] = {"name": "Acme Inc."}


class TenantShown(msgspec.Struct, frozen=True):
    """A tenant.

    Attributes:
        id: a slug, for good.
        name: for people.
        timezone: an IANA name; days and hours are those of this zone.
        retention_days: for how many days events are kept; None = for ever.
        created_at: when it was made.
        revision: grows with every change of what is here; also the ``ETag``.
    """

    id: str
    name: str
    timezone: str
    retention_days: int | None
    created_at: datetime | None
    revision: int


class TenantChange(msgspec.Struct, frozen=True):
    """The body of ``PATCH /api/tenant``.

    Attributes:
        name: 1 to 100 characters.
    """

    name: str
