"""Saved segments over HTTP: made, found, changed, copied and deleted."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from bitseg import Engine, Fault, FieldError, SegmentPage, SegmentRecord, SegmentRevision
from server.requests import body_of, once_of, revision_of, tag_of
from server.schemas.openapi import CHANGES, FOUND, PROBLEMS, takes
from server.schemas.segments import (
    ChangeSegment,
    CopySegment,
    CreateSegment,
    RestoreSegment,
    SegmentType,
)

Offset = Annotated[int, QueryParameter(ge=0)]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000)]

TAGS: Final = ["segments"]


@post(
    "/segments",
    tags=TAGS,
    summary="Create a segment",
    operation_class=takes(CreateSegment),
    responses=PROBLEMS | CHANGES,
)
async def create_segment(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine]
) -> Response[SegmentRecord]:
    """Save a segment: dynamic by rules, or static by contact ids."""
    data = await request.body()
    given = body_of(data, CreateSegment)
    kind = given.pop("segment_type", None)
    if kind == "static":
        given.setdefault("contact_ids", [])
    if kind == "dynamic" and "rules" not in given:
        raise FieldError(Fault("rules", "Expected the rules of a dynamic segment"))
    once = once_of(request, data)
    return _tagged(await asyncio.to_thread(engine.segments.create, **_said(given), once=once))


@get("/segments", tags=TAGS, summary="List segments", responses=FOUND)
async def list_segments(  # noqa: PLR0913, PLR0917 - each narrows the list
    engine: NamedDependency[Engine],
    search: FromQuery[str] = "",
    segment_type: FromQuery[SegmentType | None] = None,
    workspace_id: FromQuery[str | None] = None,
    tag: FromQuery[str | None] = None,
    is_active: FromQuery[bool | None] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> SegmentPage:
    """List saved segments in order of definition, with how many members they have now."""
    return await asyncio.to_thread(
        engine.segments.find,
        search,
        segment_type=segment_type,
        workspace_id=workspace_id,
        tag=tag,
        is_active=is_active,
        offset=offset,
        limit=limit,
    )


@get("/segments/{segment:str}", tags=TAGS, summary="Read a segment", responses=FOUND)
async def read_segment(
    engine: NamedDependency[Engine], segment: FromPath[str]
) -> Response[SegmentRecord]:
    """Return a saved segment, with how many members it has now."""
    return _tagged(await asyncio.to_thread(engine.segments.get, segment))


@patch(
    "/segments/{segment:str}",
    tags=TAGS,
    summary="Change a segment",
    operation_class=takes(ChangeSegment),
    responses=PROBLEMS | FOUND | CHANGES,
)
async def change_segment(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], segment: FromPath[str]
) -> Response[SegmentRecord]:
    """Change a definition or what is said of it; the change is a numbered revision."""
    data = await request.body()
    said = _said(body_of(data, ChangeSegment))
    record = await asyncio.to_thread(
        engine.segments.update,
        segment,
        **said,
        revision=revision_of(request),
        once=once_of(request, data),
    )
    return _tagged(record)


@delete(
    "/segments/{segment:str}",
    tags=TAGS,
    summary="Delete a segment",
    responses=FOUND | CHANGES,
)
async def delete_segment(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], segment: FromPath[str]
) -> None:
    """Forget a segment that nothing uses."""
    await asyncio.to_thread(
        engine.segments.delete,
        segment,
        revision=revision_of(request),
        once=once_of(request, b""),
    )


@post(
    "/segments/{segment:str}/duplicate",
    tags=TAGS,
    summary="Copy a segment",
    operation_class=takes(CopySegment),
    responses=PROBLEMS | FOUND | CHANGES,
)
async def duplicate_segment(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], segment: FromPath[str]
) -> Response[SegmentRecord]:
    """Save a segment with the same rules or members under another name."""
    data = await request.body()
    given, once = body_of(data, CopySegment), once_of(request, data)
    return _tagged(await asyncio.to_thread(engine.segments.duplicate, segment, **given, once=once))


@post(
    "/segments/{segment:str}/freeze",
    tags=TAGS,
    summary="Freeze a segment",
    operation_class=takes(CopySegment),
    responses=PROBLEMS | FOUND | CHANGES,
)
async def freeze_segment(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], segment: FromPath[str]
) -> Response[SegmentRecord]:
    """Save those who are members now as a static segment."""
    data = await request.body()
    given, once = body_of(data, CopySegment), once_of(request, data)
    return _tagged(await asyncio.to_thread(engine.segments.freeze, segment, **given, once=once))


@get("/segments/{segment:str}/revisions", tags=TAGS, summary="List revisions", responses=FOUND)
async def list_revisions(
    engine: NamedDependency[Engine], segment: FromPath[str]
) -> tuple[SegmentRevision, ...]:
    """Return what a segment was from each change of it on, the newest first."""
    return await asyncio.to_thread(engine.segments.revisions, segment)


@post(
    "/segments/{segment:str}/revisions/{number:int}/restore",
    status_code=200,
    tags=TAGS,
    summary="Restore a revision",
    operation_class=takes(RestoreSegment),
    responses=PROBLEMS | FOUND | CHANGES,
)
async def restore_revision(
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    segment: FromPath[str],
    number: FromPath[int],
) -> Response[SegmentRecord]:
    """Give a segment the definition that it had at an earlier revision; that is a new one."""
    data = await request.body()
    record = await asyncio.to_thread(
        engine.segments.restore,
        segment,
        number,
        **body_of(data, RestoreSegment),
        revision=revision_of(request),
        once=once_of(request, data),
    )
    return _tagged(record)


@get("/segments/{segment:str}/dependents", tags=TAGS, summary="Who uses it", responses=FOUND)
async def list_dependents(
    engine: NamedDependency[Engine], segment: FromPath[str]
) -> dict[str, tuple[str, ...]]:
    """Return the segments that speak of one, by id."""
    return {"segments": await asyncio.to_thread(engine.segments.dependents, segment)}


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a body as the catalogue calls them."""
    said = dict(given)
    if "rules" in said:
        rules = bytes(said.pop("rules"))
        if rules != b"null":
            said["rules"] = rules
    if "guard" in said:
        guard = said.pop("guard")
        said["max_drop"] = None if guard is None else guard.max_drop
    if "tags" in said:
        said["tags"] = tuple(said["tags"])
    return said


def _tagged(record: SegmentRecord) -> Response[SegmentRecord]:
    return Response(record, headers=tag_of(record.revision))
