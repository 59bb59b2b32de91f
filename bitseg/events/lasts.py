"""A last tally is the instant of each contact's latest event of some kinds, up to now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np

from bitseg.bitmap import RowSet
from bitseg.columns.tests import AnyTest, DateIn, Present
from bitseg.events.answers import instants_in
from bitseg.events.tally import Tally, Window
from bitseg.growing import Growing
from bitseg.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.events.log import Events, KindLog

    Instants = npt.NDArray[np.int64]

NEVER: Final = -(2**63)


@kernel
def _latest(values: Instants, rows: Rows, at: Instants) -> None:
    for i in range(rows.size):
        values[rows[i]] = max(values[rows[i]], at[i])


class LastTally(Tally):
    """The latest instant ≤ now of each contact's events of the kinds, ``NEVER`` without one."""

    def __init__(self, logs: Mapping[str, KindLog], window: Callable[[Now], Window]) -> None:
        """Take the logs to look at; the window is open downwards."""
        super().__init__(window)
        self._logs = logs
        self._last = Growing(np.int64)

    def _followed(self) -> Iterable[KindLog]:
        return self._logs.values()

    def _grow(self, n: int) -> None:
        self._last.resize(n, NEVER)

    def _build(self, window: Window) -> None:
        self._last.values[:] = NEVER
        for log in self._logs.values():
            events = log.stretch(*log.between(*window))
            _latest(self._last.values, events.rows, events.at)

    def _move(self, old: Window, new: Window) -> None:
        """Forwards, later events only raise; backwards, those who had one are looked up again."""
        lo, hi = sorted((old[1], new[1]))
        for log in self._logs.values():
            events = log.stretch(*log.between(lo, hi))
            if len(events) == 0:
                continue
            if new[1] > old[1]:
                self._raise(events)
            else:
                self._look_again(events.rows)

    def _raise(self, events: Events) -> None:
        _latest(self._last.values, events.rows, events.at)
        self._tell(events.rows)

    def _recompute(self, rows: Rows) -> None:
        self._last.values[rows] = NEVER
        hi = cast("Window", self._window)[1]
        for log in self._logs.values():
            events = log.at_positions(log.positions_of(rows))
            past = events.at < hi
            _latest(self._last.values, events.rows[past], events.at[past])

    def record(self, kind: str, events: Events) -> None:
        """Raise the contacts of new events up to now."""
        del kind
        if self._window is None:
            return
        self._calm = None
        past = events.where(events.at < self._window[1])
        if len(past):
            self._grow(int(past.rows.max()) + 1)
            self._raise(past)

    def removed(self, kind: str, events: Events) -> None:
        """Look the contacts of events that are no longer up again."""
        del kind
        self._calm = None
        self._look_again(events.rows)

    def values(self) -> Instants:
        """Return the instants of all rows, ``NEVER`` where there is none."""
        return self._last.values

    def rows_between(self, intervals: tuple[tuple[int, int], ...]) -> Rows:
        """Return a superset of the rows whose value lies in half-open intervals."""
        found = [
            log.stretch(*log.between(lo, hi)).rows
            for lo, hi in intervals
            for log in self._logs.values()
        ]
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint32)

    def extent(self) -> tuple[int, int] | None:
        """Return the first and the last event's instant, of all kinds, or None without any."""
        ends = [end for log in self._logs.values() for end in log.ends()]
        return (min(ends), max(ends)) if ends else None

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose instant passes."""
        return RowSet.from_mask(_pass(self.values(), test))

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: which of the rows' instants pass."""
        return _pass(self.values()[rows], test)

    def value_at(self, row: int) -> int | None:
        """Return one row's instant, ms."""
        at = int(self._last.values[row])
        return None if at == NEVER else at

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._last.nbytes


def _pass(values: Instants, test: AnyTest) -> Mask:
    if isinstance(test, Present):
        return cast("Mask", values != NEVER)
    return instants_in(values, cast("DateIn", test).intervals, NEVER)
