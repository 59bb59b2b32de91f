"""A probe is a new process that opens a file, or loads its sources, and answers one preview."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec

from bench import data, durable_file
from bench.data import FOUR_LEAVES
from bench.resident import peak, resident
from bitseg import Engine


class Probed(msgspec.Struct, frozen=True):
    """What a probe found.

    Attributes:
        engine_s: seconds that the engine took to be there.
        answer_s: seconds of the first preview.
        answered_at: when that was, by ``time.monotonic``, which all processes share.
        count: what it counted.
        peak: the most bytes that the process ever held.
        resident: bytes that it holds now.
    """

    engine_s: float
    answer_s: float
    answered_at: float
    count: int
    peak: int
    resident: int


def probe(paths: list[Path]) -> Probed:
    """Open one file, or load two: contacts and events."""
    began = time.perf_counter()
    engine = _loaded(*paths) if len(paths) == 2 else durable_file.opened(paths[0])
    there = time.perf_counter()
    count = engine.count(FOUR_LEAVES)
    answered = time.perf_counter()
    at = time.monotonic()
    most = peak()
    return Probed(there - began, answered - there, at, count, most, resident())


def _loaded(contacts: Path, events: Path) -> Engine:
    engine = data.empty()
    engine.load_contacts(contacts)
    engine.load_events(events)
    return engine


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(probe([Path(path) for path in sys.argv[1:]])))
    sys.stdout.flush()
    os._exit(0)  # the copy that was opened is thrown away, and closing it takes time
