"""The acknowledged file tells how far writes were acknowledged, beside the file that holds them.

SQLite takes a cut or foreign -wal file for an older state, silently. This file says which change
was acknowledged last, so that a shorter journal is noticed. It is written after each commit and
before the answer, and never synced: it survives the process, and after a power cut it may be old,
which proves less but never accuses wrongly. Where commits are not synced either, a machine that
was started anew may have lost some: then a shorter journal is what was promised.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

import msgspec

from bitseg.storage.arrays import DIGEST_BYTES, digest

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
        """Whether it may be gone as promised: it was not synced, and the machine went down."""
        return not self.synced and bool(self.boot) and self.boot != boot_id()


def boot_id() -> str:
    """Return what tells one start of the machine from another, or an empty text."""
    return _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""


class AcknowledgedFile:
    """The file; two slots written in turn, so that one is whole at any time."""

    def __init__(self, path: Path, *, synced: bool) -> None:
        """Open or make the file beside ``path``."""
        self._synced = synced
        self._boot = boot_id().encode()
        self._descriptor = os.open(beside(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._descriptor).st_size < 2 * _SLOT:
            os.pwrite(self._descriptor, bytes(2 * _SLOT), 0)  # its blocks, while there is room

    def write(self, file_id: bytes, seq: int, chain: bytes, *, closed: bool = False) -> None:
        """Note that a change is about to be acknowledged, or that the file was closed after it."""
        record = _RECORD.pack(file_id, seq, chain, self._boot, self._synced, closed)
        os.pwrite(self._descriptor, record + digest(record), seq % 2 * _SLOT)

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)


def beside(path: Path) -> Path:
    """Return the name of the file that belongs to a database."""
    return path.with_name(f"{path.name}-acknowledged")


def read(path: Path) -> Acknowledged | None:
    """Return what the file beside ``path`` says last, or None where it says nothing whole."""
    try:
        data = beside(path).read_bytes()
    except FileNotFoundError:
        return None
    found = []
    for start in (0, _SLOT):
        record = data[start : start + _RECORD.size]
        check = data[start + _RECORD.size : start + _RECORD.size + DIGEST_BYTES]
        if len(record) == _RECORD.size and digest(record) == check:
            file_id, seq, chain, boot, synced, closed = _RECORD.unpack(record)
            boot = boot.rstrip(b"\0").decode()
            found.append(Acknowledged(file_id, seq, chain, boot, synced, closed))
    return max(found, key=lambda one: one.seq, default=None)
