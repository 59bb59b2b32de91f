"""The control store is one SQLite file beside the tenants', or the same in memory."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from typing import TYPE_CHECKING, Final, Self

import msgspec

from bitseg import DamagedError, Fault, FieldError
from server.control import rows
from server.control.connection import Connections
from server.control.imports import Imports
from server.control.migrations import check_schema, migrate
from server.control.model import (
    DAY_MS,
    Key,
    KeyRequest,
    Tenant,
    check_revision,
    check_slug,
    name_faults,
)
from server.control.repeats import Repeats
from server.control.timetable import Timetable
from server.control.webhooks import Webhooks
from server.keys import PREFIX_LENGTH, make_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from server.control.job import JobRecord


_OF_TENANTS: Final = (
    "segments", "jobs", "imports", "repeats", "dead_letters", "webhook_cursors", "webhooks",
)  # fmt: skip
"""What goes with a tenant; what speaks of another first."""


class Control:
    """Tenants, keys, and whose a segment is; from any thread, and beside other processes.

    Instants are ms since 1970 UTC. Every write is on the disk when it returns. Whatever is read
    may raise ``DamagedError``, and whatever is written ``StoreError``.

    Attributes:
        timetable: when each job of each tenant runs.
        imports: the files that were sent to be loaded.
        repeats: what writes of this store were answered that had a key.
        webhooks: who is told of changes.
    """

    def __init__(self, path: Path | None, now: Callable[[], int]) -> None:
        """Open a file and check all of it, or make it; None keeps everything in memory.

        Raises:
            DamagedError: it does not hold what was written; says what and where.
            StoreError: it cannot be used, or is no control store.
        """
        self._now = now
        self._connections = Connections(path)
        self.timetable = Timetable(self._connections)
        self.imports = Imports(self._connections)
        self.repeats = Repeats(self._connections, now)
        self.webhooks = Webhooks(self._connections)
        try:
            migrate(self._connections)
            self.check()
        except BaseException:
            self.close()
            raise

    def check(self) -> None:
        """Read everything.

        Raises:
            DamagedError: something is not what was written.
        """
        said = self._connections.rows("PRAGMA integrity_check(1)")
        if said != [("ok",)]:
            raise DamagedError(f"{self._connections.where}: {said[0][0]}")
        check_schema(self._connections)
        for kind in rows.TABLES:
            rows.read(self._connections, kind)
        for segment_id, tenant_id, expected in self._connections.rows("SELECT * FROM segments"):
            self._check_segment(segment_id, tenant_id, expected)

    def version(self) -> int:
        """Return a number that is another one after every write, of whichever process."""
        return self._connections.version()

    def close(self) -> None:
        """Let go of the file."""
        self._connections.close()

    def __enter__(self) -> Self:
        """Return it, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    # Tenants

    def tenants(self) -> list[Tenant]:
        """Return the tenants that are there, the oldest first."""
        return rows.read(self._connections, Tenant, "deleted_at IS NULL")

    def tenant(self, tenant_id: str) -> Tenant | None:
        """Return a tenant, or None where there is none, or no more."""
        found = self._tenant_ever(tenant_id)
        return None if found is None or found.deleted_at is not None else found

    def there(self, tenant_id: str) -> Tenant:
        """Return a tenant.

        Raises:
            FieldError: there is none, or no more.
        """
        tenant = self.tenant(tenant_id)
        if tenant is None:
            message = f"No tenant has the id {tenant_id!r}."
            raise FieldError(Fault("id", message, code="unknown_tenant"))
        return tenant

    def create_tenant(self, tenant_id: str, name: str) -> Tenant:
        """Add a tenant.

        Raises:
            FieldError: the id is no slug, is or was another's, or the name may not be so.
        """
        _refuse(name_faults(name))
        tenant = Tenant(tenant_id, name, self._now())
        with self._connections.transaction() as connection:
            self.check_free(tenant_id)
            rows.write(connection, tenant)
        return tenant

    def check_free(self, tenant_id: str) -> None:
        """Refuse an id that no new tenant may have.

        Raises:
            FieldError: it is no slug, or is or was another's.
        """
        check_slug(tenant_id)
        before = self._tenant_ever(tenant_id)
        if before is not None:
            taken = "is taken" if before.deleted_at is None else "was one that is deleted"
            message = f"The tenant's id {tenant_id!r} {taken}; choose another."
            raise FieldError(Fault("id", message, code="id_taken"))

    def change_tenant(
        self,
        tenant_id: str,
        name: str | None = None,
        revision: int | None = None,
        jobs: Iterable[JobRecord] = (),
    ) -> Tenant:
        """Change what is said of a tenant, and when its jobs run; its revision grows.

        Args:
            tenant_id: the tenant.
            name: its new name; None = as it is.
            revision: the one that was read; None = whichever it is.
            jobs: what each is to be from now on in ``cron`` and ``due_at``; the rest stays.

        Raises:
            FieldError: there is no such tenant, or the name may not be so.
            StaleError: the tenant has another revision by now.
        """
        _refuse([] if name is None else name_faults(name))
        with self._connections.transaction() as connection:
            tenant = self.there(tenant_id)
            check_revision("tenant", tenant.revision, revision)
            changed = msgspec.structs.replace(
                tenant, name=name or tenant.name, revision=tenant.revision + 1
            )
            rows.write(connection, changed)
            for job in jobs:
                before = self.timetable.find(tenant_id, job.name) or job
                rows.write(
                    connection, msgspec.structs.replace(before, cron=job.cron, due_at=job.due_at)
                )
        return changed

    def note_timezone(self, tenant_id: str, timezone: str) -> None:
        """Note which timezone a tenant's own file says; jobs run by it while that is closed."""
        with self._connections.transaction() as connection:
            tenant = self.tenant(tenant_id)
            if tenant is not None:
                rows.write(connection, msgspec.structs.replace(tenant, timezone=timezone))

    def delete_tenant(self, tenant_id: str) -> Tenant:
        """Take a tenant and all its keys away; its id is never given again.

        Raises:
            FieldError: there is no such tenant.
        """
        now = self._now()
        with self._connections.transaction() as connection:
            tenant = self.there(tenant_id)
            gone = msgspec.structs.replace(tenant, deleted_at=now, revision=tenant.revision + 1)
            rows.write(connection, gone)
            for key in self.keys(tenant_id):
                rows.write(connection, _revoked(key, now))
            for table in _OF_TENANTS:
                query = f"DELETE FROM {table} WHERE tenant_id = ?"  # noqa: S608 - names of ours
                connection.execute(query, (tenant_id,))
        return gone

    # Keys

    def keys(self, tenant_id: str) -> list[Key]:
        """Return a tenant's keys, the oldest first, also those that open nothing more."""
        return rows.read(self._connections, Key, "tenant_id = ?", tenant_id)

    def create_key(self, tenant_id: str, wanted: KeyRequest) -> tuple[Key, str]:
        """Make a key; return what is kept of it, and the key itself, which is never seen again.

        A key that is replaced stays good for ``replaced_for_days``, or to its own end if sooner.

        Raises:
            FieldError: no such tenant, or something wanted may not be so; every fault is named.
        """
        text = make_key()
        return self.add_key(tenant_id, wanted, text), text

    def add_key(self, tenant_id: str, wanted: KeyRequest, text: str) -> Key:
        """Take a key that was made elsewhere; likewise."""
        now = self._now()
        faults = wanted.faults(now)
        with self._connections.transaction() as connection:
            self.there(tenant_id)
            before = None if wanted.replaces is None else self._key(tenant_id, wanted.replaces)
            if wanted.replaces is not None and (before is None or not before.opens_at(now)):
                message = f"No key that is good has the id {wanted.replaces!r}."
                faults.append(Fault("replaces", message, code="unknown_key"))
            _refuse(faults)
            key = Key(
                id=str(uuid.uuid4()),
                tenant_id=tenant_id,
                name=wanted.name,
                scope=wanted.scope,
                hash=hashlib.sha256(text.encode()).digest(),
                prefix=text[:PREFIX_LENGTH],
                created_at=now,
                expires_at=wanted.expires_at,
                rate=wanted.rate,
            )
            if before is not None:
                rows.write(connection, _ending(before, now + wanted.replaced_for_days * DAY_MS))
            rows.write(connection, key)
        return key

    def find_key(self, digest: bytes) -> Key | None:
        """Return the key with a SHA-256, good or not, of a tenant that is there; or None."""
        for key in rows.read(self._connections, Key, "hash = ?", digest):
            if hmac.compare_digest(key.hash, digest) and self.tenant(key.tenant_id) is not None:
                return key
        return None

    def revoke_key(self, tenant_id: str, key_id: str) -> Key | None:
        """Take a key back; return it, or None where the tenant has none of that id."""
        with self._connections.transaction() as connection:
            key = self._key(tenant_id, key_id)
            if key is None or key.revoked_at is not None:
                return key
            revoked = _revoked(key, self._now())
            rows.write(connection, revoked)
        return revoked

    def note_used(self, used: Mapping[str, int]) -> None:
        """Note when keys were last used, by id."""
        with self._connections.transaction() as connection:
            connection.executemany(
                "UPDATE keys SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?",
                [(at, key_id, at) for key_id, at in used.items()],
            )

    # Segments

    def claim_segment(self, segment_id: str, tenant_id: str) -> None:
        """Note whose a new segment is.

        Raises:
            FieldError: it is another tenant's.
        """
        with self._connections.transaction() as connection:
            owner = self.tenant_of_segment(segment_id)
            if owner not in {None, tenant_id}:
                raise FieldError(Fault("id", "The segment's id is taken.", code="id_taken"))
            _claim(connection, segment_id, tenant_id)

    def adopt_segments(self, segment_ids: Iterable[str], tenant_id: str) -> None:
        """Note whose segments are that a file was found to have; those that are known stay."""
        found = self._connections.rows(
            "SELECT segment_id FROM segments WHERE tenant_id = ?", tenant_id
        )
        new = sorted(set(segment_ids) - {str(segment_id) for (segment_id,) in found})
        if new:
            with self._connections.transaction() as connection:
                for segment_id in new:
                    _claim(connection, segment_id, tenant_id)

    def release_segment(self, segment_id: str, tenant_id: str) -> None:
        """Note that a segment is no more."""
        with self._connections.transaction() as connection:
            connection.execute(
                "DELETE FROM segments WHERE segment_id = ? AND tenant_id = ?",
                (segment_id, tenant_id),
            )

    def tenant_of_segment(self, segment_id: str) -> str | None:
        """Return whose a segment is; None = nobody's."""
        query = "SELECT segment_id, tenant_id, digest FROM segments WHERE segment_id = ?"
        for found, tenant_id, expected in self._connections.rows(query, segment_id):
            self._check_segment(found, tenant_id, expected)
            return str(tenant_id)
        return None

    def _check_segment(self, segment_id: object, tenant_id: object, expected: object) -> None:
        if rows.row_digest("segments", {"id": segment_id, "tenant_id": tenant_id}) != expected:
            raise rows.damaged(self._connections, "segments", segment_id)

    def _tenant_ever(self, tenant_id: str) -> Tenant | None:
        return rows.find(self._connections, Tenant, "id = ?", tenant_id)

    def _key(self, tenant_id: str, key_id: str) -> Key | None:
        where = "id = ? AND tenant_id = ?"
        return rows.find(self._connections, Key, where, key_id, tenant_id)


def _claim(connection: sqlite3.Connection, segment_id: str, tenant_id: str) -> None:
    digest = rows.row_digest("segments", {"id": segment_id, "tenant_id": tenant_id})
    connection.execute(
        "INSERT OR IGNORE INTO segments VALUES (?, ?, ?)", (segment_id, tenant_id, digest)
    )


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise FieldError(*faults)


def _revoked(key: Key, now: int) -> Key:
    return msgspec.structs.replace(key, revoked_at=key.revoked_at or now)


def _ending(key: Key, at: int) -> Key:
    ends_at = at if key.expires_at is None else min(key.expires_at, at)
    return msgspec.structs.replace(key, expires_at=ends_at)
