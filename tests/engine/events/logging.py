"""Logging is how these tests put events into a kind's log without a tenant around it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bitseg.events.log import Events, KindLog
from bitseg.fields import DataType

TYPES: dict[str, DataType] = {"campaign": "string", "amount": "number", "first": "boolean"}
MISSING: dict[str, float] = {"campaign": 0, "amount": float("nan"), "first": 0}
DTYPES: dict[str, type[np.generic]] = {
    "campaign": np.uint32,
    "amount": np.float64,
    "first": np.uint8,
}


class Event(NamedTuple):
    """One event as plain values; the properties as the codes that a column holds."""

    row: int
    at: int
    code: int = 0
    campaign: int | None = None
    amount: float | None = None
    first: int | None = None


def batch(events: list[Event]) -> Events:
    """Return events as columns; a property that none of them has is no column."""
    properties = {}
    for name, dtype in DTYPES.items():
        values = [getattr(event, name) for event in events]
        if any(value is not None for value in values):
            held = [MISSING[name] if value is None else value for value in values]
            properties[name] = np.array(held, dtype)
    codes = np.array([event.code for event in events], np.uint32)
    return Events(
        np.array([event.row for event in events], np.uint32),
        np.array([event.at for event in events], np.int64),
        codes if codes.any() else None,
        properties,
    )


def log_of(*batches: list[Event]) -> KindLog:
    """Return a log to which batches were appended, one after the other."""
    log = KindLog()
    for events in batches:
        log.append(batch(events), TYPES)
    return log


def listed(events: Events) -> list[Event]:
    """Return columns as plain values."""
    codes = np.zeros(len(events), np.uint32) if events.codes is None else events.codes
    found = []
    for i in range(len(events)):
        values: dict[str, Any] = {}
        for name in DTYPES:
            column = events.property(name)
            if column is not None:
                one = column[i].item()
                values[name] = None if one == 0 or one != one else one  # noqa: PLR0124 - NaN
        found.append(Event(events.rows[i].item(), events.at[i].item(), codes[i].item(), **values))
    return found


def whole(log: KindLog) -> list[Event]:
    """Return all events of a log in its order."""
    return listed(log.stretch(0, len(log)))
