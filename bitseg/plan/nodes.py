"""A plan node is an operation on sets of contacts; leaves are what can be looked up and kept.

Leaves are positive: a negative operator is a ``Not`` over its twin's leaf, so both share one kept
answer, and no leaf ever holds a contact of whom nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from bitseg.columns.tests import AnyTest
from bitseg.fields import DataType
from bitseg.rules.nodes import DateValue, Duration, FieldRule, Group, SequenceStep


class PlanNode(msgspec.Struct, frozen=True, tag=True, cache_hash=True):
    """The common shape of plan nodes: immutable, compared by value, hashed once."""


class FieldLeaf(PlanNode, frozen=True, cache_hash=True):
    """A test on a field; of a date, the rule, as its bounds move with time."""

    field: str
    data_type: DataType
    test: AnyTest | FieldRule


class Span(PlanNode, frozen=True, cache_hash=True):
    """The window of an event or sequence rule, as written."""

    within: Duration | None
    since: DateValue | None
    until: DateValue | None


class EventLeaf(PlanNode, frozen=True, cache_hash=True):
    """A measure of one kind's events inside closed intervals; none holds that of no events."""

    event: str
    where: Group | None
    measure: str
    of: str
    span: Span
    intervals: tuple[tuple[float, float], ...]


class SequenceLeaf(PlanNode, frozen=True, cache_hash=True):
    """The contacts who did the steps in order."""

    steps: tuple[SequenceStep, ...]
    gap: Duration | None
    span: Span


class SampleLeaf(PlanNode, frozen=True, cache_hash=True):
    """The contacts in a sample."""

    percent: Decimal
    seed: str


class SegmentLeaf(PlanNode, frozen=True, cache_hash=True):
    """The members of a segment, static or by its definition as it is when this is evaluated.

    A segment's plan is not put in its place: segments that speak of one another many times over
    would make a plan of all ways down, where the executor answers each segment once.
    """

    segment: str


class Everyone(PlanNode, frozen=True, cache_hash=True):
    """All contacts."""


class Nobody(PlanNode, frozen=True, cache_hash=True):
    """No contact."""


class Not(PlanNode, frozen=True, cache_hash=True):
    """All contacts but those of ``of``."""

    of: Plan


class Both(PlanNode, frozen=True, cache_hash=True):
    """The contacts of every part; there are at least two parts."""

    parts: tuple[Plan, ...]


class Either(PlanNode, frozen=True, cache_hash=True):
    """The contacts of at least one part; there are at least two parts."""

    parts: tuple[Plan, ...]


Leaf: TypeAlias = FieldLeaf | EventLeaf | SequenceLeaf | SampleLeaf | SegmentLeaf
Plan: TypeAlias = Leaf | Everyone | Nobody | Not | Both | Either

EVERYONE = Everyone()
NOBODY = Nobody()


def segments_of(plan: Plan) -> Iterator[str]:
    """Yield the segments that a plan speaks of."""
    if isinstance(plan, SegmentLeaf):
        yield plan.segment
    elif isinstance(plan, Not):
        yield from segments_of(plan.of)
    elif isinstance(plan, Both | Either):
        for part in plan.parts:
            yield from segments_of(part)


def leaves_of(plan: Plan) -> tuple[Leaf, ...]:
    """Return what a plan looks up, each once; the segments that it speaks of are not among it."""
    match plan:
        case Everyone() | Nobody() | SegmentLeaf():
            return ()
        case Not():
            return leaves_of(plan.of)
        case Both() | Either():
            return tuple(dict.fromkeys(leaf for one in plan.parts for leaf in leaves_of(one)))
        case _:
            return (plan,)


def show(plan: Plan) -> Any:
    """Return a plan as what JSON can hold, for people and tests."""
    return msgspec.to_builtins(plan, str_keys=True)
