"""Rewrites make a plan smaller and keep its result; each looks at one node whose parts are done.

The order matters: negations first, so that what they uncover is flattened; flattening before
repeats and constants, so that these see all parts of one join at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bitseg.plan.nodes import Both, Either, Not
from bitseg.plan.rewrites.constants import fold_constants
from bitseg.plan.rewrites.flat import flatten
from bitseg.plan.rewrites.negations import cancel_negations
from bitseg.plan.rewrites.repeats import drop_repeats

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.plan.nodes import Plan

REWRITES: Final[tuple[Callable[[Plan], Plan], ...]] = (
    cancel_negations,
    flatten,
    drop_repeats,
    fold_constants,
)


def rewrite(plan: Plan) -> Plan:
    """Apply all rewrites to a plan, parts before wholes."""
    if isinstance(plan, Not):
        plan = Not(rewrite(plan.of))
    elif isinstance(plan, Both | Either):
        plan = type(plan)(tuple(rewrite(part) for part in plan.parts))
    for one in REWRITES:
        plan = one(plan)
    return plan
