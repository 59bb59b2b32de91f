"""An evaluation is one question's frame: the tenant, the executor, the instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bitseg.bitmap import RowSet
from bitseg.clock import Now
from bitseg.plan.compile import compile_condition, compile_groups
from bitseg.plan.execute import Executor
from bitseg.plan.nodes import Plan, SegmentLeaf
from bitseg.tenant import Tenant

if TYPE_CHECKING:
    from bitseg.rules.nodes import Condition, Group


class Evaluation(msgspec.Struct, frozen=True):
    """What the parts of a preview share."""

    tenant: Tenant
    executor: Executor
    now: Now

    def members_of_plan(self, plan: Plan) -> RowSet:
        """Return the members of a plan; do not change the set."""
        return self.executor.members(plan, self.now)

    def members_of_segment(self, segment: str) -> RowSet:
        """Return the members of a segment as it is defined now.

        Raises:
            UnknownSegmentError: there is none of that id.
        """
        return self.members_of_plan(SegmentLeaf(segment))

    def members(self, condition: Condition) -> RowSet:
        """Return the members of one condition or group on its own."""
        return self.members_of_plan(compile_condition(condition))

    def members_of_any(self, groups: tuple[Group, ...]) -> RowSet:
        """Return the members of any of some groups."""
        return self.members_of_plan(compile_groups(groups, "any"))
