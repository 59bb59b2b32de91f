"""Events over HTTP: recorded, and withdrawn."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from bitseg import Engine
from server.auth import needs
from server.requests import body_of, once_of
from server.rows import EventsWritten, rows_of
from server.schemas import examples
from server.schemas.openapi import CHANGES, PROBLEMS
from server.schemas.operation import answers, takes, takes_rows
from server.schemas.rows import WithdrawEvents

TAGS: Final = ["events"]


class Withdrawn(msgspec.Struct, frozen=True):
    """How many events there were, and are not any more."""

    withdrawn: int


@post(
    "/events",
    status_code=200,
    tags=TAGS,
    summary="Record events",
    operation_class=takes_rows(
        "Event rows: `contact_id`, `kind`, `at`, `event_id`, properties.", examples.EVENT_ROWS
    ),
    responses={
        200: answers(EventsWritten, "What went in.", examples.EVENTS_WRITTEN),
        **PROBLEMS,
        **CHANGES,
    },
    opt=needs("write"),
)
async def record_events(
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    create_contacts: FromQuery[bool] = False,  # noqa: FBT002 - from the query
    strict: FromQuery[bool] = False,  # noqa: FBT002 - likewise
) -> EventsWritten:
    """Record events; those whose `event_id` is remembered are counted as duplicates."""
    data = await request.body()
    rows, once = rows_of(request, data), once_of(request, data)
    report = await asyncio.to_thread(
        engine.load_events, rows, create_contacts, strict=strict, once=once
    )
    return EventsWritten.of(report)


@post(
    "/events/delete",
    status_code=200,
    tags=TAGS,
    summary="Withdraw events",
    operation_class=takes(WithdrawEvents, examples.WITHDRAW),
    responses={
        200: answers(Withdrawn, "How many are gone.", examples.WITHDRAWN),
        **PROBLEMS,
        **CHANGES,
    },
    opt=needs("write"),
)
async def withdraw_events(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine]
) -> Withdrawn:
    """Take events back by their ids, which stay remembered."""
    data = await request.body()
    ids, once = body_of(data, WithdrawEvents)["event_ids"], once_of(request, data)
    return Withdrawn(await asyncio.to_thread(engine.withdraw_events, ids, once=once))
