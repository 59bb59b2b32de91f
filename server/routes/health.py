"""Health is for whoever runs the process: is it alive, and can it answer?"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from litestar import get
from litestar.di import NamedDependency

from bitseg import Engine

_EVERYBODY: Final[dict[str, object]] = {"match": "all", "groups": []}


class Health(msgspec.Struct, frozen=True):
    """The one word there is to say."""

    status: str


@get("/health/live", tags=["health"])
async def live() -> Health:
    """Say that the process runs."""
    return Health("live")


@get("/health/ready", tags=["health"])
async def ready(engine: NamedDependency[Engine]) -> Health:
    """Say that the engine answers, by asking it."""
    await asyncio.to_thread(engine.count, _EVERYBODY)
    return Health("ready")
