"""Imports are kept in the control store, so that what became of them outlives the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from server.control import rows
from server.control.model import Import

if TYPE_CHECKING:
    from server.control.connection import Connections

UNFINISHED: Final = ("queued", "running")
"""What an import may still become something else from."""


class Imports:
    """The imports of all tenants, as the control store keeps them."""

    def __init__(self, connections: Connections) -> None:
        """Take where they are kept."""
        self._connections = connections

    def add(self, one: Import) -> None:
        """Write a new one.

        Raises:
            StoreError: it was not written.
        """
        with self._connections.transaction() as connection:
            rows.write(connection, one)

    def change(self, one: Import) -> None:
        """Write what became of one; nothing where it is there no more, as its tenant is not.

        Raises:
            StoreError: it was not written.
        """
        with self._connections.transaction() as connection:
            there = "SELECT 1 FROM imports WHERE id = ?"
            if connection.execute(there, (one.id,)).fetchone() is not None:
                rows.write(connection, one)

    def find(self, tenant_id: str, import_id: str) -> Import | None:
        """Return one of a tenant's; None where it has none of the id."""
        where = "id = ? AND tenant_id = ?"
        return rows.find(self._connections, Import, where, import_id, tenant_id)

    def once(self, tenant_id: str, key: str, since: int) -> Import | None:
        """Return the last one that was sent with a key since an instant (ms), or None."""
        where = "tenant_id = ? AND once_key = ? AND created_at >= ?"
        found = rows.read(self._connections, Import, where, tenant_id, key, since)
        return found[-1] if found else None

    def of(self, tenant_id: str, offset: int, limit: int) -> tuple[list[Import], int]:
        """Return some of a tenant's, the newest first, and how many there are."""
        found = rows.read(self._connections, Import, "tenant_id = ?", tenant_id)[::-1]
        return found[offset : offset + limit], len(found)

    def interrupt(self, now: int) -> None:
        """Note of all that have not come to their end that they will not; at ms ``now``."""
        where = f"state IN {UNFINISHED}"
        found = rows.read(self._connections, Import, where)
        if not found:
            return
        with self._connections.transaction() as connection:
            for one in found:
                ended = msgspec.structs.replace(one, state="interrupted", finished_at=now)
                rows.write(connection, ended)

    def forget(self, before: int) -> list[Import]:
        """Drop those that ended before an instant (ms), and return them."""
        found = rows.read(self._connections, Import, "finished_at < ?", before)
        if found:
            with self._connections.transaction() as connection:
                connection.executemany(
                    "DELETE FROM imports WHERE id = ?", [(one.id,) for one in found]
                )
        return found
