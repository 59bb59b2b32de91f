"""A database is the file in which a command's data stay, where it is given one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import click

import bitseg
from bitseg import Engine
from bitseg.cli.output import Told, progress

Sync: TypeAlias = Literal["full", "normal"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
DATABASE_VARIABLE = "BITSEG_DB"

database_argument = click.argument("database", metavar="DB", type=FILE)

sync_option = click.option(
    "--sync",
    type=click.Choice(["full", "normal"]),
    default="full",
    show_default=True,
    envvar="BITSEG_SYNC",
    help="With --db: what a write that was acknowledged survives; full is a power cut, as far as "
    "the disk keeps what it confirms, and normal the end of the process.",
)


def open_database(
    path: Path, *, timezone: str | None = None, sync: Sync = "full", told: Told | None = None
) -> Engine:
    """Return the engine of a file, with a bar while it is read; close it when done.

    Args:
        path: the file; it is made where there is none.
        timezone: the tenant's; None = what the file says, UTC in a new one.
        sync: as ``bitseg.open`` takes it.
        told: told of progress as the bar is.
    """
    with progress(path.name, told) as shown:
        return bitseg.open(path, timezone=timezone, sync=sync, progress=shown)
