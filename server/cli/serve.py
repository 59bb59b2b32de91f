"""``bitseg serve`` answers over HTTP until it is stopped; it reads its data beside that."""

from __future__ import annotations

import asyncio
import json
import logging
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any, Final, Protocol

import click
import msgspec
import uvicorn
from litestar import Litestar

import bitseg
from bitseg import Engine, StoreError, clock, examples
from bitseg.cli import FILE_OPTIONS, Sources, Sync, Told, open_engine
from bitseg.warmup import warm_up
from server.app import create_app
from server.cli.configuration import settings_options, told_of_secrets
from server.cli.data import CONTROL, IMPORTS, open_control
from server.cli.together import check
from server.control import Control
from server.control.holding import Hold
from server.keys import make_key
from server.logs import logging_to
from server.memory import MemoryLimits
from server.patience import Connection, disconnect_late
from server.settings import MIB, Settings
from server.starting import Starting, StoppedError
from server.streams import Streams
from server.tenants import Tenants

LOADER: Final = "bitseg-loader"
DRAIN_SECONDS: Final = 5
"""How long requests that are being answered may take when the server is stopped."""
LAST_SECONDS: Final = 1
"""How long those may still take that did not end by then, before they are broken off."""
STOP_SECONDS: Final = 3
"""How long loading may take to notice that the server is stopped."""

MINUTE_MS: Final = 60_000

_SHOWN = "highly-engaged"

_log = logging.getLogger("bitseg.server")


class Served(Protocol):
    """What is closed when the server ends."""

    def stop(self) -> None:
        """Begin nothing more."""

    def close(self) -> None:
        """Close everything."""


@click.command(epilog=told_of_secrets())
@settings_options
def command(settings: Settings, **files: Any) -> None:
    """Answer over HTTP: docs/http.md. The key is BITSEG_KEY, or made and printed.

    With --data, it serves the tenants of a directory, by keys that `bitseg key` made.

    It is live at once, and ready when everything is loaded. Exit status 0 when it was stopped, 1
    when its data could not be loaded.
    """
    sources = Sources(db=settings.db, timezone=settings.timezone, **files)
    check(settings, sources)
    if settings.data is not None:
        _serve_tenants(settings.data, settings)
        return
    made = settings.key is None
    if made:
        settings = msgspec.structs.replace(settings, key=make_key())
    if settings.db is not None and not settings.db.exists():
        click.echo(f"There is no {settings.db} yet; it is made.", err=True)
    starting = Starting()
    _run(
        create_app(starting, settings),
        settings,
        starting,
        partial(_load, starting, sources, settings.sync, settings.memory_limits),
        lambda url: _announce(url, settings.key if made else None),
    )
    if starting.failure is not None:
        raise starting.failure


for _option in FILE_OPTIONS:
    command = _option(command)


def _serve_tenants(data: Path, settings: Settings) -> None:
    """Serve a data directory, which no other server may have."""
    failures: list[Exception] = []
    settings = msgspec.structs.replace(settings, imports=settings.imports or data / IMPORTS)
    with open_control(data) as control, ExitStack() as held:
        held.callback(Hold(data / CONTROL).release)
        tenants = Tenants(
            data,
            settings.tenants_memory * MIB,
            settings.tenants_idle * MINUTE_MS,
            clock.system_now,
            partial(_open_tenant, control, settings.sync),
            settings.memory_limits,
        )
        held.callback(tenants.close)
        _run(
            create_app(tenants, settings, control),
            settings,
            tenants,
            partial(_warm, tenants, failures),
            partial(_announce_tenants, data),
        )
    if failures:
        raise failures[0]


def _open_tenant(control: Control, sync: Sync, path: Path, told: Told) -> Engine:
    """Open a tenant's file, and note that the segments in it are the tenant's."""
    engine = bitseg.open(path, sync=sync, progress=told)
    try:
        control.adopt_segments(engine.segments, path.stem)
    except StoreError:
        engine.close()
        raise
    return engine


