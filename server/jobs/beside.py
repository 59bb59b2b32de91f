"""Jobs run beside an app, for as long as it does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar import Litestar

    from server.jobs.running import Jobs


class Beside:
    """A part of an app's life: jobs run in it, and are handed back when it ends."""

    def __init__(self, jobs: Jobs) -> None:
        """Take what runs."""
        self._jobs = jobs

    @asynccontextmanager
    async def __call__(self, _app: Litestar) -> AsyncIterator[None]:
        """Run beside the block."""
        await asyncio.to_thread(self._jobs.start)
        try:
            yield
        finally:
            await asyncio.to_thread(self._jobs.stop)
