"""Deliveries are all lanes of a server: a task each, so that none waits for another's receiver.

The engine of a tenant with webhooks is opened when the server starts, and stays: who enters and
leaves by time passing is to be told when it happens.
"""

from __future__ import annotations

import asyncio
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bitseg import StoreError, UnknownSegmentError
from server.errors import NotReadyError
from server.hearing import woken_within
from server.logs import about
from server.webhooks.attempts import Counts, Remembered
from server.webhooks.lane import Lane, Tools, headers_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from litestar import Litestar

    from bitseg import Engine
    from server.control import Control, Webhook
    from server.hearing import Hearing
    from server.leases import Engines
    from server.webhooks.posting import Outcome, Poster

    Key = tuple[str, str, str]

T = TypeVar("T")

LOOK_S: Final = 60.0
"""How often webhooks are looked for that another process took away; lanes look as often."""

AGAIN_S: Final = 10.0
"""After so long a lane goes on whose files failed, or an engine that cannot be opened is tried."""

OPENING_S: Final = 1.0
"""After so long it is looked again whether an engine is open."""

READERS: Final = 4
"""So many lanes read and write files at once."""

AT_ONCE: Final = 2
"""So many bodies are on their way to one webhook at once, of different segments."""

PING: Final = b'{"segment_id":null,"changes":[]}'
"""What a webhook is sent to try it out."""

_log = logging.getLogger("bitseg.server")


