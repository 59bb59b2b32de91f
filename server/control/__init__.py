"""The control store: which tenants there are, whose keys open them, and whose each segment is."""

from server.control.job import JobRecord, JobState, job_id
from server.control.model import (
    RATE_MOST,
    SCOPES,
    SLUG,
    Key,
    KeyRequest,
    Scope,
    StaleError,
    Tenant,
    name_faults,
)
from server.control.store import Control

__all__ = [
    "RATE_MOST",
    "SCOPES",
    "SLUG",
    "Control",
    "JobRecord",
    "JobState",
    "Key",
    "KeyRequest",
    "Scope",
    "StaleError",
    "Tenant",
    "job_id",
    "name_faults",
]
