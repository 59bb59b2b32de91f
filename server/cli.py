"""``bitseg serve`` loads contacts and events and answers over HTTP until it is stopped."""

from __future__ import annotations

import json
import os
import shlex
import socket
from typing import Any

import click
import uvicorn

from bitseg import examples
from bitseg.cli import Sources, open_engine, source_options
from bitseg.warmup import warm_up
from server.app import create_app
from server.auth import is_key, make_key
from server.settings import Settings

_SHOWN = "highly-engaged"


@click.command()
@source_options
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="BITSEG_HOST",
    help="The address to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    envvar="BITSEG_PORT",
    help="The port to listen on; 0 takes a free one.",
)
def serve(sources: Sources, host: str, port: int) -> None:
    """Answer previews over HTTP: docs/http.md. The key is BITSEG_KEY, or made and printed."""
    given = os.environ.get("BITSEG_KEY")
    if given is not None and not is_key(given):
        raise click.UsageError(
            "Expected BITSEG_KEY to be a key as bitseg makes them; unset it and one is printed."
        )
    settings = Settings(given or make_key(), host, port)
    click.echo("Loading; the first start after an installation also compiles.", err=True)
    engine = open_engine(sources).engine
    warm_up()
    engine.preview(_body()["rules"], breakdown=True)  # what is announced is then quick as well
    config = uvicorn.Config(
        create_app(engine, settings),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
    )
    listening = config.bind_socket()
    listening.listen(config.backlog)  # who asks from now on waits, and is not refused
    _announce(_url(listening), None if given else settings.key)
    uvicorn.Server(config).run(sockets=[listening])


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
    body = shlex.quote(json.dumps(_body()))
    click.echo(
        f'curl -s {url}/api/segments/preview -H "Authorization: Bearer {made or "$BITSEG_KEY"}" '
        f'-H "Content-Type: application/json" -d {body}\n'
    )
