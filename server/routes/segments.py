"""Saved segments over HTTP: made, found, changed and deleted."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from bitseg import Engine, Fault, FieldError
from server.auth import Caller, needs
from server.claims import make_claimed, release
from server.control import Control
from server.evaluations import Evaluations
from server.hearing import Hearing
from server.paths import id_of
from server.requests import body_of, once_of, revision_of, tag_of
from server.schemas import examples
from server.schemas.body import rules_of
from server.schemas.openapi import CHANGES, FOUND, PAGED, PROBLEMS, STALE
from server.schemas.operation import answers, takes
from server.schemas.segments import (
    ChangeSegment,
    CreateSegment,
    Dependents,
    SegmentList,
    SegmentShown,
    SegmentType,
    show,
    show_page,
)

Offset = Annotated[int, QueryParameter(ge=0, le=2**32)]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000)]

TAGS: Final = ["segments"]
SHOWN: Final = answers(SegmentShown, "The segment.", examples.SEGMENT)


@post(
    "/segments",
    tags=TAGS,
    summary="Create a segment",
    operation_class=takes(CreateSegment, examples.CREATE),
    responses={201: SHOWN, **PROBLEMS, **CHANGES},
    opt=needs("write"),
)
async def create_segment(
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
) -> Response[SegmentShown]:
    """Save a segment: dynamic by rules, or static by contact ids."""
    data = await request.body()
    given, once = body_of(data, CreateSegment), once_of(request, data)
    kind = given.pop("segment_type", None)
    if kind == "static":
        given.setdefault("contact_ids", [])
    if kind == "dynamic" and "rules" not in given:
        raise FieldError(Fault("rules", "Expected the rules of a dynamic segment"))
    said = _said(given)
    made = await asyncio.to_thread(
        make_claimed,
        control,
        caller.tenant_id,
        lambda id_: engine.segments.create(**said, id=id_, by=caller.name, once=once),
    )
    return tagged(show(made, caller.tenant_id))


@get(
    "/segments",
    tags=TAGS,
    summary="List segments",
    responses={200: answers(SegmentList, "Some of the segments.", examples.SEGMENTS), **PAGED},
    opt=needs("read"),
)
async def list_segments(  # noqa: PLR0913, PLR0917 - each narrows the list
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    caller: NamedDependency[Caller],
    search: FromQuery[str] = "",
    segment_type: FromQuery[SegmentType | None] = None,
    workspace_id: FromQuery[str | None] = None,
    tag: FromQuery[str | None] = None,
    is_active: FromQuery[bool | None] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> SegmentList:
    """List saved segments in order of definition, with how many members they have now."""
    find = partial(
        engine.segments.find,
        search,
        segment_type=segment_type,
        workspace_id=workspace_id,
        tag=tag,
        is_active=is_active,
        offset=offset,
        limit=limit,
    )
    page = await evaluations.run(find)
    return show_page(page, caller.tenant_id)


@get(
    "/segments/{segment_id:str}",
    tags=TAGS,
    summary="Read a segment",
    responses={200: SHOWN, **FOUND},
    opt=needs("read"),
)
async def read_segment(
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    caller: NamedDependency[Caller],
) -> Response[SegmentShown]:
    """Return a saved segment, with how many members it has now."""
    found = await evaluations.run(partial(engine.segments.get, id_of(segment_id)))
    return tagged(show(found, caller.tenant_id))


@patch(
    "/segments/{segment_id:str}",
    tags=TAGS,
    summary="Change a segment",
    operation_class=takes(ChangeSegment, examples.CHANGE),
    responses={200: SHOWN, **PROBLEMS, **FOUND, **CHANGES, **STALE},
    opt=needs("write"),
)
async def change_segment(
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
) -> Response[SegmentShown]:
    """Change a definition or what is said of it; the change is a numbered revision."""
    data = await request.body()
    changed = await asyncio.to_thread(
        engine.segments.update,
        id_of(segment_id),
        **_said(body_of(data, ChangeSegment)),
        by=caller.name,
        revision=revision_of(request),
        once=once_of(request, data),
    )
    return tagged(show(changed, caller.tenant_id))


@delete(
    "/segments/{segment_id:str}",
    tags=TAGS,
    summary="Delete a segment",
    responses=FOUND | CHANGES | STALE,
    opt=needs("write"),
)
async def delete_segment(  # noqa: PLR0913, PLR0917 - whose it is, and who is to know
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    hearing: NamedDependency[Hearing],
) -> None:
    """Forget a segment that nothing uses."""
    segment, revision, once = id_of(segment_id), revision_of(request), once_of(request, b"")

    def forget() -> None:
        engine.segments.delete(segment, revision=revision, once=once)
        release(control, caller.tenant_id, segment)
        hearing.tell(segment)

    await asyncio.to_thread(forget)


@get(
    "/segments/{segment_id:str}/dependents",
    tags=TAGS,
    summary="Who uses it",
    responses={200: answers(Dependents, "Who uses it.", examples.DEPENDENTS), **FOUND},
    opt=needs("read"),
)
async def list_dependents(segment_id: FromPath[str], engine: NamedDependency[Engine]) -> Dependents:
    """Return the segments that speak of one, by id, and whether the suppression does."""
    segment = id_of(segment_id)

    def look() -> Dependents:
        found = engine.segments.dependents(segment)
        return Dependents(found, engine.segments.suppresses(segment))

    return await asyncio.to_thread(look)


@post(
    "/segments/{segment_id:str}/recalculate",
    status_code=200,
    tags=TAGS,
    summary="Recalculate a segment",
    responses={200: SHOWN, **FOUND, **CHANGES},
    opt=needs("write"),
)
async def recalculate_segment(
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
) -> Response[SegmentShown]:
    """Check now who is recorded as a member, and correct what is not so."""
    segment, once = id_of(segment_id), once_of(request, await request.body())
    found = await asyncio.to_thread(engine.segments.recalculate, segment, once=once)
    return tagged(show(found, caller.tenant_id))


def tagged(shown: SegmentShown) -> Response[SegmentShown]:
    """Return the answer that shows a segment, with its revision as the ``ETag``."""
    return Response(shown, headers=tag_of(shown.revision))


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a body as the catalogue calls them."""
    said = dict(given)
    if "rules" in said:
        rules = rules_of(said.pop("rules"))
        if rules is not None:
            said["rules"] = rules
    if "guard" in said:
        guard = said.pop("guard")
        said["max_drop"] = None if guard is None else guard.max_drop
    if "tags" in said:
        said["tags"] = tuple(said["tags"])
    return said
