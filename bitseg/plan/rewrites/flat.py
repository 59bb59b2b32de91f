"""A join inside a join of its own kind is one join: a and (b and c) = a and b and c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.plan.nodes import Both, Either

if TYPE_CHECKING:
    from bitseg.plan.nodes import Plan


def flatten(plan: Plan) -> Plan:
    """Return the plan with inner joins of its own kind dissolved."""
    if not isinstance(plan, Both | Either):
        return plan
    kind = type(plan)
    parts: list[Plan] = []
    for part in plan.parts:
        parts.extend(part.parts if isinstance(part, kind) else (part,))
    return kind(tuple(parts))
