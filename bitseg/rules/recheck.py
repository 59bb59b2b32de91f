"""A recheck is whether a definition that was read before, or elsewhere, fits a tenant now."""

from __future__ import annotations

from collections.abc import Iterator

from bitseg.errors import Fault, did_you_mean
from bitseg.rules.nodes import Definition, EventRule, FieldRule, Group, SegmentRule, SequenceRule
from bitseg.rules.view import SchemaView
from bitseg.rules.walk import walk, walk_group


def recheck(definition: Definition, schema: SchemaView, *, saving: bool = False) -> list[Fault]:
    """Return the faults of a definition in its names and types, and, for saving, what is empty."""
    faults = [fault for path, node in walk(definition) for fault in _unfit(path, node, schema)]
    if saving:
        if not definition.groups:
            faults.append(Fault("groups", "Expected at least one group", code="empty_group"))
        faults += [
            Fault(f"{path}.conditions", "Expected at least one condition", code="empty_group")
            for path, group in _groups(definition)
            if not group.conditions
        ]
    return faults


def _unfit(path: str, node: object, schema: SchemaView) -> Iterator[Fault]:
    if isinstance(node, FieldRule):
        field = schema.field(node.field)
        if field is None:
            near = did_you_mean(node.field, schema.field_paths())
            message = f"There is no field {node.field!r}.{near}"
            yield Fault(f"{path}.field", message, code="unknown_field")
        elif field.data_type != node.data_type:
            message = f"Expected a rule for a {field.data_type}, got one for a {node.data_type}"
            yield Fault(f"{path}.field", message, code="wrong_type")
    elif isinstance(node, SegmentRule) and not schema.has_segment(node.segment):
        near = did_you_mean(node.segment, schema.segment_ids())
        message = f"No segment has the id {node.segment!r}.{near}"
        yield Fault(f"{path}.segment", message, code="unknown_segment")


def _groups(definition: Definition) -> Iterator[tuple[str, Group]]:
    """Yield every group with its path, those of ``where`` included."""
    for path, node in walk(definition):
        if isinstance(node, Group):
            yield path, node
        for at, where in _wheres(path, node):
            for inner, part in walk_group(at, where):
                if isinstance(part, Group):
                    yield inner, part


def _wheres(path: str, node: object) -> Iterator[tuple[str, Group]]:
    if isinstance(node, EventRule) and node.where is not None:
        yield f"{path}.where", node.where
    if isinstance(node, SequenceRule):
        for i, step in enumerate(node.sequence):
            if step.where is not None:
                yield f"{path}.sequence[{i}].where", step.where
