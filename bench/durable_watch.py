"""A watch asks one preview again and again, in a thread, and notes how long each took."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable
from itertools import count
from typing import Final, Self

import msgspec
import numpy as np
import numpy.typing as npt

from bench.data import START, Clock

SECOND: Final = 1_000
CYCLE: Final = 300
"""Seconds after which the clock goes back to its start, where events cross both ends of windows."""


class Window(msgspec.Struct, frozen=True):
    """A stretch of time in which something ran.

    Attributes:
        began: by ``time.perf_counter``.
        ended: likewise.
    """

    began: float
    ended: float


class Watch:
    """Previews, the clock a second later each time.

    Right after one another, each is timed from when it is asked. So many a second, each is timed
    from when it was due: one that waits for the one before has waited all the same.

    The one after the clock went back is asked and not noted: it looks at older days again.
    """

    def __init__(self, ask: Callable[[], object], clock: Clock, a_second: int = 0) -> None:
        self._ask = ask
        self._clock = clock
        self._pause = 1 / a_second if a_second else 0.0
        self._began = array("d")
        self._ended = array("d")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask no more."""
        self._stop.set()
        self._thread.join()

    def settle(self, previews: int = 3) -> None:
        """Wait until what was written is taken in: some more were answered, and none is late."""
        enough = len(self._ended) + previews
        while len(self._ended) < enough or self._is_behind():
            assert self._thread.is_alive(), "a preview failed"
            time.sleep(0.001)

    def within(self, windows: list[Window]) -> npt.NDArray[np.float64]:
        """Return the seconds of each preview that ran at least partly in one of the windows."""
        ended = np.frombuffer(self._ended[:])  # a copy, as a lent array cannot grow
        began = np.frombuffer(self._began[: ended.size])
        inside = np.zeros(ended.size, np.bool_)
        for window in windows:
            inside |= (ended > window.began) & (began < window.ended)
        taken: npt.NDArray[np.float64] = (ended - began)[inside]
        return taken

    def _is_behind(self) -> bool:
        """Return whether the last preview that was answered had been due long before."""
        return bool(self._pause) and self._ended[-1] - self._began[-1] > self._pause

    def _run(self) -> None:
        for number in count():
            if self._stop.is_set():
                return
            if number % CYCLE == 0:
                self._clock.at = START
                self._ask()
                due = time.perf_counter()
            self._clock.advance(SECOND)
            due = self._when(due)
            self._began.append(due)
            self._ask()
            self._ended.append(time.perf_counter())

    def _when(self, last: float) -> float:
        """Return when the next preview is asked, or was due, and wait until then."""
        if not self._pause:
            return time.perf_counter()
        due = last + self._pause
        time.sleep(max(0.0, due - time.perf_counter()))
        return due
