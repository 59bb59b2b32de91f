"""``bitseg import`` loads a file and tells what became of every row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import click

from bitseg import Engine, LoadReport
from bitseg.cli.mapping import hinting, mapping_option
from bitseg.cli.output import progress, show_faults, show_json, show_table
from bitseg.cli.sources import FILE, load_contacts, timezone_option

_SHOWN = 10
Fields: TypeAlias = dict[str, tuple[str, str, str]]


@click.command()
@click.argument("what", type=click.Choice(["contacts", "events"]))
@click.argument("file", type=FILE)
@click.option("--contacts", type=FILE, help="With events: the contacts they belong to.")
@click.option("--create-contacts", is_flag=True, help="With events: unknown ids become contacts.")
@mapping_option("--map", "mapping", "")
@mapping_option("--map-contacts", "map_contacts", " of --contacts")
@click.option("--strict", is_flag=True, help="Load all rows or none.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows that do not go in here, as NDJSON with line and reasons.",
)
@timezone_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(  # noqa: PLR0913 - one argument for each option
    what: Literal["contacts", "events"],
    file: Path,
    contacts: Path | None,
    *,
    create_contacts: bool,
    mapping: dict[str, str],
    map_contacts: dict[str, str],
    strict: bool,
    rejects: Path | None,
    timezone: str,
    as_json: bool,
) -> None:
    """Load FILE (CSV, NDJSON or Parquet; plain, gzip or zstd) and report on every row.

    Exit status 0 only if every row went in. Nothing is kept yet: the data lives for this run.
    """
    if what == "contacts" and (contacts is not None or create_contacts):
        raise click.UsageError("--contacts and --create-contacts go with events.")
    if contacts is None and map_contacts:
        raise click.UsageError("--map-contacts goes with --contacts.")
    if contacts and rejects and rejects.exists() and rejects.samefile(contacts):
        raise click.UsageError(f"Expected rejects in a file of their own, got {rejects} twice.")
    engine = Engine(timezone=timezone)
    left_out = 0 if contacts is None else load_contacts(engine, contacts, map_contacts)
    inspect: Callable[..., Fields] = engine.inspect_contacts
    load: Callable[..., LoadReport] = engine.load_contacts
    if what == "events":
        inspect = engine.inspect_events
        load = partial(engine.load_events, create_contacts=create_contacts)
    with hinting("--map"):
        if not as_json:  # whom nobody watches need not read the file once more
            _show_fields("Columns, before loading", inspect(file, mapping))
        with progress(what) as shown:
            report = load(file, mapping=mapping, strict=strict, rejects=rejects, progress=shown)
    if as_json:
        show_json({"found": report.fields, "report": report, "durable": False})
    else:
        _show(what, report, rejects)
    if report.rejected_count or left_out:
        click.get_current_context().exit(1)


def _show_fields(title: str, fields: Fields) -> None:
    rows = ((column, *field) for column, field in fields.items())
    show_table(title, ("column", "field", "type", "how"), rows)


def _show(what: str, report: LoadReport, rejects: Path | None) -> None:
    _show_fields("Columns, as loaded", report.fields)
    went = ("created", "updated") if what == "contacts" else ("created", "accepted", "duplicate")
    counts = {name: getattr(report, name) for name in went} | {"rejected": report.rejected_count}
    show_table(what.capitalize(), ("", "rows"), counts.items(), numbers="rows")
    for row in report.rejected[:_SHOWN]:
        click.echo(f"line {row.line}:" if row.line else f"row {row.index}:", err=True)
        show_faults(row.errors)
    more = report.rejected_count - _SHOWN
    if rejects is not None and report.rejected_count:
        click.echo(f"{report.rejected_count:,} rejected; all are in {rejects}.", err=True)
    elif more > 0:
        click.echo(f"{more:,} more were rejected; --rejects FILE lists all.", err=True)
    click.echo("Nothing is kept yet: this data lived only for this run.")
