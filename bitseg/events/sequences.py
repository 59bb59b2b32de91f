"""A sequence tally is whether a contact's events contain the steps in order, inside a window.

One pass over a contact's events in time order keeps, for each step, the latest instant at which
the steps up to it can have been done; the latest leaves the most room for ``gap``, so no other
choice can succeed where it fails. Events of one instant see only what was done before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bitseg.events.log import Events
from bitseg.events.recomputed import RecomputedTally, by_contact, grouped
from bitseg.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.columns.tests import AnyTest
    from bitseg.events.log import KindLog
    from bitseg.events.tally import Window
    from bitseg.events.where import Where

    Step = tuple[str, Where | None]

NEVER = -(2**63)
NO_GAP = 2**63 - 1


@kernel
def _done(
    at: npt.NDArray[np.int64],
    steps: npt.NDArray[np.uint8],
    edges: npt.NDArray[np.int64],
    count: int,
    gap: int,
) -> npt.NDArray[np.uint8]:
    """Return uint8[m]: whether each contact did all steps; bit i of ``steps`` means step i."""
    out = np.zeros(edges.size - 1, np.uint8)
    before = np.empty(count, np.int64)
    here = np.empty(count, np.int64)
    for group in range(edges.size - 1):
        before[:] = NEVER
        here[:] = NEVER
        instant = NEVER
        for i in range(edges[group], edges[group + 1]):
            if at[i] != instant:
                instant = at[i]
                before[:] = here
            for step in range(count):
                if not (steps[i] >> step) & 1:
                    continue
                if step == 0 or (before[step - 1] != NEVER and instant - before[step - 1] <= gap):
                    here[step] = instant
        out[group] = here[count - 1] != NEVER
    return out


class SequenceTally(RecomputedTally):
    """1 where the contact did the steps in order, 0 where not."""

    dtype = np.uint8
    fill = 0

    def __init__(
        self,
        logs: Mapping[str, KindLog],
        steps: tuple[Step, ...],
        gap: int | None,
        window: Callable[[Now], Window],
    ) -> None:
        """Take the logs by kind, the steps as (kind, where), and the gap in ms."""
        super().__init__(logs, window)
        self._steps = steps
        self._gap = NO_GAP if gap is None else gap

    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        found = [
            (events, bits)
            for kind in self._logs
            for events, bits in (self._of_kind(kind, window, rows),)
        ]
        row = np.concatenate([events.rows for events, _ in found])
        at = np.concatenate([events.at for events, _ in found])
        bits = np.concatenate([bits for _, bits in found])
        order = np.lexsort((at, row))
        together = by_contact(Events(row[order], at[order], None, {}))
        done = _done(at[order], bits[order], together.edges, len(self._steps), self._gap)
        return together.rows, done

    def _of_kind(
        self, kind: str, window: Window, rows: Rows | None
    ) -> tuple[Events, npt.NDArray[np.uint8]]:
        """Return a kind's events that can be a step, and which steps each can be, as bits."""
        events = grouped(self._logs[kind], window, None, rows, self._values.size).events
        bits = np.zeros(len(events), np.uint8)
        for step, (step_kind, where) in enumerate(self._steps):
            if step_kind == kind:
                fits = np.ones(len(events), np.bool_) if where is None else where(events)
                bits |= fits.astype(np.uint8) << np.uint8(step)
        step_of = bits != 0
        return Events(events.rows[step_of], events.at[step_of], None, {}), bits[step_of]

    def _pass(self, values: npt.NDArray[Any], test: AnyTest) -> Mask:
        del test
        return cast("Mask", values == 1)

    def value_at(self, row: int) -> bool:
        """Return whether one row's contact did the steps."""
        return bool(self._values.values[row])
