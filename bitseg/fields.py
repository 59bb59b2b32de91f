"""A field is a named, typed attribute of a contact: built in, custom or derived (SPEC 2)."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

import msgspec

DataType: TypeAlias = Literal["string", "number", "boolean", "date", "array"]
DATA_TYPES: Final[tuple[DataType, ...]] = ("string", "number", "boolean", "date", "array")

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""What a custom field, an event kind or a property may be called (full match)."""


class Field(msgspec.Struct, frozen=True):
    """One field of the tenant's schema.

    Attributes:
        path: ``contact.<name>``, ``customField.<name>`` or ``engagement.<name>``.
        data_type: one of ``DATA_TYPES``.
        label: words for people; the name itself unless declared.
        description: a sentence for people.
        declared: whether someone said the type; an inferred field is shown as such.
    """

    path: str
    data_type: DataType
    label: str = ""
    description: str = ""
    declared: bool = True

    @property
    def name(self) -> str:
        """The part behind the dot."""
        return self.path.partition(".")[2]


def _fields(prefix: str, data_type: DataType, names: str) -> dict[str, Field]:
    return {
        f"{prefix}.{name}": Field(
            f"{prefix}.{name}", data_type, name.replace("_", " ").capitalize()
        )
        for name in names.split()
    }


CONTACT_FIELDS: Final[dict[str, Field]] = {
    **_fields(
        "contact",
        "string",
        "id email first_name last_name phone company country state city timezone language "
        "source subscription_status",
    ),
    **_fields("contact", "boolean", "unsubscribed bounced"),
    **_fields("contact", "number", "lead_score"),
    **_fields("contact", "date", "created_at updated_at"),
    **_fields("contact", "array", "tags"),
}

TOTALS: Final[dict[str, str]] = {
    "engagement.total_sent": "sent",
    "engagement.total_delivered": "delivered",
    "engagement.total_opens": "open",
    "engagement.total_clicks": "click",
    "engagement.total_conversions": "conversion",
    "engagement.total_bounces": "bounce",
}
"""Lifetime counts and the kind of event each counts."""

LAST_DATES: Final[dict[str, tuple[str, ...]]] = {
    "engagement.last_sent_at": ("sent",),
    "engagement.last_opened_at": ("open",),
    "engagement.last_clicked_at": ("click",),
    "engagement.last_converted_at": ("conversion",),
    "engagement.last_activity_at": ("open", "click", "conversion"),
}
"""Last dates and the kinds of event each looks at."""

ENGAGEMENT_FIELDS: Final[dict[str, Field]] = {
    **_fields("engagement", "number", " ".join(path.partition(".")[2] for path in TOTALS)),
    **_fields("engagement", "number", "revenue"),
    **_fields("engagement", "date", " ".join(path.partition(".")[2] for path in LAST_DATES)),
    **_fields("engagement", "string", "last_opened_device"),
    **_fields("engagement", "number", "preferred_open_hour preferred_open_weekday"),
    **_fields("engagement", "boolean", "opened_last_email"),
}

BASELINES: Final[frozenset[str]] = frozenset({*TOTALS, *LAST_DATES, "engagement.revenue"})
"""The derived fields a contacts file may carry; other ``engagement.`` columns are refused."""

NEVER_MISSING: Final[frozenset[str]] = frozenset({*TOTALS, "engagement.revenue"})
"""Derived numbers that are 0, not missing, when nothing happened."""

BUILT_IN: Final[dict[str, Field]] = {**CONTACT_FIELDS, **ENGAGEMENT_FIELDS}

EVENT_KINDS: Final[tuple[str, ...]] = (
    "sent", "delivered", "open", "click", "conversion", "bounce", "unsubscribe", "complaint",
)  # fmt: skip
EVENT_PROPERTIES: Final[dict[str, DataType]] = {
    "campaign": "string",
    "url": "string",
    "device": "string",
    "amount": "number",
}
TIME_PROPERTIES: Final[dict[str, DataType]] = {"hour": "number", "weekday": "number"}
"""Properties every event has by its time, in the tenant's timezone; for ``where`` only."""

RESERVED_PROPERTIES: Final[frozenset[str]] = frozenset(
    {"hour", "weekday", "contact_id", "kind", "at", "event_id"}
)
PROPERTY_TYPES: Final[tuple[DataType, ...]] = ("string", "number", "boolean")


def full_path(key: str) -> str:
    """Return the field path that a contact's key means (SPEC section 8).

    >>> full_path("email"), full_path("plan"), full_path("total_opens")
    ('contact.email', 'customField.plan', 'engagement.total_opens')
    """
    if "." in key:
        return key
    for prefix in ("contact", "engagement"):
        if f"{prefix}.{key}" in BUILT_IN:
            return f"{prefix}.{key}"
    return f"customField.{key}"
