"""Figures tell whoever runs a process how much an engine holds; nothing of it is anybody's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.results import Figures

if TYPE_CHECKING:
    from bitseg.defining import Defining
    from bitseg.plan.execute import Executor
    from bitseg.tracking import Tracker
    from bitseg.writes import Writes


class TakeFigures:
    """Takes the figures of an engine, all of one moment; called as ``engine.figures``."""

    def __init__(
        self, writes: Writes, defining: Defining, executor: Executor, tracker: Tracker
    ) -> None:
        """Take what is looked at."""
        self._tracker = tracker
        self._writes = writes
        self._defining = defining
        self._executor = executor

    def __call__(self, seconds: float) -> Figures | None:
        """Return them, or None where others hold the data for so long.

        Args:
            seconds: how long to wait; with 0 or less they have to be free now.
        """
        writes = self._writes
        if not writes.lock.acquire(timeout=max(seconds, 0)):
            return None
        try:
            return Figures(
                contacts=writes.tenant.contacts.live.count,
                events=len(writes.tenant.events),
                segments=sum(1 for _ in writes.segments.ids()),
                kept=len(self._executor),
                memory=self.memory(),
                corrections=self._defining.corrections,
                journal=writes.store.journal,
            )
        finally:
            writes.lock.release()

    def memory(self) -> dict[str, int]:
        """Return bytes held, by what for; under the lock of evaluations."""
        return {
            **self._writes.tenant.memory(),
            "segments": self._writes.segments.nbytes + self._tracker.nbytes,
            "kept": self._executor.nbytes,
        }
