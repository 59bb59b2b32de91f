"""What bodies and answers about saved segments hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from bitseg import Guard, SegmentPage, SegmentRecord, SegmentRevision
from server.schemas.body import no_rules

SegmentType = Literal["dynamic", "static"]

IDS_MOST = 10_000
"""Contact ids in one body."""

ContactIds = Annotated[list[str], msgspec.Meta(max_length=IDS_MOST)]


class SegmentShown(SegmentRecord, frozen=True, kw_only=True):
    """A saved segment, as the feature document has it.

    Attributes:
        tenant_id: whose it is.
    """

    tenant_id: str


class SegmentList(msgspec.Struct, frozen=True):
    """Some saved segments.

    Attributes:
        items: in order of definition.
        total: how many there are that meet what was asked for.
    """

    items: list[SegmentShown]
    total: int


class RevisionList(msgspec.Struct, frozen=True):
    """Some of a segment's revisions.

    Attributes:
        items: the newest first.
        total: how many there are.
    """

    items: tuple[SegmentRevision, ...]
    total: int


class Dependents(msgspec.Struct, frozen=True):
    """Who uses a segment.

    Attributes:
        segments: the ids of the segments that speak of it.
        suppression: whether the tenant's suppression does.
    """

    segments: tuple[str, ...]
    suppression: bool


def show(record: SegmentRecord, tenant_id: str) -> SegmentShown:
    """Return a tenant's segment as callers see it."""
    cells: dict[str, Any] = {name: getattr(record, name) for name in record.__struct_fields__}
    return SegmentShown(**cells, tenant_id=tenant_id)


def show_page(page: SegmentPage, tenant_id: str) -> SegmentList:
    """Return some of a tenant's segments."""
    return SegmentList([show(one, tenant_id) for one in page.items], page.total)


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
    rules: msgspec.Raw = msgspec.field(default_factory=no_rules)
    contact_ids: ContactIds | None = None
    workspace_id: str | None = None
    tags: list[str] = []
    guard: Guard | None = None


class ChangeSegment(msgspec.Struct, frozen=True):
    """The body of ``PATCH /api/segments/{id}``; what is left out stays."""

    name: str = ""
    description: str = ""
    rules: msgspec.Raw = msgspec.field(default_factory=no_rules)
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
    rules: msgspec.Raw = msgspec.field(default_factory=no_rules)
    segment: str | None = None
