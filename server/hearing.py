"""Hearing of changes: whoever waits for those of a segment is called when some were recorded.

An engine has one listener here, however many wait, as it is called by whoever writes, each time.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitseg import Engine

    Call: TypeAlias = Callable[[], object]

_log = logging.getLogger("bitseg.server")


class Hearing:
    """Who waits for changes of which segment; they are told of from any thread."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = Lock()
        self._waiting: dict[str, list[Call]] = {}
        self._engines: dict[Engine, tuple[int, Callable[[], None]]] = {}

    @contextmanager
    def waking(self, engine: Engine, segment: str, woken: asyncio.Event) -> Iterator[None]:
        """Set an event of the running loop when changes are recorded, while the block lasts.

        Args:
            engine: the segment's.
            segment: its id, which no segment of another engine has.
            woken: set once more than is needed rather than once less.
        """
        call = partial(asyncio.get_running_loop().call_soon_threadsafe, woken.set)
        with self._lock:
            self._waiting.setdefault(segment, []).append(call)
        self._take(engine)
        try:
            yield
        finally:
            with self._lock:
                left = self._waiting[segment]
                left.remove(call)
                if not left:
                    del self._waiting[segment]
            self._let_go(engine)

    def tell(self, segment: str) -> None:
        """Call who waits for a segment; it changed, or is no more."""
        with self._lock:
            calls = list(self._waiting.get(segment, ()))
        for call in calls:
            try:
                call()
            except Exception:  # noqa: BLE001 - whoever writes has no part in it
                _log.exception("somebody could not be told of changes")

    def _take(self, engine: Engine) -> None:
        with self._lock:
            count, stop = self._engines.get(engine, (0, None))
            if stop is not None:
                self._engines[engine] = (count + 1, stop)
                return
        stop = engine.segments.listen(lambda segment, _last: self.tell(segment))
        with self._lock:
            count, other = self._engines.get(engine, (0, stop))
            self._engines[engine] = (count + 1, other)
        if other is not stop:  # another was quicker
            stop()

    def _let_go(self, engine: Engine) -> None:
        with self._lock:
            count, stop = self._engines[engine]
            if count > 1:
                self._engines[engine] = (count - 1, stop)
                return
            del self._engines[engine]
        stop()


async def woken_within(woken: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, and for some seconds at the most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await woken.wait()
