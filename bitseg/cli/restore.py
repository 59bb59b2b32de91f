"""``bitseg restore`` makes a database of a backup, without those who were erased since."""

from __future__ import annotations

from pathlib import Path

import click

import bitseg
from bitseg.cli.database import FILE, NEW_FILE
from bitseg.cli.output import progress, show_json, show_table

ASIDE = "before-restore"


@click.command()
@click.argument("backup", metavar="BACKUP", type=FILE)
@click.argument("database", metavar="DB", type=NEW_FILE)
@click.option(
    "--erasures",
    type=FILE,
    help="The list of who was erased; without it, the one beside DB, where there is one.",
)
@click.option(
    "--replace",
    is_flag=True,
    help=f"Put the backup in the place of a DB that is there; that is kept, as DB.{ASIDE}.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(
    backup: Path, database: Path, erasures: Path | None, *, replace: bool, as_json: bool
) -> None:
    """Make DB of BACKUP, and erase again who was erased since BACKUP was made.

    DB takes its name only when it is whole.
    """
    if database.exists() and backup.samefile(database):
        raise click.UsageError(f"Expected a backup beside {database}, got the file itself.")
    with progress("restore"):
        done = bitseg.restore(backup, database, erasures, replace=replace)
    if as_json:
        show_json(done)
        return
    rows = {"contacts": done.contacts, "erased again": done.erased}
    show_table(f"Restored {database}", ("", "number"), rows.items(), numbers="number")
