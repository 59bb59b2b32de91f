"""Loads: rows a second from files into an empty engine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pyarrow as pa

from bench import data
from bitseg import LoadReport, synthetic
from bitseg.synthetic.files import FORMATS, Format, opened

_SMALL = 1_000


@click.command()
@data.size_options
@click.option("--format", "form", type=click.Choice(FORMATS), default="parquet", show_default=True)
def command(*, contacts: int, events: int, form: Format) -> None:
    """Write files of generated data, then time loading them."""
    with TemporaryDirectory() as directory:
        load(Path(directory), _SMALL, _SMALL, form)
        for what, rows, seconds in load(Path(directory), contacts, events, form):
            rate = rows / seconds
            click.echo(f"{what:9}{rows:>14,} rows {seconds:9.2f} s {rate:>14,.0f} rows/s ({form})")
    click.echo(json.dumps(data.machine()))


def load(directory: Path, contacts: int, events: int, form: Format) -> list[tuple[str, int, float]]:
    """Load generated files of these sizes; return (what, rows, seconds) of both."""
    people = directory / f"contacts.{form}"
    happened = directory / f"events.{form}"
    _write(synthetic.contacts(contacts, data.SEED, data.START), people, form)
    _write(synthetic.events(contacts, events, data.SEED, data.START), happened, form)
    engine = data.empty()
    return [
        ("contacts", contacts, _timed(engine.load_contacts, people, contacts)),
        ("events", events, _timed(engine.load_events, happened, events)),
    ]


def _write(batches: pa.RecordBatchReader, path: Path, form: Format) -> None:
    with opened(path, batches.schema, form) as write:
        for batch in batches:
            write(batch)


def _timed(load_file: Callable[[Path], LoadReport], path: Path, rows: int) -> float:
    began = time.perf_counter()
    report = load_file(path)
    seconds = time.perf_counter() - began
    assert report.created + report.accepted == rows, "not every row went in"
    return seconds
