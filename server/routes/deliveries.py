"""What webhooks are told, over HTTP: what became of it, sent again, and tried."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from bitseg import Engine, Fault, FieldError, UnknownSegmentError
from server.auth import Caller, needs
from server.control import Control
from server.routes.history import SEQ_MOST
from server.routes.segments import Limit, Offset
from server.routes.webhooks import TAGS, found
from server.schemas import webhooks as schemas
from server.schemas.openapi import LISTED, NOT_READY, REFUSED, UNKNOWN
from server.schemas.operation import answers
from server.schemas.webhooks import DeliveryList, Replayed
from server.webhooks import Deliveries, Outcome

From = Annotated[
    int,
    QueryParameter(name="from", ge=1, le=SEQ_MOST, description="The first change that is sent."),
]


@get(
    "/webhooks/{webhook_id:str}/deliveries",
    tags=TAGS,
    summary="What became of it",
    responses={
        200: answers(DeliveryList, "The last attempts.", schemas.DELIVERIES_EXAMPLE),
        **LISTED,
        **UNKNOWN,
    },
    opt=needs("admin"),
)
async def list_deliveries(  # noqa: PLR0913, PLR0917 - likewise
    webhook_id: FromPath[str],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    deliveries: NamedDependency[Deliveries],
    offset: Offset = 0,
    limit: Limit = 50,
) -> DeliveryList:
    """Return what a webhook was sent last, how far it is, and what was given up."""

    def listed() -> DeliveryList:
        webhook = found(control, caller, webhook_id)
        tried = deliveries.remembered.of(webhook.id)
        return DeliveryList(
            [schemas.show_attempt(one) for one in tried[offset : offset + limit]],
            len(tried),
            [schemas.show_cursor(one) for one in control.webhooks.cursors(webhook.id)],
            [schemas.show_dead(one) for one in control.webhooks.dead(webhook.id)],
        )

    return await asyncio.to_thread(listed)


@post(
    "/webhooks/{webhook_id:str}/replay",
    status_code=200,
    tags=TAGS,
    summary="Send again",
    responses={
        200: answers(Replayed, "From where on it is told again.", schemas.REPLAYED_EXAMPLE),
        **LISTED,
        **NOT_READY,
        **UNKNOWN,
    },
    opt=needs("admin"),
)
async def replay_changes(  # noqa: PLR0913, PLR0917 - likewise
    webhook_id: FromPath[str],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    engine: NamedDependency[Engine],
    deliveries: NamedDependency[Deliveries],
    first: From = 1,
    segment: FromQuery[str | None] = None,
) -> Replayed:
    """Tell a webhook again from a number on, of one segment or all of its."""

    def replay() -> Replayed:
        webhook = found(control, caller, webhook_id)
        told = [one.segment_id for one in control.webhooks.cursors(webhook.id)]
        if segment is not None and segment not in told:
            message = f"Expected a segment of the webhook, got {segment!r}."
            raise FieldError(Fault("segment", message, code="unknown_segment"))
        begins = {}
        for one in told if segment is None else [segment]:
            try:
                begins[one] = min(first - 1, engine.segments.last_seq(one))
            except UnknownSegmentError:
                continue  # it is gone, and its lane ends
        control.webhooks.replay(webhook.id, begins)
        return Replayed({one: sent + 1 for one, sent in begins.items()})

    replayed = await asyncio.to_thread(replay)
    await deliveries.look()
    return replayed


@post(
    "/webhooks/{webhook_id:str}/test",
    status_code=200,
    tags=TAGS,
    summary="Try a webhook",
    responses={
        200: answers(Outcome, "What became of it.", schemas.TRIED_EXAMPLE),
        **REFUSED,
        **UNKNOWN,
    },
    opt=needs("admin"),
)
async def try_webhook(
    webhook_id: FromPath[str],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    deliveries: NamedDependency[Deliveries],
) -> Outcome:
    """Send a body without changes, signed as all are, and return what became of it."""
    webhook = await asyncio.to_thread(found, control, caller, webhook_id)
    return await deliveries.ping(webhook)
