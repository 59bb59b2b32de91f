"""Imports over HTTP: a file is sent, taken in beside requests, looked after, and cancelled."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from bitseg import Engine, MembersImported, open_source
from server.auth import Caller, needs
from server.control import Import
from server.loads import Load, Loads
from server.paths import id_of
from server.receiving import Asked, reading, receive, sent
from server.requests import once_of
from server.routes.segments import Limit, Offset
from server.schemas import imports as schemas
from server.schemas.imports import ImportList, ImportShown
from server.schemas.openapi import CHANGES, FILED, LISTED, REFUSED, UNFINISHED, UNKNOWN
from server.schemas.operation import PARQUET, answers, streams, takes_file
from server.spool import Spool

TAGS: Final = ["imports"]
TAKEN: Final = answers(ImportShown, "The import; it waits for its turn.", schemas.EXAMPLE)
SHOWN: Final = answers(ImportShown, "The import.", schemas.EXAMPLE)
_PART: Final = 2**16


@post(
    "/contacts/import",
    status_code=202,
    tags=TAGS,
    summary="Import contacts",
    operation_class=takes_file(
        "A file of contacts: `id`, and values by field path or bare name.",
        schemas.CONTACTS_FILE,
        binary=PARQUET,
    ),
    responses={202: TAKEN, **FILED},
    request_max_body_size=None,  # the spool counts what it writes down
    opt=needs("write"),
)
async def import_contacts(  # noqa: PLR0913, PLR0917 - what a file is taken with
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
    loads: NamedDependency[Loads],
    spool: NamedDependency[Spool],
    strict: FromQuery[bool] = False,  # noqa: FBT002 - from the query
) -> Response[ImportShown]:
    """Take a file of contacts; rows go in beside requests, with `strict` all of them or none."""
    del engine  # asked for so that it is there
    return _taken(await receive(request, caller, loads, spool, Asked("contacts", strict)))


@post(
    "/events/import",
    status_code=202,
    tags=TAGS,
    summary="Import events",
    operation_class=takes_file(
        "A file of events: `contact_id`, `kind`, `at`, `event_id`, properties.",
        schemas.EVENTS_FILE,
        binary=PARQUET,
    ),
    responses={202: TAKEN, **FILED},
    request_max_body_size=None,
    opt=needs("write"),
)
async def import_events(  # noqa: PLR0913, PLR0917 - likewise
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
    loads: NamedDependency[Loads],
    spool: NamedDependency[Spool],
    create_contacts: FromQuery[bool] = False,  # noqa: FBT002 - from the query
    strict: FromQuery[bool] = False,  # noqa: FBT002 - likewise
) -> Response[ImportShown]:
    """Take a file of events; rows go in beside requests, with `strict` all of them or none."""
    del engine
    asked = Asked("events", strict, create_contacts)
    return _taken(await receive(request, caller, loads, spool, asked))


@post(
    "/segments/{segment_id:str}/import",
    status_code=200,
    tags=["members"],
    summary="Import members",
    operation_class=takes_file(
        "CSV with a column `id` or `contact_id`, or `email`, or both.", schemas.MEMBERS_FILE
    ),
    responses={
        200: answers(MembersImported, "Who came in, and who did not.", schemas.MEMBERS_IMPORTED),
        **CHANGES,
        **FILED,
        **UNKNOWN,
    },
    request_max_body_size=None,
    opt=needs("write"),
)
async def import_members(  # noqa: PLR0913, PLR0917 - likewise
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    caller: NamedDependency[Caller],
    loads: NamedDependency[Loads],
    spool: NamedDependency[Spool],
) -> MembersImported:
    """Put the contacts into a static segment that a file names; all at once, before it answers."""
    segment = id_of(segment_id)
    if once_of(request, b"") is None:
        # With a key, what was answered before is answered again, also when the segment is gone.
        engine.segments.check(segment)
    name = f"members-{uuid.uuid4()}"
    async with sent(request, caller, loads, spool, name) as (body, once):

        def put() -> MembersImported:
            with reading(body.path):
                source = open_source(body.path, format=body.format)
                with closing(source):
                    return engine.segments.import_contacts(segment, source, once=once)

        return await asyncio.to_thread(put)


@get(
    "/imports",
    tags=TAGS,
    summary="List imports",
    responses={
        200: answers(ImportList, "Some of the imports.", {"items": [schemas.EXAMPLE], "total": 1}),
        **LISTED,
    },
    opt=needs("read"),
)
async def list_imports(
    caller: NamedDependency[Caller],
    loads: NamedDependency[Loads],
    offset: Offset = 0,
    limit: Limit = 50,
) -> ImportList:
    """Return the imports of the last 7 days, the newest first."""
    found, total = await asyncio.to_thread(loads.of, caller.tenant_id, offset, limit)
    return ImportList([_shown(one) for one in found], total)


@get(
    "/imports/{import_id:str}",
    tags=TAGS,
    summary="Read an import",
    responses={200: SHOWN, **REFUSED, **UNKNOWN},
    opt=needs("read"),
)
async def read_import(
    import_id: FromPath[str], caller: NamedDependency[Caller], loads: NamedDependency[Loads]
) -> ImportShown:
    """Return an import: how far it is, what went in, and what the columns were taken for."""
    return _shown(await asyncio.to_thread(_found, loads, caller.tenant_id, import_id))


@delete(
    "/imports/{import_id:str}",
    status_code=200,
    tags=TAGS,
    summary="Cancel an import",
    responses={200: SHOWN, **REFUSED, **UNKNOWN},
    opt=needs("write"),
)
async def cancel_import(
    import_id: FromPath[str], caller: NamedDependency[Caller], loads: NamedDependency[Loads]
) -> ImportShown:
    """End an import at the end of its batch; what went in stays. One that has ended is as it is."""

    def cancelled() -> Load | Import:
        found = _found(loads, caller.tenant_id, import_id)
        if isinstance(found, Load):
            loads.cancel(found)
        return found

    return _shown(await asyncio.to_thread(cancelled))


@get(
    "/imports/{import_id:str}/rejects",
    tags=TAGS,
    summary="Read rejected rows",
    operation_class=streams(
        "The rows that did not go in, as they were, and why.",
        {"application/x-ndjson": schemas.REJECTS_EXAMPLE},
    ),
    responses={**REFUSED, **UNKNOWN, **UNFINISHED},
    opt=needs("read"),
)
async def read_rejects(
    import_id: FromPath[str], caller: NamedDependency[Caller], loads: NamedDependency[Loads]
) -> Stream:
    """Send the rows that an import rejected, an object a line; when it has ended."""

    def rejects() -> Path:
        found = _found(loads, caller.tenant_id, import_id)
        record = found.record if isinstance(found, Load) else found
        if record.finished_at is None:
            raise HTTPException("The import has not ended yet.", status_code=409)
        return loads.rejects(record)

    path = await asyncio.to_thread(rejects)
    return Stream(_parts(path), media_type="application/x-ndjson")


def _found(loads: Loads, tenant_id: str, import_id: str) -> Load | Import:
    found = loads.find(tenant_id, id_of(import_id))
    if found is None:
        raise NotFoundException("No import has this id.")
    return found


def _shown(found: Load | Import) -> ImportShown:
    if isinstance(found, Import):
        return schemas.show(found)
    return schemas.show(found.record, found.progress, is_cancelled=found.cancelled)


def _taken(found: Load | Import) -> Response[ImportShown]:
    shown = _shown(found)
    return Response(shown, status_code=202, headers={"Location": f"/api/imports/{shown.id}"})


def _parts(path: Path) -> Iterator[bytes]:
    """Yield a file in parts; nothing of one that is not there, as nothing was rejected."""
    if path.exists():
        with path.open("rb") as file:
            while part := file.read(_PART):
                yield part
