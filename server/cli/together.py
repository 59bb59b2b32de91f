"""What goes together: settings and sources that were given to one server, seen as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import click

from bitseg.cli import Sources
from server.keys import is_key
from server.settings import Settings


def check(settings: Settings, sources: Sources) -> None:
    """Refuse what does not go together.

    Raises:
        click.UsageError: says all that does not.
    """
    faults = list(_faults(settings, sources))
    if faults:
        raise click.UsageError("\n".join(faults))
    if settings.data is None:
        sources.check()


def _faults(settings: Settings, sources: Sources) -> Iterator[str]:
    if settings.data is not None:
        if any((sources.db, sources.contacts, sources.events, sources.demo, sources.timezone)):
            yield "Give --data or a source of one tenant's data, not both."
        if settings.key is not None:
            yield (
                "BITSEG_KEY is the key of a process with one tenant; with --data, `bitseg key` "
                "makes keys."
            )
    elif settings.key is not None and not is_key(settings.key):
        yield "Expected BITSEG_KEY to be a key as bitseg makes them; unset it and one is printed."
    if settings.jwks is None and (settings.jwt_issuer or settings.jwt_audience):
        yield "--jwt-issuer and --jwt-audience go with --jwks."
