"""Rejects are rows that did not go in, written down as NDJSON so that they can be mended."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import msgspec

from bitseg.errors import LoadError

if TYPE_CHECKING:
    from types import TracebackType

    from bitseg.formats.source import BadRow

_ENCODER = msgspec.json.Encoder(enc_hook=str)


class RejectsFile:
    """A file of one object a rejected row: ``index``, ``line``, ``errors`` and the ``row`` itself.

    It is written beside its place and put there when the load is over, so that what stands there
    stays until then. A load without rejects leaves no file; one of an earlier load is removed.
    """

    def __init__(
        self, path: Path | str | None, source: Any = None, most: int | None = None
    ) -> None:
        """Begin to write.

        Args:
            path: where to; None = nowhere.
            source: what is being read.
            most: after so many bytes no more rows are written; None = all are.

        Raises:
            LoadError: it is the file that is read, or nothing can be written there.
        """
        self._path = None if path is None else Path(path)
        self._file: IO[bytes] | None = None
        self._rows = 0
        self._room = most
        if self._path is None:
            return
        if isinstance(source, str | os.PathLike) and _are_same(self._path, Path(source)):
            raise LoadError(f"Expected rejects in a file of their own, got the source {self._path}")
        if self._path.is_dir():
            raise LoadError(f"Expected a file for rejects, got the directory {self._path}")
        self._part = self._path.with_name(f"{self._path.name}.part")
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise LoadError(f"Cannot write rejects to {self._path}: {error.strerror}") from error

    @property
    def wanted(self) -> bool:
        """Whether rows are written, now."""
        return self._file is not None and (self._room is None or self._room > 0)

    def __enter__(self) -> Self:
        """Do nothing: the file is open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put the file in its place, or, without rows, remove it and what a load left before."""
        if self._file is None or self._path is None:
            return
        self._file.close()
        if self._rows:
            self._part.replace(self._path)
            return
        self._part.unlink()
        if error is None:
            self._path.unlink(missing_ok=True)

    def write(self, row: BadRow) -> None:
        """Write one row."""
        if self._file is not None and self.wanted:
            line = _ENCODER.encode(row) + b"\n"
            self._file.write(line)
            self._rows += 1
            if self._room is not None:
                self._room -= len(line)


def _are_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False
