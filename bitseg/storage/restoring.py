"""Restoring makes a file of a backup again, without those who were erased since.

The restored file is made beside and takes its name only when it is whole. Its changes go on with
numbers that neither the backup nor the erasure list has, so that the list stays right for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np

from bitseg.changes import DeleteContacts
from bitseg.errors import DamagedError, StoreError
from bitseg.results import Restored
from bitseg.storage import erasures
from bitseg.storage.backup import copy
from bitseg.storage.checks import check_beside
from bitseg.storage.database import FAILURES, store_error, sync_path
from bitseg.storage.erasures import ErasureList, hash_of
from bitseg.storage.holding import Hold
from bitseg.storage.making import remove, restoring
from bitseg.storage.opening import SNAPSHOT_BYTES, Wanted, open_file
from bitseg.storage.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from bitseg.storage.sqlite import SqliteStore
    from bitseg.writes import Writes

_PAGE: Final = 65_536
AHEAD: Final = 10**12
"""Numbers that a restored file leaves out: more than the lost one can have used since the backup,
so that an erasure after a restore is behind every backup made before it."""

_ASIDE: Final = "before-restore"


def restore_file(backup: Path, path: Path, listed: Path | None, *, replace: bool) -> Restored:
    """Make a file of a backup, and erase once more who was erased since it was made.

    Args:
        backup: a whole file, closed in order, as a backup is.
        path: the file to make.
        listed: the erasure list; None = the one beside ``path``, where there is one.
        replace: whether a file that is there is set aside.

    Raises:
        InUseError: a process has the file open.
        StoreError: there is a file already, or one of these cannot be read.
        DamagedError: the backup is not what was written.
    """
    if not backup.is_file():
        raise StoreError(f"There is no file {backup}")
    if listed is None and erasures.beside(path).exists():
        listed = erasures.beside(path)
    made = restoring(path)
    hold = Hold(path)
    try:
        if path.exists() and not replace:
            raise StoreError(f"{path} is there already; replace=True, or --replace, sets it aside")
        check_beside(backup)
        copy(backup, made)  # with what is in its -wal
        known = None if listed is None else erasures.from_file(listed)
        restored = _erased_again(made, known)
        if found := verify(made).findings:
            raise DamagedError(*found)
        _set_aside(path)
        made.replace(path)
        sync_path(path.parent)
    except FAILURES as error:
        raise store_error(error, backup) from error
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path}: {error.strerror}") from error
    finally:
        remove(made)
        hold.release()
    return restored


def _erased_again(made: Path, known: ErasureList | None) -> Restored:
    """Erase who was erased since; go on behind all that any list or backup may speak of."""
    writes = open_file(
        made, Wanted(), clock=None, sync="full", snapshot_bytes=SNAPSHOT_BYTES, progress=None
    )
    store = cast("SqliteStore", writes.store)
    try:
        gone = () if known is None else _still_there(store, writes, known)
        erased = writes.delete(DeleteContacts(gone)) if gone else 0
        store.go_on_behind(() if known is None else known.erased, AHEAD)
        return Restored(writes.tenant.contacts.live.count, erased)
    finally:
        store.close()


def _still_there(store: SqliteStore, writes: Writes, known: ErasureList) -> tuple[str, ...]:
    """Return the ids of contacts that were erased after the backup's last change.

    Raises:
        StoreError: the list is not of this file.
    """
    salt = store.salt
    if salt != known.salt:
        raise StoreError("The erasure list is of another file than the backup")
    wanted = known.since(store.seq)
    contacts = writes.tenant.contacts
    rows = contacts.live.rows()
    found: list[str] = []
    for start in range(0, rows.size, _PAGE):
        ids = contacts.ids.take(rows[start : start + _PAGE].astype(np.uint32)).to_pylist()
        found += [contact_id for contact_id in ids if hash_of(salt, contact_id) in wanted]
    return tuple(found)


def _set_aside(path: Path) -> None:
    """Move a file, and what lies beside it, to names that still belong together.

    What a lost file left beside it would be taken for the restored one's.
    """
    path_was_there = path.exists()
    for name in ("", "-wal", "-shm", "-acknowledged"):
        old = path.with_name(f"{path.name}{name}")
        aside = path.with_name(f"{path.name}.{_ASIDE}{name}")
        if old.exists():
            old.replace(aside)
        elif path_was_there:
            aside.unlink(missing_ok=True)  # of what was set aside before
