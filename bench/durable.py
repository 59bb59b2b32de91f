"""Durable: what keeping everything in one file costs, part by part, each beside its peer.

Each part runs in a process of its own and is a file: ``durable_acks``, ``durable_bulk``,
``durable_previews``, ``durable_start`` and ``durable_size``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import click

from bench import (
    data,
    durable_acks,
    durable_bulk,
    durable_previews,
    durable_size,
    durable_start,
)
from bench.durable_apart import apart, sqlite
from bench.durable_report import Figure, Setting, kept, show

PARTS: Final[dict[str, Callable[[Setting], list[Figure]]]] = {
    module.PART: module.measure
    for module in (durable_acks, durable_bulk, durable_previews, durable_start, durable_size)
}


@click.command()
@data.size_options
@click.option("--only", multiple=True, type=click.Choice(tuple(PARTS)), help="Parts to measure.")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="A directory, on the disk to measure, that keeps the files for the next run.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(  # noqa: PLR0913 - each is an option of the command line
    *,
    contacts: int,
    events: int,
    only: tuple[str, ...],
    rounds: int,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Measure acknowledgements, bulk loads, previews beside writes, starts and sizes."""
    with kept(keep) as directory:
        setting = Setting(contacts, events, rounds, directory)
        parts = [partial(apart, PARTS[part], setting) for part in only or PARTS]
        show(setting, parts, sqlite("version")["sqlite"], as_json=as_json)
