"""Calling is a request to an ASGI app in this process, without a client's work around it.

A stream without end, as of server-sent events, is left after its first part, as a client does that
closes the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from litestar import Litestar

FIRST_PART_WITHIN: Final = 5.0
"""Seconds after which a stream that says nothing is left."""

ANSWER_WITHIN: Final = 300.0
"""Seconds after which an answer that does not come hangs; the first may wait for a compiler."""


class Answer(NamedTuple):
    """What an app answered.

    Attributes:
        status: the HTTP status.
        headers: values by lower-case name.
        body: all of it, or the first part of a stream without end.
    """

    status: int
    headers: dict[str, list[str]]
    body: bytes


class Caller:
    """Calls one app in a loop of its own, whose lifespan lasts as long as the block."""

    def __init__(self, app: Litestar) -> None:
        """Take the app."""
        self._app = app
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        """Begin the app's lifespan."""
        self._runner.run(self._begin())
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._runner.run(self._end())
        self._runner.close()

    async def _begin(self) -> None:
        """Let one task begin and end the lifespan, as cancel scopes ask for."""
        begun, self._over = asyncio.Event(), asyncio.Event()

        async def live() -> None:
            async with self._app.lifespan():
                begun.set()
                await self._over.wait()

        self._life = asyncio.ensure_future(live())
        await begun.wait()

    async def _end(self) -> None:
        self._over.set()
        await self._life

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Make a request and return the answer."""
        return self._runner.run(self._call(method, url, headers, body))

    async def _call(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        scope = _scope(method, parts.path, parts.query, headers, body)
        sent: list[Any] = []
        ended = asyncio.Event()
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if waiting:
                return waiting.pop()
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and (
                not message.get("more_body") or _is_endless(sent[0])
            ):
                ended.set()

        task = asyncio.ensure_future(self._app(scope, receive, send))
        done = await _first(task, ended, FIRST_PART_WITHIN)
        if not done and not (sent and _is_endless(sent[0])):
            done = await _first(task, ended, ANSWER_WITHIN)
            assert done, f"no answer to {method} {url} in {ANSWER_WITHIN} s"
        ended.set()
        await task
        heads = [one for one in sent if one["type"] == "http.response.start"]
        assert heads, f"no answer to {method} {url}"
        found: dict[str, list[str]] = {}
        for name, value in heads[0]["headers"]:
            found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        body = b"".join(one.get("body", b"") for one in sent[1:])
        return Answer(int(heads[0]["status"]), found, body)


async def _first(task: asyncio.Future[Any], ended: asyncio.Event, seconds: float) -> bool:
    """Wait until an answer is there, or the app has ended without one; return whether it has."""
    waiting = asyncio.ensure_future(ended.wait())
    done, _ = await asyncio.wait(
        {task, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    waiting.cancel()
    return bool(done)


def _is_endless(start: Any) -> bool:
    return any(
        name == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in start["headers"]
    )


def _scope(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Any:
    found = {name.lower(): value for name, value in headers.items()}
    found.setdefault("host", "testserver")
    if body:
        found["content-length"] = str(len(body))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in found.items()],
        "client": ("127.0.0.1", 5_000),
        "server": ("testserver", 80),
        "state": {},
        "extensions": {},
    }
