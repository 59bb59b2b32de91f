"""Serving is an app behind a socket, and a reader of its streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic
from typing import Any

import httpx
import uvicorn
from litestar import Litestar

from server.cli.serve import _Server, listen
from server.patience import Connection

LONG_S = 60.0


class Serving:
    """An app that listens.

    Attributes:
        url: where.
        address: likewise.
    """

    def __init__(self, app: Litestar, client_seconds: float) -> None:
        config = uvicorn.Config(
            app,
            port=0,
            log_config=None,  # which would hold for every test behind
            timeout_graceful_shutdown=5,
            http=Connection,
        )
        self._listening = listen(config)
        self.address = self._listening.getsockname()[:2]
        self.url = f"http://{self.address[0]}:{self.address[1]}"
        self._server = _Server(config, client_seconds, app.state.streams)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._listening]})
        self._thread.start()

    def stop(self) -> None:
        """Let it end."""
        self._server.stop()

    def ended(self) -> bool:
        """Wait for the end; return whether it came."""
        self._thread.join(LONG_S)
        return not self._thread.is_alive()


@contextmanager
def serving(app: Litestar, client_seconds: float = LONG_S) -> Iterator[Serving]:
    """Serve an app for the length of the block."""
    served = Serving(app, client_seconds)
    try:
        yield served
    finally:
        served.stop()
        assert served.ended()


class Stream:
    """What a stream told so far, and how to go on."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> dict[str, Any]:
        """Return the next event: ``id``, ``event`` and ``data`` as far as they are there."""
        event: dict[str, Any] = {}
        ends_at = monotonic() + LONG_S
        for line in self._lines:
            assert monotonic() < ends_at, "there are heartbeats, and no event"
            name, _, value = line.partition(": ")
            if line == "" and event:
                return event
            if name in {"id", "event", "data"}:
                event[name] = json.loads(value) if name == "data" else value
        return {"event": "closed"}

    def seqs(self, count: int) -> list[int]:
        """Return the numbers of the next so many changes."""
        return [int(self.next()["id"]) for _ in range(count)]


@contextmanager
def stream(
    url: str, key: str, segment: str, *, last: str | None = None, **parameters: Any
) -> Iterator[Stream]:
    """Follow a segment for the length of the block."""
    headers = {"Authorization": f"Bearer {key}"}
    if last is not None:
        headers["Last-Event-ID"] = last
    path = f"{url}/api/segments/{segment}/live"
    with (
        httpx.Client(timeout=LONG_S) as client,
        client.stream("GET", path, headers=headers, params=parameters) as response,
    ):
        yield Stream(response)
