"""The timetable says when each job of each tenant runs next, and how its last run went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.control import rows
from server.control.job import JobRecord, job_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.control.connection import Connections


class Timetable:
    """The jobs' table of a control store; from any thread."""

    def __init__(self, connections: Connections) -> None:
        """Take the connections of the store."""
        self._connections = connections

    def all(self) -> list[JobRecord]:
        """Return every job of every tenant that is there."""
        return rows.read(self._connections, JobRecord)

    def of(self, tenant_id: str) -> list[JobRecord]:
        """Return the jobs of a tenant."""
        return rows.read(self._connections, JobRecord, "tenant_id = ?", tenant_id)

    def find(self, tenant_id: str, name: str) -> JobRecord | None:
        """Return a tenant's job; None where the tenant is no more, or never had it."""
        return rows.find(self._connections, JobRecord, "id = ?", job_id(tenant_id, name))

    def add(self, record: JobRecord) -> None:
        """Note a job of a tenant that is there."""
        with self._connections.transaction() as connection:
            rows.write(connection, record)

    def change(
        self, tenant_id: str, name: str, change: Callable[[JobRecord], JobRecord | None]
    ) -> JobRecord | None:
        """Change what is known of a job, as it is by then.

        Args:
            tenant_id: whose it is.
            name: the job's.
            change: returns what it is to be; None = it stays.

        Returns:
            What it is then; None where it stays, or the tenant is no more.
        """
        with self._connections.transaction() as connection:
            before = self.find(tenant_id, name)
            after = None if before is None else change(before)
            if after is not None:
                rows.write(connection, after)
        return after
