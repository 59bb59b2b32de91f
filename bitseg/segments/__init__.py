"""Segments are the named sets of a tenant's contacts, dynamic or static."""

from bitseg.segments.edit import AS_IT_IS, Edit, Moved
from bitseg.segments.history import History
from bitseg.segments.registry import Segment, Segments, StaticMembers
from bitseg.segments.suppressing import suppression_of

__all__ = [
    "AS_IT_IS",
    "Edit",
    "History",
    "Moved",
    "Segment",
    "Segments",
    "StaticMembers",
    "suppression_of",
]
