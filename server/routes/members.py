"""Who is in a segment, over HTTP: listed, asked for, put in and taken out, and why."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from bitseg import Engine, Explanation, Fault, FieldError, Moved, Overlap
from server.requests import body_of, once_of
from server.routes.segments import Limit, Offset
from server.schemas.openapi import CHANGES, FOUND, PROBLEMS, takes
from server.schemas.segments import ExplainContact, SomeContacts, SomeSegments

TAGS: Final = ["members"]

Fields = Annotated[str | None, QueryParameter(description="Field paths, separated by commas.")]


class ContactPage(msgspec.Struct, frozen=True):
    """Some members of a segment, and how many it has.

    Attributes:
        segment: its id.
        contacts: the values of each, by field path.
        total: how many members it has now.
    """

    segment: str
    contacts: tuple[dict[str, Any], ...]
    total: int


@get("/segments/{segment:str}/contacts", tags=TAGS, summary="List members", responses=FOUND)
async def list_members(  # noqa: PLR0913, PLR0917 - each says which
    engine: NamedDependency[Engine],
    segment: FromPath[str],
    offset: Offset = 0,
    limit: Limit = 50,
    after: FromQuery[str | None] = None,
    fields: Fields = None,
) -> ContactPage:
    """List the members of now in the order of first load; ``after`` a contact id, or an offset."""
    wanted = None if fields is None else [one for one in fields.split(",") if one]

    def page() -> ContactPage:
        contacts, total = engine.segments.contacts(
            segment, offset=offset, limit=limit, after=after, fields=wanted
        )
        return ContactPage(segment, contacts, total)

    return await asyncio.to_thread(page)


@post(
    "/segments/{segment:str}/contacts",
    status_code=200,
    tags=TAGS,
    summary="Add members",
    operation_class=takes(SomeContacts),
    responses=PROBLEMS | FOUND | CHANGES,
)
async def add_members(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], segment: FromPath[str]
) -> Moved:
    """Put contacts into a static segment."""
    data = await request.body()
    given, once = body_of(data, SomeContacts), once_of(request, data)
    return await asyncio.to_thread(engine.segments.add_contacts, segment, **given, once=once)


@delete(
    "/segments/{segment:str}/contacts",
    status_code=200,
    tags=TAGS,
    summary="Remove members",
    operation_class=takes(SomeContacts),
    responses=PROBLEMS | FOUND | CHANGES,
)
async def remove_members(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], segment: FromPath[str]
) -> Moved:
    """Take contacts out of a static segment."""
    data = await request.body()
    given, once = body_of(data, SomeContacts), once_of(request, data)
    return await asyncio.to_thread(engine.segments.remove_contacts, segment, **given, once=once)


@post(
    "/segments/{segment:str}/membership",
    status_code=200,
    tags=TAGS,
    summary="Ask for membership",
    operation_class=takes(SomeContacts),
    responses=PROBLEMS | FOUND,
)
async def ask_membership(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], segment: FromPath[str]
) -> dict[str, bool]:
    """Return, by contact id, whether they are in a segment now."""
    given = body_of(await request.body(), SomeContacts)
    ids = list(dict.fromkeys(given["contact_ids"]))
    return await asyncio.to_thread(engine.segments.membership, segment, ids)


@post(
    "/segments/explain",
    status_code=200,
    tags=TAGS,
    summary="Explain a contact",
    operation_class=takes(ExplainContact),
    responses=PROBLEMS | FOUND,
)
async def explain_contact(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine]
) -> Explanation:
    """Return each condition's answer for one contact, with the contact's own value."""
    given = body_of(await request.body(), ExplainContact)
    segment, rules = given.get("segment"), bytes(given.get("rules", b"null"))
    if (segment is None) == (rules == b"null"):
        raise FieldError(Fault("", "Expected either rules or a segment", code="missing_key"))

    def explain() -> Explanation:
        asked = rules if segment is None else _definition(engine, segment)
        return engine.explain(asked, given["contact_id"])

    return await asyncio.to_thread(explain)


@post(
    "/segments/overlap",
    status_code=200,
    tags=TAGS,
    summary="Compare segments",
    operation_class=takes(SomeSegments),
    responses=PROBLEMS | FOUND,
)
async def ask_overlap(request: Request[Any, Any, Any], engine: NamedDependency[Engine]) -> Overlap:
    """Return how many members up to 20 segments have, and how many each two share."""
    given = body_of(await request.body(), SomeSegments)
    return await asyncio.to_thread(engine.segments.overlap, given["segments"])


def _definition(engine: Engine, segment: str) -> Any:
    """Return a segment's rules, or of a static one a definition that speaks of it."""
    rules = engine.segments.get(segment).rules
    reference = {"match": "all", "conditions": [{"segment": segment}]}
    return {"match": "all", "groups": [reference]} if rules is None else rules
