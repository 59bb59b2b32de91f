"""What is kept of tenants, of their keys and writes, and of the files that were sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final, Literal, TypeAlias

import msgspec

from bitseg import Fault, FieldError

Scope: TypeAlias = Literal["read", "write", "admin"]
Kind: TypeAlias = Literal["contacts", "events"]
State: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]

SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "admin")
"""What a key may do: each includes those before it."""

SLUG: Final = "[a-z0-9][a-z0-9-]{0,62}"
"""What a tenant's id looks like; files are named by it."""

DAY_MS: Final = 86_400_000
LONGEST_OVERLAP: Final = 7
"""Days for which a key that was replaced may go on."""

RATE_MOST: Final = 1_000_000
"""Calls a second that a key may be good for."""

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class StaleError(Exception):
    """What is to be changed has changed since it was read."""

    def __init__(self, what: str) -> None:
        """Take what it is, in a word."""
        super().__init__(f"The {what} has changed since; read it again.")


class Tenant(msgspec.Struct, frozen=True):
    """A customer.

    Attributes:
        id: a slug, for good.
        name: for people.
        created_at: ms since 1970 UTC.
        deleted_at: likewise; None while it is there. The id is never given again.
        revision: grows by one with every change.
        timezone: what the tenant's own file was last seen to say; None = it was not looked at yet.
    """

    id: str
    name: str
    created_at: int
    deleted_at: int | None = None
    revision: int = 1
    timezone: str | None = None


class Key(msgspec.Struct, frozen=True):
    """What is kept of a key: enough to know it again, and nothing to make it from.

    Attributes:
        id: a random UUID.
        tenant_id: whose data it opens.
        name: for people, and what is done with it is done by.
        scope: what it may do.
        hash: the SHA-256 of the key.
        prefix: its first 12 characters, to tell it from others by eye.
        created_at: ms since 1970 UTC, as all instants here.
        last_used_at: to the minute; None = never.
        expires_at: from then on it opens nothing; None = never.
        revoked_at: when it was taken back; None where it was not.
        rate: how many calls a second it is good for; None = as the server has it.
    """

    id: str
    tenant_id: str
    name: str
    scope: Scope
    hash: bytes
    prefix: str
    created_at: int
    last_used_at: int | None = None
    expires_at: int | None = None
    revoked_at: int | None = None
    rate: int | None = None

    def is_of(self, text: str) -> bool:
        """Return whether a text is the key that this is kept of."""
        return hmac.compare_digest(self.hash, hashlib.sha256(text.encode()).digest())

    def opens_at(self, now: int) -> bool:
        """Return whether it is good at an instant, ms."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class KeyRequest(msgspec.Struct, frozen=True):
    """What a new key is to be.

    Attributes:
        name: 1 to 100 characters.
        scope: what it may do.
        expires_at: ms since 1970 UTC; None = never.
        replaces: the id of the key that it comes after; None = of none.
        replaced_for_days: how long that one goes on, 0 to 7 days.
        rate: calls a second; None = as the server has it.
        rate_most: the most that they may be.
    """

    name: str
    scope: Scope
    expires_at: int | None = None
    replaces: str | None = None
    replaced_for_days: int = 0
    rate: int | None = None
    rate_most: int = RATE_MOST

    def faults(self, now: int) -> list[Fault]:
        """Return what may not be so at an instant, ms."""
        found = name_faults(self.name)
        if self.scope not in SCOPES:
            message = f"Expected a scope, got '{self.scope}'."
            found.append(Fault("scope", message, SCOPES, "unknown_scope"))
        if self.expires_at is not None and self.expires_at <= now:
            found.append(Fault("expires_at", "Expected an instant to come.", code="in_the_past"))
        if not 0 <= self.replaced_for_days <= LONGEST_OVERLAP:
            message = f"Expected 0 to {LONGEST_OVERLAP} days, got {self.replaced_for_days}."
            found.append(Fault("replaced_for_days", message, code="out_of_range"))
        if self.rate is not None and not 1 <= self.rate <= self.rate_most:
            message = f"Expected 1 to {self.rate_most:,} calls a second, got {self.rate:,}."
            found.append(Fault("rate", message, code="out_of_range"))
        return found


class Import(msgspec.Struct, frozen=True):
    """One import.

    Attributes:
        id: a random UUID.
        tenant_id: whose data it goes into.
        kind: what the rows are.
        state: how far it is; ``interrupted`` where the server stopped before its end.
        format: ``csv``, ``tsv``, ``ndjson`` or ``parquet``.
        size: how long the file is, in bytes.
        strict: 1 where all of it goes in or nothing.
        create_contacts: 1 where events create the contacts that they name.
        created_by: who sent it; None = nobody said.
        created_at: ms since 1970 UTC, as all instants here.
        started_at: when its load began; None = not yet.
        finished_at: when it came to its end, whichever; None = not yet.
        rows: how many rows of the file, from the first on, were dealt with and committed.
        created: contacts that were new.
        updated: writes to contacts that were there.
        accepted: events recorded.
        duplicate: events whose id was remembered.
        rejected: rows that did not go in.
        types: what the columns were taken for, as JSON; empty = not known yet.
        error: why it failed, as JSON; empty = it did not.
        once_key: the sender's ``Idempotency-Key``; None = none.
        once_digest: the hash of what was sent with it.
    """

    id: str
    tenant_id: str
    kind: Kind
    state: State
    format: str
    size: int
    strict: int
    create_contacts: int
    created_by: str | None
    created_at: int
    started_at: int | None = None
    finished_at: int | None = None
    rows: int = 0
    created: int = 0
    updated: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    types: str = ""
    error: str = ""
    once_key: str | None = None
    once_digest: bytes | None = None


class Repeat(msgspec.Struct, frozen=True):
    """What a write was answered that had a key, to be answered so again.

    Attributes:
        id: the tenant's id and the sender's key.
        tenant_id: whose write it was.
        created_at: ms since 1970 UTC.
        request: the hash of what was asked.
        answer: what the write returned, as MessagePack.
    """

    id: str
    tenant_id: str
    created_at: int
    request: bytes
    answer: bytes


def check_revision(what: str, revision: int, asked: int | None) -> None:
    """Refuse a change that rests on a revision which what it changes has no more; None = on any.

    Raises:
        StaleError: it does; says what it is.
    """
    if asked not in {None, revision}:
        raise StaleError(what)


def name_faults(name: str) -> list[Fault]:
    """Return why a tenant or a key may not be called so."""
    if _NAME.fullmatch(name) and name.strip():
        return []
    return [Fault("name", "Expected 1 to 100 characters, none of control.", code="invalid_name")]


def check_slug(tenant_id: str) -> None:
    """Refuse what is no tenant's id, before a file is named by it.

    Raises:
        FieldError: it is none.
    """
    if re.fullmatch(SLUG, tenant_id, re.ASCII) is None:
        message = f"Expected a tenant's id like {SLUG}, got {tenant_id!r}."
        raise FieldError(Fault("id", message, code="invalid_id"))
