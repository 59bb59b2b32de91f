"""A migration is a named step that brings an older file to the form that this version writes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from bitseg.errors import DamagedError, StoreError
from bitseg.storage.arrays import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.storage.database import Database

APPLICATION_ID: Final = 0x62736567
"""``bseg``: marks the file as one of bitseg's (https://sqlite.org/pragma.html#pragma_application_id)"""


def _journal_and_parts(connection: sqlite3.Connection) -> None:
    tables = {
        "meta": "key TEXT PRIMARY KEY, value BLOB NOT NULL",
        "journal": "seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, "
        "body BLOB NOT NULL, tables BLOB NOT NULL, digest BLOB NOT NULL",
        "parts": "id INTEGER PRIMARY KEY, path TEXT NOT NULL, body BLOB NOT NULL",
        "snapshots": "seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, chain BLOB NOT NULL, "
        "tables BLOB NOT NULL, body BLOB NOT NULL, digest BLOB NOT NULL",
        "answers": "key TEXT PRIMARY KEY, at INTEGER NOT NULL, request BLOB NOT NULL, "
        "body BLOB NOT NULL, digest BLOB NOT NULL",
        "erasures": "seq INTEGER NOT NULL, hash BLOB NOT NULL, digest BLOB NOT NULL, "
        "PRIMARY KEY (seq, hash)",
    }
    for name, columns in tables.items():
        connection.execute(f"CREATE TABLE {name} ({columns})")


def _segments(connection: sqlite3.Connection) -> None:
    """Make the relational tables, whose columns are the feature document's."""
    from sqlite_utils import Database as Tables  # noqa: PLC0415 - half a second to import

    tables = Tables(connection)
    belongs = [("segment_id", "segments", "id")]
    tables.table("segments").create(
        {
            "id": str,
            "tenant_id": str,
            "workspace_id": str,
            "name": str,
            "description": str,
            "segment_type": str,
            "rules": str,
            "spelled": bytes,
            "contact_count": int,
            "last_recalculated_at": str,
            "is_active": int,
            "created_by": str,
            "created_at": str,
            "updated_at": str,
            "tags": str,
            "max_drop": float,
            "revision": int,
            "members": bytes,
            "digest": bytes,
        },
        pk="id",
        not_null={"name", "segment_type", "contact_count", "created_at", "updated_at", "digest"},
        defaults={"is_active": 1},
    )
    tables.table("segment_revisions").create(
        {
            "segment_id": str,
            "number": int,
            "at": int,
            "created_by": str,
            "about": str,
            "rules": str,
            "digest": bytes,
        },
        pk=("segment_id", "number"),
        foreign_keys=belongs,
    )
    tables.table("segment_contacts").create(
        {"segment_id": str, "contact_id": str, "added_at": str, "added_via": str},
        pk=("segment_id", "contact_id"),
        foreign_keys=belongs,
    )
    tables.table("segment_contacts").create_index(["contact_id"])
    tables.table("segment_changes").create(
        {
            "segment_id": str,
            "first": int,
            "at": int,
            "entered": bytes,
            "left": bytes,
            "came": int,
            "went": int,
            "size": int,
            "erased": bytes,
            "via": str,
            "digest": bytes,
        },
        pk=("segment_id", "first"),
        foreign_keys=belongs,
    )
    tables.table("segment_members").create(
        {"segment_id": str, "last": int, "members": bytes, "digest": bytes},
        pk="segment_id",
        foreign_keys=belongs,
    )
    counted = ("emails_sent", "emails_delivered", "opens", "clicks", "conversions")
    tables.table("segment_analytics").create(
        {
            "segment_id": str,
            "date": str,
            "contact_count": int,
            **dict.fromkeys(counted, int),
            "revenue": float,
            "open_rate": float,
            "click_rate": float,
            "conversion_rate": float,
            "created_at": str,
        },
        pk=("segment_id", "date"),
        foreign_keys=belongs,
        defaults=dict.fromkeys((*counted, "revenue"), 0),
    )


MIGRATIONS: Final[tuple[tuple[str, Callable[[sqlite3.Connection], None]], ...]] = (
    ("journal and parts", _journal_and_parts),
    ("segments", _segments),
)
"""All migrations, in order. A file's format is how many of them it has had (``user_version``)."""

FORMAT: Final = len(MIGRATIONS)


def pending(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the migrations that a file has not had.

    Raises:
        StoreError: it is another program's file, or a later version's.
        DamagedError: it is no SQLite file.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") not in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
            raise
        raise DamagedError(f"Expected a file of bitseg, got something else: {error}") from error
    if application != APPLICATION_ID and tables:
        raise StoreError("Expected a file of bitseg, got another program's SQLite file")
    if version > FORMAT:
        raise StoreError(
            f"The file has format {version} and this bitseg knows up to {FORMAT}; "
            "open it with the version that wrote it, or a later one"
        )
    return [name for name, _ in MIGRATIONS[version:]]


def migrate(database: Database) -> list[str]:
    """Bring a file to the current format, each step a transaction; return what was done."""
    todo = pending(database.connection)
    for number, (name, step) in enumerate(MIGRATIONS, 1):
        if name in todo:
            with database.transaction("migrate") as connection:
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                step(connection)
                connection.execute(f"PRAGMA user_version={number}")
                connection.execute(
                    "INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (_schema_of(connection),)
                )
    return todo


def check_schema(connection: sqlite3.Connection) -> None:
    """Refuse a file whose tables are not as the migrations made them.

    Raises:
        DamagedError: they are not.
    """
    expected = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    if expected is None or expected[0] != _schema_of(connection):
        raise DamagedError("The schema of the tables is not what was written, or is missing")


def _schema_of(connection: sqlite3.Connection) -> bytes:
    """Return the digest of the statements that made the tables and indexes."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")
    return digest(*(repr(row).encode() for row in rows))
