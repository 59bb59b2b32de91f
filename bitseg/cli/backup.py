"""``bitseg backup`` copies a database as it is now, beside whoever reads and writes it."""

from __future__ import annotations

import time
from pathlib import Path

import click

import bitseg
from bitseg.cli.database import NEW_FILE, database_argument
from bitseg.cli.output import progress, show_json, show_table


@click.command()
@database_argument
@click.argument("destination", metavar="DEST", type=NEW_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(database: Path, destination: Path, *, as_json: bool) -> None:
    """Copy DB to DEST, one whole file, while a server may have it open and write it.

    An older DEST is replaced when the copy is whole and on the disk, and stays if it fails.
    """
    began = time.perf_counter()
    with progress("backup"):
        bitseg.backup(database, destination)
    size, seconds = destination.stat().st_size, round(time.perf_counter() - began, 2)
    if as_json:
        show_json({"backup": str(destination), "bytes": size, "seconds": seconds})
        return
    row = (destination, size, seconds)
    show_table(f"Backup of {database}", ("file", "bytes", "seconds"), [row], numbers="bytes")
