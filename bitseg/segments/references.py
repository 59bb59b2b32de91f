"""References are which segments a definition speaks of, and the cycles these may not form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.errors import Fault
from bitseg.rules.nodes import SegmentRule
from bitseg.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitseg.rules.nodes import Definition

DEEPEST = 10
"""How many references may lie behind one another."""


def references(definition: Definition) -> Iterator[tuple[str, str]]:
    """Yield the path and the segment id of every reference."""
    for path, node in walk(definition):
        if isinstance(node, SegmentRule):
            yield path, node.segment


def reference_faults(
    segment: str, definition: Definition, look_up: Callable[[str], Definition | None]
) -> list[Fault]:
    """Return a fault for each reference that leads back to ``segment`` or too deep.

    Args:
        segment: the id that is being defined.
        definition: its new definition.
        look_up: returns a segment's definition, None for a static one.
    """
    faults = []
    for path, target in references(definition):
        trail = _trail(target, segment, look_up, (segment,))
        if trail is None:
            continue
        chain = " → ".join(trail)
        if trail[-1] == segment:
            fault = Fault(f"{path}.segment", f"Expected no cycle, got {chain}", code="cycle")
        else:
            fault = Fault(
                f"{path}.segment",
                f"Expected at most {DEEPEST} references behind one another, got {chain}",
                code="too_deep",
            )
        faults.append(fault)
    return faults


def _trail(
    at: str,
    goal: str,
    look_up: Callable[[str], Definition | None],
    before: tuple[str, ...],
) -> tuple[str, ...] | None:
    """Return the way from ``at`` back to the goal, or one that is too long, or None."""
    here = (*before, at)
    if at == goal or len(here) > DEEPEST + 1:
        return here
    definition = look_up(at)
    if definition is None:
        return None
    for _, target in references(definition):
        trail = _trail(target, goal, look_up, here)
        if trail is not None:
            return trail
    return None