def _run(
    app: Litestar,
    settings: Settings,
    served: Served,
    load: Callable[[Callable[[], None], Callable[[], None]], None],
    announce: Callable[[str], None],
) -> None:
    """Listen until the process is told to end.

    Args:
        app: answers.
        settings: say where to listen.
        served: closed in the end.
        load: a thread's work: called with how to announce the server, and how to give up.
        announce: called with the address.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=Connection,
        log_config=None,
        log_level="warning",
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=LAST_SECONDS,
    )
    listening = listen(config)
    url = _url(listening)
    server = _Server(config, settings.client_seconds, app.state.streams, served.stop)
    loader = Thread(
        target=load, args=(partial(announce, url), server.stop), name=LOADER, daemon=True
    )
    said = settings.log_format, settings.log_level
    with (
        logging_to(sys.stderr, *said, requests=settings.log_requests),
        _signals_to(server),
        _closing(served, loader),
    ):
        _log.info(
            "Listening at %s and loading; the first start after an installation also compiles.", url
        )
        server.run(sockets=[listening])


def listen(config: uvicorn.Config) -> socket.socket:
    """Return a socket that listens: who asks from now on waits, and is not refused.

    Connections do not hold back small parts (``TCP_NODELAY``): the second part of an answer would
    wait some 40 ms for its client to acknowledge the first. asyncio sees to that only for sockets
    that were made with a protocol, which uvicorn's are not.
    """
    listening = config.bind_socket()
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.listen(config.backlog)
    return listening


class _Server(uvicorn.Server):
    """A server that ends in order when a signal says so, and lets whoever ran it go on."""

    def __init__(
        self,
        config: uvicorn.Config,
        client_seconds: float,
        streams: Streams,
        refuse: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what to serve, and how it ends.

        Args:
            config: what to serve.
            client_seconds: how long a client may let it wait.
            streams: what would never end.
            refuse: called when it begins to end: from then on what is new is refused.
        """
        super().__init__(config)
        self._client_seconds = client_seconds
        self._streams = streams
        self._refuse = refuse
        self._is_stopping = False
        self._drained_by: float | None = None

    async def on_tick(self, counter: int) -> bool:
        """Do what is done ten times a second; disconnect clients that let it wait too long."""
        now = asyncio.get_running_loop().time()
        disconnect_late(self.server_state.connections, now - self._client_seconds)
        if self._is_stopping:
            self._drain(now)
        return await super().on_tick(counter)

    def _drain(self, now: float) -> None:
        """Let what runs end, and nothing begin, before no connection is taken any more."""
        if self._drained_by is None:
            self._drained_by = now + DRAIN_SECONDS
            self._refuse()
            self._streams.stop()
        if not self.server_state.tasks or now >= self._drained_by:
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, and then wait for what is answered."""
        self._streams.stop()
        await super().shutdown(sockets)

    def stop(self) -> None:
        """Refuse what is new, answer what came before, and end."""
        self._is_stopping = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at the second Ctrl-C, at once."""
        del frame
        if self._is_stopping and sig == signal.SIGINT:
            self.force_exit = self.should_exit = True
        self.stop()


@contextmanager
def _signals_to(server: _Server) -> Iterator[None]:
    """Let signals end the server before it runs, too, and end nothing while its data close."""
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, server.handle_exit) for one in wanted}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _closing(served: Served, loader: Thread) -> Iterator[None]:
    """Load beside the block; behind it, end loading and close what was loaded."""
    loader.start()
    try:
        yield
    finally:
        served.stop()
        loader.join(STOP_SECONDS)
        served.close()


def _load(  # noqa: PLR0913, PLR0917 - what there is to load, and who hears of it
    starting: Starting,
    sources: Sources,
    sync: Sync,
    memory: MemoryLimits,
    announce: Callable[[], None],
    give_up: Callable[[], None],
) -> None:
    """Load everything and make its answers quick; a thread's work."""
    try:
        engine = open_engine(sources, sync, starting.tell).engine
        starting.loaded(engine)
        warm_up()
        engine.preview(_body()["rules"], breakdown=True)  # what is announced is then quick as well
        engine.memory_budget = memory.room(0)
    except StoppedError:
        return
    except Exception as error:  # noqa: BLE001 - it is raised where the server was started
        starting.fail(error)
        give_up()
    else:
        starting.ready()
        announce()


def _warm(
    tenants: Tenants,
    failures: list[Exception],
    announce: Callable[[], None],
    give_up: Callable[[], None],
) -> None:
    """Make answers quick, whoever asks first; a thread's work."""
    try:
        warm_up()
    except Exception as error:  # noqa: BLE001 - it is raised where the server was started
        failures.append(error)
        give_up()
    else:
        tenants.ready()
        announce()


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _body() -> dict[str, Any]:
    rules = next(example.rules for example in examples.segments() if example.id == _SHOWN)
    return {"rules": rules, "breakdown": True}


def _announce(url: str, made: str | None) -> None:
    if made is None:
        click.echo(f"bitseg answers at {url}; its key is in BITSEG_KEY. Try:\n")
    else:
        click.echo(f"bitseg answers at {url}; its key, shown this once: {made}\nTry:\n")
    _show_call(url, made or "$BITSEG_KEY")


def _announce_tenants(data: Path, url: str) -> None:
    click.echo(f"bitseg answers at {url} for the tenants of {data}, by keys of theirs. Try:\n")
    _show_call(url, "$KEY")


def _show_call(url: str, key: str) -> None:
    body = shlex.quote(json.dumps(_body()))
    click.echo(
        f'curl -s {url}/api/segments/preview -H "Authorization: Bearer {key}" '
        f'-H "Content-Type: application/json" -d {body}\n'
    )
