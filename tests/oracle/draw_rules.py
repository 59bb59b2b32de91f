"""Rules are drawn: every operator of every type, nested, with operands from the pools."""

from __future__ import annotations

from typing import Any

from tests.oracle import values
from tests.oracle.catalog import (
    CLOCK_PROPERTIES,
    CONTACT_FIELDS,
    ENGAGEMENT_FIELDS,
    KINDS,
    MEASURE_OPERATORS,
    OPERATORS,
    PROPERTIES,
)
from tests.oracle.evaluate import Json, property_type
from tests.oracle.pools import Pool
from tests.oracle.world import World

_STEP_KINDS = ("sent", "open", "click", "conversion", "open")
_BY_TYPE: dict[str, list[str]] = {kind: [] for kind in OPERATORS}
for _prefix, _fields in (("contact.", CONTACT_FIELDS), ("engagement.", ENGAGEMENT_FIELDS)):
    for _name, _kind in _fields.items():
        _BY_TYPE[_kind].append(_prefix + _name)


def operand(pool: Pool, kind: str, operator: str, choices: tuple[Any, ...]) -> Any:
    """Draw what an operator compares with; None where it compares with nothing."""
    random = pool.random
    if operator in ("is_empty", "is_not_empty"):
        return None
    if operator in ("within_last", "within_next", "more_than_ago", "more_than_ahead"):
        return random.choice(values.DURATIONS)
    if operator == "anniversary":
        return random.choice(values.ANNIVERSARIES)
    if operator in ("between", "not_between"):
        numbers = sorted(random.choice(choices or (0,)) for _ in range(2))
        return pool.rule_dates() if kind == "date" else numbers
    one = pool.rule_date if kind == "date" else lambda: random.choice(choices)
    if operator in ("in", "not_in", "contains_any", "contains_all", "contains_none"):
        return [one() for _ in range(random.randrange(1, 4))]
    return one()


def field_rule(pool: Pool, world: World) -> Json:
    """Draw a rule about a field; each type's operators come up equally often."""
    random = pool.random
    kind = random.choice(("string", "number", "boolean", "date", "date", "array"))
    operator = random.choice(OPERATORS[kind])
    custom = [path for path, custom_kind in world.fields.items() if custom_kind == kind]
    path = random.choice(random.choice([_BY_TYPE[kind], custom or _BY_TYPE[kind]]))
    rule: Json = {"field": path, "operator": operator}
    value = operand(pool, kind, operator, _choices(pool, world, path, kind))
    if value is not None:
        rule["value"] = value
    if random.random() < 0.1:
        rule["dataType"] = kind
    return rule


def _choices(pool: Pool, world: World, path: str, kind: str) -> tuple[Any, ...]:
    if path == "contact.id":
        return (*values.CONTACT_IDS, "c1", "c2")
    if path == "engagement.last_opened_device":
        return values.DEVICES
    if path.startswith("engagement.preferred"):
        return (*range(24), 1, 2, 3)
    if kind == "string" and pool.random.random() < 0.5:
        # What some contact really has there, so that equality is not always false.
        held = [contact.values.get(path) for contact in world.contacts.values()]
        return tuple(text for text in held if text) or values.STRINGS
    numbers = values.NUMBERS if pool.random.random() < 0.5 else values.COUNTS
    return {
        "string": values.STRINGS, "number": numbers, "boolean": (True, False), "array": values.TAGS,
    }.get(kind, ())  # fmt: skip


def where(pool: Pool, world: World, depth: int = 0) -> Json:
    """Draw a group of rules about the properties of one event."""
    random = pool.random
    conditions = [
        where(pool, world, depth + 1)
        if depth < 2 and random.random() < 0.15
        else _where_rule(pool, world)
        for _ in range(random.choice((1, 1, 1, 2, 2, 3)))
    ]
    return {"match": random.choice(("all", "all", "any", "none")), "conditions": conditions}


def _where_rule(pool: Pool, world: World) -> Json:
    random = pool.random
    names = (*PROPERTIES, *CLOCK_PROPERTIES, *world.property_types, *world.property_types)
    name = random.choice(names) if random.random() < 0.95 else values.UNKNOWN_PROPERTY
    kind = property_type(world, name)
    operator = random.choice(OPERATORS[kind])
    choices: dict[str, tuple[Any, ...]] = {
        "campaign": values.CAMPAIGNS, "device": values.DEVICES, "url": values.URLS,
        "plan": values.PLANS, "hour": tuple(range(24)), "weekday": tuple(range(1, 8)),
        "trial": (True, False),
    }  # fmt: skip
    fallback = values.NUMBERS if kind == "number" else values.STRINGS
    rule: Json = {"field": name, "operator": operator}
    value = operand(pool, kind, operator, choices.get(name, fallback))
    return rule if value is None else {**rule, "value": value}


