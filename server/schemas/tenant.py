"""A tenant over HTTP: its name, and what is set for its data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from server.schemas.body import no_rules

Days = Annotated[int, msgspec.Meta(ge=1, le=100_000)]

SUPPRESSION: Final[dict[str, Any]] = {
    "match": "any",
    "groups": [
        {
            "match": "any",
            "conditions": [
                {"field": "contact.unsubscribed", "operator": "equals", "value": True},
                {"event": "complaint"},
            ],
        }
    ],
}
EXAMPLE: Final[dict[str, Any]] = {
    "id": "acme",
    "name": "Acme Ltd.",
    "timezone": "Europe/Berlin",
    "suppression": SUPPRESSION,
    "retention_days": 730,
    "remember_event_ids_days": 30,
    "job_schedules": {"recalculation": "*/30 * * * *"},
    "limits": {
        "body_bytes": 8_388_608,
        "file_bytes": 1_073_741_824,
        "calls_a_second": 100,
        "evaluation_seconds": 2.0,
        "preview_sample": 50,
    },
    "created_at": "2026-03-01T09:30:00Z",
    "revision": 1,
}
CHANGE_EXAMPLE: Final[dict[str, Any]] = {
    "name": "Acme Inc.",
    "suppression": SUPPRESSION,
    "retention_days": 365,
    "job_schedules": {"recalculation": "15 * * * *"},
}


class LimitsShown(msgspec.Struct, frozen=True):
    """How much of something a tenant may have; whoever runs the server says so.

    Attributes:
        body_bytes: the largest JSON body.
        file_bytes: the largest body that is a file.
        calls_a_second: what a key is good for that has no rate of its own.
        evaluation_seconds: how long a question may take.
        preview_sample: the most contacts that a preview shows.
    """

    body_bytes: int
    file_bytes: int
    calls_a_second: int
    evaluation_seconds: float
    preview_sample: int


class TenantShown(msgspec.Struct, frozen=True):
    """A tenant.

    Attributes:
        id: a slug, for good.
        name: for people.
        timezone: an IANA name; days and hours are those of this zone.
        suppression: who must not be mailed, as a definition; ``reachable`` leaves them out.
        retention_days: for how many days events are kept; None = for ever.
        remember_event_ids_days: a second event of an id is ignored for at least this long.
        job_schedules: when each job runs, as a cron text.
        limits: what is the most of what.
        created_at: when it was made.
        revision: grows with every change of what is here; also the ``ETag``.
    """

    id: str
    name: str
    timezone: str
    suppression: dict[str, Any]
    retention_days: int | None
    remember_event_ids_days: int
    job_schedules: dict[str, str]
    limits: LimitsShown
    created_at: datetime | None
    revision: int


class TenantChange(msgspec.Struct, frozen=True):
    """The body of ``PATCH /api/tenant``; what is left out stays.

    Attributes:
        name: 1 to 100 characters.
        timezone: while there are no contacts, events or segments.
        suppression: a definition; null = the default.
        retention_days: null = events are kept for ever; fewer than before drop what is older.
        remember_event_ids_days: 1 or more.
        job_schedules: a cron text for each job; null = as it is where nobody says otherwise.
    """

    name: str = ""
    timezone: str = ""
    suppression: msgspec.Raw = msgspec.field(default_factory=no_rules)
    retention_days: Days | None = None
    remember_event_ids_days: Days = 30
    job_schedules: dict[str, str | None] = {}
