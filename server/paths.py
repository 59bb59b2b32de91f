"""Paths are matched as they were sent, so that ``%2F`` stays a part of an id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import unquote

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import (
    ASGIApp,
    HTTPScope,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Receive,
    Scope,
    Send,
)

Watching: TypeAlias = Callable[[HTTPScope, Receive, Send, ASGIApp], Awaitable[None]]
"""Lets an app answer a request."""


class App(Litestar):
    """An app that sees each path percent-encoded, as the client sent it.

    Attributes:
        watching: lets it answer each request; None = nobody does.
    """

    watching: Watching | None = None

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Answer a request."""
        raw = scope.get("raw_path")
        if isinstance(raw, bytes):
            scope["path"] = raw.partition(b"?")[0].decode("latin-1")  # type: ignore[typeddict-unknown-key] # only requests have it
        if scope["type"] != ScopeType.HTTP or self.watching is None:
            await super().__call__(scope, receive, send)
        else:
            await self.watching(scope, receive, send, super().__call__)  # type: ignore[arg-type] # only of requests


def id_of(segment: str) -> str:
    """Return the id that one segment of a path names.

    Raises:
        ClientException: it is not UTF-8 (400).
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise ClientException("Expected an id in UTF-8 in the path.") from None
