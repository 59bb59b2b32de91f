"""A source is where a command's contacts and events come from: files, or the generated demo."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from bitseg import Engine, LoadReport, clock, examples, synthetic
from bitseg.cli.mapping import hinting, mapping_option
from bitseg.cli.output import progress

Command = TypeVar("Command", bound=Callable[..., Any])

DEMO_CONTACTS = 20_000
DEMO_EVENTS = 200_000
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Sources(msgspec.Struct, frozen=True):
    """What a command was given to look at.

    Attributes:
        contacts: a file of contacts.
        events: a file of events.
        demo: generated contacts and events instead, with the example segments.
        timezone: the tenant's.
        map_contacts: which column of the contacts is which field.
        map_events: which column of the events is which cell or property.
    """

    contacts: Path | None
    events: Path | None
    demo: bool
    timezone: str
    map_contacts: dict[str, str] = {}
    map_events: dict[str, str] = {}


class Opened(msgspec.Struct, frozen=True):
    """What a source became.

    Attributes:
        engine: everything that went in.
        left_out: how many rows did not.
    """

    engine: Engine
    left_out: int = 0


def source_options(command: Command) -> Command:
    """Give a command the options that say what to look at; it is called with ``sources``."""

    @wraps(command)
    def called(**given: Any) -> Any:
        sources = Sources(**{name: given.pop(name) for name in Sources.__struct_fields__})
        return command(sources=sources, **given)

    for option in (
        timezone_option,
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
    ):
        called = option(called)
    return called  # type: ignore[return-value] # click's options keep what they decorate


timezone_option = click.option(
    "--timezone",
    default="UTC",
    show_default=True,
    envvar="BITSEG_TIMEZONE",
    help="The tenant's timezone, as in Europe/Berlin.",
)


def open_engine(sources: Sources) -> Opened:
    """Return an engine with everything loaded; rows that do not go in are told and counted."""
    if sources.demo:
        if sources.contacts or sources.events or sources.map_contacts or sources.map_events:
            raise click.UsageError("Give either --demo or files, not both.")
        return Opened(_demo(sources.timezone))
    if sources.contacts is None and sources.events is None:
        raise click.UsageError("Give --contacts FILE, --events FILE or --demo.")
    for name in ("contacts", "events"):
        if getattr(sources, f"map_{name}") and getattr(sources, name) is None:
            raise click.UsageError(f"--map-{name} goes with --{name}.")
    engine = Engine(timezone=sources.timezone)
    left_out = 0
    if sources.contacts is not None:
        left_out += load_contacts(engine, sources.contacts, sources.map_contacts)
    if sources.events is not None:
        with hinting("--map-events"), progress("events") as shown:
            report = engine.load_events(
                sources.events,
                create_contacts=sources.contacts is None,
                mapping=sources.map_events,
                progress=shown,
            )
        left_out += _left_out("event", report)
    return Opened(engine, left_out)


def load_contacts(engine: Engine, file: Path, mapping: dict[str, str]) -> int:
    """Load a file of contacts; return how many rows did not go in, told on standard error."""
    with hinting("--map-contacts"), progress("contacts") as shown:
        report = engine.load_contacts(file, mapping=mapping, progress=shown)
    return _left_out("contact", report)


def _left_out(what: str, report: LoadReport) -> int:
    number = report.rejected_count
    if number:
        rows = what if number == 1 else f"{what}s"
        click.echo(f"{number:,} {rows} did not go in; `bitseg import {what}s` says why.", err=True)
    return number


def _demo(timezone: str) -> Engine:
    engine = Engine(timezone=timezone)
    segments = examples.segments()
    for example in segments:
        for path, data_type in example.fields.items():
            engine.define_field(path, data_type)
    now = clock.system_now()
    with progress("contacts") as shown:
        engine.load_contacts(synthetic.contacts(DEMO_CONTACTS, now=now), progress=shown)
    with progress("events") as shown:
        engine.load_events(synthetic.events(DEMO_CONTACTS, DEMO_EVENTS, now=now), progress=shown)
    for example in segments:
        engine.define_segment(example.id, example.rules)
    return engine
