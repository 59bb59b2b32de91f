"""Files are the bytes of a database and of what lies beside it, taken at one moment."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import bitseg
from tests.engine.making import Clock
from tests.faults.damage.telling import tell
from tests.faults.damage.world import GOING_ON, RETENTION_DAYS, Json, begin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DB: Final = ""
WAL: Final = "-wal"
TOLD: Final = "-acknowledged"
KEPT: Final = (DB, WAL, TOLD)
"""The files that a database consists of, by the ends of their names; others are made anew."""

NAME: Final = "contacts.db"

Files = dict[str, bytes]


@dataclass(frozen=True)
class Original:
    """A database as it should be.

    Attributes:
        name: how it was left: ``closed``, or ``killed`` with everything behind the snapshot in
            the -wal.
        files: what lay there.
        tale: what it held.
        earlier: what it held after each change since the snapshot, the last one included.
    """

    name: str
    files: Files
    tale: Json
    earlier: tuple[Json, ...]


def take(path: Path) -> Files:
    """Return the files as they are now, as a process that dies now leaves them."""
    found = {end: path.with_name(path.name + end) for end in KEPT}
    return {end: file.read_bytes() for end, file in found.items() if file.exists()}


def put(files: Files, directory: Path) -> Path:
    """Write files into a directory, and nothing else beside them; return the database's path."""
    directory.mkdir(exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    for end, data in files.items():
        (directory / f"{NAME}{end}").write_bytes(data)
    return directory / NAME


def reopen(path: Path, **how: Any) -> bitseg.Engine:
    """Open a database with a clock that stands."""
    return bitseg.open(path, clock=Clock(), **how)


def originals(directory: Path) -> Iterator[Original]:
    """Make the database, and yield it as a dying process leaves it, and closed."""
    directory.mkdir()
    path = directory / NAME
    with reopen(path, retention_days=RETENTION_DAYS) as engine:
        begin(engine)
        engine.snapshot()
        tales = [tell(engine)]
        for write in GOING_ON:
            write(engine)
            tales.append(tell(engine))
        yield Original("killed", take(path), tales[-1], tuple(tales))
    yield Original("closed", take(path), tales[-1], tuple(tales))


def page_size(db: bytes) -> int:
    """Return how long a page is."""
    return int.from_bytes(db[16:18], "big")


def pages(files: Files, directory: Path) -> dict[str, list[int]]:
    """Return the numbers of the pages by what they are for, as SQLite says; free ones too."""
    path = put(files, directory)
    found: dict[str, list[int]] = {}
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        for name, kind, page in connection.execute("SELECT name, pagetype, pageno FROM dbstat"):
            found.setdefault(f"{name} {kind}", []).append(page)
    used = {page for numbers in found.values() for page in numbers}
    if free := sorted(set(range(1, count + 1)) - used):
        found["free pages"] = free
    return found


def frames(wal: bytes, page: int) -> list[int]:
    """Return where the frames of a -wal begin, and where the last one ends."""
    return [*range(32, len(wal) + 1, 24 + page)]


def frame_pages(wal: bytes, page: int) -> list[int]:
    """Return the number of the page that each frame of a -wal holds."""
    return [int.from_bytes(wal[start : start + 4], "big") for start in frames(wal, page)[:-1]]
