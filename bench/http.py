"""HTTP: previews a second and their latency over loopback, beside an echo of the same server.

The server is a process of its own, and this process is the client.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import click

from bench import data, http_beside, http_latency, http_throughput
from bench.durable_report import Figure, Setting, kept, show

Measure = Callable[[Setting, float], list[Figure]]

PARTS: Final[dict[str, Measure]] = {
    http_throughput.PART: http_throughput.measure,
    http_latency.PART: http_latency.measure,
    http_beside.HELD: http_beside.held,
    http_beside.NEIGHBOUR: http_beside.neighbour,
}


@click.command()
@data.size_options
@click.option("--only", multiple=True, type=click.Choice(tuple(PARTS)), help="Parts to measure.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="Of a round."
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="A directory that keeps the files for the next run; that of `durable` will do.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(  # noqa: PLR0913 - each is an option of the command line
    *,
    contacts: int,
    events: int,
    only: tuple[str, ...],
    rounds: int,
    seconds: float,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Measure previews over HTTP: throughput, latency, and what others' load does to it."""
    with kept(keep) as directory:
        setting = Setting(contacts, events, rounds, directory)
        parts = [partial(PARTS[part], setting, seconds) for part in only or PARTS]
        show(setting, parts, as_json=as_json)
