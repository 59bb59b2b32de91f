"""Contacts over HTTP: written, found, read and erased; what happened to one, and where it is."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

import msgspec
from litestar import Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from bitseg import ContactPage, Engine, Membership, Timeline, UnknownContactError
from server.auth import needs
from server.evaluations import Evaluations
from server.paths import id_of
from server.requests import body_of, once_of
from server.routes.segments import Limit, Offset
from server.rows import ContactsWritten, rows_of
from server.schemas import examples
from server.schemas.openapi import CHANGES, FOUND, PAGED, PROBLEMS
from server.schemas.operation import answers, takes, takes_rows
from server.schemas.rows import DeleteContacts

TAGS: Final = ["contacts"]


class Deleted(msgspec.Struct, frozen=True):
    """How many contacts there were, and are not any more."""

    deleted: int


class InSegments(msgspec.Struct, frozen=True):
    """The segments that a contact is in now, in order of definition."""

    contact_id: str
    segments: tuple[Membership, ...]


@put(
    "/contacts",
    tags=TAGS,
    summary="Write contacts",
    operation_class=takes_rows(
        "Contact rows: `id`, and values by field path or bare name.", examples.CONTACT_ROWS
    ),
    responses={
        200: answers(ContactsWritten, "What went in.", examples.CONTACTS_WRITTEN),
        **PROBLEMS,
        **CHANGES,
    },
    opt=needs("write"),
)
async def write_contacts(
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    strict: FromQuery[bool] = False,  # noqa: FBT002 - from the query
) -> ContactsWritten:
    """Create or update contacts; good rows go in, with `strict` all of them or none."""
    data = await request.body()
    rows, once = rows_of(request, data), once_of(request, data)
    report = await asyncio.to_thread(engine.load_contacts, rows, strict=strict, once=once)
    return ContactsWritten.of(report)


@post(
    "/contacts/delete",
    status_code=200,
    tags=TAGS,
    summary="Erase contacts",
    operation_class=takes(DeleteContacts, examples.SOME_CONTACTS),
    responses={
        200: answers(Deleted, "How many are gone.", examples.DELETED),
        **PROBLEMS,
        **CHANGES,
    },
    opt=needs("write"),
)
async def delete_contacts(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine]
) -> Deleted:
    """Erase contacts with their values and events; ids that nobody has are ignored."""
    data = await request.body()
    ids, once = body_of(data, DeleteContacts)["contact_ids"], once_of(request, data)
    return Deleted(await asyncio.to_thread(engine.delete_contacts, ids, once=once))


@get(
    "/contacts",
    tags=TAGS,
    summary="Find contacts",
    responses={200: answers(ContactPage, "Some of the contacts.", examples.CONTACTS), **PAGED},
    opt=needs("read"),
)
async def find_contacts(
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    q: FromQuery[str] = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> ContactPage:
    """Find contacts by a part of the id, e-mail or name, in the order of first load."""
    return await evaluations.run(partial(engine.find_contacts, q, offset=offset, limit=limit))


@get(
    "/contacts/{contact_id:str}",
    tags=TAGS,
    summary="Read a contact",
    responses={200: answers(dict[str, Any], "The contact.", examples.CONTACT), **FOUND},
    opt=needs("read"),
)
async def read_contact(
    engine: NamedDependency[Engine], contact_id: FromPath[str]
) -> dict[str, Any]:
    """Return a contact's values by field path, without what is missing."""
    return await asyncio.to_thread(engine.contact, id_of(contact_id))


@delete(
    "/contacts/{contact_id:str}",
    tags=TAGS,
    summary="Erase a contact",
    responses=FOUND | CHANGES,
    opt=needs("write"),
)
async def delete_contact(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine], contact_id: FromPath[str]
) -> None:
    """Erase a contact with its values and events."""
    contact, once = id_of(contact_id), once_of(request, b"")
    if not await asyncio.to_thread(engine.delete_contacts, [contact], once=once):
        raise UnknownContactError(f"No contact has the id {contact!r}")


@get(
    "/contacts/{contact_id:str}/segments",
    tags=TAGS,
    summary="Where it is",
    responses={200: answers(InSegments, "Its segments.", examples.IN_SEGMENTS), **FOUND},
    opt=needs("read"),
)
async def list_memberships(
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    contact_id: FromPath[str],
) -> InSegments:
    """Return the segments that a contact is in now, since when, and how it came to be."""
    contact = id_of(contact_id)
    return InSegments(contact, await evaluations.run(partial(engine.segments.of, contact)))


@get(
    "/contacts/{contact_id:str}/events",
    tags=TAGS,
    summary="What happened to it",
    responses={200: answers(Timeline, "Some of its events.", examples.TIMELINE), **PAGED, **FOUND},
    opt=needs("read"),
)
async def list_events(
    engine: NamedDependency[Engine],
    contact_id: FromPath[str],
    offset: Offset = 0,
    limit: Limit = 50,
) -> Timeline:
    """Return a contact's events, the newest first."""
    return await asyncio.to_thread(engine.events_of, id_of(contact_id), offset=offset, limit=limit)
