"""Hearing of changes: whoever waits for those of a segment is called when some were recorded.

An engine has one listener here, however many wait, as it is called by whoever writes, each time.
"""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg import Engine

    Call: TypeAlias = Callable[[], object]

_log = logging.getLogger("bitseg.server")


class Hearing:
    """Who waits for changes of which segment; from any thread."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = Lock()
        self._waiting: dict[str, list[Call]] = {}
        self._engines: dict[Engine, tuple[int, Callable[[], None]]] = {}

    def listen(self, engine: Engine, segment: str, call: Call) -> Callable[[], None]:
        """Call somebody when changes of a segment are recorded, on the thread of whoever writes.

        Args:
            engine: the segment's.
            segment: its id, which no segment of another engine has.
            call: must be quick, and is called once more than is needed rather than once less.

        Returns:
            What ends it.
        """
        with self._lock:
            self._waiting.setdefault(segment, []).append(call)
        self._take(engine)

        def end() -> None:
            with self._lock:
                left = self._waiting[segment]
                left.remove(call)
                if not left:
                    del self._waiting[segment]
            self._let_go(engine)

        return end

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
