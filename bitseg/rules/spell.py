"""A spelling is the JSON form of a definition that was read: read again, it gives an equal one.

What is at its default is left out, as reading fills it in. A rule's type is always there, so that
under a schema that says otherwise by then, the spelling is a fault and never another meaning.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import singledispatch
from typing import Any, Final, TypeAlias

from bitseg.rules.nodes import (
    Anniversary,
    Condition,
    Day,
    Definition,
    Duration,
    EventRule,
    FieldRule,
    Group,
    Instant,
    Relative,
    SampleRule,
    SegmentRule,
    SequenceRule,
    SequenceStep,
)

Json: TypeAlias = dict[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT: Final = 2**53
"""Whole numbers below it are written without a point, as people write them."""


def spell(definition: Definition) -> dict[str, Any]:
    """Return a definition as plain values, in the form of SPEC section 4.

    A sample's percent is a ``Decimal``; ``msgspec.json.Encoder(decimal_format="number")`` writes
    it as the number it is, and ``bitseg.rules.read`` takes that text without loss.

    >>> opened = EventRule("open", within=Duration(30, "d"))
    >>> spell(Definition("all", (Group("any", (opened,)),)))["groups"]
    [{'match': 'any', 'conditions': [{'event': 'open', 'within': '30d'}]}]
    """
    spelled: Json = {
        "match": definition.match,
        "groups": [_condition(group) for group in definition.groups],
    }
    if definition.exclusions:
        spelled["exclusions"] = [_condition(group) for group in definition.exclusions]
    return spelled


@singledispatch
def _condition(node: Condition) -> Json:
    """Return a condition as an object."""
    message = f"no spelling for a {type(node).__name__}"
    raise TypeError(message)


@_condition.register
def _(node: Group) -> Json:
    named = {"name": node.name} if node.name else {}
    return {**named, "match": node.match, "conditions": [_condition(c) for c in node.conditions]}


@_condition.register
def _(node: FieldRule) -> Json:
    given = {} if node.value is None else {"value": _value(node.value)}
    return {"field": node.field, "operator": node.operator, **given, "dataType": node.data_type}


@_condition.register
def _(node: EventRule) -> Json:
    rule: Json = {"event": node.event, **_window(node), **_where(node.where)}
    if node.measure.kind != "count":
        rule["measure"] = {node.measure.kind: node.measure.of}
    if node.operator != "greater_or_equal":
        rule["operator"] = node.operator
    if node.value != 1:
        rule["value"] = _value(node.value)
    return rule


@_condition.register
def _(node: SequenceRule) -> Json:
    rule: Json = {"sequence": [_step(step) for step in node.sequence]}
    if node.gap is not None:
        rule["gap"] = _value(node.gap)
    rule |= _window(node)
    if node.operator != "did":
        rule["operator"] = node.operator
    return rule


@_condition.register
def _(node: SegmentRule) -> Json:
    rule: Json = {"segment": node.segment}
    if node.operator != "in":
        rule["operator"] = node.operator
    return rule


@_condition.register
def _(node: SampleRule) -> Json:
    return {"sample": node.percent, "seed": node.seed}


def _step(step: SequenceStep) -> Json:
    return {"event": step.event, **_where(step.where)}


def _where(where: Group | None) -> Json:
    return {} if where is None else {"where": _condition(where)}


def _window(node: EventRule | SequenceRule) -> Json:
    """Return those of ``within``, ``since`` and ``until`` that the rule has."""
    parts = {"within": node.within, "since": node.since, "until": node.until}
    return {key: _value(part) for key, part in parts.items() if part is not None}


@singledispatch
def _value(value: object) -> Any:
    """Return what stands behind an operator, or in a window, as JSON has it."""
    message = f"no spelling for a {type(value).__name__}"
    raise TypeError(message)


@_value.register(str)
@_value.register(int)  # and so bool
def _(value: str | int) -> str | int:
    return value


@_value.register
def _(value: float) -> float:
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


@_value.register
def _(value: tuple) -> list[Any]:  # type: ignore[type-arg] # dispatch knows no arguments of types
    return [_value(each) for each in value]


@_value.register
def _(value: Duration) -> str:
    return f"{value.number}{value.unit}"


@_value.register
def _(value: Instant) -> str:
    at = _EPOCH + timedelta(milliseconds=value.at)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@_value.register
def _(value: Day) -> str:
    return (date(1970, 1, 1) + timedelta(days=value.day)).isoformat()


@_value.register
def _(value: Relative) -> str:
    return value.anchor + "".join(f"{step.number:+d}{step.unit}" for step in value.steps)


@_value.register
def _(value: Anniversary) -> str:
    if value.days is None:
        return "this_month"
    return f"{value.days}d" if value.days else "today"
