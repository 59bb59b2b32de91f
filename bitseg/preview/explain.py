"""An explanation is, for one contact, each condition's yes or no and the contact's own value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bitseg.plan.asks import ask
from bitseg.plan.compile import compile_condition
from bitseg.plan.nodes import EventLeaf, FieldLeaf, Not, SampleLeaf, SequenceLeaf
from bitseg.preview.show import show_value
from bitseg.results import Explained
from bitseg.rules.walk import walk

if TYPE_CHECKING:
    from bitseg.clock import Now
    from bitseg.plan.compile import Segments
    from bitseg.plan.execute import Executor
    from bitseg.plan.nodes import Plan
    from bitseg.rules.nodes import Definition
    from bitseg.tenant import Tenant


def explain(
    definition: Definition,
    row: int,
    segments: Segments,
    executor: Executor,
    tenant: Tenant,
    now: Now,
) -> tuple[Explained, ...]:
    """Return every group and condition of a definition with one contact's answer."""
    rows = np.array([row], np.uint32)
    found = []
    for path, node in walk(definition):
        plan = compile_condition(node, segments)
        matched = bool(executor.members(plan, now).test(rows)[0])
        found.append(Explained(path, matched, _value(plan, row, tenant, now)))
    return tuple(found)


def _value(plan: Plan, row: int, tenant: Tenant, now: Now) -> Any:
    """Return the contact's own value behind a plan of one leaf; None for groups and segments."""
    leaf = plan.of if isinstance(plan, Not) else plan
    if not isinstance(leaf, FieldLeaf | EventLeaf | SequenceLeaf | SampleLeaf):
        return None
    source, _ = ask(leaf, tenant)
    source.settle(now, tenant.contacts.n)
    value = source.value_at(row)
    return show_value(leaf.data_type, value) if isinstance(leaf, FieldLeaf) else value
