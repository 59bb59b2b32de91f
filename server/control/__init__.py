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
    check_revision,
    name_faults,
)
from server.control.store import Control
from server.control.webhook import Cursor, DeadLetter, Webhook, cursor_id
from server.control.webhooks import at_once, given_up

__all__ = [
    "DAY_MS",
    "RATE_MOST",
    "SCOPES",
    "SLUG",
    "Control",
    "Cursor",
    "DeadLetter",
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
    "Webhook",
    "at_once",
    "check_revision",
    "cursor_id",
    "given_up",
    "job_id",
    "name_faults",
]
