"""An import over HTTP: how far it is, what went in, and what became of the file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from server.control import Import, Kind
from server.errors import Problem
from server.schemas.keys import moment

ShownState = Literal[
    "queued", "running", "cancelling", "done", "failed", "cancelled", "interrupted"
]

EXAMPLE: Final[dict[str, Any]] = {
    "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "kind": "contacts",
    "state": "running",
    "detail": "",
    "format": "csv",
    "size": 104857600,
    "strict": False,
    "create_contacts": False,
    "created_by": "nightly import",
    "progress": {"done": 73400320, "total": 104857600},
    "rows": 131072,
    "created": 131000,
    "updated": 70,
    "accepted": 0,
    "duplicate": 0,
    "rejected": 2,
    "types": {"plan": {"field": "customField.plan", "data_type": "string", "how": "inferred"}},
    "created_at": "2026-03-01T09:30:00Z",
    "started_at": "2026-03-01T09:30:01Z",
    "finished_at": None,
    "error": None,
}
REJECTS_EXAMPLE: Final = (
    '{"index":1,"line":3,"errors":[{"path":"contact.id","message":"Expected an id, got nothing",'
    '"code":"missing_value"}],"row":{"id":"","plan":"gold"}}\n'
)
CONTACTS_FILE: Final = {
    "text/csv": "id,email,plan\r\nann,ann@example.com,gold\r\n",
    "application/x-ndjson": '{"id": "ann", "email": "ann@example.com", "plan": "gold"}\n',
}
EVENTS_FILE: Final = {
    "text/csv": "contact_id,kind,at,event_id\r\nann,open,2026-02-27T08:15:00Z,e1\r\n",
    "application/x-ndjson": '{"contact_id": "ann", "kind": "open", "at": "2026-02-27T08:15:00Z"}\n',
}


MEMBERS_FILE: Final = {"text/csv": "email\r\nann@example.com\r\n"}
MEMBERS_IMPORTED: Final[dict[str, Any]] = {
    "rows": 5,
    "added": 2,
    "count": 1206,
    "matched": 3,
    "not_found_count": 1,
    "not_found": ["nobody@example.com"],
    "twice_count": 1,
    "twice": ["Ann@example.com"],
    "ambiguous_count": 1,
    "ambiguous": [{"email": "office@example.com", "contacts": 2}],
    "rejected_count": 0,
    "rejected": [],
}


class Progress(msgspec.Struct, frozen=True):
    """How far reading is: bytes of the file, as a share of all times that it is read.

    Attributes:
        done: how many.
        total: the length of the file.
    """

    done: int
    total: int


class ColumnShown(msgspec.Struct, frozen=True):
    """What a column was taken for.

    Attributes:
        field: the path of a field; of events, the property or what every event has.
        data_type: the type of its values; empty where it has none, or is left out.
        how: ``built in``, ``declared``, ``inferred``, ``empty`` or ``left out``.
    """

    field: str
    data_type: str
    how: str


class ImportShown(msgspec.Struct, frozen=True):
    """An import.

    Attributes:
        id: a UUID.
        kind: what the rows are.
        state: ``interrupted`` where the server stopped before its end.
        detail: where it ended before the file did, what of it stays.
        format: what the file is.
        size: how long it is, in bytes.
        strict: whether all of it goes in or nothing.
        create_contacts: whether events create the contacts that they name.
        created_by: who sent it.
        progress: how far reading is; None where it ended before the file did.
        rows: how many rows of the file, from the first on, are dealt with and committed.
        created: contacts that were new.
        updated: writes to contacts that were there.
        accepted: events recorded.
        duplicate: events whose id was remembered.
        rejected: rows that did not go in.
        types: what each column was taken for; empty until that is known.
        created_at: when it was sent.
        started_at: when its load began; None = not yet.
        finished_at: when it ended; None = not yet.
        error: why it failed; None where it did not.
    """

    id: str
    kind: Kind
    state: ShownState
    detail: str
    format: str
    size: int
    strict: bool
    create_contacts: bool
    created_by: str | None
    progress: Progress | None
    rows: int
    created: int
    updated: int
    accepted: int
    duplicate: int
    rejected: int
    types: dict[str, ColumnShown]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: Problem | None


class ImportList(msgspec.Struct, frozen=True):
    """Some of a tenant's imports.

    Attributes:
        items: the newest first.
        total: how many there are.
    """

    items: list[ImportShown]
    total: int


def show(
    record: Import,
    progress: tuple[int, int | None] = (0, None),
    *,
    is_cancelled: bool = False,
) -> ImportShown:
    """Return an import as callers see it.

    Args:
        record: what is kept of it.
        progress: how much of all reading is done, and how much there is.
        is_cancelled: whether it was told to end.
    """
    types = msgspec.json.decode(record.types or "{}", type=dict[str, tuple[str, str, str]])
    cancelling = record.state in {"queued", "running"} and is_cancelled
    return ImportShown(
        id=record.id,
        kind=record.kind,
        state="cancelling" if cancelling else record.state,
        detail=_detail(record),
        format=record.format,
        size=record.size,
        strict=bool(record.strict),
        create_contacts=bool(record.create_contacts),
        created_by=record.created_by,
        progress=_progress(record, *progress),
        rows=record.rows,
        created=record.created,
        updated=record.updated,
        accepted=record.accepted,
        duplicate=record.duplicate,
        rejected=record.rejected,
        types={column: ColumnShown(*said) for column, said in types.items()},
        created_at=datetime.fromtimestamp(record.created_at / 1_000, UTC),
        started_at=moment(record.started_at),
        finished_at=moment(record.finished_at),
        error=msgspec.json.decode(record.error, type=Problem) if record.error else None,
    )


def _progress(record: Import, done: int, total: int | None) -> Progress | None:
    if record.state in {"queued", "running"}:
        return Progress(record.size * done // total if total else 0, record.size)
    return Progress(record.size, record.size) if record.state == "done" else None


def _detail(record: Import) -> str:
    """Return what stays of a file that did not go in to its end."""
    if record.state in {"queued", "running", "done"}:
        return ""
    if not record.rows:
        return "No row was committed."
    return f"The first {record.rows} rows of the file are dealt with, and what went in stays."
