"""Health is for whoever runs the process: is it alive, can it answer, and is it looked after?"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from datetime import datetime
from typing import Final

import msgspec
from litestar import get
from litestar.di import NamedDependency

from bitseg.cli import read_instant
from server.auth import anybody
from server.leases import Engines
from server.schemas.openapi import NOT_READY

_EVERYBODY: Final[dict[str, object]] = {"match": "all", "groups": []}


class Live(msgspec.Struct, frozen=True):
    """The one word there is to say."""

    status: str = "live"


class Ready(msgspec.Struct, frozen=True):
    """An engine that answers, and how it is kept.

    Attributes:
        backup_at: when the last backup of the file was made, by whomever; None = never, or there
            is no file. Of several open files, the one of the oldest backup says it.
        backup_age_s: seconds since then.
        failure: why the last snapshot could not be written; None where all is well.
        status: the one word.
    """

    backup_at: datetime | None
    backup_age_s: int | None
    failure: str | None
    status: str = "ready"


@get("/health/live", tags=["health"], opt=anybody())
async def live() -> Live:
    """Say that the process runs."""
    return Live()


@get("/health/ready", tags=["health"], responses=NOT_READY, opt=anybody())
async def ready(engines: NamedDependency[Engines]) -> Ready:
    """Say that the engine answers, by asking it, and when it was last backed up."""
    return await asyncio.to_thread(_ready, engines)


def _ready(engines: Engines) -> Ready:
    with ExitStack() as held:
        leases = engines.check()
        asked = {tenant: held.enter_context(lease) for tenant, lease in leases.items()}
        now = [read_instant(engine.preview(_EVERYBODY).now) for engine in asked.values()]
        backups = [engine.backup_at for engine in asked.values()]
        at = None if None in backups else min((at for at in backups if at), default=None)
        failures = [
            engine.failure if len(asked) == 1 else f"{tenant}: {engine.failure}"
            for tenant, engine in asked.items()
            if engine.failure is not None
        ]
    age = None if at is None else int((max(now) - at).total_seconds())  # by the engine's clock
    return Ready(at, age, "; ".join(filter(None, failures)) or None)
