"""A clock that a test moves, and control stores with tenants and keys in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from server.control import Control, Key, KeyRequest, Scope

NOW = 1_772_357_400_000
"""2026-03-01T09:30:00Z in ms since 1970."""

DAY = 86_400_000

PATIENT_S = 60.0
"""Seconds that a question or an opening may take, where a test is not about how long it takes."""


class Clock:
    """Returns the instant it was set to, ms since 1970 UTC."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


def with_tenants(control: Control, *tenants: str) -> Control:
    """Add tenants."""
    for tenant in tenants:
        control.create_tenant(tenant, tenant.capitalize())
    return control


def key_of(control: Control, tenant: str, scope: Scope = "admin") -> tuple[Key, str]:
    """Make a key."""
    return control.create_key(tenant, KeyRequest(f"{scope} of {tenant}", scope))


def back_to_the_first_format(path: Path) -> None:
    """Make a control store what the first version would have written."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE keys DROP COLUMN rate")
        connection.execute("ALTER TABLE tenants DROP COLUMN timezone")
        connection.execute("DROP TABLE jobs")
        for table in ("imports", "repeats", "dead_letters", "webhook_cursors", "webhooks"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version=1")
