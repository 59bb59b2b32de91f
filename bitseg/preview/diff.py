"""A diff is who would enter and leave a saved segment if a definition replaced its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.results import Diff

if TYPE_CHECKING:
    from bitseg.bitmap import RowSet
    from bitseg.preview.evaluation import Evaluation

NAMED = 50
"""How many contacts are named on each side."""


def diff(members: RowSet, against: str, evaluation: Evaluation) -> Diff:
    """Compare a definition's members with those of a saved segment.

    Raises:
        UnknownSegmentError: there is no segment ``against``.
    """
    saved = evaluation.members_of_segment(against)
    entering, leaving = members.minus(saved), saved.minus(members)
    return Diff(
        entering.count, leaving.count, _named(entering, evaluation), _named(leaving, evaluation)
    )


def _named(members: RowSet, evaluation: Evaluation) -> tuple[str, ...]:
    """Return the ids of the first members."""
    return tuple(evaluation.tenant.contacts.ids.take(members.some(0, NAMED)).to_pylist())
