"""Making is how these tests come by an engine whose clock they turn, and by short definitions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import bitseg

Json = dict[str, Any]

NOON = "2026-03-15T12:00:00Z"

CROWD = tuple(f"x{i}" for i in range(200))
"""So many others that a write to a few is patched into kept answers and nothing is made anew."""


def at(text: str) -> datetime:
    """Read an ISO 8601 instant."""
    return datetime.fromisoformat(text)


def ms(text: str) -> int:
    """Read an ISO 8601 instant as ms since 1970 UTC."""
    return round((at(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: str = NOON) -> None:
        """Stand at an instant."""
        self.ms = ms(now)

    def __call__(self) -> int:
        """Return the instant, ms."""
        return self.ms

    def set(self, now: str) -> None:
        """Stand at another instant."""
        self.ms = ms(now)


def engine_of(*contacts: str | Json, clock: Clock | None = None, **settings: Any) -> bitseg.Engine:
    """Return an engine with contacts, given as ids or as rows, and a clock that stands at noon."""
    engine = bitseg.Engine(clock=clock or Clock(), **settings)
    rows = [{"id": one} if isinstance(one, str) else one for one in contacts]
    if rows:
        report = engine.load_contacts(rows)
        assert report.rejected_count == 0, report
    return engine


def record(engine: bitseg.Engine, *events: tuple[Any, ...], **how: Any) -> bitseg.LoadReport:
    """Record events given as (contact id, kind, at) or with a dict of more behind."""
    rows = [
        {"contact_id": contact, "kind": kind, "at": when, **(more[0] if more else {})}
        for contact, kind, when, *more in events
    ]
    return engine.load_events(rows, **how)


def all_of(*conditions: Json, exclusions: tuple[Json, ...] = ()) -> Json:
    """Return the definition of one group of all conditions."""
    return _one("all", conditions, exclusions)


def any_of(*conditions: Json, exclusions: tuple[Json, ...] = ()) -> Json:
    """Return the definition of one group of any of the conditions."""
    return _one("any", conditions, exclusions)


def group(match: str, *conditions: Json) -> Json:
    """Return a group."""
    return {"match": match, "conditions": list(conditions)}


def _one(match: str, conditions: tuple[Json, ...], exclusions: tuple[Json, ...]) -> Json:
    definition: Json = {"match": "all", "groups": [group(match, *conditions)]}
    if exclusions:
        definition["exclusions"] = [group("all", *exclusions)]
    return definition


def field(path: str, operator: str, value: Any = None) -> Json:
    """Return a FieldRule; without a value where there is none."""
    rule = {"field": path, "operator": operator}
    return rule if value is None else {**rule, "value": value}


def found(engine: bitseg.Engine, rules: Json, now: str | None = None) -> list[str]:
    """Return the ids of a definition's members, and see that ``count`` says as many."""
    moment = None if now is None else at(now)
    ids = list(engine.select(rules, now=moment).ids())
    assert engine.count(rules, now=moment) == len(ids)
    return ids


def value(engine: bitseg.Engine, contact: str, path: str, now: str | None = None) -> Any:
    """Return one contact's value of a field, None where it is missing."""
    return engine.contact(contact, now=None if now is None else at(now)).get(path)
