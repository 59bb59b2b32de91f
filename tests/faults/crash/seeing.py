"""Seeing is all that an engine says of its tenant, and all that a world says it must say.

Both give one dict of the same form, so that they can be compared, and their differences named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import bitseg
from bitseg import UnknownContactError
from tests.faults.crash import judging
from tests.faults.crash.operations import LANES, T0, Json
from tests.faults.crash.people import Person
from tests.faults.crash.rows import BULK_IDS, BULK_SCORES, DAY, KINDS, day_of, lane_ids
from tests.faults.crash.world import World

LATER: Final = T0 + 200 * DAY
"""An instant behind all events, so that what is derived of a person changes only with it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOOKED_AT: Final = (
    *(one for lane in range(LANES) for one in lane_ids(lane)),
    *(f"b{k}" for k in range(0, BULK_IDS, 131)),
)
_EVERYBODY: Final[Json] = {"match": "all", "groups": []}
_MEASURES: Final[tuple[Json, ...]] = (
    *({"event": kind} for kind in KINDS),
    *({"event": kind, "measure": {"sum": "amount"}} for kind in KINDS),
    *({"event": kind, "measure": {"distinct": "campaign"}} for kind in KINDS),
    *({"event": kind, "measure": {"distinct": "url"}} for kind in KINDS[:2]),
    {
        "event": "visit",
        "where": {
            "match": "all",
            "conditions": [{"field": "campaign", "operator": "equals", "value": "spring"}],
        },
    },
    {"event": "click", "since": day_of(T0 - 5 * DAY)},
    {"event": "open", "measure": {"distinct": "device"}},
)
_EXPLAINED: Final[Json] = {
    "match": "all",
    "groups": [{"match": "any", "conditions": list(_MEASURES)}],
}


def _one(condition: Json) -> Json:
    return {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}


def _field(path: str, operator: str, value: Any) -> Json:
    return _one({"field": path, "operator": operator, "value": value})


COUNTED: Final[dict[str, Json]] = {
    **{f"country {one}": _field("contact.country", "equals", one) for one in ("Canada", "Peru")},
    **{f"tag {one}": _field("contact.tags", "contains", one) for one in ("a", "b", "d", "bulk")},
    "score": _field("contact.lead_score", "greater_or_equal", 20),
    "bounced": _field("contact.bounced", "not_equals", value=True),
    "opens": _field("engagement.total_opens", "greater_or_equal", 3),
    "revenue": _field("engagement.revenue", "greater_than", 99.5),
    "clicked": _one({"event": "click", "within": "3d"}),
    "spent": _one({"event": "conversion", "within": "15d", "measure": {"sum": "amount"}}),
    "visits": _one({"event": "visit", "within": "10d", "value": 3}),
}
"""Definitions that are counted everywhere, also on an engine that never had a file."""

_ASKED_OF = ("contact.country", "contact.tags", "contact.lead_score", "contact.bounced")
"""The stored fields that ``COUNTED`` asks for: who agrees in them and did nothing is alike."""

_BULK: Final[dict[str, Json]] = {
    **{f"score {k}": _field("contact.lead_score", "equals", k) for k in BULK_SCORES},
    "from Österreich": _field("contact.country", "equals", "Österreich"),
    **{f"from {one}": COUNTED[f"country {one}"] for one in ("Canada", "Peru")},
    **{f"tag {one}": COUNTED[f"tag {one}"] for one in ("a", "b", "bulk")},
}
"""Definitions whose members are compared where there are thousands of contacts."""


def seen(engine: bitseg.Engine, now: int) -> Json:
    """Return what an engine says at ms ``now``, by its public methods."""
    later = at_ms(LATER)
    ids = sorted(engine.select(_EVERYBODY).ids())
    known = set(ids)
    there = [one for one in _LOOKED_AT if one in known]
    return {
        **seen_in_short(engine, now),
        "ids": ids,
        "contacts": {one: _contact(engine, one, later) for one in there},
        "unknown": [one for one in _LOOKED_AT if one not in known and _is_unknown(engine, one)],
        "measures": {one: _measures(engine, one, later) for one in there},
        "bulk": {name: sorted(engine.select(rules).ids()) for name, rules in _BULK.items()}
        if len(ids) > len(_LOOKED_AT)
        else {},
    }


def seen_in_short(engine: bitseg.Engine, now: int) -> Json:
    """Return the part of ``seen`` that no single contact is asked for."""
    moment = at_ms(now)
    return {
        "length": len(engine),
        "event_count": engine.event_count,
        "fields": {
            path: (field.data_type, field.label) if field.declared else (field.data_type,)
            for path, field in engine.fields.items()
            if path.startswith("customField.")
        },
        "segments": {
            one: sorted(engine.select(_one({"segment": one}), now=moment).ids())
            for one in sorted(engine.segments)
        },
        "counts": counts(engine, now),
    }


