"""The watch sees every request: it gives it an id, and tells and logs what came of it."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from server.logs import REQUEST_ID, REQUESTS, about, new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

    Note: TypeAlias = Callable[[str | None, str, int | None, int], None]

SLOW_NS: Final = 1_000_000_000
"""A request that takes longer is logged as a warning, unless its answer is a stream."""

OTHER: Final = "other"
"""The method of a request whose method HTTP does not define."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")

_log = logging.getLogger(REQUESTS)


class Watch:
    """What stands between the network and an app."""

    def __init__(self, monotonic: Callable[[], int], note: Note) -> None:
        """Take a clock, and who is told of requests.

        Args:
            monotonic: returns ns since whenever.
            note: called when a request was answered, or cannot be, with its route as a template
                (None = there is none), its method, its status (None = nothing was sent), and how
                long it took to the last byte of the answer, ns.
        """
        self._monotonic = monotonic
        self._note = note

    async def answer(self, scope: HTTPScope, receive: Receive, send: Send, app: ASGIApp) -> None:
        """Let an app answer a request, and tell and log it."""
        began = self._monotonic()
        is_stream = False
        status: int | None = None
        size = 0
        failure: BaseException | None = None
        request_id = id_of(scope)
        named = (b"x-request-id", request_id.encode())

        async def sent(message: Message) -> None:
            nonlocal is_stream, status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], named]
            elif message["type"] == "http.response.body":
                size += len(message["body"])
                is_stream = is_stream or message["more_body"]
            await send(message)

        mark = REQUEST_ID.set(request_id)
        try:
            await app(scope, receive, sent)
        except Exception as error:
            failure = error
            raise
        finally:
            took = self._monotonic() - began
            self._note(scope.get("path_template"), method_of(scope), status, took)
            level = _level(status, failure, is_slow=took > SLOW_NS and not is_stream)
            if _log.isEnabledFor(level):
                _log_request(level, scope, status, took, size, failure)
            REQUEST_ID.reset(mark)


def id_of(scope: HTTPScope) -> str:
    """Return the id that a request has, where it is well-formed, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode() if _ID.fullmatch(value) else new_id()
    return new_id()


def method_of(scope: HTTPScope) -> str:
    """Return a request's method; of those that HTTP does not define there is no end."""
    return scope["method"] if scope["method"] in _METHODS else OTHER


def _level(status: int | None, failure: BaseException | None, *, is_slow: bool) -> int:
    if failure is not None or status == 500:
        return logging.ERROR
    if is_slow or (status is not None and status > 500):
        return logging.WARNING
    return logging.INFO


def _log_request(  # noqa: PLR0913, PLR0917 - what there is to say of one
    level: int,
    scope: HTTPScope,
    status: int | None,
    took_ns: int,
    size: int,
    failure: BaseException | None,
) -> None:
    """Log a request; its route is the template, as its path may name a person."""
    state = scope.get("state", {})
    caller = state.get("caller")
    failure = failure or state.get("failure")
    error = None if failure is None else (type(failure), failure, failure.__traceback__)
    record = logging.LogRecord(_log.name, level, __file__, 0, "request", None, error)
    record.__dict__ |= about(
        tenant=None if caller is None else caller.tenant_id,
        key=None if caller is None else caller.key_id,
        method=method_of(scope),
        route=scope.get("path_template") or None,
        status=status,
        took_ms=took_ns // 1_000 / 1_000,
        bytes=size,
    )
    _log.handle(record)
