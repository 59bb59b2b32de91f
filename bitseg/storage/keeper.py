"""The keeper is a thread that looks now and then whether a file needs work."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from bitseg.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("bitseg.storage")

LOOK_EVERY: Final = 1.0
"""Seconds between two looks when nobody wakes it."""

LOOK_LEAST: Final = 0.05
"""Seconds between two looks at least, however much is written."""

RETRY_AFTER: Final = 30.0
"""Seconds to wait after work that failed."""


class Keeper:
    """Does the work of a file that nobody waits for.

    Attributes:
        failure: why the last work failed; None where it did not.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        """Take what to do at each look; it may do nothing."""
        self._work = work
        self._look = Event()
        self._stopped = False
        self._thread = Thread(target=self._run, name="bitseg-keeper", daemon=True)
        self.failure: StoreError | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """Let it look soon."""
        self._look.set()

    def stop(self) -> None:
        """End it, after the work it is at."""
        self._stopped = True
        self._look.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        again_at = 0.0
        while True:
            self._look.wait(LOOK_EVERY)
            self._look.clear()
            if self._stopped:
                return
            if time.monotonic() < again_at:
                time.sleep(LOOK_LEAST)
                continue
            again_at = time.monotonic() + LOOK_LEAST
            try:
                self._work()
                self.failure = None
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise it to
                failed = error if isinstance(error, StoreError) else StoreError(repr(error))
                if str(self.failure) != str(failed):
                    _log.warning("%s", failed)
                self.failure = failed
                again_at = time.monotonic() + RETRY_AFTER
