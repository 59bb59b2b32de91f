"""The files that durable figures are of: made once, then copied for each round.

They lie in a directory for each size. A state is a directory with the file and what belongs beside.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import pyarrow as pa

import bitseg
from bench import data
from bench.data import Clock
from bench.durable_apart import apart, killed
from bench.durable_report import Setting
from bench.durable_requests import traffic
from bitseg import Engine, synthetic
from bitseg.synthetic.files import opened as opened_file

NAME: Final = "tenant.bitseg"
NEVER: Final = 2**50
"""So many bytes are written before a snapshot is due: none comes into a round by itself."""

_WRITES: Final = 20_000

Sync = Literal["full", "normal"]
Make = Callable[[Setting, Path], None]


def opened(path: Path, clock: Clock | None = None, sync: Sync = "full") -> Engine:
    """Return the engine of a file, which takes snapshots only when it is asked to."""
    return bitseg.open(path, clock=clock or Clock(), sync=sync, snapshot_bytes=NEVER)


def empty(path: Path) -> Engine:
    """Return the engine of a new file, as ``data.empty`` returns one in memory."""
    engine = opened(path)
    data.define_fields(engine)
    return engine


def sources(setting: Setting) -> tuple[Path, Path]:
    """Return the Parquet files of contacts and events."""
    found = _home(setting) / "sources"
    if not found.exists():
        apart(_make, setting, found, _write_sources)
    return found / "contacts.parquet", found / "events.parquet"


def closed(setting: Setting) -> Path:
    """Return the state of a file that was closed after a snapshot."""
    sources(setting)
    found = _home(setting) / "closed"
    if not found.exists():
        apart(_make, setting, found, _load_and_close)
    return found


def loaded(setting: Setting) -> Path:
    """Return the state of a file that a process left by being killed after loads, unsnapshotted."""
    return _killed(setting, "loaded", _load_and_die)


def busy(setting: Setting) -> Path:
    """Return the state of a file that a process left by being killed after many small writes."""
    closed(setting)
    return _killed(setting, "busy", _write_and_die)


@contextmanager
def working_copy(state: Path) -> Iterator[Path]:
    """Yield the file of a copy of a state, all of which is on disk and in the page cache."""
    with TemporaryDirectory(dir=state.parent) as directory:
        for source in state.iterdir():
            _copy(source, Path(directory) / source.name)
        yield Path(directory) / NAME


def journalled(setting: Setting) -> int:
    """Return how many small writes a ``busy`` file has behind its snapshot."""
    return min(_WRITES, setting.contacts // 50)


def forget(path: Path) -> None:
    """Ask the kernel to drop a file that is on disk from the page cache."""
    for one in together(path):
        with one.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def size_of(path: Path) -> int:
    """Return the bytes of a file and of the -wal beside it."""
    return sum(one.stat().st_size for one in together(path))


def together(path: Path) -> list[Path]:
    """Return a file, and the -wal beside it where there is one."""
    return [one for one in (path, path.with_name(f"{path.name}-wal")) if one.exists()]


def _copy(source: Path, target: Path) -> None:
    """Copy a file and sync it, so that writing it back falls into no later round."""
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _home(setting: Setting) -> Path:
    home = setting.directory / f"{setting.contacts}-{setting.events}"
    home.mkdir(parents=True, exist_ok=True)
    return home


def _killed(setting: Setting, name: str, write: Make) -> Path:
    sources(setting)
    found = _home(setting) / name
    part = found.with_name(f".{name}.part")
    if not found.exists():
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        killed(write, setting, part)
        part.replace(found)
    return found


def _make(setting: Setting, found: Path, make: Make) -> None:
    """Make a state; it has its name only when it is whole."""
    part = found.with_name(f".{found.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    make(setting, part)
    part.replace(found)


def _write_sources(setting: Setting, directory: Path) -> None:
    contacts, events = setting.contacts, setting.events
    _write(synthetic.contacts(contacts, data.SEED, data.START), directory / "contacts.parquet")
    _write(synthetic.events(contacts, events, data.SEED, data.START), directory / "events.parquet")


def _write(batches: pa.RecordBatchReader, path: Path) -> None:
    with opened_file(path, batches.schema, "parquet") as write:
        for batch in batches:
            write(batch)


def _load(setting: Setting, directory: Path) -> Engine:
    contacts, events = sources(setting)
    engine = empty(directory / NAME)
    engine.load_contacts(contacts)
    engine.load_events(events)
    data.define_examples(engine)
    return engine


def _load_and_close(setting: Setting, directory: Path) -> None:
    with _load(setting, directory) as engine:
        engine.snapshot()


def _load_and_die(setting: Setting, directory: Path) -> None:
    _load(setting, directory)
    _die()


def _write_and_die(setting: Setting, directory: Path) -> None:
    """Write what fits into a journal before a snapshot is due, as ``bitseg.open`` has it."""
    for source in closed(setting).iterdir():
        _copy(source, directory / source.name)
    clock = Clock()
    engine = bitseg.open(directory / NAME, clock=clock, sync="normal")
    traffic(engine, setting.contacts, clock, journalled(setting))
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
