"""The control store: which tenants there are, whose keys open them, and whose each segment is."""

from server.control.job import JobRecord, JobState, job_id
from server.control.model import (
    DAY_MS,
    RATE_MOST,
    SCOPES,
    SLUG,
    Import,
    Key,
    KeyRequest,
    Kind,
    Scope,
    StaleError,
    State,
    Tenant,
    name_faults,
)
from server.control.store import Control

__all__ = [
    "DAY_MS",
    "RATE_MOST",
    "SCOPES",
    "SLUG",
    "Control",
    "Import",
    "JobRecord",
    "JobState",
    "Key",
    "KeyRequest",
    "Kind",
    "Scope",
    "StaleError",
    "State",
    "Tenant",
    "job_id",
    "name_faults",
]
