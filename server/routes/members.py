"""Who is in a segment, over HTTP: listed, asked for, put in and taken out, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from bitseg import Engine, Explanation, Fault, FieldError, Moved, Overlap, UnknownContactError
from bitseg.cli import read_instant
from server.auth import needs
from server.evaluations import Evaluations
from server.paths import id_of
from server.requests import body_of, named_at, once_of
from server.routes.segments import Limit, Offset
from server.schemas import examples
from server.schemas.body import no_rules, rules_of
from server.schemas.openapi import CHANGES, FOUND, PAGED, PROBLEMS
from server.schemas.operation import answers, takes
from server.schemas.segments import ExplainContact, SomeContacts, SomeSegments

TAGS: Final = ["members"]
MOVED: Final = answers(Moved, "What changed.", examples.MOVED)

Sort = Annotated[
    str | None,
    QueryParameter(description="A field path; with `-` before it, the greatest come first."),
]
Fields = Annotated[str | None, QueryParameter(description="Field paths, separated by commas.")]


At = Annotated[
    str | None, QueryParameter(description="An earlier instant, ISO 8601 with an offset.")
]


class MemberPage(msgspec.Struct, frozen=True):
    """Some members of a segment, and how many it has.

    Attributes:
        segment: its id.
        contacts: the values of each, by field path.
        total: how many members it has, or had at the instant that was asked for.
    """

    segment: str
    contacts: tuple[dict[str, Any], ...]
    total: int


@get(
    "/segments/{segment_id:str}/contacts",
    tags=TAGS,
    summary="List members",
    responses={
        200: answers(MemberPage, "Some of the members.", examples.MEMBERS),
        **PAGED,
        **FOUND,
    },
    opt=needs("read"),
)
async def list_members(  # noqa: PLR0913, PLR0917 - each says which
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    offset: Offset = 0,
    limit: Limit = 50,
    after: FromQuery[str | None] = None,
    fields: Fields = None,
    sort: Sort = None,
    at: At = None,
) -> MemberPage:
    """List the members of now, or as they were recorded at an instant.

    They are in the order of first load or of a field, from after a contact id or an offset on.
    """
    segment = id_of(segment_id)
    wanted = paths_in(fields)
    instant = _instant(at)

    def page() -> MemberPage:
        try:
            contacts, total = engine.segments.contacts(
                segment,
                offset=offset,
                limit=limit,
                after=after,
                fields=wanted,
                sort=sort,
                at=instant,
            )
        except UnknownContactError as error:
            raise FieldError(Fault("after", str(error), code=error.code)) from None
        return MemberPage(segment, contacts, total)

    return await evaluations.run(page)


@post(
    "/segments/{segment_id:str}/contacts",
    status_code=200,
    tags=TAGS,
    summary="Add members",
    operation_class=takes(SomeContacts, examples.SOME_CONTACTS),
    responses={200: MOVED, **PROBLEMS, **FOUND, **CHANGES},
    opt=needs("write"),
)
async def add_members(
    request: Request[Any, Any, Any], segment_id: FromPath[str], engine: NamedDependency[Engine]
) -> Moved:
    """Put contacts into a static segment."""
    return await _moved(request, engine.segments.add_contacts, id_of(segment_id))


@delete(
    "/segments/{segment_id:str}/contacts",
    status_code=200,
    tags=TAGS,
    summary="Remove members",
    operation_class=takes(SomeContacts, examples.SOME_CONTACTS),
    responses={200: MOVED, **PROBLEMS, **FOUND, **CHANGES},
    opt=needs("write"),
)
async def remove_members(
    request: Request[Any, Any, Any], segment_id: FromPath[str], engine: NamedDependency[Engine]
) -> Moved:
    """Take contacts out of a static segment."""
    return await _moved(request, engine.segments.remove_contacts, id_of(segment_id))


async def _moved(
    request: Request[Any, Any, Any], move: Callable[..., Moved], segment: str
) -> Moved:
    data = await request.body()
    given, once = body_of(data, SomeContacts), once_of(request, data)
    return await asyncio.to_thread(move, segment, **given, once=once)


@post(
    "/segments/{segment_id:str}/membership",
    status_code=200,
    tags=TAGS,
    summary="Ask for membership",
    operation_class=takes(SomeContacts, examples.SOME_CONTACTS),
    responses={
        200: answers(dict[str, bool], "Whether each is a member.", examples.MEMBERSHIP),
        **PROBLEMS,
        **FOUND,
    },
    opt=needs("read"),
)
async def ask_membership(
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
) -> dict[str, bool]:
    """Return, by contact id, whether they are in a segment now."""
    given = body_of(await request.body(), SomeContacts)
    ids = list(dict.fromkeys(given["contact_ids"]))
    return await evaluations.run(partial(engine.segments.membership, id_of(segment_id), ids))


@post(
    "/segments/explain",
    status_code=200,
    tags=TAGS,
    summary="Explain a contact",
    operation_class=takes(ExplainContact, examples.EXPLAIN),
    responses={200: answers(Explanation, "Why, or why not.", examples.EXPLAINED), **PROBLEMS},
    opt=needs("read"),
)
async def explain_contact(
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
) -> Explanation:
    """Return each condition's answer for one contact, with the contact's own value."""
    given = body_of(await request.body(), ExplainContact)
    segment, rules = given.get("segment"), rules_of(given.get("rules", no_rules()))
    if (segment is None) == (rules is None):
        raise FieldError(Fault("", "Expected either rules or a segment", code="missing_key"))

    def explain() -> Explanation:
        with named_at("segment"):
            asked = rules if segment is None else _definition(engine, segment)
        with named_at("contact_id"):
            return engine.explain(asked, given["contact_id"])

    return await evaluations.run(explain)


@post(
    "/segments/overlap",
    status_code=200,
    tags=TAGS,
    summary="Compare segments",
    operation_class=takes(SomeSegments, examples.COMPARE),
    responses={200: answers(Overlap, "How they overlap.", examples.OVERLAP), **PROBLEMS},
    opt=needs("read"),
)
async def ask_overlap(
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
) -> Overlap:
    """Return how many members up to 20 segments have, and how many each two share."""
    given = body_of(await request.body(), SomeSegments)

    def compare() -> Overlap:
        with named_at("segments"):
            return engine.segments.overlap(given["segments"])

    return await evaluations.run(compare)


def paths_in(fields: str | None) -> list[str] | None:
    """Return the field paths that a parameter says; None where it is not given."""
    return None if fields is None else [one for one in fields.split(",") if one]


def _instant(at: str | None) -> datetime | None:
    """Return the instant that a parameter says.

    Raises:
        FieldError: it says none (422).
    """
    try:
        return None if at is None else read_instant(at)
    except ValueError as error:
        raise FieldError(Fault("at", str(error), code="invalid_date")) from None


def _definition(engine: Engine, segment: str) -> Any:
    """Return a segment's rules, or of a static one a definition that speaks of it."""
    rules = engine.segments.get(segment).rules
    reference = {"match": "all", "conditions": [{"segment": segment}]}
    return {"match": "all", "groups": [reference]} if rules is None else rules
