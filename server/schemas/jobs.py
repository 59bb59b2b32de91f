"""A job over HTTP: when it runs, and how its last run went."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from server.control import JobRecord, JobState
from server.schemas.keys import moment

EXAMPLE: Final[dict[str, Any]] = {
    "name": "recalculation",
    "cron": "*/30 * * * *",
    "last_run": "2026-03-01T09:30:00Z",
    "last_success": "2026-03-01T09:30:01Z",
    "next_run": "2026-03-01T10:00:00Z",
    "state": "ok",
    "error": None,
    "attempts": 0,
}


class JobShown(msgspec.Struct, frozen=True):
    """What can be said of a job.

    Attributes:
        name: what ``POST /api/jobs/{name}/run`` calls it.
        cron: when it runs: minute, hour, day of the month, month, weekday in the tenant's timezone.
        last_run: when its last run began; None = it never ran.
        last_success: when the last run that went well ended; None = none did.
        next_run: when it runs next; a past instant is as soon as there is a thread for it.
        state: how the last run went.
        error: why it failed or was interrupted; None where it did not.
        attempts: how many runs there were since the last that went well, one that runs included.
    """

    name: str
    cron: str
    last_run: datetime | None
    last_success: datetime | None
    next_run: datetime | None
    state: JobState
    error: str | None
    attempts: int


class JobList(msgspec.Struct, frozen=True):
    """The tenant's jobs.

    Attributes:
        items: all of them.
        total: how many there are.
    """

    items: list[JobShown]
    total: int


def show(record: JobRecord, cron: str) -> JobShown:
    """Return what can be said of a job with a cron text."""
    return JobShown(
        name=record.name,
        cron=cron,
        last_run=moment(record.last_run),
        last_success=moment(record.last_success),
        next_run=moment(record.due_at),
        state=record.state,
        error=record.error,
        attempts=record.attempts,
    )
