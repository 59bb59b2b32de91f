"""A job of a tenant is something that is done again and again: what is kept of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

JobState: TypeAlias = Literal["never", "running", "ok", "failed", "interrupted"]
"""How the last run went; ``never`` = there was none."""


class JobRecord(msgspec.Struct, frozen=True):
    """What is known of one job of one tenant; instants are ms since 1970 UTC.

    Attributes:
        id: the tenant's id and the job's name.
        tenant_id: whose it is.
        name: the job's.
        created_at: when it was first known.
        due_at: when it runs next; where it is past, it was missed, and runs once.
        cron: when it runs; None = as jobs of the name do.
        state: how the last run went.
        last_run: when that began; None = never.
        last_success: when the last run that went well ended; None = none did.
        attempts: how many runs there were since then, one that runs included.
        error: why the last run failed, or was interrupted; None where it did not.
    """

    id: str
    tenant_id: str
    name: str
    created_at: int
    due_at: int
    cron: str | None = None
    state: JobState = "never"
    last_run: int | None = None
    last_success: int | None = None
    attempts: int = 0
    error: str | None = None


def job_id(tenant_id: str, name: str) -> str:
    """Return what tells a tenant's job from all others."""
    return f"{tenant_id}/{name}"
