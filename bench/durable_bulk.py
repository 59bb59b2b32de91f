"""Bulk loads: Parquet files into a new file and into memory, in turn, and what of it is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from bench import data, durable_file
from bench.data import FOUR_LEAVES
from bench.durable_apart import sqlite
from bench.durable_report import Figure, Setting, at_least, at_most
from bench.resident import resident
from bitseg import Engine, LoadReport

PART: Final = "bulk"
LEAST: Final = 0.6
"""Of the speed of an engine in memory."""
REWRITTEN: Final = 0.1
"""Of the file, at the most, by a snapshot right after the load: ids' and dates' columns."""

_IO: Final = Path("/proc/self/io")


class Load(msgspec.Struct, frozen=True):
    """One load.

    Attributes:
        contacts: seconds for the contacts.
        events: seconds for the events.
        count: what a preview counts afterwards.
    """

    contacts: float
    events: float
    count: int


class Written(msgspec.Struct, frozen=True):
    """What a durable load wrote, in bytes.

    Attributes:
        file: the file and its -wal after the load.
        handed: what the process handed to the kernel, -wal and file each.
        snapshot: of parts, by the snapshot right after.
        whole: the file, after that.
        bare: seconds that SQLite alone takes for as many bytes.
    """

    file: float
    handed: float
    snapshot: float
    whole: float
    bare: float


def measure(setting: Setting) -> list[Figure]:
    """Load in turn, and compare."""
    files = durable_file.sources(setting)
    _warm_up(setting)
    durable, memory, written = [], [], []
    for _ in range(setting.rounds):
        memory.append(_in_memory(files))
        load, wrote = _durable(setting, files)
        durable.append(load)
        written.append(wrote)
    assert len({load.count for load in durable + memory}) == 1, "they do not hold the same"
    return [*_speeds(setting, durable, memory), *_bytes(written)]


def _warm_up(setting: Setting) -> None:
    """Compile what is compiled, and read what is read, outside the time."""
    small = msgspec.structs.replace(setting, contacts=1_000, events=1_000)
    files = durable_file.sources(small)
    _in_memory(files)
    _durable(small, files)
    for path in durable_file.sources(setting):
        path.read_bytes()


def _in_memory(files: tuple[Path, Path]) -> Load:
    return _loaded(data.empty(), files)


def _durable(setting: Setting, files: tuple[Path, Path]) -> tuple[Load, Written]:
    with TemporaryDirectory(dir=setting.directory) as directory:
        path = Path(directory) / durable_file.NAME
        engine = durable_file.empty(path)
        handed = _handed()
        load = _loaded(engine, files)
        handed = _handed() - handed
        size = durable_file.size_of(path)
        snapshot = engine.snapshot()
        engine.close()
        whole = durable_file.size_of(path)
        bare = sqlite("blobs", directory, whole)["seconds"]
        return load, Written(size, handed, snapshot.written, whole, bare)


def _loaded(engine: Engine, files: tuple[Path, Path]) -> Load:
    resident()  # what was freed by the round before is given back outside the time
    contacts = _timed(engine.load_contacts, files[0])
    events = _timed(engine.load_events, files[1])
    return Load(contacts, events, engine.count(FOUR_LEAVES))


def _timed(load: Callable[[Path], LoadReport], path: Path) -> float:
    began = time.perf_counter()
    load(path)
    return time.perf_counter() - began


def _speeds(setting: Setting, durable: list[Load], memory: list[Load]) -> Iterator[Figure]:
    seconds: dict[str, Callable[[Load], float]] = {
        "contacts": lambda load: load.contacts,
        "events": lambda load: load.events,
        "both": lambda load: load.contacts + load.events,
    }
    rows = {"contacts": setting.contacts, "events": setting.events}
    for what, of in seconds.items():
        ours, theirs = (median(map(of, loads)) for loads in (durable, memory))
        n = rows.get(what, setting.contacts + setting.events)
        values = {
            "durable s": ours,
            "memory s": theirs,
            "durable rows/s": n / ours,
            "memory rows/s": n / theirs,
            "ratio": theirs / ours,
        }
        yield at_least(PART, what, values, "ratio", LEAST)


def _bytes(written: list[Written]) -> Iterator[Figure]:
    middle = {
        name: median(getattr(one, name) for one in written) for name in Written.__struct_fields__
    }
    values = {
        "file MB": middle["file"] / 1e6,
        "handed MB": middle["handed"] / 1e6,
        "snapshot MB": middle["snapshot"] / 1e6,
        "then MB": middle["whole"] / 1e6,
        "share": middle["snapshot"] / middle["whole"],
        "sqlite3 s": middle["bare"],
    }
    yield at_most(PART, "written", values, "share", REWRITTEN)


def _handed() -> int:
    """Return the bytes that this process ever handed to the kernel to write."""
    lines = dict(line.split(": ") for line in _IO.read_text().splitlines())
    return int(lines["wchar"])
