"""Counting is what every preview says: how many, how many of them can be reached, and remarks."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from bitseg.clock import show_instant
from bitseg.preview.lint import lint
from bitseg.preview.show import show_bounds
from bitseg.results import Preview

if TYPE_CHECKING:
    from bitseg.clock import Now
    from bitseg.plan.execute import Executor
    from bitseg.plan.nodes import Plan
    from bitseg.rulebook import Compiled
    from bitseg.writes import Writes

AT_ONCE_ROWS: Final = 2**21
"""So many rows are looked at in about a millisecond."""

QUICK_MS: Final = 10_000
QUICK_MOST: Final = 4_096
"""So many plans are known to be quick to count, each for so long while nobody writes."""


class Counting:
    """Counts, and tells whether that takes long; under the lock of evaluations."""

    def __init__(self, writes: Writes, executor: Executor) -> None:
        """Take the data, and who evaluates."""
        self._writes = writes
        self._executor = executor
        self._quick: dict[Plan, tuple[tuple[int, int], int]] = {}

    def is_quick(self, compiled: Compiled, now: Now) -> bool:
        """Return whether counting takes about a millisecond; found out once between writes."""
        executor = self._executor
        mark = (self._writes.commits.published, executor.dropped)
        known, at = self._quick.get(compiled.plan, (None, 0))
        if known == mark and 0 <= now.at - at <= QUICK_MS:
            return True
        suppression = self._writes.segments.suppression.plan
        rows = executor.work(compiled.plan, now) + executor.work(suppression, now)
        if rows > AT_ONCE_ROWS:
            return False
        if len(self._quick) >= QUICK_MOST:
            self._quick.clear()
        self._quick[compiled.plan] = mark, now.at
        return True

    def preview(self, compiled: Compiled, now: Now, began: int) -> Preview:
        """Return what a definition comes to; the time it took is from ``began``, ns."""
        writes = self._writes
        suppression = writes.segments.suppression.plan
        count, suppressed = self._executor.count_in(compiled.plan, suppression, now)
        return Preview(
            count=count,
            reachable=count - suppressed,
            total=writes.tenant.contacts.live.count,
            now=show_instant(now.at),
            bounds=show_bounds(compiled.relative, now),
            lint=lint(compiled, writes.schema, now, writes.kept_since),
            took_us=(perf_counter_ns() - began) // 1_000,
        )
