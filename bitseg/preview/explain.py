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
    from bitseg.plan.nodes import Plan
    from bitseg.preview.evaluation import Evaluation
    from bitseg.rules.nodes import Definition


def explain(definition: Definition, row: int, evaluation: Evaluation) -> tuple[Explained, ...]:
    """Return every group and condition of a definition with one contact's answer."""
    rows = np.array([row], np.uint32)
    found = []
    for path, node in walk(definition):
        plan = compile_condition(node, evaluation.segments)
        matched = bool(evaluation.members(node).test(rows)[0])
        found.append(Explained(path, matched, _value(plan, row, evaluation)))
    return tuple(found)


def _value(plan: Plan, row: int, evaluation: Evaluation) -> Any:
    """Return the contact's own value behind a plan of one leaf; None for groups and segments."""
    leaf = plan.of if isinstance(plan, Not) else plan
    if not isinstance(leaf, FieldLeaf | EventLeaf | SequenceLeaf | SampleLeaf):
        return None
    source, _ = ask(leaf, evaluation.tenant)
    source.settle(evaluation.now, evaluation.tenant.contacts.n)
    value = source.value_at(row)
    return show_value(leaf.data_type, value) if isinstance(leaf, FieldLeaf) else value
