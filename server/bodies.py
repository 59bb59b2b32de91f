"""A body on its way takes memory: so many bytes of all requests together, and for so long."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from litestar import Request
from litestar.exceptions import HTTPException, ServiceUnavailableException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from server.leases import hold

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL: Final = 65_536
"""Bytes of a body that is not counted: a connection keeps as many anyhow."""


class Bodies:
    """The bodies of all requests that are held in memory; for one thread.

    Attributes:
        held: bytes of them, as announced.
        seconds: for how long one may be on its way.
    """

    def __init__(self, most: int, one_most: int, seconds: float) -> None:
        """Take how many bytes all may have, and one, and for how long one may be on its way."""
        self.held = 0
        self.seconds = seconds
        self._most = most
        self._one_most = one_most

    @contextmanager
    def holding(self, announced: int | None) -> Iterator[None]:
        """Count a body for the length of the block; one of unknown length as the largest.

        Raises:
            RequestEntityTooLarge: it is larger than one may be.
            ServiceUnavailableException: there are too many bytes of others.
        """
        size = self._one_most if announced is None else announced
        if size > self._one_most:
            raise RequestEntityTooLarge
        if size > SMALL and self.held + size > self._most:
            raise ServiceUnavailableException(
                "Too much is being sent at once; send it again.", headers={"Retry-After": "1"}
            )
        self.held += size
        try:
            yield
        finally:
            self.held -= size


class BoundedRequest(Request[Any, Any, Any]):
    """A request whose body is read within limits."""

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            HTTPException: it is packed (415), or too long on its way (408).
            RequestEntityTooLarge: it is too large.
            ServiceUnavailableException: there are too many bytes of others.
        """
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise HTTPException(
                status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                detail="Expected a body that is not packed.",
                headers={"Accept-Encoding": "identity"},
            )
        bodies: Bodies = self.app.state.bodies
        hold(self, bodies.holding(self._announced()))
        try:
            async with asyncio.timeout(bodies.seconds):
                return await super().body()
        except TimeoutError:
            raise HTTPException(
                status_code=HTTPStatus.REQUEST_TIMEOUT,
                detail=f"Expected the whole body within {bodies.seconds:g} seconds.",
                headers={"Connection": "close"},
            ) from None

    def _announced(self) -> int | None:
        said = self.headers.get("content-length")
        if said is None:
            return None if "transfer-encoding" in self.headers else 0
        return int(said) if said.isascii() and said.isdigit() else None
