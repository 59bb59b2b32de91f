"""A row carries a digest of what it says, so that damage lets nobody in unnoticed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from bitseg import DamagedError
from server.control.job import JobRecord
from server.control.model import Import, Key, Repeat, Tenant
from server.control.webhook import Cursor, DeadLetter, Webhook

if TYPE_CHECKING:
    import sqlite3

    from server.control.connection import Connections

Row = TypeVar("Row", bound=msgspec.Struct)

TABLES: Final[dict[type[msgspec.Struct], str]] = {
    Tenant: "tenants",
    Key: "keys",
    JobRecord: "jobs",
    Import: "imports",
    Repeat: "repeats",
    Webhook: "webhooks",
    Cursor: "webhook_cursors",
    DeadLetter: "dead_letters",
}

_DIGEST_BYTES: Final = 16
_FREE: Final = {"last_used_at"}
"""Cells that change alone and open nothing; no digest covers them."""


_LATER: Final = {"rate", "timezone"}
"""Cells that rows of earlier formats have not; empty, they are not covered either."""


def row_digest(table: str, cells: dict[str, object]) -> bytes:
    """Return the digest of a row's cells."""
    covered = {
        name: value
        for name, value in cells.items()
        if name not in _FREE and not (value is None and name in _LATER)
    }
    said = msgspec.msgpack.encode((table, covered))
    return hashlib.blake2b(said, digest_size=_DIGEST_BYTES).digest()


def write(connection: sqlite3.Connection, row: msgspec.Struct) -> None:
    """Write a row, in place of the one with its id."""
    table = TABLES[type(row)]
    cells = msgspec.structs.asdict(row)
    cells["digest"] = row_digest(table, cells)
    names = ", ".join(cells)
    marks = ", ".join(f":{name}" for name in cells)
    changes = ", ".join(f"{name} = :{name}" for name in cells)
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) "  # noqa: S608 - names of ours
        f"ON CONFLICT (id) DO UPDATE SET {changes}",
        cells,
    )


def read(connections: Connections, kind: type[Row], where: str = "1", *values: object) -> list[Row]:
    """Return the rows of a table for which a condition holds, in the order of their making.

    Raises:
        DamagedError: one is not what was written.
    """
    cells_of: list[str] = [field.name for field in msgspec.structs.fields(kind)]
    names = [*cells_of, "digest"]
    table = TABLES[kind]
    query = f"SELECT {', '.join(names)} FROM {table} WHERE {where} ORDER BY created_at, id"  # noqa: S608 - likewise
    found = []
    for cells in connections.rows(query, *values):
        said = dict(zip(cells_of, cells[:-1], strict=True))
        if row_digest(table, said) != cells[-1]:
            raise damaged(connections, table, said["id"])
        found.append(msgspec.convert(said, kind))
    return found


def find(connections: Connections, kind: type[Row], where: str, *values: object) -> Row | None:
    """Return the first of the rows for which a condition holds; None where there is none.

    Raises:
        DamagedError: one is not what was written.
    """
    return next(iter(read(connections, kind, where, *values)), None)


def damaged(connections: Connections, table: str, row_id: object) -> DamagedError:
    """Return the error that names a row that is not what was written."""
    return DamagedError(
        f"{connections.where}: the row {row_id!r} of {table} is not what was written"
    )
