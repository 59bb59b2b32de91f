"""A breakdown is how many contacts each condition and group of a definition matches on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.plan.compile import compile_condition
from bitseg.rules.walk import walk

if TYPE_CHECKING:
    from bitseg.bitmap import RowSet
    from bitseg.clock import Now
    from bitseg.plan.compile import Segments
    from bitseg.plan.execute import Executor
    from bitseg.rules.nodes import Definition


def breakdown(
    definition: Definition, segments: Segments, executor: Executor, now: Now
) -> dict[str, int]:
    """Return ``{path: count}`` of every group and condition, exclusions included."""
    return {path: members.count for path, members in parts(definition, segments, executor, now)}


def parts(
    definition: Definition, segments: Segments, executor: Executor, now: Now
) -> list[tuple[str, RowSet]]:
    """Return the path and the members of every group and condition."""
    return [
        (path, executor.members(compile_condition(node, segments), now))
        for path, node in walk(definition)
    ]
