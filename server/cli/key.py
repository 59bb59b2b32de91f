"""``bitseg key`` makes, lists and takes back keys, beside the server that serves the directory."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from bitseg import Fault, FieldError, clock
from bitseg.cli import Instant, show_json, show_table
from server.cli.data import data_option, json_option, open_control, show_moment
from server.control import RATE_MOST, SCOPES, KeyRequest, Scope
from server.schemas.keys import show, show_made

_tenant = click.argument("tenant_id", metavar="TENANT")


@click.group()
def command() -> None:
    """Make, list and take back keys; a server of the directory notices at once."""


@command.command()
@_tenant
@data_option
@click.option("--scope", type=click.Choice(SCOPES), required=True, help="What it may do.")
@click.option("--name", default="key", show_default=True, help="For people.")
@click.option("--expires", type=Instant(), help="From then on it opens nothing.")
@click.option("--replaces", metavar="ID", help="The id of the key that it comes after.")
@click.option(
    "--for-days",
    type=click.IntRange(0, 7),
    default=0,
    show_default=True,
    help="How long that one goes on.",
)
@click.option(
    "--rate",
    type=click.IntRange(1, RATE_MOST),
    help="Calls a second that it is good for; without, as the server has it.",
)
@json_option
def create(  # noqa: PLR0913, PLR0917 - one argument for each option
    tenant_id: str,
    data: Path,
    scope: Scope,
    name: str,
    expires: datetime | None,
    replaces: str | None,
    for_days: int,
    rate: int | None,
    *,
    as_json: bool,
) -> None:
    """Make a key of TENANT and print it, this once."""
    ends = None if expires is None else clock.to_ms(expires)
    with open_control(data) as control:
        wanted = KeyRequest(name, scope, ends, replaces, for_days, rate)
        key, text = control.create_key(tenant_id, wanted)
    if as_json:
        show_json(show_made(key, text))
        return
    click.echo(f"Key {key.id} of {tenant_id}, shown this once: {text}")


@command.command("list")
@_tenant
@data_option
@json_option
def list_keys(tenant_id: str, data: Path, *, as_json: bool) -> None:
    """List the keys of TENANT, the oldest first, also those that open nothing any more."""
    with open_control(data) as control:
        control.there(tenant_id)
        keys = control.keys(tenant_id)
    if as_json:
        show_json({"items": [show(key) for key in keys], "total": len(keys)})
        return
    instants = ("created_at", "last_used_at", "expires_at", "revoked_at")
    rows = [
        (
            key.id,
            key.name,
            key.scope,
            key.prefix,
            *(show_moment(getattr(key, at)) for at in instants),
        )
        for key in keys
    ]
    show_table(f"Keys of {tenant_id}", ("id", "name", "scope", "prefix", *instants), rows)


@command.command()
@_tenant
@click.argument("key_id", metavar="ID")
@data_option
@json_option
def revoke(tenant_id: str, key_id: str, data: Path, *, as_json: bool) -> None:
    """Take the key ID of TENANT back: it opens nothing from then on."""
    with open_control(data) as control:
        control.there(tenant_id)
        key = control.revoke_key(tenant_id, key_id)
    if key is None:
        message = f"No key of {tenant_id} has the id {key_id!r}; `bitseg key list` has them."
        raise FieldError(Fault("id", message, code="unknown_key"))
    if as_json:
        show_json(show(key))
    else:
        click.echo(f"Key {key.id} opens nothing any more.")
