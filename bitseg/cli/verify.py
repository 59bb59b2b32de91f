"""``bitseg verify`` reads all of a database and names everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

import bitseg
from bitseg.cli.database import database_argument
from bitseg.cli.output import progress, show_faults, show_json, show_table


@click.command()
@database_argument
@click.option(
    "--absent",
    multiple=True,
    metavar="TEXT",
    help="Also prove that this text is nowhere in the file, free pages included; may be given "
    "again.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(database: Path, absent: tuple[str, ...], *, as_json: bool) -> None:
    """Read all of DB, check it, and change nothing; a server may have it open.

    Exit status 0 only if nothing is wrong; otherwise every finding is named.
    """
    if "" in absent:
        raise click.BadParameter("Expected a text, got an empty one.", param_hint="--absent")
    with progress(database.name) as shown:
        found = bitseg.verify(database, absent=absent, progress=shown)
    told = msgspec.structs.asdict(found)
    if as_json:
        show_json({"ok": found.ok, **told})
    else:
        findings = len(told.pop("findings"))
        rows = (*told.items(), ("findings", findings))
        show_table(f"Verified {database}", ("", "number"), rows, numbers="number")
    show_faults(found.findings)
    if not found.ok:
        click.get_current_context().exit(1)
