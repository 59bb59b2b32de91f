"""The tables of a tenant in SQLite, and a definition as a statement over them."""

# ruff: noqa: S608 - the text is made of our own names and instants

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from fractions import Fraction
from hashlib import blake2b
from typing import Any, Final

from tests.properties.sql.derived import people
from tests.properties.sql.statements import Statement
from tests.properties.sql.tenants import CHOICES, FIELDS, KEPT, TYPES, Json, Tenant

Row = tuple[Any, ...]

_TABLES: Final = """
CREATE TABLE contacts (number INTEGER PRIMARY KEY, id, {fields});
CREATE TABLE elements (contact INTEGER, path, element);
CREATE INDEX by_path ON elements (contact, path);
CREATE TABLE events (number INTEGER PRIMARY KEY, contact INTEGER, kind, at, {properties});
CREATE INDEX by_kind ON events (contact, kind, at);
CREATE TABLE listed (segment, contact INTEGER);
CREATE INDEX by_segment ON listed (contact, segment);
"""


class _Sum:
    """The aggregate `fsum`: the correctly rounded sum, 0 of nothing."""

    def __init__(self) -> None:
        self.held: list[float] = []

    def step(self, value: float | None) -> None:
        if value is not None:
            self.held.append(value)

    def finalize(self) -> float:
        return math.fsum(self.held)


def _sampled(contact: str, seed: str, percent: str) -> bool:
    digest = blake2b(f"{seed}\0{contact}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") * 100 < Fraction(percent) * 2**64


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def tables_of(tenant: Tenant) -> sqlite3.Connection:
    """Tell SQLite a tenant.

    The tables are `contacts`, `elements` of arrays, `events`, `listed` members of static segments,
    and for each instant that is asked about a table of contacts with their derived fields.
    """
    db = _asked()
    columns = [path for path, kind in KEPT.items() if kind != "array" and path != "contact.id"]
    quoted = ", ".join(f'"{path}"' for path in ("contact.id", *columns))
    db.executescript(_TABLES.format(fields=quoted, properties=", ".join(CHOICES)))
    numbers = {row["id"]: number for number, row in enumerate(tenant.contacts)}
    listed = ((name, numbers[one]) for name, ids in tenant.listed.items() for one in ids)
    _insert(db, "contacts", _contacts(tenant, columns))
    _insert(db, "elements", _elements(tenant))
    _insert(db, "events", _events(tenant, numbers))
    _insert(db, "listed", listed)
    known = [column for column in columns if not column.startswith("engagement.")]
    for now in tenant.nows:
        selected = people(["number", "id", "contact.id", *known], now)
        db.execute(f"CREATE TABLE {_people_at(tenant, now)} AS {selected}")
    return db


def _asked() -> sqlite3.Connection:
    """Return an empty database with the functions that SQL has not."""
    db = sqlite3.connect(":memory:")
    db.create_function("folded", 1, _folded, deterministic=True)
    db.create_function("sampled", 3, _sampled, deterministic=True)
    db.create_aggregate("fsum", 1, _Sum)  # type: ignore[arg-type] # its step has one argument
    return db


def _contacts(tenant: Tenant, columns: list[str]) -> Iterator[Row]:
    written = {"contact.created_at": tenant.nows[0], "contact.updated_at": tenant.nows[0]}
    for number, row in enumerate(tenant.contacts):
        values = (_stored({**written, **row}, path) for path in columns)
        yield (number, row["id"], row["id"], *values)


def _elements(tenant: Tenant) -> Iterator[Row]:
    paths = [path for path, kind in KEPT.items() if kind == "array"]
    for number, row in enumerate(tenant.contacts):
        for path in paths:
            yield from ((number, path, element) for element in row.get(path, []) if element)


def _events(tenant: Tenant, numbers: dict[str, int]) -> Iterator[Row]:
    for number, row in enumerate(tenant.events):
        values = (_stored(row, name) for name in CHOICES)
        yield (number, numbers[row["contact_id"]], row["kind"], row["at"], *values)


def _people_at(tenant: Tenant, now: int) -> str:
    return f"people_{tenant.nows.index(now)}"


def _insert(db: sqlite3.Connection, table: str, rows: Iterator[Row]) -> None:
    width = len(db.execute(f"PRAGMA table_info({table})").fetchall())
    marks = ", ".join("?" * width)
    db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _stored(row: Json, name: str) -> Any:
    """Return a value as a table holds it: empty text is NULL, a number a float64."""
    value = row.get(name)
    is_number = {**KEPT, **TYPES}[name] == "number"
    return float(value) if is_number and value is not None else (value if value != "" else None)


def statement_of(tenant: Tenant, definition: Json, now: int) -> tuple[str, dict[str, Any]]:
    """Return SQL for a definition's members and the values it binds."""
    table = _people_at(tenant, now)
    statement = Statement(table, {**FIELDS, **TYPES}, tenant.segments, now)
    return statement.select(definition), statement.values
