"""The audience is who can still be written to, and how each would respond."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bitseg.synthetic import traits
from bitseg.synthetic.draws import DAY

_FAITHFUL = np.float32(0.01)
_BROWSING = np.float32(0.02)
_SOUND = np.float32(0.002)
_LAPSED = np.float32(0.01)

Rows = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]


class Audience:
    """The traits of all contacts that events follow from: about 25 bytes a contact."""

    def __init__(self, n: int, seed: int) -> None:
        """Draw the traits of n contacts (at least one)."""
        self._n = n
        self._reached = np.empty(n, dtype=np.float64)
        self._openness = np.empty(n, dtype=np.float32)
        self._lapse = np.empty(n, dtype=np.int16)
        self.clicking = np.empty(n, dtype=np.float16)
        self.mobile = np.empty(n, dtype=np.uint8)
        self.hour = np.empty(n, dtype=np.int8)
        self._buying = np.empty(n, dtype=np.bool_)
        self._leaving = np.empty(n, dtype=np.bool_)
        self._bouncing = np.empty(n, dtype=np.bool_)
        self._gone = np.zeros(n, dtype=np.bool_)
        for block, start, size in traits.blocks(n):
            part = slice(start, start + size)
            drawn = traits.traits(seed, block, size)
            self._reached[part] = drawn.reach
            self._openness[part] = drawn.openness
            self._lapse[part] = drawn.lapse
            self.clicking[part] = drawn.clicking
            self.mobile[part] = drawn.mobile
            self.hour[part] = drawn.hour
            self._buying[part] = drawn.buying
            self._leaving[part] = drawn.leaving
            self._bouncing[part] = drawn.bouncing
        np.cumsum(self._reached, out=self._reached)

    def recipients(self, rng: np.random.Generator, ago: int, n: int) -> Rows:
        """Draw about n rows, each once, of those that were there ``ago`` ms before now."""
        there = max(1, traits.created_before(self._n, ago))
        reached = self._reached[:there]
        marks = (np.arange(n) + rng.random(n)) * (reached[-1] / max(1, n))
        rows: Rows = np.minimum(np.searchsorted(reached, marks), there - 1).astype(np.int32)
        rows = rows[np.diff(rows, prepend=-1) > 0]
        still = rows[~self._gone[rows]]
        return still if len(still) else rows

    def open_weight(self, rng: np.random.Generator, rows: Rows, ago: int) -> Weights:
        """Return how likely each of the rows opens a message of ``ago`` ms before now."""
        weight = self._openness[rows] * rng.standard_exponential(len(rows), dtype=np.float32)
        weight[self._lapse[rows] > ago / DAY] *= _LAPSED
        return weight

    def bounce_weight(self, rows: Rows) -> Weights:
        """Return how likely a message to each of the rows bounces."""
        return np.where(self._bouncing[rows], np.float32(1), _SOUND)

    def buy_weight(self, rows: Rows) -> Weights:
        """Return how likely a click of each of the rows becomes a conversion."""
        return np.where(self._buying[rows], np.float32(1), _BROWSING)

    def leave_weight(self, rows: Rows) -> Weights:
        """Return how likely each of the rows unsubscribes or complains."""
        return np.where(self._leaving[rows], np.float32(1), _FAITHFUL)

    def strike_bounced(self, rows: npt.NDArray[Any]) -> None:
        """Write no more to those of the rows whose address does not work."""
        self._gone[rows] |= self._bouncing[rows]

    def strike_leaving(self, rows: npt.NDArray[Any]) -> None:
        """Write no more to those of the rows who leave for good."""
        self._gone[rows] |= self._leaving[rows]
