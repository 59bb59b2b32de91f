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

    def remember(self, ids: pa.LargeStringArray, at: int) -> tuple[Codes, Mask]:
        """Take ids in order of arrival, written at ms ``at``.

        Returns:
            uint32[k], the codes of the ids, and bool[k], False where an id was remembered already
            or stands earlier in the same array.
        """
        self._turn(at)
        known = self._older.find(ids) >= 0
        before = len(self._newer)
        fresh = np.flatnonzero(~known)
        codes = np.zeros(len(ids), np.uint32)
        if fresh.size:
            interned = self._newer.intern(ids.take(fresh) if fresh.size < len(ids) else ids)
            codes[fresh] = interned + np.uint32(self._newer_base)
            first = np.zeros(fresh.size, np.bool_)
            first[np.unique(interned, return_index=True)[1]] = True
            known[fresh] = (interned < before) | ~first
        return codes, ~known

    def find(self, ids: pa.LargeStringArray) -> Codes:
        """Return the codes of the ids that are remembered, in any order."""
        found = []
        for pool, base in ((self._older, self._older_base), (self._newer, self._newer_base)):
            codes = pool.find(ids)
            found.append(codes[codes >= 0] + base)
        return np.concatenate(found).astype(np.uint32)

    def _turn(self, at: int) -> None:
        """Close the generation that is written to once it is old enough."""
        if self._opened_at is None:
            self._opened_at = at
        if at - self._opened_at < self.days * DAY:
            return
        self._older, self._older_base = self._newer, self._newer_base
        self._newer_base += len(self._newer)
        self._newer = StringPool()
        self._opened_at = at

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._older.nbytes + self._newer.nbytes
