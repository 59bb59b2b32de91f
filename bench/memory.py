"""Memory: bytes a contact and an event cost, and what kept leaves add; in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import msgspec

from bench import data
from bench.resident import peak, resident
from bitseg import Engine, examples, synthetic

_SMALL = 2_000


class Held(msgspec.Struct, frozen=True):
    """What an engine holds, in bytes.

    Attributes:
        contacts: how many were loaded.
        events: how many were loaded.
        per_contact: growth of the process by loading contacts, a contact.
        per_event: further growth by loading events, an event.
        kept: further growth by previewing all segments of the document.
        total: growth in all.
        peak: the most the process ever held, the generator included.
        own: the engine's own account, by part.
        machine: what it was measured on.
    """

    contacts: int
    events: int
    per_contact: float
    per_event: float
    kept: int
    total: int
    peak: int
    own: dict[str, int]
    machine: dict[str, str]


@click.command()
@data.size_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def command(*, contacts: int, events: int, as_json: bool) -> None:
    """Measure resident memory before and after loading, and after all previews."""
    run = [sys.executable, "-m", "bench.memory", str(contacts), str(events)]
    answer = subprocess.run(run, check=True, stdout=subprocess.PIPE).stdout
    if as_json:
        click.echo(answer)
        return
    held = msgspec.json.decode(answer, type=Held)
    click.echo(f"{held.contacts:,} contacts, {held.events:,} events")
    click.echo(f"{held.per_contact:8.1f} bytes a contact")
    click.echo(f"{held.per_event:8.1f} bytes an event")
    click.echo(f"{held.kept / 1e6:8.1f} MB for the document's segments")
    click.echo(f"{held.total / 1e6:8.1f} MB in all, {held.peak / 1e6:.1f} MB at the most")
    for part, size in held.own.items():
        click.echo(f"{size / 1e6:8.1f} MB by the engine's own account: {part}")
    click.echo(json.dumps(held.machine))


def measure(contacts: int, events: int) -> Held:
    """Load this many into a new engine of this process, and say what grew."""
    _preview_all(data.filled(_SMALL, _SMALL * data.EVENTS_A_CONTACT))
    started = resident()
    engine = data.empty()
    engine.load_contacts(synthetic.contacts(contacts, data.SEED, data.START))
    with_contacts = resident()
    engine.load_events(synthetic.events(contacts, events, data.SEED, data.START))
    with_events = resident()
    data.define_examples(engine)
    _preview_all(engine)
    done = resident()
    return Held(
        contacts=contacts,
        events=events,
        per_contact=(with_contacts - started) / contacts,
        per_event=(with_events - with_contacts) / max(1, events),
        kept=done - with_events,
        total=done - started,
        peak=peak(),
        own=engine.memory(),
        machine=data.machine(),
    )


def _preview_all(engine: Engine) -> None:
    for example in examples.segments():
        engine.count(example.rules)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(int(sys.argv[1]), int(sys.argv[2]))))
