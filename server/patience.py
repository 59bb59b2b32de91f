"""Patience with clients has an end: who neither asks nor reads for so long is disconnected.

Nothing is done for it while a request is answered but to note the time; once a second all
connections are looked at.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.errors import Problem
from server.logs import REQUESTS, about, new_id

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

HEAD_MOST: Final = 16 * 1_024
"""Bytes of a request's line and headers together."""

_log = logging.getLogger(REQUESTS)

_INVALID: Final = "Invalid HTTP request received."


class InvalidHeadError(Exception):
    """A request's line and headers are not as they may be; ends the reading of it."""


class Connection(HttpToolsProtocol):
    """A connection that knows since when it waits for its client.

    Attributes:
        asking_since: since when the head of a request is on its way; None = none is.
        stuck_since: since when what was sent is not read; None = it is.
        heard_at: when anything last came of a body; None = none is awaited.
    """

    asking_since: float | None = None
    stuck_since: float | None = None
    heard_at: float | None = None
    _head_bytes = 0
    _is_in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.asking_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)  # httptools reads heads without end
            if self._head_bytes > HEAD_MOST and not self.transport.is_closing():
                self.send_400_response(_INVALID)
        now = self.loop.time()
        if self._is_asked:
            self.asking_since = None
            self.heard_at = now if self.cycle.more_body else None
        elif self.asking_since is None and not self.transport.is_closing():
            self.asking_since = now

    def on_message_begin(self) -> None:
        """Hear that a request begins."""
        self._is_in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hear that its line and headers are there.

        Raises:
            InvalidHeadError: they are too long, or name no host or several (RFC 9112, 3.2).
        """
        self._is_in_head = False
        headers = sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)
        hosts = sum(name == b"host" for name, _ in self.headers)
        if len(self.url) + headers > HEAD_MOST or hosts > 1:
            raise InvalidHeadError
        if hosts == 0 and self.parser.get_http_version() == "1.1":
            raise InvalidHeadError
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, as long as keeping alive allows."""
        super().on_response_complete()
        self.heard_at = None

    def pause_writing(self) -> None:
        """Note that the client reads slower than it is sent to."""
        super().pause_writing()
        self.stuck_since = self.loop.time()

    def resume_writing(self) -> None:
        """Note that it reads."""
        super().resume_writing()
        self.stuck_since = None

    def is_late(self, before: float) -> bool:
        """Return whether its client was last heard of before an instant, and is waited for."""
        asking, stuck, heard = self.asking_since, self.stuck_since, self.heard_at
        if heard is not None and self.flow.read_paused:
            heard = self.heard_at = self.loop.time()  # it is this side that waits
        return any(at is not None and at < before for at in (asking, stuck, heard))

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has too long a head, with a problem."""
        request_id = new_id()
        problem = Problem(
            HTTPStatus.BAD_REQUEST.phrase, HTTPStatus.BAD_REQUEST, msg, request_id=request_id
        )
        _log.info("no request", extra=about(request_id=request_id, status=problem.status))
        body = msgspec.json.encode(problem)
        head = (
            f"HTTP/1.1 {problem.status} {problem.title}\r\n"
            "content-type: application/problem+json\r\n"
            f"x-request-id: {request_id}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    @property
    def _is_asked(self) -> bool:
        cycle = cast("Any", self.cycle)
        return cycle is not None and not cycle.response_complete


def disconnect_late(connections: Iterable[Any], before: float) -> None:
    """Disconnect whose clients were last heard of before an instant, of the loop's clock."""
    for connection in list(connections):
        if isinstance(connection, Connection) and connection.is_late(before):
            connection.transport.abort()
