"""Sizes: what a contact and an event cost in the file, after a snapshot, and in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from pyarrow import parquet

from bench import durable_file
from bench.durable_apart import sqlite
from bench.durable_report import Figure, Setting
from bench.resident import resident
from bitseg import Engine

PART: Final = "size"

_FEW: Final = 1_000


class Held(msgspec.Struct, frozen=True):
    """What something costs, in bytes.

    Attributes:
        file: the file, closed.
        free: pages of it that hold nothing.
        memory: by the engine's own account.
        resident: of the process, by the kernel's.
    """

    file: int = 0
    free: int = 0
    memory: int = 0
    resident: int = 0


def measure(setting: Setting) -> list[Figure]:
    """Load contacts, close, load events, close, and say what grew."""
    sources = durable_file.sources(setting)
    with TemporaryDirectory(dir=setting.directory) as directory:
        path = Path(directory) / durable_file.NAME
        durable_file.empty(path).close()
        base = _base(Path(directory), sources)
        bare = Held()
        first = _kept(
            durable_file.opened(path), path, lambda engine: engine.load_contacts(sources[0])
        )
        second = _kept(
            durable_file.opened(path), path, lambda engine: engine.load_events(sources[1])
        )
    first = msgspec.structs.replace(first, resident=first.resident - base)
    second = msgspec.structs.replace(second, resident=second.resident - base)
    stored = [source.stat().st_size for source in sources]
    return [
        _figure("bytes of a contact", setting.contacts, bare, first, stored[0]),
        _figure("bytes of an event", setting.events, first, second, stored[1]),
        _figure("all, MB", 10**6, bare, second, sum(stored)),
    ]


def _base(directory: Path, sources: tuple[Path, Path]) -> int:
    """Return what the process holds before it has data, but has all libraries in use."""
    few = parquet.read_table(sources[0]).slice(0, _FEW)
    with durable_file.empty(directory / "small.bitseg") as engine:
        engine.load_contacts(few)
        engine.snapshot()
    del few, engine
    return resident()


def _kept(engine: Engine, path: Path, load: Callable[[Engine], object]) -> Held:
    """Load, take a snapshot, close, and say what there is now."""
    load(engine)
    engine.snapshot()
    memory = sum(size for part, size in engine.memory().items() if part != "kept")
    held = resident()
    engine.close()
    pages = sqlite("pages", path)
    return Held(path.stat().st_size, pages["free"], memory, held)


def _figure(case: str, n: int, before: Held, after: Held, stored: int) -> Figure:
    values = {
        "file": (after.file - before.file) / n,
        "of it free": (after.free - before.free) / n,
        "memory": (after.memory - before.memory) / n,
        "resident": (after.resident - before.resident) / n,
        "Parquet": stored / n,
    }
    return Figure(PART, case, values)
