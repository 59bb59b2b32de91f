"""Everyone and nobody are folded away, a join of opposites too, and a join of one is that one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.plan.nodes import EVERYONE, NOBODY, Both, Either, Everyone, Nobody, Not

if TYPE_CHECKING:
    from bitseg.plan.nodes import Plan


def fold_constants(plan: Plan) -> Plan:
    """Return the plan without parts that decide nothing, or what the one that decides all says."""
    if isinstance(plan, Not):
        return _negated(plan)
    if isinstance(plan, Both):
        return _join(plan, EVERYONE, NOBODY)
    if isinstance(plan, Either):
        return _join(plan, NOBODY, EVERYONE)
    return plan


def _negated(plan: Not) -> Plan:
    if isinstance(plan.of, Everyone):
        return NOBODY
    return EVERYONE if isinstance(plan.of, Nobody) else plan


def _join(plan: Both | Either, idle: Plan, decisive: Plan) -> Plan:
    """Fold a join: ``idle`` changes nothing in it, ``decisive`` is its answer by itself."""
    parts = tuple(part for part in plan.parts if part != idle)
    opposed = any(isinstance(part, Not) and part.of in parts for part in parts)
    if opposed or decisive in parts:
        return decisive
    if not parts:
        return idle
    return parts[0] if len(parts) == 1 else type(plan)(parts)