class Deliveries:
    """What webhooks are told; for one event loop. As a lifespan it runs for as long as the app.

    Attributes:
        counts: what became of it.
        remembered: the last attempts of each webhook.
        now: returns ms since 1970 UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands on
        self,
        control: Control,
        engines: Engines,
        hearing: Hearing,
        make_poster: Callable[[], Poster],
        now: Callable[[], int],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Begin with nothing.

        Args:
            control: knows webhooks, and how far they are.
            engines: those of the tenants.
            hearing: tells of changes.
            make_poster: makes what sends, where the loop runs.
            now: returns ms since 1970 UTC.
            jitter: returns 0 to 1.
        """
        self.counts = Counts()
        self.remembered = Remembered()
        self._control = control
        self._engines = engines
        self._hearing = hearing
        self._make_poster = make_poster
        self._made: Poster | None = None
        self.now = now
        self._jitter = jitter
        self._tenants: dict[str, asyncio.Task[None]] = {}
        self._lanes: dict[Key, tuple[asyncio.Task[None], asyncio.Event]] = {}
        self._again: asyncio.Task[None] | None = None
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._changed: dict[str, asyncio.Event] = {}
        self._threads = ThreadPoolExecutor(READERS, "bitseg-webhooks")

    @asynccontextmanager
    async def __call__(self, _app: Litestar) -> AsyncIterator[None]:
        """Run beside the block."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            await _end([watching])
            await _end(list(self._tenants.values()))
            await self._poster.close()
            self._made = None
            self._threads.shutdown(wait=False)

    async def look(self) -> None:
        """See which webhooks there are, and work on them; from now on, as they are now.

        Raises:
            StoreError: they cannot be read.
        """
        webhooks: list[Webhook] = await self._beside(self._control.webhooks.all)
        there = {one.id for one in webhooks}
        self.remembered.keep(there)
        self._turns = {one: turn for one, turn in self._turns.items() if one in there}
        active = {one.tenant_id for one in webhooks if one.is_active}
        for tenant_id in active - self._tenants.keys():
            self._changed[tenant_id] = asyncio.Event()
            task = asyncio.create_task(self._tenant(tenant_id))
            self._tenants[tenant_id] = task
            task.add_done_callback(partial(self._left, tenant_id))
        for event in self._changed.values():
            event.set()
        for _, woken in self._lanes.values():
            woken.set()

    async def ping(self, webhook: Webhook) -> Outcome:
        """Send a webhook a body without changes, at once."""
        return await self._poster.post(webhook.url, PING, headers_of(webhook, PING, self.now()))

    @property
    def _poster(self) -> Poster:
        """What sends; made where the loop runs."""
        if self._made is None:
            self._made = self._make_poster()
        return self._made

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except StoreError:
                _log.exception("webhooks could not be read; it is tried again")
            await asyncio.sleep(LOOK_S)

    async def _look_again(self) -> None:
        with suppress(StoreError):  # and otherwise a minute later
            await self.look()

    async def _tenant(self, tenant_id: str) -> None:
        """Keep a tenant's engine open, and a lane for each segment of each of its webhooks."""
        changed = self._changed[tenant_id]
        with ExitStack() as held:
            engine = await self._engine(tenant_id, held)
            try:
                while engine is not None:
                    changed.clear()
                    wanted = await self._wanted(tenant_id)
                    if wanted is not None:
                        if not wanted:
                            return
                        await self._sync(tenant_id, wanted, engine)
                    await changed.wait()
            finally:
                mine = [key for key in self._lanes if key[0] == tenant_id]
                await _end([self._lanes[key][0] for key in mine])

    async def _engine(self, tenant_id: str, held: ExitStack) -> Engine | None:
        """Return a tenant's engine when it is open; None where there are no webhooks any more."""
        while await self._wanted(tenant_id) != set():
            try:
                return held.enter_context(self._engines.hold(tenant_id, used=False))
            except NotReadyError as error:
                await asyncio.sleep(AGAIN_S if error.retry_after is None else OPENING_S)
        return None

    async def _wanted(self, tenant_id: str) -> set[Key] | None:
        """Return which lanes there are to be; None where that cannot be read."""

        def wanted() -> set[Key]:
            return {
                (tenant_id, one.id, cursor.segment_id)
                for one in self._control.webhooks.of(tenant_id)
                if one.is_active
                for cursor in self._control.webhooks.cursors(one.id)
            }

        try:
            found: set[Key] = await self._beside(wanted)
        except StoreError:
            _log.exception("webhooks could not be read", extra=about(tenant=tenant_id))
            return None
        return found

    async def _sync(self, tenant_id: str, wanted: set[Key], engine: Engine) -> None:
        """Begin lanes that are to be, and end those that are not."""
        mine = {key for key in self._lanes if key[0] == tenant_id}
        await _end([self._lanes[key][0] for key in mine - wanted])
        for key in wanted - self._lanes.keys():
            woken = asyncio.Event()
            task = asyncio.create_task(self._lane(key, engine, woken))
            self._lanes[key] = (task, woken)
            task.add_done_callback(partial(self._ended, key))

    async def _lane(self, key: Key, engine: Engine, woken: asyncio.Event) -> None:
        """Tell a webhook of a segment for as long as there are both."""
        _, webhook_id, segment_id = key
        turns = self._turns.setdefault(webhook_id, asyncio.Semaphore(AT_ONCE))

        async def post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
            async with turns:
                return await self._poster.post(url, body, headers)

        tools = Tools(
            self._control, post, self._beside, self.now, self._jitter, self.counts,
            self.remembered,
        )  # fmt: skip
        lane = Lane(tools, engine, key)
        with self._hearing.waking(engine, segment_id, woken):
            while True:
                woken.clear()
                try:
                    wait_ms = await lane.step()
                    wait = LOOK_S if wait_ms is None else wait_ms / 1_000
                except UnknownSegmentError:
                    await self._forget(lane)
                    return
                except Exception:  # noqa: BLE001 - the other lanes are to go on
                    _log.exception("webhook %s could not be told of changes", webhook_id)
                    wait = AGAIN_S
                await woken_within(woken, wait)

    async def _forget(self, lane: Lane) -> None:
        try:
            await self._beside(lane.forget)
        except StoreError:
            _log.exception("that a segment is gone could not be noted of a webhook")

    async def _beside(self, work: Callable[..., T], *given: Any) -> T:
        call = partial(work, *given)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _ended(self, key: Key, _: object) -> None:
        self._lanes.pop(key, None)
        self.counts.behind.pop(f"{key[1]}/{key[2]}", None)

    def _left(self, tenant_id: str, task: asyncio.Task[None]) -> None:
        del self._tenants[tenant_id]
        if self._changed.pop(tenant_id).is_set() and not task.cancelled():
            self._again = asyncio.create_task(self._look_again())  # it was leaving by then
        if not task.cancelled() and task.exception() is not None:
            _log.error("webhooks ended", exc_info=task.exception(), extra=about(tenant=tenant_id))


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
