"""Two negations cancel: not not a = a."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.plan.nodes import Not

if TYPE_CHECKING:
    from bitseg.plan.nodes import Plan


def cancel_negations(plan: Plan) -> Plan:
    """Return the plan without a doubled negation."""
    if isinstance(plan, Not) and isinstance(plan.of, Not):
        return plan.of.of
    return plan
