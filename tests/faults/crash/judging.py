"""Judging says of a person whether rules hold, for the forms of rules that these tests use."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeAlias

from tests.faults.crash.people import Happening, Person
from tests.faults.crash.rows import DAY, HOUR

Json: TypeAlias = dict[str, Any]


class Judge(Protocol):
    """What rules may speak of besides the person."""

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """Custom fields by path."""
        ...

    def is_segment(self, segment: str) -> bool:
        """Return whether there is a segment of that id."""
        ...

    def is_member(self, contact_id: str, segment: str, now: int) -> bool:
        """Return whether a contact is in a segment at an instant."""
        ...


def is_valid(judge: Judge, rules: Json) -> bool:
    """Return whether rules may be saved."""
    groups = [*rules["groups"], *rules.get("exclusions", ())]
    conditions = [one for group in groups for one in group["conditions"]]
    return all(group["conditions"] for group in groups) and all(
        _is_known(judge, one) for one in conditions
    )


def targets(rules: Json) -> set[str]:
    """Return the segments that rules speak of."""
    groups = [*rules["groups"], *rules.get("exclusions", ())]
    return {one["segment"] for group in groups for one in group["conditions"] if "segment" in one}


def holds(judge: Judge, rules: Json, contact_id: str, person: Person, now: int) -> bool:
    """Return whether a contact is in a definition at an instant."""

    def of(group: Json) -> bool:
        answers = (_condition(judge, one, contact_id, person, now) for one in group["conditions"])
        if group["match"] == "all":
            return all(answers)
        return any(answers) if group["match"] == "any" else not any(answers)

    return all(of(group) for group in rules["groups"]) and not any(
        of(group) for group in rules.get("exclusions", ())
    )


def _is_known(judge: Judge, condition: Json) -> bool:
    if "segment" in condition:
        return judge.is_segment(condition["segment"])
    path = condition.get("field", "contact.id")
    return not path.startswith("customField.") or path in judge.fields


def _condition(judge: Judge, rule: Json, contact_id: str, person: Person, now: int) -> bool:
    if "segment" in rule:
        return judge.is_member(contact_id, rule["segment"], now) is (rule["operator"] == "in")
    if "event" in rule:
        return bool(measured(rule, person, now) >= rule.get("value", 1))
    value = person.field(rule["field"], now)
    return _OPERATORS[rule["operator"]](value, rule["value"])


def measured(rule: Json, person: Person, now: int) -> float:
    """Return a contact's own number behind an event rule."""
    events = [one for one in person.of_kind(rule["event"]) if one.at <= now]
    if "within" in rule:
        span = int(rule["within"][:-1]) * {"h": HOUR, "d": DAY}[rule["within"][-1]]
        events = [one for one in events if one.at > now - span]
    if "since" in rule:
        day = datetime.fromisoformat(rule["since"]).replace(tzinfo=UTC)
        events = [one for one in events if one.at >= day.timestamp() * 1_000]
    for where in rule.get("where", {}).get("conditions", ()):
        events = [one for one in events if one.properties.get(where["field"]) == where["value"]]
    return _measure(rule.get("measure", "count"), events)


def _measure(measure: str | Json, events: list[Happening]) -> float:
    if isinstance(measure, str):
        return len(events)
    ((kind, name),) = measure.items()
    values = [one.properties[name] for one in events if name in one.properties]
    return math.fsum(values) if kind == "sum" else len(set(values))


def _there(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Let a test hold of no missing value."""
    return lambda value, given: value is not None and test(value, given)


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "equals": lambda value, given: bool(value == given),
    "not_equals": lambda value, given: bool(value != given),
    "greater_or_equal": _there(lambda value, given: bool(value >= given)),
    "greater_than": _there(lambda value, given: bool(value > given)),
    "less_than": _there(lambda value, given: bool(value < given)),
    "starts_with": _there(lambda value, given: bool(value.startswith(given))),
    "contains": _there(lambda value, given: given in value),
}
