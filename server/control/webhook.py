"""What is kept of webhooks: where changes are sent, how far, and what was given up."""

from __future__ import annotations

import msgspec


class Webhook(msgspec.Struct, frozen=True):
    """An address that is told of changes.

    Attributes:
        id: a random UUID.
        tenant_id: whose changes.
        url: where they are sent.
        events: which, as words with spaces between: ``entered``, ``left``.
        secret: what they are signed with; kept as it is, or nothing could be signed.
        created_by: who made it; None = nobody said.
        created_at: ms since 1970 UTC, as all instants here.
        is_active: 0 where nothing is sent for now.
        revision: grows by one with every change.
        old_secret: what they are signed with as well, until ``old_until``; None = nothing.
        old_until: likewise.
    """

    id: str
    tenant_id: str
    url: str
    events: str
    secret: str
    created_by: str | None
    created_at: int
    is_active: int = 1
    revision: int = 1
    old_secret: str | None = None
    old_until: int | None = None


class Cursor(msgspec.Struct, frozen=True):
    """How far a webhook was told of one segment.

    Attributes:
        id: the webhook's id and the segment's.
        webhook_id: the webhook's.
        tenant_id: whose.
        segment_id: the segment's.
        created_at: when it began.
        sent: the number of the last change that was taken, or given up.
        attempts: how often what comes next failed.
        failing_since: when it failed first; None where it did not.
        next_at: when it is tried again; None = at once.
        error: why it failed; None where it did not.
    """

    id: str
    webhook_id: str
    tenant_id: str
    segment_id: str
    created_at: int
    sent: int
    attempts: int = 0
    failing_since: int | None = None
    next_at: int | None = None
    error: str | None = None


class DeadLetter(msgspec.Struct, frozen=True):
    """Changes that a webhook was not told of, as they were not taken for too long.

    Attributes:
        id: a random UUID.
        webhook_id: the webhook's.
        tenant_id: whose.
        segment_id: the segment's.
        first: the number of the first change.
        last: the number of the last.
        created_at: when it was given up.
        attempts: how often it was tried.
        error: why it was not taken, the last time.
    """

    id: str
    webhook_id: str
    tenant_id: str
    segment_id: str
    first: int
    last: int
    created_at: int
    attempts: int
    error: str


def cursor_id(webhook_id: str, segment_id: str) -> str:
    """Return what tells a webhook's cursor from all others."""
    return f"{webhook_id}/{segment_id}"
