"""Options of ``bitseg serve`` that say how much anybody may use of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar, cast, get_args

import click

from server.cli.options import MIB
from server.logs import Format, Level
from server.memory import SHARE, MemoryLimits, process_default
from server.settings import (
    BODIES_MOST,
    CLIENT_SECONDS,
    EVALUATION_SECONDS,
    EVALUATIONS_AT_ONCE,
    HEARTBEAT_SECONDS,
    RATE,
    STREAMS,
    STREAMS_A_KEY,
)

Command = TypeVar("Command", bound=Callable[..., Any])

_MIB: Final = click.IntRange(min=1)
_SECONDS: Final = click.FloatRange(min=0, min_open=True)


def limit_options(command: Command) -> Command:
    """Give a command the options of limits; it is called with ``limits``, settings by name."""

    @wraps(command)
    def called(memory: int | None, tenant_memory: int | None, **given: Any) -> Any:
        process = process_default() if memory is None else memory * MIB
        tenant = None if tenant_memory is None else tenant_memory * MIB
        limits = {name: given.pop(name) for name in _NAMES}
        limits["bodies_most"] = given.pop("bodies_memory") * MIB
        return command(limits={"memory": MemoryLimits(process, tenant), **limits}, **given)

    for option in _OPTIONS:
        called = option(called)
    return cast("Command", called)


_NAMES: Final = (
    "rate",
    "evaluation_seconds",
    "evaluations_at_once",
    "client_seconds",
    "heartbeat_seconds",
    "streams",
    "streams_a_key",
    "webhooks_http",
    "webhooks_private",
    "log_format",
    "log_level",
    "log_requests",
)

_OPTIONS: Final = (
    click.option(
        "--webhooks-private",
        is_flag=True,
        envvar="BITSEG_WEBHOOKS_PRIVATE",
        help="Let webhooks be at addresses that are not public, inside of this network.",
    ),
    click.option(
        "--webhooks-http",
        is_flag=True,
        envvar="BITSEG_WEBHOOKS_HTTP",
        help="Let webhooks be told without TLS.",
    ),
    click.option(
        "--streams-a-key",
        type=click.IntRange(min=1),
        default=STREAMS_A_KEY,
        show_default=True,
        envvar="BITSEG_STREAMS_A_KEY",
        help="Streams of changes that a key may have at once.",
    ),
    click.option(
        "--streams",
        type=click.IntRange(min=1),
        default=STREAMS,
        show_default=True,
        envvar="BITSEG_STREAMS",
        help="Streams of changes that are open at once.",
    ),
    click.option(
        "--heartbeat-seconds",
        type=_SECONDS,
        default=HEARTBEAT_SECONDS,
        show_default=True,
        envvar="BITSEG_HEARTBEAT_SECONDS",
        help="How often a stream shows that it is there, and its key is looked at again.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(get_args(Format)),
        default="auto",
        show_default=True,
        envvar="BITSEG_LOG_FORMAT",
        help="How logs are written: auto = text on a terminal, and JSON elsewhere.",
    ),
    click.option(
        "--log-level",
        type=click.Choice(get_args(Level)),
        default="info",
        show_default=True,
        envvar="BITSEG_LOG_LEVEL",
        help="From which level on there are logs.",
    ),
    click.option(
        "--log-requests/--no-log-requests",
        default=True,
        show_default=True,
        envvar="BITSEG_LOG_REQUESTS",
        help="Log each request, or only those that fail or are slow.",
    ),
    click.option(
        "--client-seconds",
        type=_SECONDS,
        default=CLIENT_SECONDS,
        show_default=True,
        envvar="BITSEG_CLIENT_SECONDS",
        help="So long a client may be silent, not read, or take to send a JSON body.",
    ),
    click.option(
        "--bodies-memory",
        type=_MIB,
        default=BODIES_MOST // MIB,
        show_default=True,
        envvar="BITSEG_BODIES_MEMORY",
        help="MiB of JSON bodies of all requests at once.",
    ),
    click.option(
        "--evaluations-at-once",
        type=click.IntRange(min=1),
        default=EVALUATIONS_AT_ONCE,
        show_default=True,
        envvar="BITSEG_EVALUATIONS_AT_ONCE",
        help="So many questions at a time may have something built for them.",
    ),
    click.option(
        "--evaluation-seconds",
        type=_SECONDS,
        default=EVALUATION_SECONDS,
        show_default=True,
        envvar="BITSEG_EVALUATION_SECONDS",
        help="So long a question may take, and wait for its turn before that.",
    ),
    click.option(
        "--rate",
        type=click.IntRange(min=1),
        default=RATE,
        show_default=True,
        envvar="BITSEG_RATE",
        help="Calls a second of a key that has no rate of its own.",
    ),
    click.option(
        "--tenant-memory",
        type=_MIB,
        envvar="BITSEG_TENANT_MEMORY",
        help="MiB that one tenant's data, and what questions build of them, may take.",
    ),
    click.option(
        "--memory",
        type=_MIB,
        envvar="BITSEG_MEMORY",
        help="MiB that those of all tenants together may take; writes and questions that would "
        f"pass it are refused. Without, {SHARE:.0%} of the memory that is there.",
    ),
)
