"""An edit is who changes a segment, what they say of it, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from bitseg.changes import About
from bitseg.errors import Fault, FieldError, RevisionError, SegmentError
from bitseg.segments.registry import Segment
from bitseg.whole_text import is_text

NAME_MOST: Final = 255
TEXT_MOST: Final = 4_096
TAGS_MOST: Final = 50
TAG_MOST: Final = 64
"""Characters and tags, at the most."""


class Edit(msgspec.Struct, frozen=True):
    """A change of a segment as somebody asks for it.

    Attributes:
        by: who asks; None = nobody says.
        said: the attributes of ``About`` that are to change.
        revision: the number that the segment must have now; None = any.
        override_guard: whether as many members may leave as do.
        is_new: whether there must be no such segment yet.
        leaves_out: whether ids that no contact has are left out, and not refused.
    """

    by: str | None = None
    said: dict[str, Any] = {}
    revision: int | None = None
    override_guard: bool = False
    is_new: bool = False
    leaves_out: bool = False

    def about(self, before: About | None) -> About | None:
        """Return what is said of the segment then; None = nothing new.

        Raises:
            FieldError: something may not be so; all that may not is named.
        """
        if not self.said:
            return None
        about = (
            About(**self.said, created_by=self.by)
            if before is None
            else msgspec.structs.replace(before, **self.said)
        )
        if faults := list(_faults(about)):
            raise FieldError(*faults)
        return about

    def check(self, segment: Segment | None) -> None:
        """Refuse an edit that rests on what is not so.

        Raises:
            SegmentError: there is a segment of the id already.
            RevisionError: the segment has another revision by now.
        """
        if self.is_new and segment is not None:
            message = f"There is a segment with the id {segment.id!r} already"
            raise SegmentError(Fault("id", message, code="id_taken"))
        if self.revision is None or segment is None:
            return
        now = segment.revision.number
        if now != self.revision:
            raise RevisionError(
                f"Segment {segment.id!r} is at revision {now}, and the change is of {self.revision}"
            )


AS_IT_IS: Final = Edit()
"""Nobody says anything."""


def _faults(about: About) -> Iterator[Fault]:
    """Yield what may not be said of a segment."""
    if not _is_text(about.name, NAME_MOST) or not about.name.strip():
        yield _fault("name", f"a text of 1 to {NAME_MOST} characters", about.name)
    if not _is_text(about.description, TEXT_MOST):
        yield _fault("description", f"a text of at most {TEXT_MOST:,} characters", "another")
    if about.workspace_id is not None and not (
        _is_text(about.workspace_id, NAME_MOST) and about.workspace_id
    ):
        yield _fault("workspace_id", f"a text of 1 to {NAME_MOST} characters", about.workspace_id)
    if len(about.tags) > TAGS_MOST or not all(
        _is_text(one, TAG_MOST) and one for one in about.tags
    ):
        yield _fault("tags", f"at most {TAGS_MOST} texts of 1 to {TAG_MOST} characters", about.tags)
    if len(set(about.tags)) < len(about.tags):
        yield _fault("tags", "each tag once", about.tags)
    if about.max_drop is not None and not 0 <= about.max_drop <= 100:
        yield _fault("guard.max_drop", "a percentage from 0 to 100", about.max_drop)


def _is_text(text: object, most: int) -> bool:
    return is_text(text) and len(text) <= most


def _fault(path: str, expected: str, got: object) -> Fault:
    return Fault(path, f"Expected {expected}, got {got!r}", code="invalid_value")


class Moved(msgspec.Struct, frozen=True):
    """What changing the members of a static segment did.

    Attributes:
        changed: how many came, or went.
        count: how many members there are now.
        not_found: ids that no contact has.
    """

    changed: int
    count: int
    not_found: tuple[str, ...] = ()