def counts(engine: bitseg.Engine, now: int) -> dict[str, int]:
    """Return the counts of the definitions that are counted everywhere."""
    return {name: engine.count(rules, now=at_ms(now)) for name, rules in COUNTED.items()}


def due(world: World, now: int) -> Json:
    """Return what an engine must say of a world."""
    people = world.people
    there = [one for one in _LOOKED_AT if one in people]
    return {
        **due_in_short(world, now),
        "ids": sorted(people),
        "contacts": {one: _shown(people[one]) for one in there},
        "unknown": [one for one in _LOOKED_AT if one not in people],
        "measures": {
            one: [judging.measured(rule, people[one], LATER) for rule in _MEASURES] for one in there
        },
        "bulk": _bulk_due(people) if len(people) > len(_LOOKED_AT) else {},
    }


def due_in_short(world: World, now: int) -> Json:
    """Return the part of ``due`` that ``seen_in_short`` must be."""
    return {
        "length": len(world.people),
        "event_count": sum(len(person.events) for person in world.people.values()),
        "fields": dict(world.fields),
        "segments": {one: sorted(world.members(one, now)) for one in sorted(world.segments)},
        "counts": _counts_due(world, now),
    }


def _counts_due(world: World, now: int) -> dict[str, int]:
    """Return what ``counts`` must return; people that are alike are judged once."""
    alike: Counter[tuple[Any, ...]] = Counter()
    asked: dict[tuple[Any, ...], str] = {}
    for one, person in world.people.items():
        did = person.events or person.dropped or person.baselines
        key = (one,) if did else tuple(person.values.get(path) for path in _ASKED_OF)
        alike[key] += 1
        asked[key] = one
    return {
        name: sum(
            alike[key]
            for key, one in asked.items()
            if judging.holds(world, rules, one, world.people[one], now)
        )
        for name, rules in COUNTED.items()
    }


def _bulk_due(people: Mapping[str, Person]) -> dict[str, list[str]]:
    """Return whom the definitions of ``_BULK`` must find, in one look at everybody."""
    due: dict[str, list[str]] = {name: [] for name in _BULK}
    for one in sorted(people):
        values = people[one].values
        score, tags = values.get("contact.lead_score"), values.get("contact.tags", ())
        assert isinstance(tags, tuple)
        names = [f"from {values.get('contact.country')}", *(f"tag {tag}" for tag in tags)]
        if isinstance(score, float):
            names.append(f"score {score:g}")
        for name in names:
            if name in due:
                due[name].append(one)
    return due


def differences(found: Json, expected: Json, path: str = "") -> list[str]:
    """Return what differs, a line each."""
    lines: list[str] = []
    for key in sorted({*found, *expected}, key=str):
        here, wanted = found.get(key), expected.get(key)
        if here == wanted:
            continue
        if isinstance(here, dict) and isinstance(wanted, dict):
            lines += differences(here, wanted, f"{path}/{key}")
        elif isinstance(here, list) and isinstance(wanted, list) and len(here) > 20:
            gone, more = set(wanted) - set(here), set(here) - set(wanted)
            lines.append(f"{path}/{key}: lacks {sorted(gone)[:9]}, has {sorted(more)[:9]} besides")
        else:
            lines.append(f"{path}/{key}: is {here!r}, must be {wanted!r}")
    return lines


def at_ms(at: int) -> datetime:
    """Return ms since 1970 as a datetime."""
    return _EPOCH + timedelta(milliseconds=at)


def _contact(engine: bitseg.Engine, contact_id: str, now: datetime) -> Json:
    return {
        path: tuple(sorted(value)) if isinstance(value, list) else value
        for path, value in engine.contact(contact_id, now=now).items()
    }


def _shown(person: Person) -> Json:
    derived = {f"engagement.{name}": value for name, value in person.derived(LATER).items()}
    return {**person.values, **derived}


def _measures(engine: bitseg.Engine, contact_id: str, now: datetime) -> list[Any]:
    explained = engine.explain(_EXPLAINED, contact_id, now=now).conditions
    return [one.value for one in explained if ".conditions[" in one.path and _is_rule(one.path)]


def _is_rule(path: str) -> bool:
    """Return whether a path is a rule's own, and not of its ``where``."""
    return path.count("[") == 2


def _is_unknown(engine: bitseg.Engine, contact_id: str) -> bool:
    try:
        engine.contact(contact_id)
    except UnknownContactError:
        return True
    return False
