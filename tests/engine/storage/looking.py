"""Looking finds texts in files and in memory without the code that put them there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

import bitseg
from bitseg.strings import StringPool

TABLES = ("parts", "journal", "snapshots", "answers", "meta", "segments", "segment_contacts")


def ids_of_parts(path: Path) -> set[int]:
    """Return the ids of all parts in a file."""
    with closing(sqlite3.connect(path)) as connection:
        return {part for (part,) in connection.execute("SELECT id FROM parts")}


def where_in_files(path: Path, text: str) -> list[str]:
    """Return every place of a file, and of those beside it, where a text stands."""
    needle = text.encode()
    found = [one.name for one in path.parent.glob(f"{path.name}*") if needle in one.read_bytes()]
    with closing(sqlite3.connect(path)) as connection:
        for table in TABLES:
            rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - of this file
            words = (word for row in rows for word in _words(list(row)))
            if any(text in word for word in words):
                found.append(table)
    return found


def where_in_memory(engine: bitseg.Engine, text: str) -> list[str]:
    """Return the pools of an engine in whose bytes a text stands."""
    inside: Any = engine
    tenant = inside._tenant  # noqa: SLF001 - memory is what is looked at
    pools: dict[str, StringPool] = {"contact.id": tenant.contacts.ids}
    for path, column in tenant.contacts.columns.items():
        if hasattr(column, "_dictionary"):
            pools[path] = column._dictionary.pool  # noqa: SLF001 - likewise
    pools |= tenant.events.dictionaries.views()
    for base, pool in tenant.events.ids.generations():
        pools[f"event_id {base}"] = pool
    return [name for name, pool in pools.items() if _in_pool(pool, text.encode())]


def _in_pool(pool: StringPool, needle: bytes) -> bool:
    inside: Any = pool
    used = int(inside._ends[len(pool)])  # noqa: SLF001 - likewise
    if needle in inside._arena[:used].tobytes():  # noqa: SLF001 - likewise
        return True
    folded = inside._folded  # noqa: SLF001 - likewise
    return folded is not None and needle.decode().casefold().encode() in folded.data.tobytes()


def _words(value: Any) -> Iterator[str]:
    """Yield every text in a value, in what is packed in it, and in what is packed in that."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _words(list(pair))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _words(one)
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
        yield value.decode("utf-8", "ignore")
        yield from _unpacked(value)


def _unpacked(value: bytes) -> Iterator[str]:
    if value[:4] == b"\xff\xff\xff\xff":
        with pa.ipc.open_stream(value) as reader:
            yield from _words(list(reader.read_all().to_pydict().items()))
        return
    try:
        said = msgspec.msgpack.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    if not isinstance(said, bytes):
        yield from _words(said)
