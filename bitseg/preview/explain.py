"""An explanation is, for one contact, each condition's yes or no and the contact's own value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bitseg.plan.asks import ask
from bitseg.plan.nodes import EventLeaf, SampleLeaf, SequenceLeaf, Span
from bitseg.preview.show import show_value
from bitseg.results import Explained
from bitseg.rules.nodes import EventRule, FieldRule, SampleRule, SequenceRule
from bitseg.rules.walk import walk

if TYPE_CHECKING:
    from bitseg.plan.nodes import Leaf
    from bitseg.preview.evaluation import Evaluation
    from bitseg.rules.nodes import Condition, Definition


def explain(definition: Definition, row: int, evaluation: Evaluation) -> tuple[Explained, ...]:
    """Return every group and condition of a definition with one contact's answer."""
    rows = np.array([row], np.uint32)
    return tuple(
        Explained(path, bool(evaluation.members(node).test(rows)[0]), _value(node, row, evaluation))
        for path, node in walk(definition)
    )


def _value(node: Condition, row: int, evaluation: Evaluation) -> Any:
    """Return the contact's own value behind a condition; None for groups and segments."""
    tenant, now = evaluation.tenant, evaluation.now
    if isinstance(node, FieldRule):
        return show_value(node.data_type, tenant.value(node.field, row, now))  # type: ignore[arg-type]
    leaf = _leaf(node)
    if leaf is None:
        return None
    source, _ = ask(leaf, tenant)
    source.settle(now, tenant.contacts.n)
    return source.value_at(row)


def _leaf(node: Condition) -> Leaf | None:
    """Return a leaf whose source holds a condition's values, also where its plan needs none."""
    if isinstance(node, EventRule):
        span = Span(node.within, node.since, node.until)
        return EventLeaf(node.event, node.where, node.measure.kind, node.measure.of, span, ())
    if isinstance(node, SequenceRule):
        return SequenceLeaf(node.sequence, node.gap, Span(node.within, node.since, node.until))
    return SampleLeaf(node.percent, node.seed) if isinstance(node, SampleRule) else None
