"""A webhook over HTTP: where it is sent what, how far, and what went wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from server.control import Cursor, DeadLetter, Webhook
from server.schemas.examples import SEGMENT_ID
from server.schemas.keys import moment
from server.webhooks import Attempt

SEGMENTS_MOST: Final = 100
"""Segments of one webhook."""

Event = Literal["entered", "left"]
Segments = Annotated[list[str], msgspec.Meta(min_length=1, max_length=SEGMENTS_MOST)]
Events = Annotated[list[Event], msgspec.Meta(min_length=1, max_length=2)]

EXAMPLE: Final[dict[str, Any]] = {
    "id": "7d444840-9dc0-41d1-b245-5ffdce74fad2",
    "url": "https://example.com/bitseg",
    "segments": [SEGMENT_ID],
    "events": ["entered", "left"],
    "is_active": True,
    "created_by": "operator",
    "created_at": "2026-03-01T09:30:00Z",
    "revision": 1,
}
MADE_EXAMPLE: Final[dict[str, Any]] = {"secret": "bsg_whsec_" + "0" * 43, **EXAMPLE}
REQUEST_EXAMPLE: Final[dict[str, Any]] = {
    "url": "https://example.com/bitseg",
    "segments": [SEGMENT_ID],
    "events": ["entered", "left"],
}
CHANGE_EXAMPLE: Final[dict[str, Any]] = {"events": ["entered"], "is_active": False}
TRIED_EXAMPLE: Final[dict[str, Any]] = {"status": 204, "took_ms": 48, "error": None}
DELIVERIES_EXAMPLE: Final[dict[str, Any]] = {
    "items": [
        {
            "at": "2026-03-01T09:30:00Z",
            "segment_id": SEGMENT_ID,
            "first": 7,
            "last": 8,
            "changes": 2,
            "status": 500,
            "took_ms": 51,
            "error": "It was answered with 500.",
            "next_at": "2026-03-01T09:30:05Z",
            "is_dead": False,
        }
    ],
    "total": 1,
    "segments": [
        {
            "segment_id": SEGMENT_ID,
            "sent": 6,
            "attempts": 1,
            "failing_since": "2026-03-01T09:30:00Z",
            "next_at": "2026-03-01T09:30:05Z",
            "error": "It was answered with 500.",
        }
    ],
    "dead": [
        {
            "segment_id": SEGMENT_ID,
            "first": 1,
            "last": 3,
            "created_at": "2026-02-03T11:00:00Z",
            "attempts": 31,
            "error": "There was no answer in time.",
        }
    ],
}
REPLAYED_EXAMPLE: Final[dict[str, Any]] = {"segments": {SEGMENT_ID: 7}}


class NewWebhook(msgspec.Struct, frozen=True):
    """The body of ``POST /api/webhooks``.

    Attributes:
        url: where changes are sent.
        segments: ids of the segments whose changes are.
        events: which changes.
    """

    url: str
    segments: Segments
    events: Events = msgspec.field(default_factory=lambda: ["entered", "left"])


class ChangeWebhook(msgspec.Struct, frozen=True):
    """The body of ``PATCH /api/webhooks/{id}``; what is left out stays.

    Attributes:
        is_active: false = nothing is sent, and what comes meanwhile waits.
    """

    url: str = ""
    segments: Segments = []
    events: Events = []
    is_active: bool = True


class WebhookShown(msgspec.Struct, frozen=True):
    """A webhook.

    Attributes:
        id: a UUID.
        url: where changes are sent.
        segments: whose changes; those that were deleted are not among them.
        events: which.
        is_active: whether they are sent, and do not wait.
        created_by: the name of the key, or the token's ``sub``.
        created_at: when it was made.
        revision: grows by one with every change; also the ``ETag``.
    """

    id: str
    url: str
    segments: list[str]
    events: list[str]
    is_active: bool
    created_by: str | None
    created_at: datetime | None
    revision: int


class WebhookMade(WebhookShown, frozen=True, kw_only=True):
    """A webhook with a secret that is new.

    Attributes:
        secret: what bodies are signed with, shown this once.
    """

    secret: str


class WebhookList(msgspec.Struct, frozen=True):
    """Some webhooks.

    Attributes:
        items: the oldest first.
        total: how many there are.
    """

    items: list[WebhookShown]
    total: int


class AttemptShown(msgspec.Struct, frozen=True):
    """One body that was sent, or tried to be.

    Attributes:
        at: when.
        segment_id: whose changes.
        first: the number of the first change, and of those before it that are not asked for.
        last: the number of the last.
        changes: how many there were.
        status: the HTTP status of the answer; null where there was none.
        took_ms: how long it took.
        error: why it was not taken; null where it was.
        next_at: when it is tried again; null where it is not.
        is_dead: whether it was given up.
    """

    at: datetime | None
    segment_id: str
    first: int
    last: int
    changes: int
    status: int | None
    took_ms: int
    error: str | None
    next_at: datetime | None
    is_dead: bool


class CursorShown(msgspec.Struct, frozen=True):
    """How far a webhook was told of one segment.

    Attributes:
        segment_id: the segment's.
        sent: the number of the last change that was taken, or given up.
        attempts: how often what comes next failed.
        failing_since: when it failed first; null where it did not.
        next_at: when it is tried again; null = at once.
        error: why it failed; null where it did not.
    """

    segment_id: str
    sent: int
    attempts: int
    failing_since: datetime | None
    next_at: datetime | None
    error: str | None


class DeadShown(msgspec.Struct, frozen=True):
    """Changes that were given up.

    Attributes:
        segment_id: the segment's.
        first: the number of the first.
        last: the number of the last.
        created_at: when they were given up.
        attempts: how often they were tried.
        error: why they were not taken, the last time.
    """

    segment_id: str
    first: int
    last: int
    created_at: datetime | None
    attempts: int
    error: str


class DeliveryList(msgspec.Struct, frozen=True):
    """What became of what a webhook was sent.

    Attributes:
        items: the last attempts, the newest first, of this process.
        total: how many there are.
        segments: how far it was told of each.
        dead: what was given up, the oldest first.
    """

    items: list[AttemptShown]
    total: int
    segments: list[CursorShown]
    dead: list[DeadShown]


class Replayed(msgspec.Struct, frozen=True):
    """From which number on a webhook is told again.

    Attributes:
        segments: the number, by segment.
    """

    segments: dict[str, int]


def show(webhook: Webhook, cursors: list[Cursor]) -> WebhookShown:
    """Return a webhook as callers see it."""
    return WebhookShown(
        id=webhook.id,
        url=webhook.url,
        segments=[one.segment_id for one in cursors],
        events=webhook.events.split(),
        is_active=bool(webhook.is_active),
        created_by=webhook.created_by,
        created_at=moment(webhook.created_at),
        revision=webhook.revision,
    )


def show_made(webhook: Webhook, cursors: list[Cursor]) -> WebhookMade:
    """Return a webhook with its secret."""
    return WebhookMade(**msgspec.structs.asdict(show(webhook, cursors)), secret=webhook.secret)


def show_attempt(attempt: Attempt) -> AttemptShown:
    """Return an attempt as callers see it."""
    return AttemptShown(**_cells(attempt, AttemptShown))


def show_cursor(cursor: Cursor) -> CursorShown:
    """Return a cursor as callers see it."""
    return CursorShown(**_cells(cursor, CursorShown))


def show_dead(letter: DeadLetter) -> DeadShown:
    """Return what was given up as callers see it."""
    return DeadShown(**_cells(letter, DeadShown))


def _cells(row: msgspec.Struct, shown: type[msgspec.Struct]) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in shown.__struct_fields__}
    instants = {"at", "next_at", "created_at", "failing_since"}
    return {name: moment(value) if name in instants else value for name, value in said.items()}
