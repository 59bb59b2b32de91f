"""A tenant is drawn once; the engine is told it by rows, and SQLite by tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import bitseg
from tests.oracle import values
from tests.oracle.catalog import BASELINES, CONTACT_FIELDS, ENGAGEMENT_FIELDS, KINDS, PROPERTIES
from tests.properties.sql.dates import DAY, midnight, moment, moved, span

Json = dict[str, Any]

CONTACTS: Final = 200
EVENTS: Final = 2_000
FIELDS: Final = {
    **{f"contact.{name}": kind for name, kind in CONTACT_FIELDS.items()},
    **values.CUSTOM_FIELDS,
    **{f"engagement.{name}": kind for name, kind in ENGAGEMENT_FIELDS.items()},
}
TYPES: Final = {**PROPERTIES, **values.CUSTOM_PROPERTIES, "hour": "number", "weekday": "number"}
KEPT: Final = {
    path: kind
    for path, kind in FIELDS.items()
    if not path.startswith("engagement.") or path.partition(".")[2] in BASELINES
}
"""The fields that a row of a contact may carry."""
CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "campaign": values.CAMPAIGNS, "url": values.URLS, "device": values.DEVICES,
    "amount": values.NUMBERS, "plan": values.PLANS, "seats": values.NUMBERS,
    "trial": (True, False),
}  # fmt: skip
"""The properties that an event may carry, and what they are drawn from."""
_NOWS: Final = (
    "2024-02-29T12:00:00Z", "2023-02-28T23:59:59.999Z", "2024-03-31T00:00:00Z",
    "2023-12-31T06:30:00.001Z", "2025-01-01T00:00:00Z", "2024-10-15T17:45:10.500Z",
)  # fmt: skip


@dataclass
class Tenant:
    """A tenant's contacts, events and segments, and the instants at which it is asked."""

    nows: tuple[int, ...]
    instants: tuple[int, ...]
    contacts: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    listed: dict[str, list[str]] = field(default_factory=dict)
    segments: dict[str, Json] = field(default_factory=dict)


def draw_tenant(random: Random) -> Tenant:
    """Draw contacts with holes, and events that crowd at the edges of windows."""
    first = span(random.choice(_NOWS), 0).start
    nows = (first, first + random.choice((1, 1_000, DAY)), first + random.choice((7, 30)) * DAY)
    tenant = Tenant(nows, tuple(random.sample(_edges(nows), 80)))
    ids = [*values.CONTACT_IDS, *(f"c{number}" for number in range(CONTACTS))][:CONTACTS]
    random.shuffle(ids)
    tenant.contacts = [_contact(random, tenant, one) for one in ids]
    crowded = ids[: CONTACTS // 4]
    for _ in range(EVENTS):
        tenant.events.append(_event(random, tenant, random.choice(random.choice((ids, crowded)))))
    tenant.listed["static"] = random.sample(ids, CONTACTS // 3)
    return tenant


def _edges(nows: tuple[int, ...]) -> list[int]:
    edges = {now + side for now in nows for side in (-1, 0, 1)}
    for now in nows:
        for text in values.DATE_MATH:
            edges |= {edge + side for edge in span(text, now) for side in (-1, 0)}
        for size in values.DURATIONS:
            edges |= {moved(now, sign + size) + side for sign in "+-" for side in (-1, 0, 1)}
        edges |= {midnight(now) + ahead * DAY for ahead in (-2, 2, 7, 8)}
    edges |= {
        span(text, 0).start for text in ("1968-02-29T13:00Z", "2000-02-28", "1969-12-31T23:59Z")
    }
    return sorted(edges)


def _contact(random: Random, tenant: Tenant, contact: str) -> Json:
    row: Json = {"id": contact}
    for path, kind in KEPT.items():
        fill = 0.2 if path.startswith("engagement.") else 0.75
        if path != "contact.id" and random.random() < fill:
            row[path] = _cell(random, tenant, kind)
    return row


def _cell(random: Random, tenant: Tenant, kind: str) -> Any:
    if kind == "string":
        return random.choice((*values.STRINGS, ""))
    if kind == "number":
        return random.choice(random.choice((values.NUMBERS, values.COUNTS)))
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "date":
        return random.choice(tenant.instants)
    return [random.choice((*values.TAGS, "")) for _ in range(random.randrange(5))]


def _event(random: Random, tenant: Tenant, contact: str) -> Json:
    kind = random.choice((*KINDS, "open", "open", "click", "conversion", "sent", "webinar"))
    row: Json = {"contact_id": contact, "kind": kind, "at": random.choice(tenant.instants)}
    for name, choices in CHOICES.items():
        if random.random() < 0.5:
            row[name] = random.choice(choices)
    return row


def engine_of(tenant: Tenant) -> bitseg.Engine:
    """Tell the engine a tenant, by rows."""
    engine = bitseg.Engine(timezone="UTC", clock=lambda: tenant.nows[0])
    for path, kind in values.CUSTOM_FIELDS.items():
        engine.define_field(path, kind)  # type: ignore[arg-type] # the catalogue's types are these
    loaded = engine.load_contacts(tenant.contacts)
    assert (loaded.created, loaded.rejected_count) == (CONTACTS, 0), loaded
    recorded = engine.load_events(tenant.events)
    assert (recorded.accepted, recorded.rejected_count) == (EVENTS, 0), recorded
    for name, what in {**tenant.listed, **tenant.segments}.items():
        engine.define_segment(name, what)
    return engine


def engine_ids(engine: bitseg.Engine, definition: Json, now: int) -> list[str]:
    """Ask the engine for a definition's members."""
    return list(engine.select(definition, now=moment(now)).ids())
