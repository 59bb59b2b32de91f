"""``bitseg snapshot`` writes a snapshot into a database, so that the next start is quick."""

from __future__ import annotations

from pathlib import Path

import click

from bitseg.cli.database import database_argument, open_database
from bitseg.cli.output import progress, show_json, show_table

_TRACES = "Traces of erased contacts are still there"


@click.command()
@database_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(database: Path, *, as_json: bool) -> None:
    """Write a snapshot into DB, which no other process may have open.

    With it, all traces of erased contacts leave the file. A server writes its own.
    """
    with open_database(database) as engine, progress("snapshot"):
        done = engine.snapshot()
    if as_json:
        show_json(done)
    else:
        rows = {
            "last change": done.seq,
            "parts written": done.parts,
            "parts kept": done.kept,
            "bytes written": done.written,
            "seconds": round(done.seconds, 2),
        }
        show_table(f"Snapshot of {database}", ("", "number"), rows.items(), numbers="number")
    if not done.clean:
        click.echo(f"{_TRACES}; run it again when no other process reads {database}.", err=True)
        click.get_current_context().exit(1)
