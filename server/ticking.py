"""Ticking records who enters and leaves segments by time passing, when it happens.

Each engine says when time alone changes something next, and is called then. A write may make that
earlier, so that each is asked every second, which costs it next to nothing. An engine that is not
open is left so: what time changed meanwhile is recorded when it is opened, with its own instants.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

from bitseg import clock
from server.errors import NotReadyError
from server.logs import about

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from litestar import Litestar

    from bitseg import Engine
    from server.leases import Engines, Lease

SECOND_NS: Final = 1_000_000_000
EVERY_NS: Final = SECOND_NS
"""Each engine is asked at least so often."""

LEAST_NS: Final = 20_000_000
"""And no sooner than after so long, however many instants lie ahead."""

AT_ONCE: Final = 4
"""So many engines are asked at the same time; one of them may wait for a writer."""

STOP_S: Final = 2.0
"""So long a stopping server waits for those that are being asked."""

_log = logging.getLogger("bitseg.server")


class Ticker:
    """Asks the engines that are open; as a lifespan it runs for as long as the app."""

    def __init__(
        self, engines: Engines, now: Callable[[], int], monotonic: Callable[[], int]
    ) -> None:
        """Take what is asked, the clock (ms since 1970 UTC), and one that never jumps (ns)."""
        self._engines = engines
        self._now = now
        self._monotonic = monotonic
        self._changed = Condition()
        self._next: dict[str, int] = {}
        self._busy: set[str] = set()
        self._wakes_at = 0
        self._is_stopping = False
        self._pool = ThreadPoolExecutor(AT_ONCE, "bitseg-ticker")

    @asynccontextmanager
    async def __call__(self, _app: Litestar) -> AsyncIterator[None]:
        """Run beside the block."""
        running = Thread(target=self._run, name="bitseg-ticking", daemon=True)
        running.start()
        try:
            yield
        finally:
            self.stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(self._end, running), STOP_S)

    def stop(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()

    def tick(self) -> None:
        """Let those be asked whose time has come, on threads of their own."""
        try:
            leases = self._engines.check()
        except NotReadyError:
            return
        at = self._monotonic()
        with self._changed:
            self._next = {one: self._next.get(one, at) for one in leases}
            chosen = {
                one
                for one, due in self._next.items()
                if due <= at and one not in self._busy and not self._is_stopping
            }
            self._busy |= chosen
        for tenant_id, lease in leases.items():
            if tenant_id in chosen:
                self._pool.submit(self._ask, tenant_id, lease)
            else:
                with lease:
                    pass

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self.tick()
            except Exception:  # noqa: BLE001 - it is tried again in a second
                _log.exception("engines could not be asked what time changed")
            with self._changed:
                at = self._monotonic()
                self._wakes_at = min(self._soonest(), at + EVERY_NS)
                self._changed.wait_for(self._is_early, max(self._wakes_at - at, 0) / SECOND_NS)

    def _is_early(self) -> bool:
        """Return whether something is to be done sooner than was known; under the lock."""
        return self._is_stopping or self._soonest() < self._wakes_at

    def _soonest(self) -> int:
        idle = [due for one, due in self._next.items() if one not in self._busy]
        return min(idle, default=self._monotonic() + EVERY_NS)

    def _end(self, running: Thread) -> None:
        running.join()
        self._pool.shutdown()

    def _ask(self, tenant_id: str, lease: Lease) -> None:
        """Let an engine record what time changed, and note when to ask again."""
        left = EVERY_NS
        try:
            with lease as engine:
                left = self._left(engine)
        except Exception:  # noqa: BLE001 - the others are to go on, and it is tried again
            _log.exception("what time changed could not be recorded", extra=about(tenant=tenant_id))
        with self._changed:
            self._busy.discard(tenant_id)
            self._next[tenant_id] = self._monotonic() + left
            self._changed.notify_all()

    def _left(self, engine: Engine) -> int:
        """Return in how many ns to ask an engine again, which has recorded all up to now."""
        due = engine.segments.advance()
        if due is None:
            return EVERY_NS
        return min(max((clock.to_ms(due) - self._now()) * 1_000_000, LEAST_NS), EVERY_NS)
