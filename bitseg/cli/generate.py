"""``bitseg generate`` writes synthetic contacts and events, the same for the same seed."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click
import msgspec
import pyarrow as pa

from bitseg import clock, synthetic
from bitseg.cli.instants import Instant
from bitseg.cli.output import progress, show_json, show_table
from bitseg.synthetic.files import FORMATS, Format, opened
from bitseg.synthetic.people import MOST_CONTACTS

FIRST_YEAR = 5
"""The years of which all generated dates are of years that there are."""
LAST_YEAR = 9_998


class Written(msgspec.Struct, frozen=True):
    """One file that was written."""

    file: str
    rows: int
    bytes: int
    seconds: float


@click.command()
@click.option(
    "--contacts",
    type=click.IntRange(0, MOST_CONTACTS),
    default=100_000,
    show_default=True,
    help="How many people; 0 only with --events 0.",
)
@click.option("--events", type=click.IntRange(min=0), default=1_000_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="parquet", show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The directory to write contacts and events to; files of these names are replaced.",
)
@click.option("--now", type=Instant(), help="History ends here instead of at the clock's instant.")
@click.option("--event-ids", is_flag=True, help="Give every event an event_id.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(  # noqa: PLR0913 - one argument for each option
    *,
    contacts: int,
    events: int,
    seed: int,
    form: Format,
    out: Path,
    now: datetime | None,
    event_ids: bool,
    as_json: bool,
) -> None:
    """Write made-up contacts, and two years of their e-mail events, to files."""
    if now is not None and not FIRST_YEAR <= now.year <= LAST_YEAR:
        raise click.BadParameter(
            f"Expected a year from {FIRST_YEAR} to {LAST_YEAR}, got {now.year}: history reaches "
            "back from there, and plans ahead.",
            param_hint="--now",
        )
    if events and not contacts:
        raise click.UsageError(f"Expected 1 contact or more to have {events:,} events, got none.")
    instant = clock.to_ms(now) if now else clock.system_now()
    people = synthetic.contacts(contacts, seed, instant)
    happened = synthetic.events(contacts, events, seed, instant, event_ids=event_ids)
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = [
            _write(out / f"contacts.{form}", people, contacts, form),
            _write(out / f"events.{form}", happened, events, form),
        ]
    except OSError as error:
        raise click.FileError(str(error.filename or out), error.strerror) from error
    if as_json:
        show_json({"seed": seed, "now": instant, "files": written})
    else:
        shown = ((made.file, made.rows, made.bytes, made.seconds) for made in written)
        show_table("Written", ("file", "rows", "bytes", "seconds"), shown, numbers="rows")


def _write(path: Path, batches: pa.RecordBatchReader, total: int, form: Format) -> Written:
    began = time.perf_counter()
    done = 0
    with progress(path.name) as shown, opened(path, batches.schema, form) as write:
        for batch in batches:
            write(batch)
            done += batch.num_rows
            if shown:
                shown(done, total)
    seconds = round(time.perf_counter() - began, 2)
    return Written(str(path), done, path.stat().st_size, seconds)
