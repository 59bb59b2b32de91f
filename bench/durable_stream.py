"""A stream is events that arrive at a steady rate, in a thread, whatever the engine does."""

from __future__ import annotations

import threading
import time
from typing import Final, Self

from bench.durable_requests import Requests
from bitseg import Engine

BATCH: Final = 500
BATCHES_A_SECOND: Final = 20


class Stream:
    """Batches of events, due at fixed moments; one that is late is written at once.

    Attributes:
        taken: seconds of each batch, from when it was due to its acknowledgement.
    """

    def __init__(self, engine: Engine, requests: Requests) -> None:
        self._engine = engine
        self._requests = requests
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")
        self._seconds = 0.0
        self.taken: list[float] = []

    def __enter__(self) -> Self:
        """Begin to write."""
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write no more."""
        self._stop.set()
        self._thread.join()
        self._seconds = time.perf_counter() - self._began

    @property
    def rate(self) -> float:
        """Events a second that went in, once it has ended."""
        return len(self.taken) * BATCH / self._seconds

    def _run(self) -> None:
        due = time.perf_counter()
        while not self._stop.wait(max(0.0, due - time.perf_counter())):
            self._engine.load_events(self._requests.events(BATCH))
            self.taken.append(time.perf_counter() - due)
            due += 1 / BATCHES_A_SECOND
