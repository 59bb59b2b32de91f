"""Compiling turns a checked definition into a plan, one small function a kind of rule."""

from __future__ import annotations

from functools import singledispatch
from math import inf, nextafter
from typing import TYPE_CHECKING, cast

from bitseg.columns.tests import (
    AnyTest,
    ArrayHas,
    BooleanIs,
    NumberIn,
    Present,
    StringIn,
    StringLike,
)
from bitseg.fields import NEVER_MISSING
from bitseg.operators import OPERATORS
from bitseg.plan.nodes import (
    EVERYONE,
    NOBODY,
    Both,
    Either,
    EventLeaf,
    FieldLeaf,
    Not,
    Plan,
    SampleLeaf,
    SegmentLeaf,
    SequenceLeaf,
    Span,
)
from bitseg.plan.rewrites import rewrite
from bitseg.rules.nodes import (
    Definition,
    EventRule,
    FieldRule,
    Group,
    SampleRule,
    SegmentRule,
    SequenceRule,
)
from bitseg.rules.numbers import number_intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.rules.nodes import Condition, Node

    Intervals = tuple[tuple[float, float], ...]


def compile_definition(definition: Definition) -> Plan:
    """Return the smallest plan whose result is the definition's members."""
    return rewrite(_definition(definition))


def compile_condition(condition: Condition) -> Plan:
    """Return the plan of one condition or group on its own."""
    return rewrite(_plan(condition))


def compile_groups(groups: tuple[Group, ...], match: str) -> Plan:
    """Return the plan of some top groups on their own, joined as ``all`` or ``any``."""
    return rewrite(_join(match, tuple(_plan(group) for group in groups)))


def _definition(definition: Definition) -> Plan:
    groups = _join(definition.match, tuple(_plan(g) for g in definition.groups))
    if not definition.exclusions:
        return groups
    excluded = _join("any", tuple(_plan(group) for group in definition.exclusions))
    return Both((groups, Not(excluded)))


def _join(match: str, parts: tuple[Plan, ...]) -> Plan:
    if match == "all":
        return Both(parts) if parts else EVERYONE
    return Either(parts) if parts else NOBODY


@singledispatch
def _plan(node: Node) -> Plan:
    """Return the plan of a condition."""
    message = f"no plan for {type(node).__name__}"
    raise TypeError(message)


@_plan.register(Group)
def _group(node: Group) -> Plan:
    parts = tuple(_plan(condition) for condition in node.conditions)
    if node.match == "none":
        return Not(_join("any", parts))
    return _join(node.match, parts)


@_plan.register(FieldRule)
def _field(node: FieldRule) -> Plan:
    positive = OPERATORS[node.operator].positive
    leaf = _positive(node, positive or node.operator)
    return Not(leaf) if positive else leaf


def _positive(node: FieldRule, operator: str) -> Plan:
    if node.field in NEVER_MISSING:
        if operator == "is_not_empty":
            return EVERYONE
        intervals = number_intervals(operator, node.value)
        return _unlike_zero(
            intervals, lambda inside: FieldLeaf(node.field, "number", NumberIn(inside))
        )
    if node.data_type == "date" and operator != "is_not_empty":
        rule = FieldRule(node.field, operator, node.value, "date")
        return FieldLeaf(node.field, "date", rule)
    return FieldLeaf(node.field, node.data_type, _test(node, operator))  # type: ignore[arg-type]


def _test(node: FieldRule, operator: str) -> AnyTest:
    """Return the test of a positive operator on anything but a date."""
    value = node.value
    if operator == "is_not_empty":
        return Present()
    if node.data_type == "number":
        return NumberIn(number_intervals(operator, value))
    if node.data_type == "boolean":
        return BooleanIs(cast("bool", value))
    values = (value,) if isinstance(value, str) else cast("tuple[str, ...]", value)
    if node.data_type == "array":
        return ArrayHas(values, "all" if operator == "contains_all" else "any")
    if operator in ("equals", "in"):
        return StringIn(values)
    return StringLike(operator, values[0])  # type: ignore[arg-type]


@_plan.register(EventRule)
def _event(node: EventRule) -> Plan:
    positive = OPERATORS[node.operator].positive
    intervals = number_intervals(positive or node.operator, node.value)
    span = Span(node.within, node.since, node.until)
    measure = node.measure
    if measure.kind != "sum":
        intervals = _of_counts(intervals)
    plan = _unlike_zero(
        intervals,
        lambda inside: EventLeaf(node.event, node.where, measure.kind, measure.of, span, inside),
    )
    return Not(plan) if positive else plan


@_plan.register(SequenceRule)
def _sequence(node: SequenceRule) -> Plan:
    leaf = SequenceLeaf(node.sequence, node.gap, Span(node.within, node.since, node.until))
    return Not(leaf) if node.operator == "did_not" else leaf


@_plan.register(SegmentRule)
def _segment(node: SegmentRule) -> Plan:
    plan = SegmentLeaf(node.segment)
    return Not(plan) if node.operator == "not_in" else plan


@_plan.register(SampleRule)
def _sample(node: SampleRule) -> Plan:
    return SampleLeaf(node.percent, node.seed) if node.percent else NOBODY


def _unlike_zero(intervals: Intervals, leaf: Callable[[Intervals], Plan]) -> Plan:
    """Return the plan of a measure inside intervals, whose leaf never holds contacts at 0.

    Most contacts have no event of a kind; a leaf of those who do is smaller, and a contact that
    is new is in no leaf.
    """
    if not any(lo <= 0 <= hi for lo, hi in intervals):
        return leaf(intervals) if intervals else NOBODY
    outside = _complement(intervals)
    return Not(leaf(outside)) if outside else EVERYONE


def _of_counts(intervals: Intervals) -> Intervals:
    """Return the intervals as they are for counts, which are never negative.

    One that holds 0 reaches down without end, so that "at least 0" is seen to be everybody.
    """
    return tuple((-inf if lo <= 0 else lo, hi) for lo, hi in intervals if hi >= 0)


def _complement(intervals: Intervals) -> Intervals:
    """Return the closed intervals of all floats outside sorted, disjoint closed intervals.

    Infinities are floats here: a sum may lie beyond the greatest finite one.
    """
    highs = [nextafter(lo, -inf) for lo, _ in intervals if lo > -inf]
    lows = [nextafter(hi, inf) for _, hi in intervals if hi < inf]
    first = () if len(highs) < len(intervals) else (-inf,)
    last = () if len(lows) < len(intervals) else (inf,)
    pairs = zip((*first, *lows), (*highs, *last), strict=True)
    return tuple((lo, hi) for lo, hi in pairs if lo <= hi)
