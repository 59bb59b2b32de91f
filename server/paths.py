"""Paths are matched as they were sent, so that ``%2F`` stays a part of an id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic_ns
from typing import Any, TypeAlias
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
    """An app that sees each path percent-encoded, as the client sent it, and tells of requests.

    Attributes:
        watching: lets it answer each request; None = nobody does.
    """

    watching: Watching | None = None
    _note: Callable[[Any, int], None] | None = None
    _now: Callable[[], int] = staticmethod(monotonic_ns)

    def tell_of_requests(
        self, note: Callable[[Any, int], None], now: Callable[[], int] = monotonic_ns
    ) -> None:
        """Let a request be noted when it was answered.

        Args:
            note: called with its scope and how long it took, ns, to the last byte of its answer.
            now: returns ns since whenever.
        """
        self._note, self._now = note, now

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
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
        elif self.watching is None:
            await self._answer(scope, receive, send)  # type: ignore[arg-type] # only of requests
        else:
            await self.watching(scope, receive, send, self._answer)  # type: ignore[arg-type] # likewise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        note = self._note
        if note is None:
            await super().__call__(scope, receive, send)
            return
        began = self._now()
        try:
            await super().__call__(scope, receive, send)
        finally:
            note(scope, self._now() - began)


def id_of(segment: str) -> str:
    """Return the id that one segment of a path names.

    Raises:
        ClientException: it is not UTF-8 (400).
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise ClientException("Expected an id in UTF-8 in the path.") from None
