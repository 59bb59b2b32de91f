"""Options of ``bitseg serve`` that say who is let in, and how many tenants are kept open."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import msgspec

from bitseg.cli import Sources
from server.cli.data import optional_data_option
from server.issuer import KINDS, Algorithm
from server.tokens import TokenSettings

Command = TypeVar("Command", bound=Callable[..., Any])

MIB = 2**20
MINUTE_MS = 60_000


class Several(msgspec.Struct, frozen=True):
    """How a server of several tenants runs.

    Attributes:
        data: the data directory; None = it serves one tenant.
        tenants_memory: MiB that open tenants may hold together.
        tenants_idle: minutes after which an unused one is closed.
    """

    data: Path | None
    tenants_memory: int
    tenants_idle: int

    def check(self, sources: Sources, key: str | None) -> None:
        """Refuse what does not go together.

        Raises:
            click.UsageError: says what does not.
        """
        if self.data is None:
            sources.check()
            return
        if sources.db or sources.contacts or sources.events or sources.demo or sources.timezone:
            raise click.UsageError("Give --data or a source of one tenant's data, not both.")
        if key is not None:
            raise click.UsageError(
                "BITSEG_KEY is the key of a process with one tenant; with --data, `bitseg key` "
                "makes keys."
            )


def several_options(command: Command) -> Command:
    """Give a command the options of several tenants; it is called with ``several``."""

    @wraps(command)
    def called(**given: Any) -> Any:
        several = Several(**{name: given.pop(name) for name in Several.__struct_fields__})
        return command(several=several, **given)

    for option in (
        click.option(
            "--tenants-idle",
            type=click.IntRange(min=1),
            default=30,
            show_default=True,
            envvar="BITSEG_TENANTS_IDLE",
            help="With --data: close a tenant that was not used for so many minutes.",
        ),
        click.option(
            "--tenants-memory",
            type=click.IntRange(min=1),
            default=4_096,
            show_default=True,
            envvar="BITSEG_TENANTS_MEMORY",
            help="With --data: MiB that open tenants may hold together; beyond it, those that "
            "nobody uses are closed.",
        ),
        optional_data_option,
    ):
        called = option(called)
    return cast("Command", called)


def token_options(command: Command) -> Command:
    """Give a command the options of an issuer; it is called with ``tokens``, or None."""

    @wraps(command)
    def called(
        jwks: str | None,
        jwt_algorithms: str,
        jwt_issuer: str | None,
        jwt_audience: str | None,
        **given: Any,
    ) -> Any:
        if jwks is None and (jwt_issuer or jwt_audience):
            raise click.UsageError("--jwt-issuer and --jwt-audience go with --jwks.")
        tokens = None
        if jwks is not None:
            names = tuple(name.strip() for name in jwt_algorithms.split(","))
            tokens = TokenSettings(
                jwks, cast("tuple[Algorithm, ...]", names), jwt_issuer, jwt_audience
            )
        return command(tokens=tokens, **given)

    for option in (
        click.option(
            "--jwt-audience", envvar="BITSEG_JWT_AUDIENCE", help="What a token's aud has to hold."
        ),
        click.option(
            "--jwt-issuer", envvar="BITSEG_JWT_ISSUER", help="What a token's iss has to be."
        ),
        click.option(
            "--jwt-algorithms",
            default="RS256,ES256",
            show_default=True,
            envvar="BITSEG_JWT_ALGORITHMS",
            help=f"Which may sign tokens: of {', '.join(KINDS)}.",
        ),
        click.option(
            "--jwks",
            metavar="FILE|URL",
            envvar="BITSEG_JWKS",
            help="Take tokens (JWT) as well: the keys of their issuer, as a JWKS.",
        ),
    ):
        called = option(called)
    return cast("Command", called)
