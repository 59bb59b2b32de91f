"""``bitseg tenant`` makes, lists and deletes the tenants of a data directory, beside its server."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree

import click

import bitseg
from bitseg import InUseError, clock
from bitseg.cli import show_json, show_table
from server.cli.data import (
    IMPORTS,
    data_option,
    json_option,
    make_control,
    open_control,
    show_moment,
)
from server.control import Control
from server.control.holding import Hold
from server.tenants import path_of


@click.group()
def command() -> None:
    """Make, list and delete tenants; a server of the directory notices at once."""


@command.command()
@click.argument("tenant_id", metavar="ID")
@data_option
@click.option("--name", help="For people; the id where there is none.")
@click.option("--timezone", help="An IANA name, as in Europe/Berlin.", default="UTC")
@json_option
def create(tenant_id: str, data: Path, name: str | None, timezone: str, *, as_json: bool) -> None:
    """Make the tenant ID (a-z, 0-9 and -, for good) and its file, or take a file that is there.

    A file of that name, tenants/ID.db in the directory, becomes the tenant's as it is.
    """
    with make_control(data) as control:
        control.check_free(tenant_id)
        path = path_of(data, tenant_id)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with bitseg.open(path, timezone=None if path.exists() else timezone) as engine:
            zone = engine.timezone
        tenant = control.create_tenant(tenant_id, name or tenant_id)
        control.note_timezone(tenant_id, zone)
    if as_json:
        show_json({"id": tenant.id, "name": tenant.name, "file": str(path)})
        return
    click.echo(f"Tenant {tenant.id} is there, in {path}. It needs a key: bitseg key create.")


@command.command("list")
@data_option
@json_option
def list_tenants(data: Path, *, as_json: bool) -> None:
    """List the tenants, the oldest first."""
    with open_control(data) as control:
        found = [
            (tenant.id, tenant.name, show_moment(tenant.created_at), _good_keys(control, tenant.id))
            for tenant in control.tenants()
        ]
    heads = ("id", "name", "created_at", "keys")
    if as_json:
        items = [dict(zip(heads, row, strict=True)) for row in found]
        show_json({"items": items, "total": len(items)})
        return
    show_table(f"Tenants of {data}", heads, found, numbers="keys")


@command.command()
@click.argument("tenant_id", metavar="ID")
@data_option
@click.option("--yes", is_flag=True, help="Do not ask for the id again.")
@json_option
def delete(tenant_id: str, data: Path, *, yes: bool, as_json: bool) -> None:
    """Delete the tenant ID for good: its keys, and all its data but for backups elsewhere.

    Its keys open nothing from then on. Files that a server still has open stay, which is exit
    status 1: run it again when the server has closed them.
    """
    with open_control(data) as control:
        files = sorted(path_of(data, tenant_id).parent.glob(f"{tenant_id}.db*"))
        if control.tenant(tenant_id) is not None or not files:
            control.there(tenant_id)
            if not yes:
                again = click.prompt(
                    f"This deletes all data of {tenant_id}. Its id again", err=True
                )
                if again != tenant_id:
                    raise click.UsageError("That is another id; nothing was deleted.")
            control.delete_tenant(tenant_id)
    _delete_files(path_of(data, tenant_id))
    if (imports := data / IMPORTS / tenant_id).is_dir():
        rmtree(imports)
    if as_json:
        show_json({"deleted": tenant_id})
    else:
        click.echo(f"Tenant {tenant_id} is deleted.")


def _good_keys(control: Control, tenant_id: str) -> int:
    now = clock.system_now()
    return sum(key.opens_at(now) for key in control.keys(tenant_id))


def _delete_files(path: Path) -> None:
    """Delete a tenant's file and what lies beside it.

    Raises:
        InUseError: a process has it open.
    """
    if not path.parent.is_dir():
        return
    try:
        hold = Hold(path)
    except InUseError as error:
        raise InUseError(f"The keys are void, and the files stay: {error}") from error
    try:
        for one in sorted(path.parent.glob(f"{path.name}*")):
            one.unlink()
    finally:
        hold.release()
