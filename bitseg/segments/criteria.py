"""Criteria are what a list of segments is narrowed by."""

from __future__ import annotations

import msgspec

from bitseg.segments.registry import Segment


class Criteria(msgspec.Struct, frozen=True):
    """What a segment must be; None asks for nothing.

    Attributes:
        search: a part of its name or description, casefolded.
        segment_type: ``dynamic`` or ``static``.
        workspace_id: its workspace.
        tag: one of its tags.
        is_active: whether it is.
    """

    search: str = ""
    segment_type: str | None = None
    workspace_id: str | None = None
    tag: str | None = None
    is_active: bool | None = None

    def meets(self, segment: Segment) -> bool:
        """Return whether a segment is so."""
        about = segment.about
        kind = "dynamic" if segment.static is None else "static"
        words = f"{about.name}\n{about.description}".casefold()
        return (
            self.search in words
            and self.segment_type in {None, kind}
            and self.workspace_id in {None, about.workspace_id}
            and (self.tag is None or self.tag in about.tags)
            and self.is_active in {None, about.is_active}
        )
