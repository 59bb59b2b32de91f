"""What comes of a saved segment over HTTP: copies, what it was before, and that again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from bitseg import Engine, SegmentRecord
from server.auth import Caller, needs
from server.claims import make_claimed
from server.control import Control
from server.paths import id_of
from server.requests import body_of, once_of, revision_of
from server.routes.segments import SHOWN, TAGS, Limit, Offset, tagged
from server.schemas import examples
from server.schemas.openapi import CHANGES, FOUND, PAGED, PROBLEMS, STALE
from server.schemas.operation import answers, takes
from server.schemas.segments import CopySegment, RestoreSegment, RevisionList, SegmentShown, show


@post(
    "/segments/{segment_id:str}/duplicate",
    tags=TAGS,
    summary="Copy a segment",
    operation_class=takes(CopySegment, examples.COPY),
    responses={201: SHOWN, **PROBLEMS, **FOUND, **CHANGES},
    opt=needs("write"),
)
async def duplicate_segment(
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
) -> Response[SegmentShown]:
    """Save a segment with the same rules or members under another name."""
    copy, of = engine.segments.duplicate, id_of(segment_id)
    return await _copied(request, engine, caller, control, copy, of)


@post(
    "/segments/{segment_id:str}/freeze",
    tags=TAGS,
    summary="Freeze a segment",
    operation_class=takes(CopySegment, examples.COPY),
    responses={201: SHOWN, **PROBLEMS, **FOUND, **CHANGES},
    opt=needs("write"),
)
async def freeze_segment(
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
) -> Response[SegmentShown]:
    """Save those who are members now as a static segment."""
    copy, of = engine.segments.freeze, id_of(segment_id)
    return await _copied(request, engine, caller, control, copy, of)


@get(
    "/segments/{segment_id:str}/revisions",
    tags=TAGS,
    summary="List revisions",
    responses={
        200: answers(RevisionList, "Some of the revisions.", examples.REVISIONS),
        **PAGED,
        **FOUND,
    },
    opt=needs("read"),
)
async def list_revisions(
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    offset: Offset = 0,
    limit: Limit = 50,
) -> RevisionList:
    """Return what a segment was from each change of it on, the newest first."""
    found = await asyncio.to_thread(engine.segments.revisions, id_of(segment_id))
    return RevisionList(found[offset : offset + limit], len(found))


@post(
    "/segments/{segment_id:str}/revisions/{number:int}/restore",
    status_code=200,
    tags=TAGS,
    summary="Restore a revision",
    operation_class=takes(RestoreSegment, examples.RESTORE),
    responses={200: SHOWN, **PROBLEMS, **FOUND, **CHANGES, **STALE},
    opt=needs("write"),
)
async def restore_revision(
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    number: FromPath[int],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
) -> Response[SegmentShown]:
    """Give a segment the definition that it had at an earlier revision; that is a new one."""
    data = await request.body()
    restored = await asyncio.to_thread(
        engine.segments.restore,
        id_of(segment_id),
        number,
        **body_of(data, RestoreSegment),
        by=caller.name,
        revision=revision_of(request),
        once=once_of(request, data),
    )
    return tagged(show(restored, caller.tenant_id))


async def _copied(  # noqa: PLR0913, PLR0917 - what a copy is made of
    request: Request[Any, Any, Any],
    engine: Engine,
    caller: Caller,
    control: Control,
    copy: Callable[..., SegmentRecord],
    of: str,
) -> Response[SegmentShown]:
    data = await request.body()
    given, once = body_of(data, CopySegment), once_of(request, data)
    engine.segments.check(of)  # before anything is written for it
    made = await asyncio.to_thread(
        make_claimed,
        control,
        caller.tenant_id,
        lambda id_: copy(of, **given, id=id_, by=caller.name, once=once),
    )
    return tagged(show(made, caller.tenant_id))
