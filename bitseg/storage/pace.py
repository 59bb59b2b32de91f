"""A pace is how much of a processor work takes that nobody waits for.

Small steps with rests between hold up a preview for a step at most, even where the system runs
both on one processor; and what is rare enough is not in anybody's 99th percentile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SHARE: Final = 0.3
"""Of one processor, at the most."""

PAUSE: Final = 0.000_5
"""Seconds that even hurried work steps aside, so that previews come between."""


class Pace:
    """Rests between the steps of one thread's work."""

    def __init__(self, hurried: Callable[[], bool]) -> None:
        """Take what says whether somebody waits for the work by now."""
        self._hurried = hurried
        self._done = time.thread_time()

    def rest(self) -> None:
        """Rest for as long as the work since the last rest is worth.

        What counts is the processor's time, not that of waiting: for the disk, or for previews.
        """
        worked = time.thread_time() - self._done
        time.sleep(PAUSE if self._hurried() else max(PAUSE, worked / SHARE - worked))
        self._done = time.thread_time()
