"""Imports in tests: sent, waited for, and held at the end of their first batch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, Final

from httpx import Response

from server.control import Control, Import
from tests.server.conftest import Two

BATCH: Final = 65_536
"""Rows that are committed at once."""

CSV: Final = {"Content-Type": "text/csv"}
ENDED: Final = {"done", "failed", "cancelled", "interrupted"}
PATIENCE_S: Final = 60


def opened(two: Two) -> Two:
    """Return a server when it has opened its tenants, which may compile first."""
    until = time.monotonic() + PATIENCE_S
    for tenant in ("acme", "zeta"):
        key = two.key(tenant)
        while two.ask("GET", "/api/contacts", key).status_code != 200:
            assert time.monotonic() < until
    return two


def send(two: Two, key: str, path: str, body: bytes, **headers: str) -> Response:
    """Send a file; underscores in the names of headers are dashes."""
    named = CSV | {name.replace("_", "-"): value for name, value in headers.items()}
    return two.ask("POST", f"/api{path}", key, content=body, headers=named)


def ended(two: Two, key: str, import_id: str) -> dict[str, Any]:
    """Return an import when it has come to its end."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        shown: dict[str, Any] = two.ask("GET", f"/api/imports/{import_id}", key).json()
        if shown["state"] in ENDED:
            return shown
        time.sleep(0.01)
    raise AssertionError(shown)


def imported(two: Two, key: str, path: str, body: bytes, **headers: str) -> dict[str, Any]:
    """Send a file that is taken, and return its import when that has ended."""
    taken = send(two, key, path, body, **headers)
    assert taken.status_code == 202, taken.text
    return ended(two, key, taken.json()["id"])


def ids_csv(rows: int) -> bytes:
    """Return a file of contacts ``c0``, ``c1`` and so on."""
    return b"id\n" + b"".join(b"c%d\n" % number for number in range(rows))


class Held:
    """Whether an import is at the end of its first batch, and how it goes on.

    Attributes:
        there: set when it is.
        on: set, it goes on.
    """

    def __init__(self, on: Event) -> None:
        self.there = Event()
        self.on = on


@contextmanager
def held(control: Control, until: Event | None = None) -> Iterator[Held]:
    """Hold every import where its first batch was committed, until the end or somebody's event."""
    pause, change = Held(until or Event()), control.imports.change

    def changed(record: Import) -> None:
        change(record)
        if record.rows and record.state == "running":
            pause.there.set()
            assert pause.on.wait(PATIENCE_S)

    control.imports.change = changed  # type: ignore[method-assign,assignment] # the one place to hold it at
    try:
        yield pause
    finally:
        if until is None:
            pause.on.set()
        control.imports.change = change  # type: ignore[method-assign] # as it was
