"""A source is where a command's contacts and events come from: files, or the generated demo."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from bitseg import Engine, LoadReport, clock, examples, synthetic
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
    """

    contacts: Path | None
    events: Path | None
    demo: bool
    timezone: str


def source_options(command: Command) -> Command:
    """Give a command the options that say what to look at; it is called with ``sources``."""

    @wraps(command)
    def called(
        contacts: Path | None, events: Path | None, *, demo: bool, timezone: str, **others: Any
    ) -> Any:
        return command(sources=Sources(contacts, events, demo, timezone), **others)

    for option in (
        timezone_option,
        click.option(
            "--demo",
            is_flag=True,
            help=f"Generated data: {DEMO_CONTACTS:,} contacts, {DEMO_EVENTS:,} events, and the "
            "example segments.",
        ),
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


def open_engine(sources: Sources) -> Engine:
    """Return an engine with everything loaded."""
    if sources.demo:
        if sources.contacts or sources.events:
            raise click.UsageError("Give either --demo or files, not both.")
        return _demo(sources.timezone)
    if sources.contacts is None and sources.events is None:
        raise click.UsageError("Give --contacts FILE, --events FILE or --demo.")
    engine = Engine(timezone=sources.timezone)
    if sources.contacts is not None:
        load_contacts(engine, sources.contacts)
    if sources.events is not None:
        with progress("events") as shown:
            alone = sources.contacts is None
            report = engine.load_events(sources.events, create_contacts=alone, progress=shown)
            _remark("events", report)
    return engine


def load_contacts(engine: Engine, file: Path) -> None:
    """Load a file of contacts; rows that do not go in are counted on standard error."""
    with progress("contacts") as shown:
        _remark("contacts", engine.load_contacts(file, progress=shown))


def _remark(what: str, report: LoadReport) -> None:
    if report.rejected_count:
        click.echo(
            f"{report.rejected_count:,} {what} did not go in; `bitseg import {what}` says why.",
            err=True,
        )


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
