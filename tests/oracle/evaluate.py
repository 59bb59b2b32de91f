"""To evaluate is to ask every contact, one after the other, whether a definition holds.

Silent or ambiguous places, and the reading taken here:

- `count` and `select` are like a preview: groups without conditions are allowed and mean what
  `all`, `any` and `none` over nothing mean; an empty exclusion `all` excludes everybody.
- `distinct` compares numbers as numbers, so 0.0 and -0.0 are one value.
- `sum` or `distinct` of a property never seen is 0, and any operator on it sees a missing value.
- A sample's percent, when a float, is the shortest decimal that reads back as that float.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.catalog import CLOCK_PROPERTIES, CONTACT_FIELDS, ENGAGEMENT_FIELDS, PROPERTIES
from tests.oracle.dates import Moment, resolve, shifted, wall
from tests.oracle.derived import engagement
from tests.oracle.operators import Cell, compares, holds
from tests.oracle.sequences import follows
from tests.oracle.world import Contact, Event, World

Json = dict[str, Any]
"""A definition, or a part of one, as JSON gives it."""


def members(world: World, definition: Json, now: int) -> list[str]:
    """Give the ids of the members of a definition at an instant, in the order of first load."""
    moment = Moment(now, world.timezone)
    return [
        contact.id
        for contact in world.contacts.values()
        if in_definition(world, definition, contact, moment)
    ]


def in_definition(world: World, definition: Json, contact: Contact, moment: Moment) -> bool:
    """Say whether one contact is in a definition."""

    def passes(condition: Json) -> bool:
        return _condition(world, condition, contact, moment)

    included = matches(definition["match"], definition["groups"], passes)
    return included and not any(passes(group) for group in definition.get("exclusions", []))


def matches(match: str, conditions: list[Json], passes: Callable[[Json], bool]) -> bool:
    """Combine conditions: all of them, any of them, or none of them."""
    if match == "all":
        return all(passes(condition) for condition in conditions)
    found = any(passes(condition) for condition in conditions)
    return {"any": found, "none": not found}[match]


def field_type(world: World, path: str) -> str:
    """Give the type of a field by its full path."""
    prefix, _, name = path.partition(".")
    if prefix == "contact":
        return CONTACT_FIELDS[name]
    return ENGAGEMENT_FIELDS[name] if prefix == "engagement" else world.fields[path]


def property_type(world: World, name: str) -> str:
    """Give the type of an event property; one never seen is taken for a string."""
    known = {**PROPERTIES, **CLOCK_PROPERTIES, **world.property_types}
    return known.get(name, "string")


def _condition(world: World, rule: Json, contact: Contact, moment: Moment) -> bool:
    if "conditions" in rule:
        return matches(
            rule["match"],
            rule["conditions"],
            lambda inner: _condition(world, inner, contact, moment),
        )
    if "field" in rule:
        kind = field_type(world, rule["field"])
        cell = cell_of(contact, rule["field"], moment)
        return holds(kind, rule["operator"], cell, rule.get("value"), moment)
    if "event" in rule:
        return _event_rule(world, rule, contact, moment)
    if "sequence" in rule:
        return _sequence_rule(world, rule, contact, moment)
    if "segment" in rule:
        inside = in_segment(world, rule["segment"], contact, moment)
        return inside if rule.get("operator", "in") == "in" else not inside
    return sampled(rule["sample"], rule["seed"], contact.id)


def cell_of(contact: Contact, path: str, moment: Moment) -> Cell:
    """Give what a contact has in a field, None where it has nothing."""
    if path == "contact.id":
        return contact.id
    prefix, _, name = path.partition(".")
    if prefix == "engagement":
        return engagement(contact, name, moment)
    return contact.values.get(path)


def in_segment(world: World, segment: str, contact: Contact, moment: Moment) -> bool:
    """Say whether a contact is in a saved segment: its definition now, or its fixed list."""
    content = world.segments[segment]
    if isinstance(content, dict):
        return in_definition(world, content, contact, moment)
    return contact.id in content


def sampled(percent: Any, seed: str, contact_id: str) -> bool:
    """Say whether a contact is in a sample, in exact arithmetic."""
    text = f"{seed}\0{contact_id}".encode()
    drawn = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
    return drawn * 100 < Fraction(Decimal(str(percent))) * 2**64


def _in_window(rule: Json, at: int, moment: Moment) -> bool:
    return (
        at <= moment.now
        and ("within" not in rule or at > shifted(moment, "-", rule["within"]))
        and ("since" not in rule or at >= resolve(rule["since"], moment).start)
        and ("until" not in rule or at < resolve(rule["until"], moment).end)
    )


def _fits(world: World, step: Json, event: Event, moment: Moment) -> bool:
    def passes(condition: Json) -> bool:
        if "conditions" in condition:
            return matches(condition["match"], condition["conditions"], passes)
        name = condition["field"]
        cell, kind = _property(event, name, moment), property_type(world, name)
        return holds(kind, condition["operator"], cell, condition.get("value"), moment)

    return event.kind == step["event"] and ("where" not in step or passes(step["where"]))


def _property(event: Event, name: str, moment: Moment) -> Cell:
    if name == "hour":
        return float(wall(event.at, moment.timezone).hour)
    if name == "weekday":
        return float(wall(event.at, moment.timezone).isoweekday())
    value: Cell = event.properties.get(name)
    return value


def _event_rule(world: World, rule: Json, contact: Contact, moment: Moment) -> bool:
    found = [
        event
        for event in contact.events
        if _in_window(rule, event.at, moment) and _fits(world, rule, event, moment)
    ]
    measured = measure(rule.get("measure", "count"), found)
    return compares(rule.get("operator", "greater_or_equal"), measured, rule.get("value", 1))


def measure(how: Any, events: list[Event]) -> float:
    """Count events, sum a property over them, or count its distinct values."""
    if how == "count":
        return float(len(events))
    ((way, name),) = how.items()
    values = [event.properties[name] for event in events if name in event.properties]
    return math.fsum(values) if way == "sum" else {"distinct": float(len(set(values)))}[way]


def _sequence_rule(world: World, rule: Json, contact: Contact, moment: Moment) -> bool:
    inside = [event for event in contact.events if _in_window(rule, event.at, moment)]
    steps = [
        [event.at for event in inside if _fits(world, step, event, moment)]
        for step in rule["sequence"]
    ]
    found = follows(steps, rule.get("gap"))
    return found if rule.get("operator", "did") == "did" else not found
