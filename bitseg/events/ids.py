"""Remembered event ids: which were recorded, for at least as many days as is set.

Ids live in two generations. A generation is closed when it is that old and dropped when the next
one closes, so an id is remembered between once and twice the time, without a time stamp an id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bitseg.strings import StringPool
from bitseg.zones import DAY

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from bitseg.bitmap import Mask

    Codes = npt.NDArray[np.uint32]


class EventIds:
    """Event ids and their codes; a code is from 1 and never given twice."""

    def __init__(self, days: int) -> None:
        """Take for how many days an id is remembered at the least."""
        self.days = days
        self._older = StringPool()
        self._newer = StringPool()
        self._older_base = 1
        self._newer_base = 1
        self._opened_at: int | None = None

    def foresee(self, ids: pa.LargeStringArray, at: int) -> tuple[Codes, Mask]:
        """Look at ids in order of arrival, written at ms ``at``, and remember none.

        Returns:
            uint32[k], the codes that the ids will have, and bool[k], False where an id is
            remembered already or stands earlier in the same array (its code then means nothing).
        """
        pools = (self._newer,) if self._is_over(at) else (self._older, self._newer)
        fresh = np.ones(len(ids), np.bool_)
        for pool in pools:
            fresh &= pool.find(ids) < 0
        places = np.flatnonzero(fresh)
        codes = np.zeros(len(ids), np.uint32)
        if places.size:
            order = StringPool().intern(ids.take(places) if places.size < len(ids) else ids)
            codes[places] = order + np.uint32(self._newer_base + len(self._newer))
            repeated = np.ones(places.size, np.bool_)
            repeated[np.unique(order, return_index=True)[1]] = False
            fresh[places[repeated]] = False
        return codes, fresh

    def remember(self, ids: pa.LargeStringArray, at: int) -> None:
        """Take ids that ``foresee`` called fresh at ms ``at``, in their order."""
        self._turn(at)
        self._newer.intern(ids)

    def find(self, ids: pa.LargeStringArray) -> Codes:
        """Return the codes of the ids that are remembered, in any order."""
        found = []
        for pool, base in ((self._older, self._older_base), (self._newer, self._newer_base)):
            codes = pool.find(ids)
            found.append(codes[codes >= 0] + base)
        return np.concatenate(found).astype(np.uint32)

    def name(self, code: int) -> str | None:
        """Return the id that has a code, None where it is forgotten."""
        for pool, base in ((self._newer, self._newer_base), (self._older, self._older_base)):
            if base <= code < base + len(pool):
                return pool.get(int(code) - base)
        return None

    def _is_over(self, at: int) -> bool:
        """Return whether the generation that is written to is old enough to be closed."""
        return self._opened_at is not None and at - self._opened_at >= self.days * DAY

    def _turn(self, at: int) -> None:
        """Close the generation that is written to once it is old enough."""
        if self._opened_at is None:
            self._opened_at = at
        if not self._is_over(at):
            return
        self._older, self._older_base = self._newer, self._newer_base
        self._newer_base += len(self._newer)
        self._newer = StringPool()
        self._opened_at = at

    def generations(self) -> tuple[tuple[int, StringPool], tuple[int, StringPool]]:
        """Return the first code and the ids of the older and of the newer generation."""
        return (self._older_base, self._older), (self._newer_base, self._newer)

    @property
    def opened_at(self) -> int | None:
        """When the newer generation began, ms; None where it did not yet."""
        return self._opened_at

    def restore(
        self, older: tuple[int, StringPool], newer: tuple[int, StringPool], opened_at: int | None
    ) -> None:
        """Take generations that were kept."""
        self._older_base, self._older = older
        self._newer_base, self._newer = newer
        self._opened_at = opened_at

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._older.nbytes + self._newer.nbytes
