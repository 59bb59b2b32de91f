"""A part that stands twice in a join counts once: a and a = a."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.plan.nodes import Both, Either

if TYPE_CHECKING:
    from bitseg.plan.nodes import Plan


def drop_repeats(plan: Plan) -> Plan:
    """Return the plan with each part of a join once, in order of first appearance."""
    if not isinstance(plan, Both | Either):
        return plan
    return type(plan)(tuple(dict.fromkeys(plan.parts)))
