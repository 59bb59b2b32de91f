"""Work is about how many rows answering a plan looks at: little is done at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bitseg.columns.tests import StringLike
from bitseg.plan.kept import KeptLeaf
from bitseg.plan.nodes import Both, Either, Everyone, FieldLeaf, Leaf, Nobody, Not, SegmentLeaf
from bitseg.rules.nodes import FieldRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.clock import Now
    from bitseg.plan.nodes import Plan

MUCH: Final = 2**62
"""More than anything that is done at once: what is not kept and long to make."""

ARRAY_COST: Final = 6
"""A row of a list column costs about as much to look at as so many of others (bench/NOTES.md)."""

JOIN_SHARE: Final = 32
"""Joining sets of so many rows costs about as much as looking one up in a column."""


def work(
    plan: Plan,
    now: Now,
    n: int,
    kept: Callable[[Plan], object],
    segment: Callable[[str], int],
) -> int:
    """Return about how many of n rows answering a plan looks at.

    Args:
        plan: what is to be answered.
        now: the instant.
        n: how many rows there are.
        kept: returns what is kept of a plan.
        segment: returns the same of a segment.
    """
    if isinstance(plan, Everyone | Nobody):
        return 0
    if isinstance(plan, SegmentLeaf):
        return segment(plan.segment)
    if isinstance(plan, Not):
        return n // JOIN_SHARE + work(plan.of, now, n, kept, segment)
    if isinstance(plan, Both | Either):
        return sum(n // JOIN_SHARE + work(part, now, n, kept, segment) for part in plan.parts)
    found = kept(plan)
    little = found.work(now) if isinstance(found, KeptLeaf) else None
    return _first(plan, n) if little is None else little


def _first(leaf: Leaf, n: int) -> int:
    """Return about how many rows a leaf that is not kept looks at."""
    if not isinstance(leaf, FieldLeaf) or isinstance(leaf.test, FieldRule | StringLike):
        return MUCH  # passes over events, indexes of dates, all texts there are
    if leaf.field == "contact.id" or leaf.field.startswith("engagement."):
        return MUCH
    return ARRAY_COST * n if leaf.data_type == "array" else n
