"""A life is what becomes of a durable engine between writes: closed, killed, copied, opened."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bitseg

BESIDE = ("", "-wal", "-acknowledged")
"""What a killed process leaves: the file and what belongs to it, but no lock."""


def copy_files(path: Path, to: Path) -> Path:
    """Copy a file and what belongs to it, as they lie on the disk at this moment."""
    for ending in BESIDE:
        one = path.with_name(f"{path.name}{ending}")
        if one.exists():
            shutil.copyfile(one, to.with_name(f"{to.name}{ending}"))
    return to


def killed_copy(engine: bitseg.Engine, path: Path, to: Path) -> Path:
    """Copy the files of an open engine between two writes: as if it had been killed there."""
    writes: Any = engine._writes  # noqa: SLF001 - nothing public holds writes up
    with writes.store._one_snapshot, writes.commits.paused():  # noqa: SLF001 - likewise
        return copy_files(path, to)


def remove_files(path: Path) -> None:
    """Remove a file and all that lies beside it."""
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


class Life:
    """One durable engine, and the file that it has at the time."""

    def __init__(self, folder: Path, name: str, clock: Callable[[], int], **settings: Any) -> None:
        """Open a new file in a folder."""
        self._folder = folder
        self._name = name
        self._clock = clock
        self._files = 0
        self.path = self.new_path()
        self.engine = self.open(self.path, **settings)

    def new_path(self) -> Path:
        """Return a name that no file of this life has had."""
        self._files += 1
        return self._folder / f"{self._name}-{self._files}.db"

    def open(self, path: Path, **settings: Any) -> bitseg.Engine:
        """Open a file with the clock of this life."""
        return bitseg.open(path, clock=self._clock, sync="normal", **settings)

    def reopen(self, **settings: Any) -> None:
        """Close the engine and open its file again."""
        self.engine.close()
        self.engine = self.open(self.path, **settings)

    def die(self, **settings: Any) -> None:
        """Go on with what the engine would have left if it had been killed now."""
        copy = killed_copy(self.engine, self.path, self.new_path())
        self.go_on_with(copy, **settings)

    def restore_backup(self, **settings: Any) -> None:
        """Go on with a backup made now."""
        copy = self.new_path()
        self.engine.backup(copy)
        self.go_on_with(copy, **settings)

    def go_on_with(self, path: Path, **settings: Any) -> None:
        """Leave the file for another one."""
        self.engine.close()
        remove_files(self.path)
        self.path = path
        self.engine = self.open(path, **settings)

    def end(self) -> None:
        """Close the engine and see that verifying its file finds nothing."""
        self.engine.close()
        assert bitseg.verify(self.path).findings == ()
        remove_files(self.path)
