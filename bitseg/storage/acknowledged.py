"""The acknowledged file tells how far writes were acknowledged, beside the file that holds them.

SQLite takes a cut or foreign -wal file for an older state, silently. This file says which change
was acknowledged last, so that a shorter journal is noticed. It is written after each commit and
before the answer, and synced only before a snapshot takes the changes' place: it survives the
process, and after a power cut it may be old, which proves less but never accuses wrongly. Where
commits are not synced either, a machine that was started anew may have lost some: then a shorter
journal is what was promised.
"""

from __future__ import annotations

import os
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bitseg.errors import StoreError
from bitseg.storage.arrays import DIGEST_BYTES, digest
from bitseg.storage.database import sync_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_RECORD: Final = struct.Struct(f"<16sQ{DIGEST_BYTES}s36s??")
_SLOT: Final = 128
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Acknowledged(msgspec.Struct, frozen=True):
    """The last acknowledged change.

    Attributes:
        file_id: of the file that it is in, 16 bytes.
        seq: its number.
        chain: the journal's digest up to it.
        boot: which start of the machine this was; empty where the system does not say.
        synced: whether commits were synced, so that the machine's end lost none.
        closed: whether the file was closed in order, with nothing left in a -wal.
    """

    file_id: bytes
    seq: int
    chain: bytes
    boot: str
    synced: bool
    closed: bool

    @property
    def may_be_lost(self) -> bool:
        """Whether it may be gone as promised: not synced, not closed, and the machine went down."""
        return not self.synced and not self.closed and bool(self.boot) and self.boot != boot_id()


def boot_id() -> str:
    """Return what tells one start of the machine from another, or an empty text."""
    return _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""


class AcknowledgedFile:
    """The file; two slots written in turn, so that one is whole at any time."""

    def __init__(self, path: Path, *, synced: bool) -> None:
        """Open or make the file beside ``path``.

        Raises:
            StoreError: it cannot be written.
        """
        self._path = beside(path)
        self._synced = synced
        self._boot = boot_id().encode()
        self._slot = 0
        with _naming(self._path):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(self._descriptor).st_size < 2 * _SLOT:
                self._put(bytes(2 * _SLOT), 0)  # its blocks, while there is room

    def begin(self, file_id: bytes, seq: int, chain: bytes) -> None:
        """Note, for good, that the file is open after a change, and forget what was noted before.

        Raises:
            StoreError: it could not be noted.
        """
        with _naming(self._path):
            self._put(self._record(file_id, seq, chain, closed=False).ljust(2 * _SLOT, b"\0"), 0)
        self.sync()
        with _naming(self._path.parent):
            sync_path(self._path.parent)  # its name, too
        self._slot = 1

    def write(self, file_id: bytes, seq: int, chain: bytes, *, closed: bool = False) -> None:
        """Note that a change is about to be acknowledged, or that the file was closed after it.

        Raises:
            StoreError: it could not be noted.
        """
        with _naming(self._path):
            self._put(self._record(file_id, seq, chain, closed=closed), self._slot * _SLOT)
        self._slot = 1 - self._slot

    def sync(self) -> None:
        """Wait until what was written is on the disk.

        Raises:
            StoreError: it may not be.
        """
        with _naming(self._path):
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    def _record(self, file_id: bytes, seq: int, chain: bytes, *, closed: bool) -> bytes:
        record = _RECORD.pack(file_id, seq, chain, self._boot, self._synced, closed)
        return record + digest(record)

    def _put(self, data: bytes, at: int) -> None:
        while data:  # the system may take less at a time
            taken = os.pwrite(self._descriptor, data, at)
            data, at = data[taken:], at + taken


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror}") from error


def beside(path: Path) -> Path:
    """Return the name of the file that belongs to a database."""
    return path.with_name(f"{path.name}-acknowledged")


def read(path: Path) -> Acknowledged | None:
    """Return what the file beside ``path`` says last, or None where it says nothing whole.

    Raises:
        StoreError: it cannot be read.
    """
    with _naming(beside(path)):
        data = beside(path).read_bytes() if beside(path).exists() else b""
    found = []
    for start in (0, _SLOT):
        record = data[start : start + _RECORD.size]
        check = data[start + _RECORD.size : start + _RECORD.size + DIGEST_BYTES]
        if len(record) == _RECORD.size and digest(record) == check:
            file_id, seq, chain, boot, synced, closed = _RECORD.unpack(record)
            boot = boot.rstrip(b"\0").decode()
            found.append(Acknowledged(file_id, seq, chain, boot, synced, closed))
    return max(found, key=lambda one: (one.seq, one.closed), default=None)
