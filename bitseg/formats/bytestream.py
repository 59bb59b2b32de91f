"""A byte stream is a file's text as UTF-8 bytes: unpacked, without its BOM, a block at a time."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from bitseg.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES: Final = 4 * 2**20
RECORD_BYTES_MAX: Final = 32 * 2**20
"""No row is longer; behind a quote that nobody closes, this is where reading stops."""

_PACKED: Final = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_BOM: Final = b"\xef\xbb\xbf"


class ByteStream:
    """An open file, read once from start to end."""

    def __init__(self, path: Path) -> None:
        """Open the file and tell by its first bytes how it is packed and encoded."""
        self._path = path
        self._raw = pa.OSFile(str(path), "rb")
        self._stream = unpacked(self._raw)
        first = self._stream.read(len(_BOM))
        if first[:2] in _UTF16:
            self._stream = self._reopened()
            self._stream = pa.transcoding_input_stream(self._stream, "utf-16", "utf-8")
            first = b""
        self._first = b"" if first == _BOM else first

    def _reopened(self) -> pa.NativeFile:
        """Return the stream from its start again; a packed one cannot go back."""
        self._raw.seek(0)
        return unpacked(self._raw)

    def read(self) -> bytes:
        """Return the next block; only behind the last is it empty.

        Raises:
            LoadError: the file is damaged, cut off, or not the UTF-16 it says.
        """
        with readable(self._path):
            block = bytes(self._stream.read(BLOCK_BYTES))
        first, self._first = self._first, b""
        return first + block

    def tell(self) -> int:
        """Return the bytes of the file read so far, packed as they lie."""
        return int(self._raw.tell())

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._raw.close()


def unpacked(raw: pa.NativeFile) -> pa.NativeFile:
    """Return an open file unpacked, whatever its name says; a plain one as it is."""
    first = raw.read(4)
    raw.seek(0)
    for magic, codec in _PACKED:
        if first.startswith(magic):
            return pa.CompressedInputStream(raw, codec)
    return raw


@contextmanager
def readable(path: Path | str) -> Iterator[None]:
    """Say of which file it is that something went wrong.

    Raises:
        LoadError: reading failed.
    """
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError, EOFError) as error:
        raise LoadError(f"Cannot read {path}: {error}") from error


@contextmanager
def byte_stream(path: Path) -> Iterator[ByteStream]:
    """Open a file of text for one reading.

    Raises:
        LoadError: it cannot be opened.
    """
    with readable(path):
        stream = ByteStream(path)
    try:
        yield stream
    finally:
        stream.close()
