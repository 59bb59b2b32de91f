"""Paths are matched as they were sent, so that ``%2F`` stays a part of an id."""

from __future__ import annotations

from urllib.parse import unquote

from litestar import Litestar
from litestar.exceptions import ClientException
from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send


class App(Litestar):
    """An app that sees each path percent-encoded, as the client sent it."""

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
        await super().__call__(scope, receive, send)


def id_of(segment: str) -> str:
    """Return the id that one segment of a path names.

    Raises:
        ClientException: it is not UTF-8 (400).
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise ClientException("Expected an id in UTF-8 in the path.") from None
