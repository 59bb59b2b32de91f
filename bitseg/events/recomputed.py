"""A recomputed tally makes a contact's value anew from its events when any of them changes.

It is for values that events can't be added to or taken from: exact sums, distinct values, habits,
sequences. Cold, all events of the window are grouped by contact in one pass; warm, only those
contacts are looked up whose events came, went or crossed the window's ends.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.bitmap import RowSet
from bitseg.events.index import group_by_row
from bitseg.events.log import Events
from bitseg.events.tally import Tally, Window, crossings, events_in
from bitseg.growing import Growing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.columns.tests import AnyTest
    from bitseg.events.log import KindLog
    from bitseg.events.where import Where


class Grouped(msgspec.Struct, frozen=True):
    """Events by contact, each contact's in time order.

    Attributes:
        events: all of them, k.
        rows: uint32[m], the contacts, ascending.
        edges: int64[m + 1]; contact i's events are ``edges[i]`` up to ``edges[i + 1]``.
    """

    events: Events
    rows: npt.NDArray[np.uint32]
    edges: npt.NDArray[np.int64]


def grouped(
    log: KindLog, window: Window, where: Where | None, rows: Rows | None, n: int
) -> Grouped:
    """Group a log's matching events of a window by contact.

    Args:
        log: the events.
        window: [lo, hi), ms.
        where: a test on properties, or None for all.
        rows: distinct, ascending rows to look up; None for all n.
        n: how many rows there are.
    """
    start, stop = log.between(*window)
    if rows is None:
        events = log.stretch(start, stop)
        chosen = np.arange(len(events)) if where is None else np.flatnonzero(where(events))
        order, _ = group_by_row(events.rows[chosen], n)
        found = log.at_positions(chosen[order] + start)
    else:
        positions = log.positions_of(rows)
        positions = positions[(positions >= start) & (positions < stop)]
        found = log.at_positions(positions)
        if where is not None:
            found = found.where(where(found))
    return by_contact(found)


def by_contact(events: Events) -> Grouped:
    """Group events that are already sorted by row."""
    inner = np.flatnonzero(events.rows[1:] != events.rows[:-1]) + 1
    ends = (len(events),) if len(events) else ()
    edges = np.concatenate(((0,), inner, ends)).astype(np.int64)
    return Grouped(events, events.rows[edges[:-1]], edges)


class RecomputedTally(Tally):
    """The part of a tally that knows when which contact is looked up again."""

    dtype: type[np.generic]
    fill: float

    def __init__(self, logs: Mapping[str, KindLog], window: Callable[[Now], Window]) -> None:
        """Take the logs to look at, by kind."""
        super().__init__(window)
        self._logs = logs
        self._values = Growing(self.dtype)

    @abstractmethod
    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        """Return the rows that have a value and their values; of all rows where None."""

    @abstractmethod
    def _pass(self, values: npt.NDArray[Any], test: AnyTest) -> Mask:
        """Return which values pass a test."""

    def _followed(self) -> Iterable[KindLog]:
        return self._logs.values()

    def _grow(self, n: int) -> None:
        self._values.resize(n, self.fill)

    def _build(self, window: Window) -> None:
        self._values.values[:] = self.fill
        rows, values = self._make(window, None)
        self._values.values[rows] = values

    def _recompute(self, rows: Rows) -> None:
        self._values.values[rows] = self.fill
        found, values = self._make(cast("Window", self._window), rows)
        self._values.values[found] = values

    def _move(self, old: Window, new: Window) -> None:
        entering, leaving = crossings(old, new)
        for log in self._logs.values():
            for events in events_in(log, entering + leaving):
                self._look_again(events.rows)

    def record(self, kind: str, events: Events) -> None:
        """Look the contacts of events in the window up again."""
        del kind
        self._calm = None
        if self._window is not None:
            lo, hi = self._window
            self._look_again(events.rows[(events.at >= lo) & (events.at < hi)])

    def removed(self, kind: str, events: Events) -> None:
        """Look the contacts of events that are no longer up again."""
        self.record(kind, events)

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose value passes."""
        return RowSet.from_mask(self._pass(self._values.values, test))

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: which of the rows' values pass."""
        return self._pass(self._values.values[rows], test)

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the values of uint32[k] rows, null where missing, as a column would."""
        return self._shown(self._values.values[rows])

    def _shown(self, values: npt.NDArray[Any]) -> pa.Array:
        """Return some of the values as a column would; numbers, unless a kind says otherwise."""
        return pa.array(values.astype(np.float64))

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._values.nbytes


class PropertyTally(RecomputedTally):
    """The part of a tally of one property of a kind's matching events."""

    def __init__(
        self, kind: str, log: KindLog, of: str, where: Where | None, window: Callable[[Now], Window]
    ) -> None:
        """Take the kind's log and the property that is measured."""
        super().__init__({kind: log}, window)
        self._log = log
        self._of = of
        self._where = where
