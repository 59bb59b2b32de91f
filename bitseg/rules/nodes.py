"""A node is one part of a definition after reading: frozen, typed and checked against the schema.

The JSON form is SPEC section 4; ``bitseg.rules.read`` turns it into these. A value here has
already become what its field's type says, so nothing later asks "is this a string or a date?".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

Unit = Literal["s", "m", "h", "d", "w", "M", "y"]


class Node(msgspec.Struct, frozen=True, tag=True):
    """The common shape of all nodes: immutable, compared and hashed by value."""


class Duration(Node, frozen=True):
    """A whole number ≥ 1 of one unit, as in ``30d``."""

    number: int
    unit: Unit


class Instant(Node, frozen=True):
    """A literal date-time: ``at`` is ms since 1970 UTC."""

    at: int


class Day(Node, frozen=True):
    """A bare ISO date, a whole day: ``day`` is days since 1970-01-01 in the tenant's calendar."""

    day: int


class Step(Node, frozen=True):
    """One step of date math, as in ``-30d``: a signed number and a unit."""

    number: int
    unit: Unit


class Relative(Node, frozen=True):
    """Date math: ``now`` or ``today`` followed by steps, applied left to right."""

    anchor: Literal["now", "today"]
    steps: tuple[Step, ...] = ()


DateValue: TypeAlias = Instant | Day | Relative


class Anniversary(Node, frozen=True):
    """``today`` (days = 0), the next ``days`` days too, or, with days = None, ``this_month``."""

    days: int | None


Scalar: TypeAlias = str | float | bool | DateValue | Duration | Anniversary
Value: TypeAlias = Scalar | tuple[str, ...] | tuple[float, ...] | tuple[DateValue, ...] | None


class FieldRule(Node, frozen=True):
    """A test on a contact's field, or, inside ``where``, on an event's property.

    Attributes:
        field: the full path (``contact.country``), or the bare property name inside ``where``.
        operator: a key of ``bitseg.operators.OPERATORS``.
        value: typed by ``data_type``: str, float, bool, DateValue, Duration or Anniversary;
            a tuple of these for list operators (order as written, duplicates dropped) and for
            ``between`` (two ends); None for ``is_empty`` and ``is_not_empty``.
        data_type: the field's type, always filled in; for a property never seen, the type
            the value implies.
    """

    field: str
    operator: str
    value: Value
    data_type: str


class Measure(Node, frozen=True):
    """What is counted of the matching events: ``count``, or sum or distinct of a property."""

    kind: Literal["count", "sum", "distinct"] = "count"
    of: str = ""


class EventRule(Node, frozen=True):
    """A test on how much of a kind of event a contact has inside a window."""

    event: str
    within: Duration | None = None
    since: DateValue | None = None
    until: DateValue | None = None
    where: Group | None = None
    measure: Measure = Measure()
    operator: str = "greater_or_equal"
    value: float | tuple[float, float] = 1.0


class SequenceStep(Node, frozen=True):
    """One step of a sequence: a kind of event, and what its properties must be."""

    event: str
    where: Group | None = None


class SequenceRule(Node, frozen=True):
    """Did (or did not) the steps happen in this order, each within ``gap`` of the one before?"""

    sequence: tuple[SequenceStep, ...]
    gap: Duration | None = None
    within: Duration | None = None
    since: DateValue | None = None
    until: DateValue | None = None
    operator: Literal["did", "did_not"] = "did"


class SegmentRule(Node, frozen=True):
    """Is the contact in another segment, as that is defined now?"""

    segment: str
    operator: Literal["in", "not_in"] = "in"


class SampleRule(Node, frozen=True):
    """A stable share of all contacts: ``percent`` is the decimal as written, 0 to 100."""

    percent: Decimal
    seed: str


class Group(Node, frozen=True):
    """Conditions and how they join; ``none`` is the complement of ``any``."""

    match: Literal["all", "any", "none"]
    conditions: tuple[Condition, ...]
    name: str = ""


Condition: TypeAlias = FieldRule | EventRule | SequenceRule | SegmentRule | SampleRule | Group


class Definition(Node, frozen=True):
    """A whole segment: in its groups, and in none of its exclusions."""

    match: Literal["all", "any"]
    groups: tuple[Group, ...]
    exclusions: tuple[Group, ...] = ()
