"""The ledger sums the rows of tables that are changed in place, so that no old one comes back.

The journal's chain tells when a change is missing. A row of a table may be missing, or be as it was
earlier, and break no chain: pages of the file may be of another time than others. So each row
carries a digest of its cells, and each change the sum of all digests as they are after it.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bitseg.storage.arrays import DIGEST_BYTES, digest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Iterable, Mapping, Sequence

Cell: TypeAlias = "int | float | str | bytes | None"

COVERED: Final[dict[str, tuple[str, ...]]] = {
    "segments": (
        "id",
        "tenant_id",
        "workspace_id",
        "name",
        "description",
        "segment_type",
        "rules",
        "spelled",
        "contact_count",
        "last_recalculated_at",
        "is_active",
        "created_by",
        "created_at",
        "updated_at",
        "tags",
        "max_drop",
        "revision",
        "members",
    ),
    "segment_revisions": ("segment_id", "number", "at", "created_by", "about", "rules"),
    "segment_changes": (
        "segment_id",
        "first",
        "at",
        "entered",
        "left",
        "came",
        "went",
        "size",
        "erased",
        "via",
    ),
    "segment_members": ("segment_id", "last", "members"),
    "answers": ("key", "at", "request", "body"),
    "erasures": ("seq", "hash"),
}
"""Tables whose rows are summed, and the columns that a row's digest is over."""

EMPTY: Final = bytes(DIGEST_BYTES)
"""The sum of no rows."""

_MODULUS: Final[int] = 2 ** (8 * DIGEST_BYTES)


def row_digest(table: str, cells: Iterable[Cell]) -> bytes:
    """Return the digest of a row's cells, whatever their types are.

    A whole number is the same as int and as float: SQLite gives back either, of one column.
    """
    parts = [table.encode()]
    for cell in cells:
        match cell:
            case bytes():
                parts += [b"bytes", cell]
            case str():
                parts += [b"text", cell.encode("utf-8", "surrogatepass")]
            case None:
                parts += [b"null", b""]
            case _:
                whole = isinstance(cell, int) or cell.is_integer()
                parts += [b"number", repr(int(cell) if whole else cell).encode()]
    return digest(*parts)


class Ledger:
    """Writes the tables that it sums, in one transaction.

    Attributes:
        connection: the transaction's.
    """

    def __init__(self, connection: sqlite3.Connection, total: bytes) -> None:
        """Take the transaction, and the sum before it."""
        self.connection = connection
        self._total = _number(total)

    @property
    def total(self) -> bytes:
        """The sum as the rows are now, 16 bytes."""
        return _bytes(self._total)

    def insert(self, table: str, rows: Iterable[Sequence[Cell]]) -> None:
        """Write new rows, each with all cells that its digest is over, in order."""
        sealed: list[tuple[Any, ...]] = [(*cells, row_digest(table, cells)) for cells in rows]
        marks = ", ".join("?" * (len(COVERED[table]) + 1))
        query = f"INSERT INTO {table} ({_columns(table)}, digest) VALUES ({marks})"  # noqa: S608 - names are ours
        self.connection.executemany(query, sealed)
        self._total += sum(_number(row[-1]) for row in sealed)

    def update(
        self, table: str, row: Mapping[str, Cell], where: str, values: Sequence[Cell]
    ) -> None:
        """Set cells of the rows that a condition finds."""
        names = COVERED[table]
        cells = ", ".join(f'"{name}" = ?' for name in row)
        find = f"SELECT rowid, digest, {_columns(table)} FROM {table} WHERE {where}"  # noqa: S608 - likewise
        write = f"UPDATE {table} SET {cells}, digest = ? WHERE rowid = ?"  # noqa: S608 - likewise
        for number, old, *before in self.connection.execute(find, values).fetchall():
            now = {**dict(zip(names, before, strict=True)), **row}
            new = row_digest(table, now.values())
            self.connection.execute(write, (*row.values(), new, number))
            self._total += _number(new) - _number(old)

    def delete(self, table: str, where: str, values: Sequence[Cell]) -> None:
        """Take out the rows that a condition finds."""
        find = f"SELECT digest FROM {table} WHERE {where}"  # noqa: S608 - likewise
        for (old,) in self.connection.execute(find, values).fetchall():
            self._total -= _number(old)
        self.connection.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608 - likewise


def rows_in(
    connection: sqlite3.Connection,
    table: str,
    order: str = "rowid",
    where: str = "1",
    values: Sequence[Cell] = (),
) -> Generator[tuple[bool, tuple[Cell, ...]]]:
    """Yield each row that a condition finds: whether it is what was written, and its cells."""
    query = f"SELECT digest, {_columns(table)} FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608 - likewise
    with closing(connection.execute(query, values)) as rows:
        for expected, *cells in rows:
            yield row_digest(table, cells) == expected, tuple(cells)


def sum_of(connection: sqlite3.Connection) -> bytes | None:
    """Return the sum of the digests of all rows; None where one has none."""
    total = 0
    for table in COVERED:
        for (one,) in connection.execute(f"SELECT digest FROM {table}"):  # noqa: S608 - likewise
            if not isinstance(one, bytes):
                return None
            total += _number(one)
    return _bytes(total)


def _columns(table: str) -> str:
    return ", ".join(f'"{name}"' for name in COVERED[table])


def _number(sum_: bytes) -> int:
    return int.from_bytes(sum_, "little")


def _bytes(number: int) -> bytes:
    rest: int = number % _MODULUS
    return rest.to_bytes(DIGEST_BYTES, "little")
