"""The erasure file is the list of erasures beside a file, which outlives it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from bitseg.storage import erasures

if TYPE_CHECKING:
    from bitseg.storage.database import Database


class ErasureFile:
    """Keeps the list beside one file in step.

    Attributes:
        due: whether somebody was erased since it was written; at first nobody knows, as the
            process that wrote the file before may have been ended before it wrote the list.
    """

    def __init__(self, database: Database, salt: bytes) -> None:
        """Take the file, and what its ids are hashed with."""
        self._database = database
        self._salt = salt
        self.due = True
        self._lock = Lock()  # the keeper looks, and others ask for snapshots

    def write(self) -> None:
        """Bring the list up to date, where it is not.

        Raises:
            StoreError: it could not be written; it is tried again.
        """
        with self._lock:
            if not self.due:
                return
            self.due = False  # before it is read: who is erased meanwhile makes it due again
            try:
                with self._database.reading() as connection:
                    listed = erasures.read(connection, self._salt)
                if listed.erased:
                    erasures.to_file(listed, erasures.beside(self._database.path))
            except BaseException:
                self.due = True
                raise
