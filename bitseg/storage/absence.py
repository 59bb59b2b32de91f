"""Absence is proved by looking everywhere: at the file's bytes, and at what is packed in them."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.storage.arrays import from_bytes
from bitseg.storage.codec import decode
from bitseg.storage.parts import PartReader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def found_in(path: Path, connection: sqlite3.Connection, text: str) -> Iterator[str]:
    """Yield where a text stands in a file: in its bytes and its -wal's, and packed in parts.

    The bytes are searched as they are, free pages included; parts and the journal are unpacked,
    whether anything names them or not.
    """
    needle = text.encode()
    for one in (path, path.with_name(f"{path.name}-wal")):
        if one.exists() and one.stat().st_size:
            with one.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
                at = data.find(needle)
            if at >= 0:
                yield f"{one} at byte {at}"
    for part, of, body in connection.execute("SELECT id, path, body FROM parts"):
        if _in_arrays(from_bytes(body).values(), text):
            yield f"part {part} ({of})"
    parts = PartReader(connection)
    for seq, kind, body in connection.execute("SELECT seq, kind, body FROM journal"):
        if _in_value(decode(kind, body, parts), text):
            yield f"change {seq} of the journal ({kind})"


def _in_value(value: Any, text: str) -> bool:
    """Return whether a text stands anywhere in a change."""
    if isinstance(value, pa.Array):
        return _in_arrays([value], text)
    if isinstance(value, msgspec.Struct):
        return any(_in_value(one, text) for one in msgspec.structs.astuple(value))
    if isinstance(value, dict):
        return any(_in_value(one, text) for pair in value.items() for one in pair)
    if isinstance(value, tuple | list):
        return any(_in_value(one, text) for one in value)
    if isinstance(value, bytes):
        return text.encode() in value
    return isinstance(value, str) and text in value


def _in_arrays(arrays: Iterable[pa.Array], text: str) -> bool:
    return any(_in_array(array, text) for array in arrays)


def _in_array(array: pa.Array, text: str) -> bool:
    if pa.types.is_large_list(array.type):
        return _in_array(array.values, text)
    if pa.types.is_dictionary(array.type):
        return _in_array(array.dictionary, text)
    if not pa.types.is_large_string(array.type):
        return False
    return bool(pc.any(pc.match_substring(array, text)).as_py())
