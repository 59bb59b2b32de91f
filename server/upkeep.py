"""Upkeep is done beside requests: noting which keys were used, and closing idle engines."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from bitseg import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar import Litestar

    from server.auth import Gate
    from server.control import Control
    from server.leases import Engines

EVERY_S: Final = 60

_log = logging.getLogger("bitseg.server")


class Upkeep:
    """Runs for as long as the app does, once a minute, and a last time when it ends."""

    def __init__(self, control: Control, gate: Gate, engines: Engines) -> None:
        """Take what is looked after."""
        self._control = control
        self._gate = gate
        self._engines = engines

    @asynccontextmanager
    async def __call__(self, _app: Litestar) -> AsyncIterator[None]:
        """Run beside the block."""
        running = asyncio.create_task(self._run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await asyncio.to_thread(self._note, self._gate.take_used())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await asyncio.to_thread(self._note, self._gate.take_used())
            try:
                await asyncio.to_thread(self._engines.sweep)
            except Exception:  # noqa: BLE001 - it is tried again in a minute
                _log.exception("engines that nobody uses could not be closed")

    def _note(self, used: dict[str, int]) -> None:
        """Write when keys were used; that is for people, so failing to is no more than logged."""
        try:
            if used:
                self._control.note_used(used)
        except StoreError:
            _log.exception("when keys were used could not be noted")
