"""A data directory is where a server of several tenants keeps all it has: ``--data``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from bitseg import clock
from server.control import Control

CONTROL: Final = "control.db"
IMPORTS: Final = "imports"
"""Where files that are sent lie, and what was rejected of them, by tenant."""

DATA_VARIABLE: Final = "BITSEG_DATA"

_DIRECTORY: Final = click.Path(file_okay=False, path_type=Path)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object instead of words for people."
)
data_option = click.option(
    "--data",
    type=_DIRECTORY,
    envvar=DATA_VARIABLE,
    required=True,
    help="The data directory: control.db, and a file for each tenant.",
)


def open_control(data: Path) -> Control:
    """Return the control store of a directory, which is there.

    Raises:
        click.UsageError: it is not.
    """
    path = data / CONTROL
    if not path.exists():
        raise click.UsageError(f"There is no {path}; `bitseg tenant create` makes it.")
    return Control(path, clock.system_now)


def make_control(data: Path) -> Control:
    """Return the control store of a directory; both are made where there is none."""
    return Control(data / CONTROL, clock.system_now)


def show_moment(at: int | None) -> str | None:
    """Return ms since 1970 UTC for people."""
    return None if at is None else clock.show_instant(at)
