"""A migration is a named step that brings an older ``control.db`` to the form written today."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bitseg import DamagedError, StoreError

if TYPE_CHECKING:
    from server.control.connection import Connections

APPLICATION_ID: Final = 0x62736763
"""``bsgc``: marks the file as a control store of bitseg."""


def _tenants_keys_segments(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database as Tables  # noqa: PLC0415 - half a second to import

    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT")
    tables = Tables(connection)
    of_tenant = [("tenant_id", "tenants", "id")]
    tables.table("tenants").create(
        {
            "id": str,
            "name": str,
            "created_at": int,
            "deleted_at": int,
            "revision": int,
            "digest": bytes,
        },
        pk="id",
        not_null={"id", "name", "created_at", "revision", "digest"},
        strict=True,
    )
    tables.table("keys").create(
        {
            "id": str,
            "tenant_id": str,
            "name": str,
            "scope": str,
            "hash": bytes,
            "prefix": str,
            "created_at": int,
            "last_used_at": int,
            "expires_at": int,
            "revoked_at": int,
            "digest": bytes,
        },
        pk="id",
        not_null={"id", "tenant_id", "name", "scope", "hash", "prefix", "created_at", "digest"},
        foreign_keys=of_tenant,
        strict=True,
    )
    tables.table("keys").create_index(["hash"], unique=True)
    tables.table("keys").create_index(["tenant_id"])
    tables.table("segments").create(
        {"segment_id": str, "tenant_id": str, "digest": bytes},
        pk="segment_id",
        not_null={"segment_id", "tenant_id", "digest"},
        foreign_keys=of_tenant,
        strict=True,
    )
    tables.table("segments").create_index(["tenant_id"])


def _rates(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE keys ADD COLUMN rate INTEGER")


def _jobs(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database as Tables  # noqa: PLC0415 - likewise

    connection.execute("ALTER TABLE tenants ADD COLUMN timezone TEXT")
    tables = Tables(connection)
    tables.table("jobs").create(
        {
            "id": str,
            "tenant_id": str,
            "name": str,
            "created_at": int,
            "due_at": int,
            "cron": str,
            "state": str,
            "last_run": int,
            "last_success": int,
            "attempts": int,
            "error": str,
            "digest": bytes,
        },
        pk="id",
        not_null={"tenant_id", "name", "created_at", "due_at", "state", "attempts", "digest"},
        foreign_keys=[("tenant_id", "tenants", "id")],
        strict=True,
    )
    tables.table("jobs").create_index(["tenant_id"])


def _imports(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database as Tables  # noqa: PLC0415 - likewise

    tables = Tables(connection)
    numbers = ("size", "strict", "create_contacts", "created_at", "rows", "created", "updated",
               "accepted", "duplicate", "rejected")  # fmt: skip
    texts = ("tenant_id", "kind", "state", "format", "types", "error")
    tables.table("imports").create(
        {
            "id": str,
            **dict.fromkeys(texts, str),
            **dict.fromkeys(numbers, int),
            "created_by": str,
            "started_at": int,
            "finished_at": int,
            "once_key": str,
            "once_digest": bytes,
            "digest": bytes,
        },
        pk="id",
        not_null={"id", *texts, *numbers, "digest"},
        foreign_keys=[("tenant_id", "tenants", "id")],
        strict=True,
    )
    tables.table("imports").create_index(["tenant_id"])


def _repeats(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database as Tables  # noqa: PLC0415 - likewise

    tables = Tables(connection)
    tables.table("repeats").create(
        {
            "id": str,
            "tenant_id": str,
            "created_at": int,
            "request": bytes,
            "answer": bytes,
            "digest": bytes,
        },
        pk="id",
        not_null={"id", "tenant_id", "created_at", "request", "answer", "digest"},
        foreign_keys=[("tenant_id", "tenants", "id")],
        strict=True,
    )
    tables.table("repeats").create_index(["tenant_id"])
    tables.table("repeats").create_index(["created_at"])


def _webhooks(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database as Tables  # noqa: PLC0415 - likewise

    tables = Tables(connection)
    shared = {"id": str, "tenant_id": str, "created_at": int, "digest": bytes}
    ours = ("webhook_id", "segment_id")
    of_tenant = [("tenant_id", "tenants", "id")]
    of_both = [*of_tenant, ("webhook_id", "webhooks", "id")]
    for name, texts, numbers, may_lack, keys in (
        (
            "webhooks",
            ("url", "events", "secret"),
            ("is_active", "revision"),
            {"created_by": str, "old_secret": str, "old_until": int},
            of_tenant,
        ),
        (
            "webhook_cursors",
            ours,
            ("sent", "attempts"),
            {"failing_since": int, "next_at": int, "error": str},
            of_both,
        ),
        ("dead_letters", (*ours, "error"), ("first", "last", "attempts"), {}, of_both),
    ):
        there = {**shared, **dict.fromkeys(texts, str), **dict.fromkeys(numbers, int)}
        tables.table(name).create(
            {**there, **may_lack}, pk="id", not_null=set(there), foreign_keys=keys, strict=True
        )
        tables.table(name).create_index(["tenant_id"])
    for name in ("webhook_cursors", "dead_letters"):
        tables.table(name).create_index(["webhook_id"])


MIGRATIONS: Final[tuple[tuple[str, Callable[[sqlite3.Connection], None]], ...]] = (
    ("tenants, keys and segments", _tenants_keys_segments),
    ("rates of keys", _rates),
    ("jobs", _jobs),
    ("imports", _imports),
    ("repeats", _repeats),
    ("webhooks", _webhooks),
)
"""All migrations, in order. A file's format is how many of them it has had (``user_version``)."""

FORMAT: Final = len(MIGRATIONS)


def pending(connections: Connections) -> list[str]:
    """Return the names of the migrations that a file has not had.

    Raises:
        StoreError: it is another program's file, or a later version's.
    """
    ((application,),) = connections.rows("PRAGMA application_id")
    ((version,),) = connections.rows("PRAGMA user_version")
    ((tables,),) = connections.rows("SELECT count(*) FROM sqlite_master")
    if application != APPLICATION_ID and tables:
        raise StoreError(
            f"Expected a control store of bitseg, got another file: {connections.where}"
        )
    if not isinstance(version, int) or version > FORMAT:
        raise StoreError(
            f"{connections.where} has format {version} and this bitseg knows up to {FORMAT}; "
            "open it with the version that wrote it, or a later one"
        )
    return [name for name, _ in MIGRATIONS[version:]]


def migrate(connections: Connections) -> None:
    """Bring a file to the current format, each step a transaction."""
    for number, (name, step) in enumerate(MIGRATIONS, 1):
        if name not in pending(connections):
            continue
        with connections.transaction() as connection:
            if name not in pending(connections):  # another process was quicker
                continue
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            step(connection)
            connection.execute(f"PRAGMA user_version={number}")
            connection.execute(
                "INSERT OR REPLACE INTO meta VALUES ('schema', ?)",
                (_schema_of(connection.execute(_SCHEMA).fetchall()),),
            )


def check_schema(connections: Connections) -> None:
    """Refuse a file whose tables are not as the migrations made them.

    Raises:
        DamagedError: they are not.
    """
    expected = connections.rows("SELECT value FROM meta WHERE key = 'schema'")
    if expected != [(_schema_of(connections.rows(_SCHEMA)),)]:
        raise DamagedError(f"{connections.where}: the schema of the tables is not what was written")


_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"


def _schema_of(rows: list[tuple[object, ...]]) -> bytes:
    return hashlib.sha256(repr(rows).encode()).digest()
