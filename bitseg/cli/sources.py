"""A source is where a command's contacts and events come from: a database, files, or the demo."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from bitseg import Engine, LoadReport, clock, examples, synthetic
from bitseg.cli.database import DATABASE_VARIABLE, FILE, Sync, open_database
from bitseg.cli.mapping import hinting, mapping_option
from bitseg.cli.output import Told, progress

Command = TypeVar("Command", bound=Callable[..., Any])

DEMO_CONTACTS = 20_000
DEMO_EVENTS = 200_000


class Sources(msgspec.Struct, frozen=True):
    """What a command was given to look at.

    Attributes:
        db: the file in which they stay.
        contacts: a file of contacts.
        events: a file of events.
        demo: generated contacts and events instead, with the example segments.
        timezone: the tenant's; None = what the database says, otherwise UTC.
        map_contacts: which column of the contacts is which field.
        map_events: which column of the events is which cell or property.
    """

    db: Path | None
    contacts: Path | None
    events: Path | None
    demo: bool
    timezone: str | None
    map_contacts: dict[str, str] = {}
    map_events: dict[str, str] = {}

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            click.UsageError: says what does not.
        """
        files = any((self.contacts, self.events, self.map_contacts, self.map_events))
        if (self.db is not None) + self.demo + files > 1:
            raise click.UsageError(
                f"Give one of --db (or {DATABASE_VARIABLE}), --demo, and files, not several."
            )
        for name in ("contacts", "events"):
            if getattr(self, f"map_{name}") and getattr(self, name) is None:
                raise click.UsageError(f"--map-{name} goes with --{name}.")
        if not (self.db or self.demo or files):
            raise click.UsageError("Give --db FILE, --contacts FILE, --events FILE or --demo.")


class Opened(msgspec.Struct, frozen=True):
    """What a source became.

    Attributes:
        engine: everything that went in.
        left_out: how many rows did not.
    """

    engine: Engine
    left_out: int = 0


FILE_OPTIONS: Final = (
    click.option(
        "--demo",
        is_flag=True,
        help=f"Generated data: {DEMO_CONTACTS:,} contacts, {DEMO_EVENTS:,} events, and the "
        "example segments.",
    ),
    mapping_option("--map-events", "map_events", " of --events"),
    mapping_option("--map-contacts", "map_contacts", " of --contacts"),
    click.option("--events", type=FILE, help="A file of events: CSV, NDJSON or Parquet."),
    click.option("--contacts", type=FILE, help="A file of contacts: CSV, NDJSON or Parquet."),
)
"""The options of data that do not stay."""


def source_options(command: Command) -> Command:
    """Give a command the options that say what to look at; it is called with ``sources``."""

    @wraps(command)
    def called(**given: Any) -> Any:
        sources = Sources(**{name: given.pop(name) for name in Sources.__struct_fields__})
        return command(sources=sources, **given)

    for option in (
        timezone_option,
        *FILE_OPTIONS,
        click.option(
            "--db",
            type=FILE,
            envvar=DATABASE_VARIABLE,
            help="The file in which `bitseg import --db` put them.",
        ),
    ):
        called = option(called)
    return called  # type: ignore[return-value] # click's options keep what they decorate


timezone_option = click.option(
    "--timezone",
    envvar="BITSEG_TIMEZONE",
    help="The tenant's timezone, as in Europe/Berlin; UTC where nothing says otherwise. A database "
    "has its own.",
)


def open_engine(sources: Sources, sync: Sync = "full", told: Told | None = None) -> Opened:
    """Return an engine with everything in it; rows that do not go in are told and counted.

    Args:
        sources: where everything is.
        sync: as ``bitseg.open`` takes it.
        told: told of progress: of each file, or of the database.
    """
    sources.check()
    if sources.db is not None:
        return Opened(open_database(sources.db, timezone=sources.timezone, sync=sync, told=told))
    engine = Engine(timezone=sources.timezone or "UTC")
    if sources.demo:
        _load_demo(engine, told)
        return Opened(engine)
    left_out = 0
    if sources.contacts is not None:
        left_out += load_contacts(engine, sources.contacts, sources.map_contacts, told)
    if sources.events is not None:
        with hinting("--map-events"), progress("events", told) as shown:
            report = engine.load_events(
                sources.events,
                create_contacts=sources.contacts is None,
                mapping=sources.map_events,
                progress=shown,
            )
        left_out += _left_out("event", report)
    return Opened(engine, left_out)


def load_contacts(
    engine: Engine, file: Path, mapping: dict[str, str], told: Told | None = None
) -> int:
    """Load a file of contacts; return how many rows did not go in, told on standard error."""
    with hinting("--map-contacts"), progress("contacts", told) as shown:
        report = engine.load_contacts(file, mapping=mapping, progress=shown)
    return _left_out("contact", report)


def _left_out(what: str, report: LoadReport) -> int:
    number = report.rejected_count
    if number:
        rows = what if number == 1 else f"{what}s"
        click.echo(f"{number:,} {rows} did not go in; `bitseg import {what}s` says why.", err=True)
    return number


def _load_demo(engine: Engine, told: Told | None) -> None:
    segments = examples.segments()
    for example in segments:
        for path, data_type in example.fields.items():
            engine.define_field(path, data_type)
    now = clock.system_now()
    with progress("contacts", told) as shown:
        engine.load_contacts(synthetic.contacts(DEMO_CONTACTS, now=now), progress=shown)
    with progress("events", told) as shown:
        engine.load_events(synthetic.events(DEMO_CONTACTS, DEMO_EVENTS, now=now), progress=shown)
    for example in segments:
        engine.define_segment(example.id, example.rules)
