"""Current: what it costs to keep saved segments current by writes and by time passing."""

from __future__ import annotations

import json
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import click
import msgspec

import bitseg
from bench import data
from bitseg import Engine, examples, synthetic

SEED: Final = 5
BATCHES: Final = 30
BATCH: Final = 1_000
WINDOWS: Final = tuple(f"{days}d" for days in (1, 2, 3, 5, 7, 10, 14, 21, 28, 30, 45, 60, 75, 90))
"""Windows that people choose from."""


class Row(msgspec.Struct, frozen=True):
    """One line of the table.

    Attributes:
        what: what was done.
        ms: the median of so many, ms.
        most: the longest.
        without: the same with no saved segments, ms; None = there is no such thing.
    """

    what: str
    ms: float
    most: float
    without: float | None = None


@click.command()
@data.size_options
@click.option("--segments", type=click.IntRange(min=1), default=1_000, show_default=True)
@click.option("--file/--memory", "in_file", default=True, help="With a file, or in memory only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def command(*, contacts: int, events: int, segments: int, in_file: bool, as_json: bool) -> None:
    """Write and let time pass with many saved segments, each a variant of the document's."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/a.db" if in_file else None
        rows = measure(contacts, events, segments, path)
    if as_json:
        click.echo(msgspec.json.encode({"rows": rows, "machine": data.machine()}))
        return
    for row in rows:
        without = "" if row.without is None else f", {row.without:.1f} without segments"
        click.echo(f"{row.ms:10.1f} ms (most {row.most:.1f}{without})  {row.what}")
    click.echo(json.dumps(data.machine()))


def measure(contacts: int, events: int, segments: int, path: str | None) -> list[Row]:
    """Fill an engine, define the segments, and time what keeps them current."""
    clock = data.Clock()
    engine = data.empty(clock) if path is None else bitseg.open(path, timezone="UTC", clock=clock)
    with engine:
        if path is not None:
            data.define_fields(engine)
        engine.load_contacts(synthetic.contacts(contacts, data.SEED, data.START))
        engine.load_events(synthetic.events(contacts, events, data.SEED, data.START))
        events_of = _Happening(contacts, clock)
        plain = {kind: _batches(engine, clock, kind, events_of) for kind in ("events", "contacts")}
        defined = _define(engine, segments)
        rows = [Row("define a segment", *defined)]
        for kind, before in plain.items():
            took = _batches(engine, clock, kind, events_of)
            rows.append(Row(f"a batch of {BATCH:,} {kind}", *took, before[0]))
        rows += [_passing(engine, clock, name) for name in _PASSING]
        began = perf_counter()
        found = engine.refresh_segments()
        took_ms = (perf_counter() - began) * 1e3
        assert found == {}, found
        rows.append(Row("check all against their definitions", took_ms, took_ms))
        return rows


_PASSING: Final = {"1 s": (1_000, 9), "1 min": (60_000, 5), "1 h": (3_600_000, 1)}
"""How long is let pass, ms, and how often."""


class _Happening:
    """Draws what happens: events of now, and contacts that change."""

    def __init__(self, contacts: int, clock: data.Clock) -> None:
        self._draw = Random(SEED)  # noqa: S311 - the same each time
        self._clock = clock
        batches = synthetic.contacts(contacts, data.SEED, data.START)
        self._ids: list[str] = [one for batch in batches for one in batch.column("id").to_pylist()]

    def events(self) -> list[dict[str, Any]]:
        return [
            {
                "contact_id": self._someone(),
                "kind": self._draw.choice(("sent", "delivered", "open", "click")),
                "at": self._clock.at - self._draw.randrange(1_000),
                "campaign": "Product Launch Q4",
            }
            for _ in range(BATCH)
        ]

    def contacts(self) -> list[dict[str, Any]]:
        return [
            {
                "id": self._someone(),
                "lead_score": self._draw.randrange(101),
                "customField.last_purchase_date": self._clock.at,
            }
            for _ in range(BATCH)
        ]

    def _someone(self) -> str:
        return self._ids[self._draw.randrange(len(self._ids))]


def _batches(
    engine: Engine, clock: data.Clock, kind: str, happening: _Happening
) -> tuple[float, float]:
    """Return the median and the longest time of writing a batch, ms."""
    took = []
    for _ in range(BATCHES):
        clock.advance(1_000)
        engine.segments.advance()  # what a second brings is timed apart
        rows = getattr(happening, kind)()
        began = perf_counter()
        report = engine.load_events(rows) if kind == "events" else engine.load_contacts(rows)
        took.append((perf_counter() - began) * 1e3)
        assert not report.rejected
    return median(took), max(took)


def _define(engine: Engine, segments: int) -> tuple[float, float]:
    data.define_examples(engine)
    some, draw, took = examples.segments(), Random(SEED), []  # noqa: S311 - the same each time
    for number in range(segments - len(some)):
        rules = varied(some[number % len(some)].rules, draw)
        began = perf_counter()
        engine.define_segment(f"variant-{number}", rules)
        took.append((perf_counter() - began) * 1e3)
    return median(took or [0.0]), max(took or [0.0])


def _passing(engine: Engine, clock: data.Clock, name: str) -> Row:
    ms, times = _PASSING[name]
    took = []
    for _ in range(times):
        clock.advance(ms)
        began = perf_counter()
        engine.segments.advance()
        took.append((perf_counter() - began) * 1e3)
    return Row(f"{name} passes", median(took), max(took))


def varied(rules: Any, draw: Random) -> Any:
    """Return rules with other numbers and windows, as another marketer would have them."""
    if isinstance(rules, list):
        return [varied(one, draw) for one in rules]
    if not isinstance(rules, dict):
        return rules
    made = {key: varied(value, draw) for key, value in rules.items()}
    if made.get("within"):
        made["within"] = draw.choice(WINDOWS)
    value = made.get("value")
    if isinstance(value, str) and value[:-1].isdigit() and value.endswith("d"):
        made["value"] = draw.choice(WINDOWS)
    if isinstance(value, int) and not isinstance(value, bool):
        made["value"] = max(1, value + draw.randrange(-10, 11))
    if isinstance(value, list) and all(isinstance(one, int) for one in value):
        low = draw.randrange(0, 60)
        made["value"] = [low, low + draw.randrange(1, 40)]
    return made
