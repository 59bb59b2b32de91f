"""Health is for whoever runs the process: is it alive, can it answer, and is it looked after?"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import msgspec
from litestar import get
from litestar.di import NamedDependency

from bitseg import Engine
from bitseg.cli import read_instant
from server.schemas.openapi import NOT_READY

_EVERYBODY: Final[dict[str, object]] = {"match": "all", "groups": []}


class Live(msgspec.Struct, frozen=True):
    """The one word there is to say."""

    status: str = "live"


class Ready(msgspec.Struct, frozen=True):
    """An engine that answers, and how it is kept.

    Attributes:
        backup_at: when the last backup of the file was made, by whomever; None = never, or there
            is no file.
        backup_age_s: seconds since then.
        failure: why the last snapshot could not be written; None where all is well.
        status: the one word.
    """

    backup_at: datetime | None
    backup_age_s: int | None
    failure: str | None
    status: str = "ready"


@get("/health/live", tags=["health"])
async def live() -> Live:
    """Say that the process runs."""
    return Live()


@get("/health/ready", tags=["health"], responses=NOT_READY)
async def ready(engine: NamedDependency[Engine]) -> Ready:
    """Say that the engine answers, by asking it, and when it was last backed up."""
    return await asyncio.to_thread(_ready, engine)


def _ready(engine: Engine) -> Ready:
    now = read_instant(engine.preview(_EVERYBODY).now)  # by the engine's clock
    at = engine.backup_at
    return Ready(at, None if at is None else int((now - at).total_seconds()), engine.failure)
