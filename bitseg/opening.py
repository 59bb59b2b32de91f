"""Opening makes an engine of a file: the one place that chooses where an engine's data live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from bitseg.arguments import check_days
from bitseg.budget import Limit
from bitseg.clock import system_now
from bitseg.engine import GIB, Engine
from bitseg.errors import FieldError
from bitseg.storage.backup import copy_to
from bitseg.storage.opening import SNAPSHOT_BYTES, Wanted, open_file
from bitseg.storage.restoring import restore_file
from bitseg.storage.verify import verify as verify_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.results import Restored, Verified
    from bitseg.storage.database import Sync

SYNC: Final = ("full", "normal")


def open(  # noqa: A001, PLR0913 - SPEC 8 calls it so; each setting is a name the caller writes
    path: Path | str,
    *,
    timezone: str | None = None,
    clock: Callable[[], int] | None = None,
    keep_bytes: int = GIB,
    memory_budget: Limit = None,
    remember_event_ids_days: int | None = None,
    retention_days: int | Literal["kept"] | None = "kept",
    sync: Sync = "full",
    snapshot_bytes: int = SNAPSHOT_BYTES,
    progress: Callable[[int, int | None], None] | None = None,
) -> Engine:
    """Return the engine whose data are in a file; the file is made where there is none.

    A write that has returned is in the file. Use it in a ``with`` block, or ``close`` it.

    Args:
        path: the file; others beside it begin with its name.
        timezone: IANA name of the tenant's timezone; None = what the file says, UTC in a new one.
        clock: returns ms since 1970 UTC; None = the system's clock.
        keep_bytes: how much of what queries build may be kept for the next ones.
        memory_budget: as for ``Engine``; what the file has is read, however much it is.
        remember_event_ids_days: as for ``Engine``; None = what the file says, 30 in a new one.
        retention_days: as for ``Engine``; "kept" = what the file says, None in a new one.
        sync: "full", and a write that has returned survives a power cut as far as the disk keeps
            what it confirms; or "normal", and it survives the end of the process, not of the
            machine.
        snapshot_bytes: a snapshot is due when so many bytes were written since the last.
        progress: called with bytes read and bytes in all, while the file is read.

    Raises:
        InUseError: another process has the file.
        DamagedError: it does not hold what was written; says what and where.
        StoreError: it cannot be read or written, or a later version wrote it.
        FieldError: a setting may not be so.
    """
    check_days("remember_event_ids_days", remember_event_ids_days, may_be_none=True)
    if retention_days != "kept":
        check_days("retention_days", retention_days, may_be_none=True)
    if sync not in SYNC:
        raise FieldError(f"Expected sync as one of {', '.join(SYNC)}, got {sync!r}")
    writes = open_file(
        Path(path).resolve(),
        Wanted(timezone, remember_event_ids_days, retention_days),
        clock=clock,
        sync=sync,
        snapshot_bytes=snapshot_bytes,
        progress=progress,
    )
    return Engine.on(writes, keep_bytes, memory_budget)


def verify(
    path: Path | str,
    absent: tuple[str, ...] = (),
    progress: Callable[[int, int | None], None] | None = None,
) -> Verified:
    """Read all of a file and check it; say everything that is wrong, and change nothing.

    Args:
        path: the file; another process may have it open.
        absent: texts that must be nowhere in it, such as what was erased: its bytes, free pages
            included, and everything that is packed in it are searched.
        progress: called with bytes read and bytes in all.

    Raises:
        StoreError: there is no such file, or it cannot be read.
    """
    return verify_file(Path(path).resolve(), absent, progress)


def backup(path: Path | str, destination: Path | str) -> None:
    """Copy a file as it is now; another process may have it open and write it.

    Raises:
        StoreError: it could not be copied; an older file at the destination still stands.
    """
    copy_to(Path(path).resolve(), Path(destination), system_now())


def restore(
    backup: Path | str,
    path: Path | str,
    erasures: Path | str | None = None,
    *,
    replace: bool = False,
) -> Restored:
    """Make a file of a backup, and erase once more who was erased since it was made.

    Args:
        backup: what ``backup`` wrote.
        path: the file to make.
        erasures: the list that was kept beside the file that was lost; None = the one beside
            ``path``, and where there is none, nobody was erased.
        replace: whether a file that is there is set aside, as ``<path>.before-restore``.

    Raises:
        InUseError: a process has the file open.
        StoreError: there is a file already, or one of these cannot be read.
        DamagedError: the backup is not what was written.
    """
    listed = None if erasures is None else Path(erasures)
    return restore_file(Path(backup), Path(path).resolve(), listed, replace=replace)
