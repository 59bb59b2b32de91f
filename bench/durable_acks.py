"""Acknowledgements: how many writes a second return, and how long one takes to.

Each case goes round by round through a synced engine, one that syncs at checkpoints only, and one
in memory; single rows through SQLite alone as well, whose commits are as fast as the disk is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import msgspec

from bench import data, durable_file
from bench.data import Clock
from bench.durable_apart import sqlite
from bench.durable_report import Figure, Setting, middle, spread
from bench.durable_requests import Requests, Rows
from bitseg import Engine, LoadReport

PART: Final = "acks"
SECONDS: Final = 0.5
"""What a round of one case and one engine takes; a batch more, where batches take longer."""

_RAW: Final = "sqlite3 alone"


class Case(msgspec.Struct, frozen=True):
    """What is written.

    Attributes:
        what: the method of ``Requests`` that makes it.
        rows: of a batch.
        writers: threads that write at once.
    """

    what: str
    rows: int
    writers: int = 1

    def __str__(self) -> str:
        """Return its name."""
        one = "row" if self.rows == 1 else "rows"
        by = "" if self.writers == 1 else f", {self.writers} writers"
        return f"{self.what} of {self.rows:,} {one}{by}"


CASES: Final = (
    *(Case(what, rows) for rows in (1, 100, 10_000) for what in ("updates", "people", "events")),
    *(Case(what, 1, writers) for writers in (8, 32) for what in ("updates", "events")),
)


class Writing:
    """An engine that is written to, and the requests that it gets."""

    def __init__(self, engine: Engine, contacts: int, clock: Clock) -> None:
        self._requests = Requests(contacts, clock)
        self._load: dict[str, Callable[[Rows], LoadReport]] = {
            "updates": engine.load_contacts,
            "people": engine.load_contacts,
            "events": engine.load_events,
        }

    def write(self, case: Case) -> float:
        """Make a batch and write it; return the seconds until it was acknowledged."""
        batch: Rows = getattr(self._requests, case.what)(case.rows)
        began = time.perf_counter()
        report = self._load[case.what](batch)
        seconds = time.perf_counter() - began
        assert report.rejected_count == 0, report.rejected[:1]
        return seconds


def measure(setting: Setting, cases: tuple[Case, ...] = CASES) -> list[Figure]:
    """Measure all cases on all engines."""
    with _engines(setting) as engines:
        return [figure for case in cases for figure in _measured(setting, case, engines)]


@contextmanager
def _engines(setting: Setting) -> Iterator[dict[str, Writing]]:
    """Yield the same tenant as a synced engine, one less so, and one in memory."""
    state = durable_file.closed(setting)
    clock = Clock()
    found: dict[str, Writing] = {}
    with ExitStack() as stack:
        sync: durable_file.Sync
        for sync in ("full", "normal"):
            path = stack.enter_context(durable_file.working_copy(state))
            engine = stack.enter_context(durable_file.opened(path, clock, sync))
            found[sync] = Writing(engine, setting.contacts, clock)
        memory = data.filled(setting.contacts, setting.events, clock)
        found["memory"] = Writing(memory, setting.contacts, clock)
        yield found


def _measured(setting: Setting, case: Case, engines: dict[str, Writing]) -> Iterator[Figure]:
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in engines}
    raw: list[dict[str, float]] = []
    for engine in engines.values():
        engine.write(case)
    for _ in range(setting.rounds):
        for name, engine in engines.items():
            rounds[name].append(_round(engine, case))
        if case.rows == 1:
            raw.append(_raw_round(setting))
    for name, numbers in rounds.items():
        yield Figure(PART, f"{case}, {name}", middle(numbers))
    if raw:
        yield Figure(PART, f"{case}, {_RAW}, one writer", middle(raw))


def _round(engine: Writing, case: Case) -> dict[str, float]:
    if case.writers == 1:
        taken = _written(engine, case)
        return _numbers(case, taken, sum(taken))
    taken = []
    gate = threading.Barrier(case.writers + 1)
    threads = [
        threading.Thread(target=_one_of_many, args=(engine, case, gate, taken))
        for _ in range(case.writers)
    ]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return _numbers(case, taken, time.perf_counter() - began)


def _one_of_many(engine: Writing, case: Case, gate: threading.Barrier, taken: list[float]) -> None:
    gate.wait()
    taken += _written(engine, case)


def _written(engine: Writing, case: Case) -> list[float]:
    taken: list[float] = []
    until = time.perf_counter() + SECONDS
    while not taken or time.perf_counter() < until:
        taken.append(engine.write(case))
    return taken


def _raw_round(setting: Setting) -> dict[str, float]:
    taken = sqlite("commits", setting.directory, SECONDS)["taken"]
    return _numbers(CASES[0], taken, sum(taken))


def _numbers(case: Case, taken: list[float], seconds: float) -> dict[str, float]:
    rate = len(taken) / seconds
    return {"batches/s": rate, "rows/s": rate * case.rows, **spread(taken)}
