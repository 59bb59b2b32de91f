"""The control store: which tenants there are, whose keys open them, and whose each segment is."""

from server.control.model import (
    RATE_MOST,
    SCOPES,
    SLUG,
    Key,
    KeyRequest,
    Scope,
    StaleError,
    Tenant,
)
from server.control.store import Control

__all__ = [
    "RATE_MOST",
    "SCOPES",
    "SLUG",
    "Control",
    "Key",
    "KeyRequest",
    "Scope",
    "StaleError",
    "Tenant",
]
