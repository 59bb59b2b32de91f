"""Starts: how long a new process takes to open a file and to answer, and what it holds at most."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from bench import durable_file
from bench.durable_probe import Probed
from bench.durable_report import Figure, Setting, at_most, middle

PART: Final = "start"
SECONDS: Final = {(1_000_000, 10_000_000): 3.0, (10_000_000, 100_000_000): 20.0}
"""What is wanted, by contacts and events."""

_CHUNK: Final = 2**20


class Case(msgspec.Struct, frozen=True):
    """What is opened.

    Attributes:
        name: says so.
        state: the directory with the file.
        cold: whether the page cache is to forget it first.
        wrote: whether it holds more than the sources.
    """

    name: str
    state: Path
    cold: bool = False
    wrote: bool = False


def measure(setting: Setting) -> list[Figure]:
    """Open all kinds of files, and load the sources beside."""
    sources = durable_file.sources(setting)
    cases = _cases(setting)
    rounds: dict[str, list[dict[str, float]]] = {case.name: [] for case in cases}
    loads: list[dict[str, float]] = []
    counts = {_started(*sources)[0].count}  # and compiles what is compiled
    for _ in range(setting.rounds):
        for case in cases:
            probed, numbers = _opened(case)
            rounds[case.name].append(numbers)
            if not case.wrote:
                counts.add(probed.count)
        reading = sum(map(_read, sources))
        probed, seconds = _started(*sources)
        loads.append(_numbers(probed, seconds, sum(map(durable_file.size_of, sources)), reading))
    assert len(counts) == 1, "files and sources do not hold the same"
    return [
        *(_figure(setting, case.name, middle(rounds[case.name])) for case in cases),
        Figure(PART, "load of Parquet into memory", middle(loads)),
    ]


def _cases(setting: Setting) -> list[Case]:
    closed = durable_file.closed(setting)
    writes = durable_file.journalled(setting)
    return [
        Case("closed after a snapshot", closed),
        Case("closed after a snapshot, cold", closed, cold=True),
        Case(f"killed, {writes:,} writes behind", durable_file.busy(setting), wrote=True),
        Case("killed after loads, no snapshot", durable_file.loaded(setting)),
    ]


def _opened(case: Case) -> tuple[Probed, dict[str, float]]:
    """Open a fresh copy: opening writes, and takes in what a killed process left."""
    with durable_file.working_copy(case.state) as path:
        size = durable_file.size_of(path)
        if case.cold:
            durable_file.forget(path)
        reading = _read(path)
        if case.cold:
            durable_file.forget(path)
        probed, seconds = _started(path)
        return probed, _numbers(probed, seconds, size, reading)


def _started(*paths: Path) -> tuple[Probed, float]:
    """Return what a probe found, and seconds from its start to its first answer."""
    run = [sys.executable, "-m", "bench.durable_probe", *map(str, paths)]
    began = time.monotonic()
    answer = subprocess.run(run, check=True, stdout=subprocess.PIPE).stdout
    probed = msgspec.json.decode(answer, type=Probed)
    return probed, probed.answered_at - began


def _read(path: Path) -> float:
    """Return the seconds that only reading a file, and its -wal, takes."""
    began = time.perf_counter()
    for one in durable_file.together(path):
        with one.open("rb", buffering=0) as file:
            while file.read(_CHUNK):
                pass
    return time.perf_counter() - began


def _numbers(probed: Probed, seconds: float, size: int, reading: float) -> dict[str, float]:
    return {
        "engine s": probed.engine_s,
        "preview s": probed.answer_s,
        "process s": seconds,
        "peak MB": probed.peak / 1e6,
        "held MB": probed.resident / 1e6,
        "file MB": size / 1e6,
        "read s": reading,
    }


def _figure(setting: Setting, case: str, values: dict[str, float]) -> Figure:
    most = SECONDS.get((setting.contacts, setting.events))
    if most is None:
        return Figure(PART, case, values)
    return at_most(PART, case, values, "engine s", most)
