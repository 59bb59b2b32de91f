"""Segments are the named sets of a tenant's contacts, dynamic or static."""

from bitseg.segments.registry import Segment, Segments, StaticMembers

__all__ = ["Segment", "Segments", "StaticMembers"]
