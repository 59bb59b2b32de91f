"""Previews: how long counting takes, warm and cold; the cases are in ``bench/micro``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from bench import data

_MICRO = Path(__file__).parent / "micro"


@click.command()
@data.size_options
@click.option("--only", default="", help="Cases whose names match, as pytest -k has it.")
def command(*, contacts: int, events: int, only: str) -> None:
    """Run the micro-benchmarks at one size and print a table for each group."""
    sizes = {"BITSEG_BENCH_CONTACTS": str(contacts), "BITSEG_BENCH_EVENTS": str(events)}
    run = [
        *(sys.executable, "-m", "pytest", str(_MICRO), "-q", "-p", "no:randomly", "-k", only),
        *("--benchmark-group-by=group", "--benchmark-sort=name"),
        "--benchmark-columns=min,median,max,rounds",
    ]
    raise SystemExit(subprocess.run(run, env=os.environ | sizes, check=False).returncode)
