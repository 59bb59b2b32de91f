"""A lane is what one webhook is told of one segment: in order, a body at a time, until it is taken.

How far it came is in the control store, moved only when a body was taken. So a process that ends
between the two sends that body again: each change comes once or more, and its number tells which.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from bitseg import Engine
from server.control import DAY_MS, Cursor, at_once, given_up
from server.webhooks import signing
from server.webhooks.attempts import Attempt, Counts, Remembered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.control import Control, Webhook
    from server.webhooks.posting import Outcome

    Post: TypeAlias = Callable[[str, bytes, dict[str, str]], Awaitable[Outcome]]
    Beside: TypeAlias = Callable[..., Awaitable[Any]]

BATCH: Final = 500
"""Changes in a body."""

FIRST_RETRY_MS: Final = 5_000
"""After how long what failed is tried again; twice that after the next, and so on."""

RETRY_MOST_MS: Final = 3_600_000
JITTER: Final = 0.2
"""A wait is longer or shorter by up to this share, so that not all come at once."""

GIVEN_UP_MS: Final = DAY_MS
"""What was not taken for so long is given up."""

_log = logging.getLogger("bitseg.server")


class Tools(msgspec.Struct, frozen=True):
    """What all lanes are worked with.

    Attributes:
        control: knows webhooks, and how far they are.
        post: sends a body.
        beside: runs what waits for a disk on another thread.
        now: returns ms since 1970 UTC.
        random: returns 0 to 1.
        counts: what became of it.
        remembered: likewise, by webhook.
    """

    control: Control
    post: Post
    beside: Beside
    now: Callable[[], int]
    random: Callable[[], float]
    counts: Counts
    remembered: Remembered


class _Batch(msgspec.Struct, frozen=True):
    """Changes to send: of them those that are asked for, and how far they go."""

    webhook: Webhook
    cursor: Cursor
    changes: list[Any]
    last: int
    is_last: bool


class Lane:
    """One webhook and one segment."""

    def __init__(self, tools: Tools, engine: Engine, key: tuple[str, str, str]) -> None:
        """Take what it is worked with, and the ids of tenant, webhook and segment."""
        self._tools = tools
        self._engine = engine
        self._tenant_id, self._webhook_id, self._segment_id = key

    async def step(self) -> int | None:
        """Send the next changes, if it is time.

        Returns:
            After how many ms to go on; None = when there are more changes.

        Raises:
            UnknownSegmentError: the segment is no more.
            StoreError: something cannot be read, or could not be written.
        """
        found: _Batch | int | None = await self._tools.beside(self._next)
        if not isinstance(found, _Batch):
            return found
        if not found.changes:  # none of those that are asked for
            after = msgspec.structs.replace(at_once(found.cursor), sent=found.last)
            await self._tools.beside(self._move, found.cursor, after)
            return None if found.is_last else 0
        body = msgspec.json.encode({"segment_id": self._segment_id, "changes": found.changes})
        at = self._tools.now()
        outcome = await self._tools.post(
            found.webhook.url, body, headers_of(found.webhook, body, at)
        )
        wait: int | None = await self._tools.beside(self._ended, found, outcome, at)
        return wait

    def _next(self) -> _Batch | int | None:
        """Return what to send, or when to look again; reads files."""
        control = self._tools.control
        webhook = control.webhooks.find(self._tenant_id, self._webhook_id)
        cursor = control.webhooks.cursor(self._webhook_id, self._segment_id)
        if webhook is None or cursor is None or not webhook.is_active:
            return None
        early = 0 if cursor.next_at is None else cursor.next_at - self._tools.now()
        if early > 0:
            return early
        page = self._engine.segments.history(self._segment_id, after=cursor.sent, limit=BATCH)
        self._tools.counts.behind[cursor.id] = max(page.last_seq - cursor.sent, 0)
        if not page.items:
            if cursor.sent > page.last_seq:  # the file is an earlier one, put back
                _log.warning("webhook %s is ahead of its segment, and begins anew", webhook.id)
                back = msgspec.structs.replace(at_once(cursor), sent=page.last_seq)
                control.webhooks.move(cursor, back)
            return None
        wanted = webhook.events.split()
        changes = [one for one in page.items if one.change in wanted]
        last = page.items[-1].seq
        return _Batch(webhook, cursor, changes, last, last == page.last_seq)

    def _ended(self, batch: _Batch, outcome: Outcome, at: int) -> int | None:
        """Note what became of a body, and return after how many ms to go on; writes files."""
        now, before = self._tools.now(), batch.cursor
        counts = self._tools.counts
        attempt = Attempt(
            at, self._segment_id, before.sent + 1, batch.last, len(batch.changes),
            outcome.status, outcome.took_ms, outcome.error,
        )  # fmt: skip
        taken = msgspec.structs.replace(at_once(before), sent=batch.last)
        if outcome.error is None:
            counts.ok += 1
            counts.changes += len(batch.changes)
            self._move(before, taken)
            self._remember(attempt)
            return None if batch.is_last else 0
        counts.failed += 1
        failed = msgspec.structs.replace(
            before,
            attempts=before.attempts + 1,
            failing_since=before.failing_since or now,
            error=outcome.error,
        )
        if now - (failed.failing_since or now) >= GIVEN_UP_MS:
            counts.dead += 1
            dead = given_up(failed, batch.last, now, outcome.error)
            self._tools.control.webhooks.move(before, taken, dead)
            self._remember(msgspec.structs.replace(attempt, is_dead=True))
            return 0
        wait = self._wait(failed.attempts)
        failed = msgspec.structs.replace(failed, next_at=now + wait)
        self._tools.control.webhooks.move(before, failed)
        self._remember(msgspec.structs.replace(attempt, next_at=failed.next_at))
        return wait

    def _remember(self, attempt: Attempt) -> None:
        self._tools.remembered.add(self._webhook_id, attempt)

    def _move(self, before: Cursor, after: Cursor) -> None:
        if self._tools.control.webhooks.move(before, after):
            behind = self._tools.counts.behind
            behind[before.id] = max(behind.get(before.id, 0) - (after.sent - before.sent), 0)

    def _wait(self, attempts: int) -> int:
        wait: int = min(FIRST_RETRY_MS << min(attempts - 1, 20), RETRY_MOST_MS)
        return round(wait * (1 + JITTER * (2 * self._tools.random() - 1)))

    def forget(self) -> None:
        """Note that there is nothing more to tell, as the segment is gone; writes files."""
        self._tools.control.webhooks.forget(self._webhook_id, self._segment_id)


def headers_of(webhook: Webhook, body: bytes, at: int) -> dict[str, str]:
    """Return the headers that a body is sent to a webhook with, at ms ``at``."""
    keys = [webhook.secret]
    if webhook.old_secret is not None and at < (webhook.old_until or 0):
        keys.append(webhook.old_secret)
    return {
        "Content-Type": "application/json",
        "User-Agent": "bitseg",
        "Bitseg-Webhook": webhook.id,
        **signing.headers(body, at // 1_000, keys),
    }
