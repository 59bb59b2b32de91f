"""An evaluation is one question's frame: the tenant, its segments, the executor, the instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bitseg.bitmap import RowSet
from bitseg.clock import Now
from bitseg.plan.compile import compile_condition, compile_definition, compile_groups
from bitseg.plan.execute import Executor
from bitseg.plan.nodes import Plan, StaticLeaf
from bitseg.segments import Segments
from bitseg.tenant import Tenant

if TYPE_CHECKING:
    from bitseg.rules.nodes import Condition, Group


class Evaluation(msgspec.Struct, frozen=True):
    """What the parts of a preview share."""

    tenant: Tenant
    segments: Segments
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
        definition = self.segments.definition(segment)
        if definition is None:
            return self.members_of_plan(StaticLeaf(segment))
        return self.members_of_plan(compile_definition(definition, self.segments))

    def members(self, condition: Condition) -> RowSet:
        """Return the members of one condition or group on its own."""
        return self.executor.members(compile_condition(condition, self.segments), self.now)

    def members_of_any(self, groups: tuple[Group, ...]) -> RowSet:
        """Return the members of any of some groups."""
        return self.executor.members(compile_groups(groups, "any", self.segments), self.now)
