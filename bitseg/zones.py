"""A zone is a timezone's civil time: instants to wall times, wall times to instants, whole days.

All numbers are ms since 1970: an *instant* counts in UTC, a *wall* is what clocks on the wall show,
counted as if it were UTC, and a *day* is a wall's date in days since 1970-01-01. A repeated wall
time is its first occurrence, a skipped one moves forward by the gap, and a day starts at its first
existing instant (SPEC section 4). Exact for the years 1 to 9999.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.errors import Fault, FieldError, did_you_mean
from bitseg.kernel import kernel
from bitseg.transitions import read_transitions, zone_keys

DAY: Final = 86_400_000
_EVER: Final = 2**62
_SPREAD: Final = 2 * DAY
"""More than any offset, so that walls and instants this far apart cannot meet."""

Instants: TypeAlias = npt.NDArray[np.int64]


class Zone:
    """One timezone; get it from ``get_zone``, so that each is read once.

    Attributes:
        key: its name, as in ``Europe/Berlin``.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        instants, offsets = read_transitions(key)
        ever = np.array([-_EVER], np.int64)
        # The offset offsets[i] holds from begins[i] on, and for walls from turns[i] on. A turn
        # lies behind both the gap and the repetition, which take the offset before.
        self._begins = np.concatenate([ever, instants])
        self._turns = np.concatenate([ever, instants + np.maximum(offsets[:-1], offsets[1:])])
        self._offsets = offsets
        # Look-ups of one value go through these: Python's bisect on them beats numpy's.
        self._begin = self._begins.data
        self._turn = self._turns.data
        self._offset = offsets.data

    def __repr__(self) -> str:
        return f"Zone({self.key!r})"

    def offsets_at(self, instants: Instants) -> Instants:
        """Return the offsets from UTC in force at instants, int64[n] ms, east is positive."""
        return _in_force(instants, self._begins, self._offsets)

    def walls_at(self, instants: Instants) -> Instants:
        """Return the wall times of instants, int64[n]."""
        return instants + self.offsets_at(instants)

    def instants_at(self, walls: Instants) -> Instants:
        """Return the instants of wall times, int64[n]."""
        return walls - _in_force(walls, self._turns, self._offsets)

    def days_at(self, instants: Instants) -> Instants:
        """Return the local dates of instants, int64[n], days since 1970-01-01."""
        return self.walls_at(instants) // DAY

    def day_starts(self, days: Instants) -> Instants:
        """Return ``day_start`` of many days, int64[n]."""
        walls = days * DAY
        starts = self.instants_at(walls)
        skipped = self.walls_at(starts) != walls
        regimes = np.searchsorted(self._begins, starts[skipped], side="right") - 1
        starts[skipped] = self._begins[regimes]
        return starts

    def wall_at(self, instant: int) -> int:
        """Return the wall time of one instant."""
        return instant + self._offset[bisect_right(self._begin, instant) - 1]

    def instant_at(self, wall: int) -> int:
        """Return the instant of one wall time."""
        return wall - self._offset[bisect_right(self._turn, wall) - 1]

    def day_start(self, day: int) -> int:
        """Return the first instant whose local date is ``day`` or later.

        Where midnight is skipped that is the first instant behind the gap; where the whole day
        is, the start of the next one.
        """
        wall = day * DAY
        regime = bisect_right(self._turn, wall)
        start = wall - self._offset[regime - 1]
        return min(start, self._begin[regime]) if regime < len(self._begin) else start

    def dated(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Return the half-open intervals of instants whose local date is in ``[first, stop)``.

        Nearly always one. Where clocks go back over a midnight a little after it has struck, the
        older date comes twice, and its instants are two stretches.
        """
        low, high = first * DAY, stop * DAY
        found: list[tuple[int, int]] = []
        for regime in range(bisect_right(self._begin, low - _SPREAD) - 1, len(self._begin)):
            if self._begin[regime] > high + _SPREAD:
                break
            end = self._begin[regime + 1] if regime + 1 < len(self._begin) else _EVER
            lo = max(low - self._offset[regime], self._begin[regime])
            hi = min(high - self._offset[regime], end)
            if lo < hi and found and found[-1][1] == lo:
                found[-1] = (found[-1][0], hi)
            elif lo < hi:
                found.append((lo, hi))
        return found


@cache
def get_zone(key: str) -> Zone:
    """Return the timezone of a name.

    Raises:
        FieldError: no timezone has that name; the nearest one is named.
    """
    if key not in zone_keys():
        near = did_you_mean(str(key), sorted(zone_keys()))
        message = f"Expected a timezone such as 'Europe/Berlin', got {key!r}.{near}"
        raise FieldError(Fault("timezone", message, code="unknown_timezone"))
    return Zone(key)


@kernel
def _in_force(at: Instants, begins: Instants, offsets: Instants) -> Instants:
    """Return for each time the offset whose regime it lies in.

    Neighbours mostly share a regime, so the last one is tried before any search.
    """
    found = np.empty(len(at), np.int64)
    regime = 0
    for i in range(len(at)):
        time = at[i]
        if time < begins[regime] or (regime + 1 < len(begins) and time >= begins[regime + 1]):
            regime = np.searchsorted(begins, time, side="right") - 1
        found[i] = offsets[regime]
    return found
