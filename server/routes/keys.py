"""Keys over HTTP: an admin of a tenant makes them, looks at them, and takes them back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from litestar import Request, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from bitseg import Once, clock
from server.auth import Caller, needs
from server.control import Control, Key, KeyRequest
from server.keys import make_key
from server.paths import id_of
from server.requests import body_of, once_of
from server.schemas.keys import (
    EXAMPLE,
    MADE_EXAMPLE,
    REQUEST_EXAMPLE,
    KeyList,
    KeyMade,
    NewKey,
    show,
    show_made,
)
from server.schemas.openapi import LISTED, ONCE, REFUSED, TAKEN, UNKNOWN
from server.schemas.operation import answers, takes


@get(
    "/keys",
    tags=["keys"],
    summary="List keys",
    responses={
        200: answers(KeyList, "Some of the keys.", {"items": [EXAMPLE], "total": 1}),
        **LISTED,
    },
    opt=needs("admin"),
)
async def list_keys(
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 50,
) -> KeyList:
    """Return the tenant's keys, the oldest first, also those that open nothing any more."""
    keys = await asyncio.to_thread(control.keys, caller.tenant_id)
    return KeyList([show(key) for key in keys[offset : offset + limit]], len(keys))


@post(
    "/keys",
    tags=["keys"],
    summary="Make a key",
    operation_class=takes(NewKey, REQUEST_EXAMPLE),
    responses={201: answers(KeyMade, "The key, shown this once.", MADE_EXAMPLE), **TAKEN, **ONCE},
    cache_control=CacheControlHeader(no_store=True),
    opt=needs("admin"),
)
async def create_key(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
) -> KeyMade:
    """Make a key. With ``replaces``, another one ends, at once or in up to 7 days.

    Sent again with the same ``Idempotency-Key``, it makes none, and ``key`` is null.
    """
    body = await request.body()
    once = once_of(request, body)
    return show_made(*await asyncio.to_thread(_create, control, caller, body, once))


@delete(
    "/keys/{key_id:str}",
    tags=["keys"],
    summary="Take a key back",
    responses={**REFUSED, **UNKNOWN, **ONCE},
    opt=needs("admin"),
)
async def revoke_key(
    request: Request[Any, Any, Any],
    key_id: FromPath[str],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
) -> None:
    """Take a key back: from the next request on it opens nothing."""
    once = once_of(request, await request.body())
    revoke = partial(control.revoke_key, caller.tenant_id, id_of(key_id))
    taken = await asyncio.to_thread(control.repeats.once, caller.tenant_id, once, Key, revoke)
    if taken is None:
        raise NotFoundException("No key has this id.")


def _create(
    control: Control, caller: Caller, body: bytes, once: Once | None
) -> tuple[Key, str | None]:
    """Make a key; return what is kept of it, and the key itself where it was made by this call."""
    asked = body_of(body, NewKey)
    ends = asked.pop("expires_at", None)
    wanted = KeyRequest(
        **asked,
        expires_at=None if ends is None else clock.to_ms(ends),
        rate_most=caller.allowance.rate,  # or who is limited would make a key that is not
    )
    text = make_key()
    add = partial(control.add_key, caller.tenant_id, wanted, text)
    key = control.repeats.once(caller.tenant_id, once, Key, add)
    return key, text if key.is_of(text) else None
