"""Webhooks over HTTP: an admin of a tenant makes them, looks after them, and takes them away."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from bitseg import Engine, Fault, FieldError, UnknownSegmentError
from server.auth import Caller, needs
from server.control import DAY_MS, Control, Webhook, check_revision
from server.paths import id_of
from server.requests import body_of, revision_of, tag_of
from server.routes.segments import Limit, Offset
from server.schemas import webhooks as schemas
from server.schemas.openapi import LISTED, PROBLEMS, REFUSED, STALE, UNKNOWN
from server.schemas.operation import answers, takes
from server.schemas.webhooks import (
    ChangeWebhook,
    NewWebhook,
    WebhookList,
    WebhookMade,
    WebhookShown,
)
from server.settings import Settings
from server.webhooks import Deliveries, make_secret, url_faults

TAGS: Final = ["webhooks"]
SHOWN: Final = answers(WebhookShown, "The webhook.", schemas.EXAMPLE)
MADE: Final = answers(
    WebhookMade, "The webhook, with a secret that is shown this once.", schemas.MADE_EXAMPLE
)
OLD_MS: Final = DAY_MS
"""So long bodies are signed with the secret before as well."""


@get(
    "/webhooks",
    tags=TAGS,
    summary="List webhooks",
    responses={
        200: answers(WebhookList, "Some webhooks.", {"items": [schemas.EXAMPLE], "total": 1}),
        **LISTED,
    },
    opt=needs("admin"),
)
async def list_webhooks(
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    offset: Offset = 0,
    limit: Limit = 50,
) -> WebhookList:
    """Return who is told of changes, the oldest first."""

    def page() -> WebhookList:
        webhooks = control.webhooks.of(caller.tenant_id)
        shown = [_shown(control, one) for one in webhooks[offset : offset + limit]]
        return WebhookList(shown, len(webhooks))

    return await asyncio.to_thread(page)


@post(
    "/webhooks",
    tags=TAGS,
    summary="Make a webhook",
    operation_class=takes(NewWebhook, schemas.REQUEST_EXAMPLE),
    responses={201: MADE, **PROBLEMS},
    cache_control=CacheControlHeader(no_store=True),
    opt=needs("admin"),
)
async def create_webhook(  # noqa: PLR0913, PLR0917 - what it stands on
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    engine: NamedDependency[Engine],
    settings: NamedDependency[Settings],
    deliveries: NamedDependency[Deliveries],
) -> Response[WebhookMade]:
    """Let an address be told who enters and leaves segments, from now on."""
    given = body_of(await request.body(), NewWebhook)

    def create() -> WebhookMade:
        begins = _checked(given, engine, settings)
        now = deliveries.now()
        webhook = Webhook(
            id=str(uuid.uuid4()),
            tenant_id=caller.tenant_id,
            url=given["url"],
            events=_events(given.get("events", ["entered", "left"])),
            secret=make_secret(),
            created_by=caller.name,
            created_at=now,
        )
        control.webhooks.save(webhook, begins, now)
        return schemas.show_made(webhook, control.webhooks.cursors(webhook.id))

    made = await asyncio.to_thread(create)
    await deliveries.look()
    return Response(made, headers=tag_of(made.revision))


@get(
    "/webhooks/{webhook_id:str}",
    tags=TAGS,
    summary="Read a webhook",
    responses={200: SHOWN, **REFUSED, **UNKNOWN},
    opt=needs("admin"),
)
async def read_webhook(
    webhook_id: FromPath[str], caller: NamedDependency[Caller], control: NamedDependency[Control]
) -> Response[WebhookShown]:
    """Return a webhook, without its secret."""

    def read() -> WebhookShown:
        return _shown(control, found(control, caller, webhook_id))

    return _tagged(await asyncio.to_thread(read))


@patch(
    "/webhooks/{webhook_id:str}",
    tags=TAGS,
    summary="Change a webhook",
    operation_class=takes(ChangeWebhook, schemas.CHANGE_EXAMPLE),
    responses={200: SHOWN, **PROBLEMS, **UNKNOWN, **STALE},
    opt=needs("admin"),
)
async def change_webhook(  # noqa: PLR0913, PLR0917 - likewise
    request: Request[Any, Any, Any],
    webhook_id: FromPath[str],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    engine: NamedDependency[Engine],
    settings: NamedDependency[Settings],
    deliveries: NamedDependency[Deliveries],
) -> Response[WebhookShown]:
    """Change where changes are sent, or which; of segments that are new, from now on."""
    given, revision = body_of(await request.body(), ChangeWebhook), revision_of(request)

    def change() -> WebhookShown:
        before = found(control, caller, webhook_id)
        begins = _checked(given, engine, settings)
        changed = msgspec.structs.replace(
            before,
            url=given.get("url", before.url),
            events=_events(given.get("events", before.events.split())),
            is_active=int(given.get("is_active", before.is_active)),
            revision=before.revision + 1,
        )
        check_revision("webhook", before.revision, revision)
        control.webhooks.save(changed, begins if "segments" in given else None, deliveries.now())
        return _shown(control, changed)

    shown = await asyncio.to_thread(change)
    await deliveries.look()
    return _tagged(shown)


@delete(
    "/webhooks/{webhook_id:str}",
    tags=TAGS,
    summary="Delete a webhook",
    responses={**REFUSED, **UNKNOWN, **STALE},
    opt=needs("admin"),
)
async def delete_webhook(
    request: Request[Any, Any, Any],
    webhook_id: FromPath[str],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    deliveries: NamedDependency[Deliveries],
) -> None:
    """Tell an address nothing more, and forget what it was told."""
    revision = revision_of(request)

    def forget() -> None:
        webhook = found(control, caller, webhook_id)
        check_revision("webhook", webhook.revision, revision)
        control.webhooks.delete(caller.tenant_id, webhook.id)

    await asyncio.to_thread(forget)
    await deliveries.look()


@post(
    "/webhooks/{webhook_id:str}/rotate",
    status_code=200,
    tags=TAGS,
    summary="Change the secret",
    responses={200: MADE, **REFUSED, **UNKNOWN, **STALE},
    cache_control=CacheControlHeader(no_store=True),
    opt=needs("admin"),
)
async def rotate_secret(
    request: Request[Any, Any, Any],
    webhook_id: FromPath[str],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    deliveries: NamedDependency[Deliveries],
) -> Response[WebhookMade]:
    """Make a new secret; for a day bodies are signed with the one before as well."""
    revision, now = revision_of(request), deliveries.now()

    def rotate() -> WebhookMade:
        before = found(control, caller, webhook_id)
        changed = msgspec.structs.replace(
            before,
            secret=make_secret(),
            old_secret=before.secret,
            old_until=now + OLD_MS,
            revision=before.revision + 1,
        )
        check_revision("webhook", before.revision, revision)
        control.webhooks.save(changed, None, now)
        return schemas.show_made(changed, control.webhooks.cursors(changed.id))

    made = await asyncio.to_thread(rotate)
    return Response(made, headers=tag_of(made.revision))


def _checked(given: dict[str, Any], engine: Engine, settings: Settings) -> dict[str, int]:
    """Return behind which number each segment of a body begins.

    Raises:
        FieldError: it has faults; all are named.
    """
    faults = []
    if "url" in given:
        faults += url_faults(
            given["url"],
            allow_http=settings.webhooks_http,
            allow_private=settings.webhooks_private,
        )
    begins = {}
    for place, segment in enumerate(given.get("segments", ())):
        try:
            begins[segment] = engine.segments.history(segment, limit=0).last_seq
        except UnknownSegmentError:
            message = f"No segment has the id {segment!r}."
            faults.append(Fault(f"segments[{place}]", message, code="unknown_segment"))
    if faults:
        raise FieldError(*faults)
    return begins


def found(control: Control, caller: Caller, webhook_id: str) -> Webhook:
    """Return a webhook of the caller's tenant.

    Raises:
        NotFoundException: there is none of the id in the path.
    """
    webhook = control.webhooks.find(caller.tenant_id, id_of(webhook_id))
    if webhook is None:
        raise NotFoundException("No webhook has this id.")
    return webhook


def _shown(control: Control, webhook: Webhook) -> WebhookShown:
    return schemas.show(webhook, control.webhooks.cursors(webhook.id))


def _tagged(shown: WebhookShown) -> Response[WebhookShown]:
    return Response(shown, headers=tag_of(shown.revision))


def _events(given: list[str]) -> str:
    return " ".join(one for one in ("entered", "left") if one in given)
