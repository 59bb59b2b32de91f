"""Receiving is how a file gets in: written down as it comes, looked at, noted, and left to wait."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request

from bitseg import Fault, LoadError, Once, RepeatError, open_source
from server.auth import Caller
from server.control import Import, Kind
from server.loads import Load, Loads, without_path
from server.requests import once_of
from server.spool import Spool, Spooled


class Asked(msgspec.Struct, frozen=True):
    """What is asked for with a file.

    Attributes:
        kind: what its rows are.
        strict: whether all of it goes in or nothing.
        create_contacts: whether events create the contacts that they name.
    """

    kind: Kind
    strict: bool = False
    create_contacts: bool = False


async def receive(
    request: Request[Any, Any, Any], caller: Caller, loads: Loads, spool: Spool, asked: Asked
) -> Load | Import:
    """Return the import of a body, or the one that was made of it before under the same key.

    Raises:
        HTTPException: the body is not taken (408, 413, 415, 429).
        LoadError: it cannot be read.
        RepeatError: the key stands for another request, or its first still runs.
        NoRoomError: there is no room for it.
        StoreError: it could not be noted.
    """
    import_id = str(uuid.uuid4())
    async with sent(request, caller, loads, spool, import_id) as (body, once):
        record = Import(
            id=import_id,
            tenant_id=caller.tenant_id,
            kind=asked.kind,
            state="queued",
            format=body.format,
            size=body.size,
            strict=int(asked.strict),
            create_contacts=int(asked.create_contacts),
            created_by=caller.name,
            created_at=loads.now(),
            once_key=None if once is None else once.key,
            once_digest=None if once is None else once.digest,
        )
        return await asyncio.to_thread(_take_in, loads, record, body, once)


@asynccontextmanager
async def sent(
    request: Request[Any, Any, Any], caller: Caller, loads: Loads, spool: Spool, name: str
) -> AsyncIterator[tuple[Spooled, Once | None]]:
    """Have a body on the disk that has a place among imports, and what makes it once.

    Raises:
        HTTPException: the body is not taken (408, 413, 415, 429).
        RepeatError: another is being sent under the key.
        NoRoomError: there is no room for it.
    """
    first = once_of(request, b"")  # what was asked is known when the body is there
    with loads.place(caller.tenant_id, None if first is None else first.key):
        async with spool.take(request, caller.tenant_id, name) as body:
            yield body, once_of(request, body.digest)


def _take_in(loads: Loads, record: Import, body: Spooled, once: Once | None) -> Load | Import:
    if once is not None:
        earlier = loads.sent_before(record.tenant_id, once.key)
        if earlier is not None:
            if earlier.once_digest != once.digest:
                message = f"Expected a new key for a new request, got {once.key!r} again"
                raise RepeatError(message)
            return loads.find(earlier.tenant_id, earlier.id) or earlier
    path = body.path.rename(body.path.with_suffix(".queued"))
    try:
        with reading(path):
            source = open_source(path, format=body.format)
        return loads.add(record, path, source)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say of a body that cannot be read why, and not where it lies here.

    Raises:
        LoadError: the block could not read it.
    """
    try:
        yield
    except LoadError as error:
        raise LoadError(
            *(
                Fault(one.path, without_path(one.message, path), one.allowed, one.code)
                for one in error.faults
            )
        ) from None
