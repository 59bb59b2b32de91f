"""Usage is how often each part of the rule language was asked about."""

from __future__ import annotations

from collections import Counter

from tests.oracle.catalog import ENGAGEMENT_FIELDS, MEASURE_OPERATORS, OPERATORS
from tests.oracle.evaluate import Json, field_type, property_type
from tests.oracle.world import World

Label = tuple[str, ...]


def used(world: World, definition: Json) -> Counter[Label]:
    """Count the parts of a definition."""
    counted: Counter[Label] = Counter()
    counted["definition", definition["match"]] += 1
    for group in definition["groups"]:
        counted += _condition(world, group)
    for group in definition.get("exclusions", []):
        counted["exclusion",] += 1
        counted += _condition(world, group)
    return counted


def _condition(world: World, rule: Json) -> Counter[Label]:
    counted: Counter[Label] = Counter()
    if "conditions" in rule:
        counted["group", rule["match"]] += 1
        for inner in rule["conditions"]:
            counted += _condition(world, inner)
            counted["nested",] += "conditions" in inner
    elif "field" in rule:
        kind = field_type(world, rule["field"])
        counted["field", kind, rule["operator"]] += 1
        prefix, _, name = rule["field"].partition(".")
        counted[prefix, name if prefix == "engagement" else kind] += 1
    elif "event" in rule:
        counted += _event(world, rule)
    elif "sequence" in rule:
        counted["sequence", rule.get("operator", "did")] += 1
        counted["sequence gap",] += "gap" in rule
        counted["sequence of", str(len(rule["sequence"]))] += 1
        for step in rule["sequence"]:
            counted += _where(world, step.get("where"))
    elif "segment" in rule:
        counted["segment", rule.get("operator", "in")] += 1
    else:
        counted["sample",] += 1
    return counted


def _event(world: World, rule: Json) -> Counter[Label]:
    how = rule.get("measure", "count")
    way = how if isinstance(how, str) else next(iter(how))
    counted = _where(world, rule.get("where"))
    counted["event", way, rule.get("operator", "greater_or_equal")] += 1
    for key in ("within", "since", "until", "where"):
        counted["event with", key] += key in rule
    if way == "distinct":
        counted["distinct", property_type(world, how["distinct"])] += 1
    return counted


def _where(world: World, rule: Json | None) -> Counter[Label]:
    counted: Counter[Label] = Counter()
    if rule is None:
        return counted
    if "conditions" in rule:
        counted["where group", rule["match"]] += 1
        for inner in rule["conditions"]:
            counted += _where(world, inner)
        return counted
    counted["where", property_type(world, rule["field"]), rule["operator"]] += 1
    counted["where on", rule["field"]] += rule["field"] in ("hour", "weekday")
    return counted


def expected_labels() -> set[Label]:
    """Give every part of the language that a run must have asked about."""
    labels: set[Label] = {("field", kind, op) for kind, ops in OPERATORS.items() for op in ops}
    labels |= {
        ("where", kind, op) for kind in ("string", "number", "boolean") for op in OPERATORS[kind]
    }
    labels |= {
        ("event", way, op) for way in ("count", "sum", "distinct") for op in MEASURE_OPERATORS
    }
    labels |= {("engagement", name) for name in ENGAGEMENT_FIELDS}
    labels |= {("customField", kind) for kind in OPERATORS}
    labels |= {("event with", key) for key in ("within", "since", "until", "where")}
    labels |= {
        (part, match) for part in ("group", "where group") for match in ("all", "any", "none")
    }
    labels |= {("definition", "all"), ("definition", "any"), ("exclusion",), ("nested",)}
    labels |= {("sequence", "did"), ("sequence", "did_not"), ("sequence gap",), ("sample",)}
    labels |= {("sequence of", str(steps)) for steps in (2, 3, 4, 5)}
    labels |= {("segment", "in"), ("segment", "not_in")}
    labels |= {("where on", "hour"), ("where on", "weekday")}
    return labels | {("distinct", kind) for kind in ("string", "number", "boolean")}
