"""An identity tells a file from every other, its copies included."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import msgspec

from bitseg.errors import DamagedError
from bitseg.storage.arrays import digest

if TYPE_CHECKING:
    import sqlite3

FILE_ID_BYTES: Final = 16
SALT_BYTES: Final = 16


class Identity(msgspec.Struct, frozen=True):
    """What a file is known by.

    Attributes:
        file_id: its own, 16 bytes; a copy has another.
        salt: what erased ids are hashed with, and where the journal's chain begins; 16 bytes that
            copies share, for they hold the same changes.
    """

    file_id: bytes
    salt: bytes

    @classmethod
    def new(cls) -> Identity:
        """Return one that no file has."""
        return cls(secrets.token_bytes(FILE_ID_BYTES), secrets.token_bytes(SALT_BYTES))

    def copied(self) -> Identity:
        """Return one for a copy."""
        return Identity(secrets.token_bytes(FILE_ID_BYTES), self.salt)


def meta_of(connection: sqlite3.Connection) -> dict[str, bytes]:
    """Return what a file says of itself."""
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def read_identity(connection: sqlite3.Connection) -> Identity:
    """Return the identity that a file has.

    Raises:
        DamagedError: it is missing, or is not what was written.
    """
    meta = meta_of(connection)
    found = [meta.get(key) for key in ("file_id", "salt", "identity")]
    if not all(isinstance(one, bytes) for one in found):
        raise DamagedError("What the file says of itself (the file_id or the salt) is missing")
    file_id, salt, expected = found
    if digest(file_id, salt) != expected:  # type: ignore[arg-type] # they are bytes, see above
        raise DamagedError("The file_id or the salt of the file is not what was written")
    return Identity(file_id, salt)  # type: ignore[arg-type] # likewise


def write_identity(connection: sqlite3.Connection, identity: Identity, *, closed: bool) -> None:
    """Give a file an identity, and say whether it was closed in order.

    Only copies say that they were; of other files, what lies beside them says it.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
        [
            ("file_id", identity.file_id),
            ("salt", identity.salt),
            ("identity", digest(identity.file_id, identity.salt)),
            ("closed", b"1" if closed else b"0"),
        ],
    )
