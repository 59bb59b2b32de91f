"""Showing is how a segment and its revisions look to callers: dates as text, rules as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bitseg.clock import show_instant
from bitseg.results import Guard, SegmentRecord, SegmentRevision

if TYPE_CHECKING:
    from bitseg.changes import Revision
    from bitseg.defining import Defined


def defined(done: Defined) -> SegmentRecord:
    """Return the record of a segment that was just set."""
    found = record(done.segment.id, done.segment.revisions, done.count, done.at)
    return msgspec.structs.replace(found, not_found=done.not_found)


def record(segment: str, revisions: tuple[Revision, ...], count: int, at: int) -> SegmentRecord:
    """Return the record of a segment that has so many members at ms ``at``."""
    last = revisions[-1]
    about = last.about
    return SegmentRecord(
        id=segment,
        name=about.name,
        description=about.description,
        segment_type="static" if last.rules is None else "dynamic",
        rules=None if last.rules is None else msgspec.json.decode(last.rules),
        contact_count=count,
        last_recalculated_at=show_instant(at),
        workspace_id=about.workspace_id,
        tags=about.tags,
        guard=None if about.max_drop is None else Guard(about.max_drop),
        is_active=about.is_active,
        created_by=about.created_by,
        created_at=show_instant(revisions[0].at),
        updated_at=show_instant(last.at),
        revision=last.number,
    )


def show_revision(one: Revision) -> SegmentRevision:
    """Return a revision as callers see it."""
    return SegmentRevision(
        revision=one.number,
        at=show_instant(one.at),
        by=one.by,
        name=one.about.name,
        description=one.about.description,
        rules=None if one.rules is None else msgspec.json.decode(one.rules),
    )
