"""Rejects are rows that did not go in, written down as NDJSON so that they can be mended."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from types import TracebackType

    from bitseg.formats.source import BadRow

_ENCODER = msgspec.json.Encoder(enc_hook=str)


class RejectsFile:
    """A file of one object a rejected row: ``index``, ``line``, ``errors`` and the ``row`` itself.

    It is made when the first row is written, so a load without rejects leaves no file; one that
    stands from an earlier load is removed.
    """

    def __init__(self, path: Path | str | None) -> None:
        """Take where to write; None to write nowhere."""
        self._path = None if path is None else Path(path)
        self._file: IO[bytes] | None = None

    @property
    def wanted(self) -> bool:
        """Whether rows are written at all."""
        return self._path is not None

    def __enter__(self) -> Self:
        """Remove what an earlier load left."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def write(self, row: BadRow) -> None:
        """Write one row."""
        if self._path is None:
            return
        if self._file is None:
            self._file = self._path.open("wb")
        self._file.write(_ENCODER.encode(row) + b"\n")
