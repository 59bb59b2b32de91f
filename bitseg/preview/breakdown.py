"""A breakdown is how many contacts each condition and group of a definition matches on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.rules.walk import walk

if TYPE_CHECKING:
    from bitseg.preview.evaluation import Evaluation
    from bitseg.rules.nodes import Definition


def breakdown(definition: Definition, evaluation: Evaluation) -> dict[str, int]:
    """Return ``{path: count}`` of every group and condition, exclusions included."""
    return {path: evaluation.members(node).count for path, node in walk(definition)}
