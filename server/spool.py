"""A spool is where a body that is a file lies on the disk: it is never held in memory."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from bitseg import NoRoomError
from server.requests import NDJSON, media_type_of
from server.settings import FILE_LIMIT

Format: TypeAlias = Literal["csv", "tsv", "ndjson", "parquet"]

SILENCE_S: Final = 30.0
"""So long the next part of a body is waited for."""

REJECTS_MOST: Final = 256 * 2**20
"""Bytes of rejected rows that are kept of an import."""

TYPES: Final[dict[str, Format]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "tsv",
    **dict.fromkeys(NDJSON, "ndjson"),
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
}
"""The media types that say what a file is."""

UNSAID: Final = ("", "application/octet-stream", "text/plain")
"""Those that do not; its first bytes tell then."""

_PART: Final = 2**20
_MAGIC: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "a zip file, such as xlsx"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"ARROW1", "Arrow"),
    (b"\xff\xff\xff\xff", "Arrow"),
    (b"\xd0\xcf\x11\xe0", "xls"),
)
_PARQUET: Final = b"PAR1"


class Spooled(msgspec.Struct, frozen=True):
    """A body on the disk.

    Attributes:
        path: where it lies.
        size: how long it is, in bytes.
        format: what it is.
        digest: its hash.
    """

    path: Path
    size: int
    format: Format
    digest: bytes


class Spool:
    """A directory of bodies and of rejected rows, by tenant."""

    def __init__(
        self, directory: Path | None, limit: int = FILE_LIMIT, silence_s: float = SILENCE_S
    ) -> None:
        """Take where it is, and what is taken.

        Args:
            directory: the directory; None = one of its own, for as long as the process lives.
            limit: the bytes of a body, at the most.
            silence_s: seconds that the next part of a body is waited for.
        """
        self._given = directory
        self._own: tempfile.TemporaryDirectory[str] | None = None
        self._limit = limit
        self._silence_s = silence_s

    def open(self) -> None:
        """Make the directory; delete what an earlier process left in it, but for rejected rows."""
        if self._given is None:
            self._own = tempfile.TemporaryDirectory(prefix="bitseg-imports-")
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._directory.glob("*/*"):
            if path.suffix != ".rejects":
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete a directory of its own."""
        if self._own is not None:
            self._own.cleanup()

    @property
    def _directory(self) -> Path:
        return self._given or Path(self._own.name if self._own else "")

    def rejects(self, tenant_id: str, import_id: str) -> Path:
        """Return where the rows lie that an import rejected."""
        return self._directory / tenant_id / f"{import_id}.rejects"

    @asynccontextmanager
    async def take(
        self, request: Request[Any, Any, Any], tenant_id: str, name: str
    ) -> AsyncIterator[Spooled]:
        """Write a body down, which is deleted behind the block unless the block moves it away.

        Raises:
            HTTPException: it is no file that can be read (415), too long (413), or its next part
                did not come (408).
            NoRoomError: there is no room for it.
        """
        said = _said(request)
        self._check_length(request)
        path = self._directory / tenant_id / f"{name}.body"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("xb") as file:
                path.chmod(0o600)
                size, digest, first = await self._write(request, file, said)
            yield Spooled(path, size, _format(first, said), digest)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise NoRoomError(f"There is no room for a body in {self._directory}") from error
            raise
        finally:
            path.unlink(missing_ok=True)

    def _check_length(self, request: Request[Any, Any, Any]) -> None:
        """Refuse at once what says that it is too long, or that there is no room for."""
        length = request.content_length or 0
        if length > self._limit:
            raise _too_large(self._limit)
        if length > shutil.disk_usage(self._directory).free:
            raise NoRoomError(f"There is no room for {length} bytes in {self._directory}")

    async def _write(
        self, request: Request[Any, Any, Any], file: IO[bytes], said: Format | None
    ) -> tuple[int, bytes, bytes]:
        """Write a body down as it comes; return its length, its hash and its first part."""
        digest, size, first = hashlib.blake2b(digest_size=16), 0, b""
        async for part in _joined(request.stream(), self._silence_s):
            size += len(part)
            if size > self._limit:
                raise _too_large(self._limit)
            if not first:
                first = part
                _format(first, said)  # what cannot be read is not taken to its end
            digest.update(part)
            await asyncio.to_thread(file.write, part)
        return size, digest.digest(), first


async def _joined(parts: AsyncIterator[bytes], silence_s: float) -> AsyncIterator[bytes]:
    """Yield a body in parts that are worth a write each."""
    waiting = bytearray()
    while True:
        try:
            part = await asyncio.wait_for(anext(parts, None), silence_s)
        except TimeoutError:
            message = f"The body did not go on for {silence_s:g} seconds."
            raise HTTPException(message, status_code=408) from None
        if part is not None:
            waiting += part
        if waiting and (part is None or len(waiting) >= _PART):
            yield bytes(waiting)
            waiting.clear()
        if part is None:
            return


def _said(request: Request[Any, Any, Any]) -> Format | None:
    """Return what a request says that its body is; None where it does not.

    Raises:
        HTTPException: it says that it is nothing that can be read.
    """
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed != "identity":
        raise _unread(f"a body that is packed ({packed[:40]})")
    kind = media_type_of(request)
    if kind in TYPES:
        return TYPES[kind]
    if kind not in UNSAID:
        raise _unread(kind[:80])
    return None


def _format(first: bytes, said: Format | None) -> Format:
    """Return what a file is, by its first bytes and by what its sender says.

    Raises:
        HTTPException: it is nothing that can be read, or not what is said.
    """
    for magic, name in _MAGIC:
        if first.startswith(magic):
            raise _unread(name)
    if first.startswith(_PARQUET) != (said == "parquet") and said is not None and first:
        found = "Parquet" if first.startswith(_PARQUET) else "something else"
        raise _unread(f"Content-Type {said} and {found}")
    if said is not None:
        return said
    if first.startswith(_PARQUET):
        return "parquet"
    return "ndjson" if first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else "csv"


def _unread(got: str) -> HTTPException:
    message = (
        "Expected CSV (text/csv), NDJSON (application/x-ndjson) or Parquet "
        f"(application/vnd.apache.parquet), not packed, got {got}."
    )
    return HTTPException(message, status_code=415)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(f"Expected a file of at most {limit} bytes.", status_code=413)
