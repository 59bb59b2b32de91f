"""An evaluation is one question's frame: the tenant, its segments, the executor, the instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bitseg.bitmap import RowSet
from bitseg.clock import Now
from bitseg.plan.compile import compile_condition, compile_groups
from bitseg.plan.execute import Executor
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

    def members(self, condition: Condition) -> RowSet:
        """Return the members of one condition or group on its own."""
        return self.executor.members(compile_condition(condition, self.segments), self.now)

    def members_of_any(self, groups: tuple[Group, ...]) -> RowSet:
        """Return the members of any of some groups."""
        return self.executor.members(compile_groups(groups, "any", self.segments), self.now)
