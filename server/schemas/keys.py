"""A key over HTTP: asked for, shown once, and from then on known by its name and first letters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

from server.control import RATE_MOST, Key, Scope

EXAMPLE: Final[dict[str, Any]] = {
    "id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
    "name": "nightly import",
    "scope": "write",
    "prefix": "bsg_live_4fQ",
    "created_at": "2026-03-01T09:30:00Z",
    "last_used_at": None,
    "expires_at": "2027-03-01T00:00:00Z",
    "revoked_at": None,
    "rate": 50,
}
MADE_EXAMPLE: Final[dict[str, Any]] = {"key": "bsg_live_" + "0" * 30 + "2C8GjS", **EXAMPLE}
REQUEST_EXAMPLE: Final[dict[str, Any]] = {
    "name": "nightly import",
    "scope": "write",
    "expires_at": "2027-03-01T00:00:00Z",
}


class NewKey(msgspec.Struct, frozen=True):
    """The body of ``POST /api/keys``.

    Attributes:
        name: 1 to 100 characters.
        scope: what the key may do: each scope includes those before it.
        expires_at: from then on it opens nothing, ISO 8601 with an offset; without, it has no end.
        replaces: the id of the key that it comes after.
        replaced_for_days: how long that one goes on.
        rate: calls a second, up to what the key that asks may make; without, as the server has it.
    """

    name: str
    scope: Scope
    expires_at: datetime | None = None
    replaces: str | None = None
    replaced_for_days: Annotated[int, msgspec.Meta(ge=0, le=7)] = 0
    rate: Annotated[int, msgspec.Meta(ge=1, le=RATE_MOST)] | None = None


class KeyShown(msgspec.Struct, frozen=True):
    """What can be said of a key.

    Attributes:
        id: a UUID.
        name: for people.
        scope: what it may do.
        prefix: its first 12 characters.
        created_at: when it was made.
        last_used_at: to the minute; None = never.
        expires_at: from then on it opens nothing; None = never.
        revoked_at: when it was taken back; None where it was not.
        rate: calls a second; None = as the server has it.
    """

    id: str
    name: str
    scope: Scope
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    rate: int | None


class KeyMade(KeyShown, frozen=True):
    """A new key.

    Attributes:
        key: the key itself, shown this once; null where the call was sent again.
    """

    key: str | None


class KeyList(msgspec.Struct, frozen=True):
    """Some of a tenant's keys.

    Attributes:
        items: the oldest first.
        total: how many there are.
    """

    items: list[KeyShown]
    total: int


def show(key: Key) -> KeyShown:
    """Return what can be said of a key."""
    return KeyShown(**_cells(key))


def show_made(key: Key, text: str | None) -> KeyMade:
    """Return a new key; None = it was shown before."""
    return KeyMade(**_cells(key), key=text)


def moment(at: int | None) -> datetime | None:
    """Return ms since 1970 UTC as an instant."""
    return None if at is None else datetime.fromtimestamp(at / 1_000, UTC)


def _cells(key: Key) -> dict[str, Any]:
    said = {name: getattr(key, name) for name in KeyShown.__struct_fields__}
    return {name: moment(value) if name.endswith("_at") else value for name, value in said.items()}
