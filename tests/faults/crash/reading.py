"""Reading is what SPEC sections 2 to 4 make of a cell: the value as it is kept and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, TypeAlias

from tests.faults.crash.people import Happening, Shown
from tests.faults.crash.rows import KINDS, iso

Json: TypeAlias = dict[str, Any]

_BARE: Final = {
    **dict.fromkeys(
        ("id", "email", "country", "lead_score", "bounced", "tags", "created_at", "updated_at"),
        "contact",
    ),
    **dict.fromkeys(("total_opens", "last_opened_at"), "engagement"),
}
"""Where the bare names that rows use belong; any other is a custom field."""

_EVENT_CELLS: Final = ("contact_id", "kind", "at", "event_id")


def field_of(key: str) -> str:
    """Return the full path that a row's key means."""
    return key if "." in key else f"{_BARE.get(key, 'customField')}.{key}"


def instant(cell: Any) -> int:
    """Return a date's ms since 1970."""
    if isinstance(cell, str):
        return round(datetime.fromisoformat(cell).timestamp() * 1_000)
    return int(cell)


def shown(path: str, cell: Any) -> Shown | None:
    """Return a cell as it is shown, None where it is missing."""
    if cell is None:
        return None
    if path in {"contact.created_at", "contact.updated_at"}:
        return iso(instant(cell))
    if isinstance(cell, list):
        return tuple(sorted({one for one in cell if one})) or None
    if isinstance(cell, bool):
        return cell
    return (cell or None) if isinstance(cell, str) else float(cell)


def bad_contact(row: Json) -> bool:
    """Return whether a row of a contact must be refused."""
    if not row["id"]:
        return True
    if any(row.get(stamp, 0) is None for stamp in ("created_at", "updated_at")):
        return True
    score, tags = row.get("lead_score"), row.get("contact.tags")
    return isinstance(score, str) or isinstance(tags, int)


def bad_event(row: Json) -> bool:
    """Return whether a row of an event must be refused, whoever its contact is."""
    return (
        not row["contact_id"]
        or row["kind"] not in KINDS
        or row["at"] == "yesterdayish"
        or isinstance(row.get("amount"), str)
    )


def event_of(row: Json) -> Happening:
    """Return the event of a good row."""
    properties = {
        name: float(cell) if name == "amount" else cell
        for name, cell in row.items()
        if name not in _EVENT_CELLS and cell is not None
    }
    return Happening(row["kind"], instant(row["at"]), properties, row.get("event_id"))
