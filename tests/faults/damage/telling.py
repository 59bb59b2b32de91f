"""Telling is saying all that an engine holds, through its public methods, so that two compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.engine.making import all_of, any_of, at, field
from tests.faults.damage.world import RULES

if TYPE_CHECKING:
    import bitseg

Json = dict[str, Any]

NOW: Final = at("2026-04-02T12:00:00Z")
EVERYBODY: Final = any_of(field("contact.id", "is_not_empty"), field("contact.id", "is_empty"))
KINDS: Final = ("open", "click", "purchase")


def tell(engine: bitseg.Engine) -> Json:
    """Return everything: fields, contacts, counts, members, numbers of events, and segments."""
    return {
        "fields": sorted(map(str, engine.fields.values())),
        "contacts": {one: engine.contact(one, NOW) for one in engine.select(EVERYBODY, NOW).ids()},
        "size": len(engine),
        "events": engine.event_count,
        "kinds": {kind: _kind(engine, kind) for kind in KINDS},
        "counts": {name: _count(engine, rules) for name, rules in RULES.items()},
        "segments": {
            name: list(engine.select(all_of({"segment": name}), NOW).ids())
            for name in engine.segments
        },
    }


def apart(one: Json, other: Json, path: str = "") -> list[str]:
    """Return where two tales differ, the first few."""
    found: list[str] = []
    for key in {**one, **other}:
        here = f"{path}/{key}"
        left, right = one.get(key), other.get(key)
        if isinstance(left, dict) and isinstance(right, dict):
            found += apart(left, right, here)
        elif left != right:
            found.append(f"{here}: {str(left)[:80]} and {str(right)[:80]}")
    return found[:5]


def _kind(engine: bitseg.Engine, kind: str) -> list[int]:
    return [engine.count(all_of({"event": kind, "value": least}), NOW) for least in (1, 5, 12, 25)]


def _count(engine: bitseg.Engine, rules: Json) -> int | str:
    """Return a count, or that a segment it is about is not there."""
    try:
        return engine.count(rules, NOW)
    except ValueError as error:
        return str(error)
