"""``bitseg import`` loads a file and tells what became of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import click

from bitseg import Engine, LoadReport, StoreError
from bitseg.cli.database import (
    DATABASE_VARIABLE,
    FILE,
    NEW_FILE,
    Sync,
    open_database,
    sync_option,
)
from bitseg.cli.mapping import hinting, mapping_option
from bitseg.cli.output import progress, show_faults, show_json, show_table
from bitseg.cli.sources import load_contacts, timezone_option

_SHOWN = 10
_NOT_KEPT = "Nothing was kept: this data lived only for this run. --db FILE keeps it."
Fields: TypeAlias = dict[str, tuple[str, str, str]]


@click.command()
@click.argument("what", type=click.Choice(["contacts", "events"]))
@click.argument("file", type=FILE)
@click.option(
    "--db",
    type=NEW_FILE,
    envvar=DATABASE_VARIABLE,
    help="The file to keep everything in; made where there is none.",
)
@sync_option
@click.option("--contacts", type=FILE, help="With events: the contacts they belong to.")
@click.option("--create-contacts", is_flag=True, help="With events: unknown ids become contacts.")
@mapping_option("--map", "mapping", "")
@mapping_option("--map-contacts", "map_contacts", " of --contacts")
@click.option("--strict", is_flag=True, help="Load all rows or none.")
@click.option(
    "--rejects",
    type=NEW_FILE,
    help="Write the rows that do not go in here, as NDJSON with line and reasons.",
)
@timezone_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(  # noqa: PLR0913 - one argument for each option
    what: Literal["contacts", "events"],
    file: Path,
    db: Path | None,
    sync: Sync,
    contacts: Path | None,
    *,
    create_contacts: bool,
    mapping: dict[str, str],
    map_contacts: dict[str, str],
    strict: bool,
    rejects: Path | None,
    timezone: str | None,
    as_json: bool,
) -> None:
    """Load FILE (CSV, NDJSON or Parquet; plain, gzip or zstd) and report on every row.

    With --db it stays; without, this only tries it out. Exit status 0 only if every row went in.
    """
    if what == "contacts" and (contacts is not None or create_contacts):
        raise click.UsageError("--contacts and --create-contacts go with events.")
    if contacts is None and map_contacts:
        raise click.UsageError("--map-contacts goes with --contacts.")
    for other in (contacts, db):
        if other and rejects and rejects.exists() and other.exists() and rejects.samefile(other):
            raise click.UsageError(f"Expected rejects in a file of their own, got {rejects} twice.")
    with _engine(db, timezone, sync) as engine:
        left_out = 0 if contacts is None else load_contacts(engine, contacts, map_contacts)
        inspect: Callable[..., Fields] = engine.inspect_contacts
        load: Callable[..., LoadReport] = engine.load_contacts
        if what == "events":
            inspect = engine.inspect_events
            load = partial(engine.load_events, create_contacts=create_contacts)
        with _telling(engine, db), hinting("--map"):
            if not as_json:  # whom nobody watches need not read the file once more
                _show_fields("Columns, before loading", inspect(file, mapping))
            with progress(what) as shown:
                report = load(file, mapping=mapping, strict=strict, rejects=rejects, progress=shown)
        holds = _holds(engine)
    if as_json:
        show_json({"found": report.fields, "report": report, "durable": db is not None})
    else:
        _show(what, report, rejects)
        click.echo(_NOT_KEPT if db is None else f"{db} now holds {holds}.")
    if report.rejected_count or left_out:
        click.get_current_context().exit(1)


def _engine(db: Path | None, timezone: str | None, sync: Sync) -> Engine:
    if db is None:
        return Engine(timezone=timezone or "UTC")
    return open_database(db, timezone=timezone, sync=sync)


@contextmanager
def _telling(engine: Engine, db: Path | None) -> Iterator[None]:
    """Where the file can be written no more, say what stays of what was loaded before."""
    try:
        yield
    except StoreError:
        click.echo(f"It ended midway: {db} holds {_holds(engine)}.", err=True)
        raise


def _holds(engine: Engine) -> str:
    return f"{len(engine):,} contacts and {engine.event_count:,} events"


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
