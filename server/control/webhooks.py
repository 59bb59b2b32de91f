"""Webhooks are kept in the control store: where changes are sent, and how far they were.

Only numbers of changes are kept, and nobody's id: what is sent is read when it is sent.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import msgspec

from bitseg import Fault, FieldError
from server.control import rows
from server.control.model import StaleError
from server.control.webhook import Cursor, DeadLetter, Webhook, cursor_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from server.control.connection import Connections

WEBHOOKS_MOST: Final = 20
"""Webhooks of a tenant."""


class Webhooks:
    """The webhooks of all tenants; from any thread. A write may raise ``StoreError``."""

    def __init__(self, connections: Connections) -> None:
        """Take where they are kept."""
        self._connections = connections

    def all(self) -> list[Webhook]:
        """Return every webhook of every tenant."""
        return rows.read(self._connections, Webhook)

    def of(self, tenant_id: str) -> list[Webhook]:
        """Return a tenant's, the oldest first."""
        return rows.read(self._connections, Webhook, "tenant_id = ?", tenant_id)

    def find(self, tenant_id: str, webhook_id: str) -> Webhook | None:
        """Return one of a tenant's; None where it has none of the id."""
        where = "id = ? AND tenant_id = ?"
        return rows.find(self._connections, Webhook, where, webhook_id, tenant_id)

    def cursors(self, webhook_id: str) -> list[Cursor]:
        """Return how far a webhook was told of each of its segments."""
        return rows.read(self._connections, Cursor, "webhook_id = ?", webhook_id)

    def dead(self, webhook_id: str) -> list[DeadLetter]:
        """Return what was given up of a webhook, the oldest first."""
        return rows.read(self._connections, DeadLetter, "webhook_id = ?", webhook_id)

    def cursor(self, webhook_id: str, segment_id: str) -> Cursor | None:
        """Return how far a webhook was told of a segment; None where it is not told of it."""
        key = cursor_id(webhook_id, segment_id)
        return rows.find(self._connections, Cursor, "id = ?", key)

    def save(self, webhook: Webhook, begins: Mapping[str, int] | None, now: int) -> None:
        """Write a webhook that is new, or changed.

        Args:
            webhook: the webhook; its revision is 1, or one more than what it was.
            begins: of which segments it is told, and behind which number where that is new;
                None = of those that it was.
            now: ms.

        Raises:
            StaleError: it has another revision by now, or is no more.
            FieldError: the tenant has as many as it may have.
        """
        with self._connections.transaction() as connection:
            before = self.find(webhook.tenant_id, webhook.id)
            if (0 if before is None else before.revision) != webhook.revision - 1:
                raise StaleError("webhook")
            if before is None and len(self.of(webhook.tenant_id)) >= WEBHOOKS_MOST:
                message = f"Expected at most {WEBHOOKS_MOST} webhooks; delete one first."
                raise FieldError(Fault("", message, code="too_many"))
            rows.write(connection, webhook)
            if begins is None:
                return
            known = {one.segment_id for one in self.cursors(webhook.id)}
            for gone in known - begins.keys():
                _drop(connection, webhook.id, gone)
            for place, (segment, sent) in enumerate(begins.items()):
                if segment not in known:
                    key = cursor_id(webhook.id, segment)
                    at = now + place  # rows come in this order
                    new = Cursor(key, webhook.id, webhook.tenant_id, segment, at, sent)
                    rows.write(connection, new)

    def delete(self, tenant_id: str, webhook_id: str) -> None:
        """Take a webhook away, with what is known of it; nothing where it is there no more."""
        with self._connections.transaction() as connection:
            if self.find(tenant_id, webhook_id) is None:
                return
            for table, column in (
                ("webhook_cursors", "webhook_id"),
                ("dead_letters", "webhook_id"),
                ("webhooks", "id"),
            ):
                query = f"DELETE FROM {table} WHERE {column} = ?"  # noqa: S608 - names of ours
                connection.execute(query, (webhook_id,))

    def forget(self, webhook_id: str, segment_id: str) -> None:
        """Tell a webhook of a segment no more, as that is gone."""
        with self._connections.transaction() as connection:
            _drop(connection, webhook_id, segment_id)

    def move(self, before: Cursor, after: Cursor, dead: DeadLetter | None = None) -> bool:
        """Write how far a webhook was told, unless somebody set that otherwise meanwhile.

        Args:
            before: what it was when the attempt began.
            after: what it is now.
            dead: what was given up.

        Returns:
            Whether it was written.
        """
        with self._connections.transaction() as connection:
            if self.cursor(before.webhook_id, before.segment_id) != before:
                return False
            rows.write(connection, after)
            if dead is not None:
                rows.write(connection, dead)
        return True

    def replay(self, webhook_id: str, begins: Mapping[str, int]) -> None:
        """Tell a webhook again of what comes behind a number, by segment.

        What was given up and is told again is given up no more.
        """
        with self._connections.transaction() as connection:
            for one in self.cursors(webhook_id):
                if one.segment_id in begins:
                    sent = begins[one.segment_id]
                    rows.write(connection, at_once(msgspec.structs.replace(one, sent=sent)))
                    connection.execute(
                        "DELETE FROM dead_letters WHERE webhook_id = ? AND segment_id = ?"
                        " AND first > ?",
                        (webhook_id, one.segment_id, sent),
                    )


def at_once(cursor: Cursor) -> Cursor:
    """Return a cursor whose next changes did not fail."""
    return msgspec.structs.replace(cursor, attempts=0, failing_since=None, next_at=None, error=None)


def given_up(cursor: Cursor, last: int, now: int, error: str) -> DeadLetter:
    """Return the note of changes up to a number that are given up at ms ``now``."""
    return DeadLetter(
        str(uuid.uuid4()), cursor.webhook_id, cursor.tenant_id, cursor.segment_id,
        cursor.sent + 1, last, now, cursor.attempts, error,
    )  # fmt: skip


def _drop(connection: sqlite3.Connection, webhook_id: str, segment_id: str) -> None:
    connection.execute(
        "DELETE FROM webhook_cursors WHERE id = ?", (cursor_id(webhook_id, segment_id),)
    )
    connection.execute(
        "DELETE FROM dead_letters WHERE webhook_id = ? AND segment_id = ?",
        (webhook_id, segment_id),
    )
