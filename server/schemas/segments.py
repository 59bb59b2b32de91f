"""What bodies about saved segments hold."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from bitseg import Guard

SegmentType = Literal["dynamic", "static"]

IDS_MOST = 10_000
"""Contact ids in one body."""

ContactIds = Annotated[list[str], msgspec.Meta(max_length=IDS_MOST)]


def _none() -> msgspec.Raw:
    """Return rules that nobody gave."""
    return msgspec.Raw(b"null")


class CreateSegment(msgspec.Struct, frozen=True):
    """The body of ``POST /api/segments``.

    Attributes:
        rules: the definition of a dynamic segment.
        contact_ids: the members of a static one.
        segment_type: what it is to be; what is given has to fit.
    """

    name: str
    description: str = ""
    segment_type: SegmentType | None = None
    rules: msgspec.Raw = msgspec.field(default_factory=_none)
    contact_ids: ContactIds | None = None
    workspace_id: str | None = None
    tags: list[str] = []
    guard: Guard | None = None


class ChangeSegment(msgspec.Struct, frozen=True):
    """The body of ``PATCH /api/segments/{id}``; what is left out stays."""

    name: str = ""
    description: str = ""
    rules: msgspec.Raw = msgspec.field(default_factory=_none)
    tags: list[str] = []
    guard: Guard | None = None
    is_active: bool = True
    override_guard: bool = False


class CopySegment(msgspec.Struct, frozen=True):
    """The body of ``POST /api/segments/{id}/duplicate`` and ``/freeze``."""

    name: str | None = None


class RestoreSegment(msgspec.Struct, frozen=True):
    """The body of ``POST /api/segments/{id}/revisions/{n}/restore``."""

    override_guard: bool = False


class SomeContacts(msgspec.Struct, frozen=True):
    """Contacts by their ids."""

    contact_ids: ContactIds


class SomeSegments(msgspec.Struct, frozen=True):
    """Segments by their ids."""

    segments: list[str]


class ExplainContact(msgspec.Struct, frozen=True):
    """The body of ``POST /api/segments/explain``: either rules or a saved segment."""

    contact_id: str
    rules: msgspec.Raw = msgspec.field(default_factory=_none)
    segment: str | None = None
