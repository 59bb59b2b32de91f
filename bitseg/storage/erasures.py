"""An erasure list says which contacts were erased, without saying who they are.

It holds a salted hash of each erased id and the number of the change that erased it. A backup that
was taken before knows these contacts still; restoring it with the list erases them once more.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from bitseg.errors import DamagedError, StoreError
from bitseg.storage.database import sync_path
from bitseg.storage.ledger import rows_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from bitseg.storage.ledger import Ledger

HASH_BYTES: Final = 16


class ErasureList(msgspec.Struct, frozen=True):
    """The erasures of one file and of those that it was restored from.

    Attributes:
        salt: what the ids are hashed with, 16 bytes.
        erased: (number of the change, hash of the id).
    """

    salt: bytes
    erased: tuple[tuple[int, bytes], ...] = ()

    def since(self, seq: int) -> frozenset[bytes]:
        """Return the hashes of those that were erased behind a change."""
        return frozenset(hashed for number, hashed in self.erased if number > seq)


def hash_of(salt: bytes, contact_id: str) -> bytes:
    """Return the salted hash of a contact id."""
    return hashlib.blake2b(
        contact_id.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES, key=salt
    ).digest()


def write(ledger: Ledger, erased: Iterable[tuple[int, bytes]]) -> None:
    """Note who was erased, as (number of the change, hash of the id), in its transaction."""
    ledger.insert("erasures", sorted(set(erased)))


def read(connection: sqlite3.Connection, salt: bytes) -> ErasureList:
    """Return the list that a file holds.

    Raises:
        DamagedError: it is not what was written.
    """
    found = []
    with closing(rows_in(connection, "erasures", "seq, hash")) as rows:
        for whole, (seq, hashed) in rows:
            if not whole:
                raise DamagedError("The list of erasures in the file is not what was written")
            found.append((seq, hashed))
    return ErasureList(salt, tuple(found))  # type: ignore[arg-type] # the digest tells the types


def beside(path: Path) -> Path:
    """Return the name of the list that is kept beside a file, to outlive it."""
    return path.with_name(f"{path.name}-erasures")


def to_file(erasures: ErasureList, path: Path) -> None:
    """Write a list as JSON, whole or not at all.

    Raises:
        StoreError: it could not be written.
    """
    temporary = path.with_name(f"{path.name}.new")
    try:
        temporary.write_bytes(msgspec.json.encode(erasures))
        sync_path(temporary)
        temporary.replace(path)
        sync_path(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def from_file(path: Path) -> ErasureList:
    """Return the list in a file.

    Raises:
        StoreError: there is none, or it is no erasure list.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=ErasureList)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StoreError(f"{path} is no erasure list: {error}") from error
