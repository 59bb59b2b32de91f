"""A peer: Python's sqlite3 alone, with the pragmas that a durable engine sets.

A script in a process of its own, as it is not part of ``bench``: that one sees SQLite only through
bitseg. It prints one JSON object.
"""
# ruff: noqa: INP001 - a script, whose directory is no package

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

MIB = 2**20
ROW_BYTES = 800
WARM = 20


def commits(directory: str, seconds: str) -> dict[str, object]:
    """Time the INSERT and COMMIT of one small row, again and again, each synced."""
    connection = _new(Path(directory))
    row = (bytes(ROW_BYTES),)
    taken: list[float] = []
    for _ in range(WARM):
        _insert(connection, row)
    until = time.perf_counter() + float(seconds)
    while not taken or time.perf_counter() < until:
        began = time.perf_counter()
        _insert(connection, row)
        taken.append(time.perf_counter() - began)
    return {"taken": taken}


def blobs(directory: str, size: str) -> dict[str, object]:
    """Time writing so many bytes as blobs of 1 MiB, 16 in a transaction, and the checkpoint."""
    connection = _new(Path(directory))
    body = bytes(range(256)) * (MIB // 256)
    began = time.perf_counter()
    left = int(size)
    while left > 0:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(16):
            connection.execute("INSERT INTO kept (body) VALUES (?)", (body[:left],))
            left -= MIB
            if left <= 0:
                break
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return {"seconds": time.perf_counter() - began}


def pages(path: str) -> dict[str, object]:
    """Say how many bytes of a file that nobody has open are free pages."""
    connection = sqlite3.connect(path)
    numbers = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_size", "page_count", "freelist_count")
    ]
    return {"bytes": numbers[0] * numbers[1], "free": numbers[0] * numbers[2]}


def version() -> dict[str, object]:
    """Say which SQLite it is."""
    return {"sqlite": sqlite3.sqlite_version}


def _new(directory: Path) -> sqlite3.Connection:
    path = directory / "raw.db"
    for name in ("raw.db", "raw.db-wal", "raw.db-shm"):
        path.with_name(name).unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE kept (seq INTEGER PRIMARY KEY, body BLOB)")
    return connection


def _insert(connection: sqlite3.Connection, row: tuple[bytes]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO kept (body) VALUES (?)", row)
    connection.execute("COMMIT")


VERBS: dict[str, Callable[..., dict[str, object]]] = {
    verb.__name__: verb for verb in (commits, blobs, pages, version)
}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])))
