"""References are which segments a definition speaks of, and the cycles these may not form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bitseg.errors import Fault
from bitseg.rules.nodes import SegmentRule
from bitseg.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bitseg.rules.nodes import Definition

    Graph = Mapping[str, Sequence[str]]

DEEPEST: Final = 10
"""How many references may lie behind one another."""


def references(definition: Definition) -> Iterator[tuple[str, str]]:
    """Yield the path and the segment id of every reference."""
    for path, node in walk(definition):
        if isinstance(node, SegmentRule):
            yield path, node.segment


def targets(definition: Definition) -> tuple[str, ...]:
    """Return the segments that a definition speaks of, each once."""
    return tuple(dict.fromkeys(target for _, target in references(definition)))


def reference_faults(segment: str, definition: Definition, graph: Graph) -> list[Fault]:
    """Return a fault for each reference that leads back to ``segment`` or makes a chain too long.

    Args:
        segment: the id that is being defined.
        definition: its new definition.
        graph: what each segment there is speaks of; nothing in it is a cycle or too deep.
    """
    faults = []
    above = _longest(segment, _turned(graph), {})
    below: dict[str, tuple[str, ...]] = {}
    for path, target in references(definition):
        way = _way(target, segment, graph)
        if way is not None:
            chain = " → ".join((segment, *way))
            message, code = f"Expected no cycle, got {chain}", "cycle"
        else:
            longest = (*above[::-1], *_longest(target, graph, below))
            if len(longest) <= DEEPEST + 1:
                continue
            chain = " → ".join(longest)
            message = f"Expected at most {DEEPEST} references behind one another, got {chain}"
            code = "too_deep"
        faults.append(Fault(f"{path}.segment", message, code=code))
    return faults


def _way(start: str, goal: str, graph: Graph) -> tuple[str, ...] | None:
    """Return a shortest way from a segment to another, both included, or None."""
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    waiting = [start]
    for at in waiting:
        if at == goal:
            return ways[at]
        for target in graph.get(at, ()):
            if target not in ways:
                ways[target] = (*ways[at], target)
                waiting.append(target)
    return None


def _longest(at: str, graph: Graph, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the longest chain that begins at a segment of a graph without cycles."""
    if at not in known:
        chains = [_longest(target, graph, known) for target in graph.get(at, ())]
        known[at] = (at, *max(chains, key=len, default=()))
    return known[at]


def _turned(graph: Graph) -> dict[str, list[str]]:
    """Return who speaks of each segment."""
    users: dict[str, list[str]] = {}
    for user, spoken_of in graph.items():
        for target in spoken_of:
            users.setdefault(target, []).append(user)
    return users
