"""``bitseg import`` loads a file and tells what became of every row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import click

from bitseg import Engine, LoadReport
from bitseg.cli.output import progress, show_faults, show_json, show_table
from bitseg.cli.sources import FILE, load_contacts, timezone_option

_SHOWN = 10


def _mapping(
    _ctx: click.Context, _param: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not (column and equals):
            raise click.BadParameter(f"Expected column=field, got '{pair}'.")
        if column in mapping:
            raise click.BadParameter(f"Expected each column once, got '{column}' twice.")
        mapping[column] = field
    return mapping


@click.command()
@click.argument("what", type=click.Choice(["contacts", "events"]))
@click.argument("file", type=FILE)
@click.option("--contacts", type=FILE, help="With events: the contacts they belong to.")
@click.option("--create-contacts", is_flag=True, help="With events: unknown ids become contacts.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=_mapping,
    metavar="COLUMN=FIELD",
    help="Take a column as a field, or, with no field, leave it out; may be given again.",
)
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
    engine = Engine(timezone=timezone)
    if contacts is not None:
        load_contacts(engine, contacts)
    inspect = engine.inspect_contacts if what == "contacts" else engine.inspect_events
    found = inspect(file, mapping)
    if not as_json:
        _show_fields("Columns, before loading", found)
    load: Callable[..., LoadReport] = engine.load_contacts
    if what == "events":
        load = partial(engine.load_events, create_contacts=create_contacts)
    with progress(what) as shown:
        report = load(file, mapping=mapping, strict=strict, rejects=rejects, progress=shown)
    if as_json:
        show_json({"found": found, "report": report, "durable": False})
    else:
        _show(what, report, rejects)
    if report.rejected_count:
        click.get_current_context().exit(1)


def _show_fields(title: str, fields: dict[str, tuple[str, str, str]]) -> None:
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
