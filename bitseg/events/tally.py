"""A tally is one value a contact, made from its events, kept true as events and time arrive.

This file says what all tallies share: who listens, when values are brought up to date, and how a
window moves. What the value is, is each kind's own: ``counts``, ``lasts`` and ``recomputed``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from bitseg.crossings import next_crossing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bitseg.bitmap import Mask, Rows, RowSet
    from bitseg.clock import Now
    from bitseg.columns.tests import AnyTest
    from bitseg.events.log import Events, KindLog

Window = tuple[int, int]

FAR: Final = 2**63 - 1
"""Behind every instant there is."""


class Listener(Protocol):
    """Someone who keeps an answer that was made from a tally."""

    def touch(self, rows: Rows) -> None:
        """Hear that these rows' values may have changed; repeats are possible."""
        ...

    def forget(self) -> None:
        """Hear that any row's value may have changed."""
        ...


class Tally(ABC):
    """The common part of all tallies.

    A tally is brought to an instant by ``settle`` and then answers for that instant. ``record``
    and ``removed`` tell it of writes between two settlings.
    """

    def __init__(self, window: Callable[[Now], Window]) -> None:
        """Take the function from an instant to the window [lo, hi) of events that count."""
        self._window_at = window
        self._window: Window | None = None
        self._calm: Window | None = None
        self._n = 0
        self._stale: list[Rows] = []
        self._stale_count = 0
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell this one of changes."""
        self._listeners.append(listener)

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        self._listeners.remove(listener)

    @property
    def heard(self) -> bool:
        """Whether anyone listens."""
        return bool(self._listeners)

    def close(self) -> None:  # noqa: B027 - most tallies have nothing to do
        """Hear that this tally is kept no longer."""

    def settle(self, now: Now, n: int) -> None:
        """Bring the values of n rows to an instant and tell the listeners which changed."""
        window = self._window_at(now)
        self._n = n
        self._grow(n)
        old = self._window
        if old is not None and old != window:
            self._window = window
            try:
                if not self._is_calm(old, window):
                    self._move(old, window)
                    self._calm = self._calm_until(window)
            except BaseException:
                self._drop()  # half moved
                raise
        if self._window is None:
            self._build(window)
            self._window = window
            for listener in self._listeners:
                listener.forget()
            return
        if self._stale:
            rows = np.unique(np.concatenate(self._stale))
            self._recompute(rows)
            self._fresh()
            self._tell(rows)

    def due(self, now: Now, until: int) -> int | None:
        """Return the first instant in (now, until] at which an event crosses an end of the window.

        Args:
            now: where to begin.
            until: where to end; the window's ends do not fall on the way.
        """
        return next_crossing(self._window_at, self.next_from, now, until)

    def next_from(self, instant: int) -> int | None:
        """Return the first instant of an event at or behind one, or None."""
        found = [log.next_from(instant) for log in self._followed()]
        return min((one for one in found if one is not None), default=None)

    @property
    def pending(self) -> int:
        """How many values, at least, the next settling makes anew."""
        return self._n if self._window is None else self._stale_count

    def _calm_until(self, window: Window) -> Window:
        """Return how far the edges of a window can go up before an event crosses one.

        It holds until events are recorded or removed: who hears of some sets ``_calm`` to None.
        """
        lo, hi = (self.next_from(edge) for edge in window)
        return (FAR if lo is None else lo), (FAR if hi is None else hi)

    def _is_calm(self, old: Window, new: Window) -> bool:
        """Return whether a window can move without that an event crosses an edge of it."""
        calm = self._calm
        return calm is not None and old[0] <= new[0] <= calm[0] and old[1] <= new[1] <= calm[1]

    def _tell(self, rows: Rows) -> None:
        rows = rows.copy()  # a stretch of a log is a view that the next late event writes over
        for listener in self._listeners:
            listener.touch(rows)

    def _look_again(self, rows: Rows) -> None:
        """Note rows to look up again; more than there are contacts, and all are made anew."""
        if self._window is None or rows.size == 0:
            return
        self._stale.append(rows)
        self._stale_count += rows.size
        if self._stale_count > self._n:
            self._drop()

    def _fresh(self) -> None:
        self._stale = []
        self._stale_count = 0

    def _drop(self) -> None:
        """Make everything anew at the next settling."""
        self._window = None
        self._calm = None
        self._fresh()

    @abstractmethod
    def _followed(self) -> Iterable[KindLog]:
        """Return the logs that the values are made from."""

    @abstractmethod
    def _grow(self, n: int) -> None:
        """Make room for n rows; new ones have no events."""

    @abstractmethod
    def _build(self, window: Window) -> None:
        """Make all values for a window."""

    @abstractmethod
    def _move(self, old: Window, new: Window) -> None:
        """Bring the values from one window to another and tell, or make stale, what changed."""

    @abstractmethod
    def _recompute(self, rows: Rows) -> None:
        """Make the values of distinct, ascending rows anew for the window that holds."""

    @abstractmethod
    def record(self, kind: str, events: Events) -> None:
        """Hear of new events of a kind this tally looks at."""

    @abstractmethod
    def removed(self, kind: str, events: Events) -> None:
        """Hear of events that are no longer."""

    @abstractmethod
    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose values pass a test; never rows without a value."""

    @abstractmethod
    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: which of uint32[k] rows pass a test."""

    @abstractmethod
    def value_at(self, row: int) -> Any:
        """Return one row's value, None where it is missing."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes held."""


def crossings(old: Window, new: Window) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """Return the stretches that come in and those that go out when a window moves.

    >>> crossings((0, 10), (3, 14))
    (((10, 14),), ((0, 3),))
    """
    entering = _beyond(new, old)
    leaving = _beyond(old, new)
    return entering, leaving


def _beyond(one: Window, other: Window) -> tuple[Window, ...]:
    """Return the stretches of one window outside the other."""
    if other[0] >= other[1]:
        stretches: tuple[Window, ...] = (one,)
    else:
        stretches = ((one[0], min(one[1], other[0])), (max(one[0], other[1]), one[1]))
    return tuple((lo, hi) for lo, hi in stretches if lo < hi)


def events_in(log: KindLog, stretches: tuple[Window, ...]) -> list[Events]:
    """Return the events of a log in each of some stretches of time."""
    return [log.stretch(*log.between(lo, hi)) for lo, hi in stretches]