def _window(pool: Pool) -> Json:
    random = pool.random
    window: Json = {}
    if random.random() < 0.4:
        window["within"] = random.choice(values.DURATIONS)
    for key in ("since", "until"):
        if random.random() < 0.2:
            window[key] = pool.rule_date()
    return window


def event_rule(pool: Pool, world: World) -> Json:
    """Draw a rule about events: window, where, measure, operator and value, each on its own."""
    random = pool.random
    kinds = (*KINDS, "open", "click", "conversion", values.CUSTOM_KIND)
    kind = random.choice(kinds) if random.random() < 0.97 else values.UNKNOWN_KIND
    rule: Json = {"event": kind, **_window(pool)}
    if random.random() < 0.5:
        rule["where"] = where(pool, world)
    if random.random() < 0.6:
        rule["measure"] = random.choice(("count", _sum(pool, world), _distinct(pool, world)))
    measured = rule.get("measure", "count")
    choices = values.NUMBERS if "sum" in measured else values.COUNTS
    operator = "greater_or_equal"
    if random.random() < 0.8:
        operator = rule["operator"] = random.choice(MEASURE_OPERATORS)
    if operator in ("between", "not_between") or random.random() < 0.8:
        rule["value"] = operand(pool, "number", operator, choices)
    return rule


def _sum(pool: Pool, world: World) -> Json:
    numbers = [name for name, kind in world.property_types.items() if kind == "number"]
    names = ["amount", "amount", *numbers]
    return {"sum": pool.random.choice(names if pool.random.random() < 0.95 else ["never_seen"])}


def _distinct(pool: Pool, world: World) -> Json:
    names = [*PROPERTIES, *world.property_types, values.UNKNOWN_PROPERTY]
    return {"distinct": pool.random.choice(names)}


def sequence_rule(pool: Pool, world: World) -> Json:
    """Draw a rule about events that follow each other."""
    random = pool.random
    steps: list[Json] = []
    for _ in range(random.choice((2, 2, 2, 3, 3, 4, 5))):
        step: Json = {"event": random.choice(_STEP_KINDS)}
        if random.random() < 0.3:
            step["where"] = where(pool, world, 1)
        steps.append(step)
    rule: Json = {"sequence": steps, **_window(pool)}
    if random.random() < 0.5:
        rule["gap"] = random.choice(values.GAPS)
    if random.random() < 0.6:
        rule["operator"] = random.choice(("did", "did_not"))
    return rule


def sample_rule(pool: Pool) -> Json:
    """Draw a rule about a share of all contacts."""
    percent = pool.random.choice((0, 100, 50, 10, 33.3, 0.1, 99.99, 12.5, 1e-7, 66))
    return {"sample": percent, "seed": pool.random.choice(("a", "b", "", "ß", "spring"))}


def condition(pool: Pool, world: World, depth: int, segments: list[str], empty: float) -> Json:
    """Draw one condition, nested groups included while `depth` allows."""
    random = pool.random
    chance = random.random()
    if chance < 0.12 and depth > 1:
        return group(pool, world, depth - 1, segments, empty)
    if chance < 0.2 and segments:
        rule: Json = {"segment": random.choice(segments)}
        return rule | random.choice(({}, {"operator": "in"}, {"operator": "not_in"}))
    if chance < 0.25:
        return sample_rule(pool)
    if chance < 0.33:
        return sequence_rule(pool, world)
    return event_rule(pool, world) if chance < 0.6 else field_rule(pool, world)


def group(pool: Pool, world: World, depth: int, segments: list[str], empty: float) -> Json:
    """Draw a group; `empty` is the chance that it has no conditions."""
    random = pool.random
    size = 0 if random.random() < empty else random.choice((1, 2, 2, 3, 4))
    drawn: Json = {
        "match": random.choice(("all", "any", "any", "none")),
        "conditions": [condition(pool, world, depth, segments, empty) for _ in range(size)],
    }
    return drawn | ({"name": "a name"} if random.random() < 0.1 else {})


def definition(pool: Pool, world: World, segments: list[str], empty: float = 0.0) -> Json:
    """Draw a definition with up to five levels; a third are one condition, to see it plainly."""
    random = pool.random
    if random.random() < 0.35:
        one = condition(pool, world, 1, segments, 0.0)
        match = random.choice(("all", "any", "none"))
        return {"match": "all", "groups": [{"match": match, "conditions": [one]}]}

    def groups(count: int) -> list[Json]:
        depth = random.choice((1, 1, 2, 3, 5))
        return [group(pool, world, depth, segments, empty) for _ in range(count)]

    size = 0 if random.random() < empty / 2 else random.choice((1, 1, 2, 3))
    drawn: Json = {"match": random.choice(("all", "any")), "groups": groups(size)}
    if random.random() < 0.3:
        drawn["exclusions"] = groups(random.choice((0, 1, 1, 2)))
    return drawn
