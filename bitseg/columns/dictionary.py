"""A dictionary is a string pool that counts each string's uses and forgets the unused ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel
from bitseg.strings import StringPool, codes_in

if TYPE_CHECKING:
    import pyarrow as pa

Codes = npt.NDArray[np.uint32]

_SLACK: Final = 1024
"""So many codes out of use are never worth renumbering the others."""


class Dictionary:
    """The distinct strings of one column, by code.

    Attributes:
        pool: the strings.
        used: how many codes are in use.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.pool = StringPool()
        self.used = 0
        self._uses: Codes = np.zeros(0, np.uint32)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.pool.nbytes + self._uses.nbytes

    def uses(self) -> Codes:
        """Return uint32[len(pool)], how often each code is used now."""
        return self._uses[: len(self.pool)].copy()

    def hold(self, strings: pa.Array) -> Codes:
        """Return uint32[n], the codes of n strings, none null, each used once more."""
        codes = codes_in(self.pool, strings)
        if len(self.pool) > self._uses.size:
            size = max(len(self.pool), self._uses.size + self._uses.size // 4)
            self._uses = np.concatenate((self._uses, np.zeros(size - self._uses.size, np.uint32)))
        self.used += _hold(self._uses, codes)
        return codes

    def release(self, codes: Codes) -> None:
        """Use the strings of uint32[n] codes once less each; forget those now out of use."""
        gone = _release(self._uses, codes)
        self.used -= gone.size
        self.pool.forget(gone)

    def renumbered(self) -> Codes | None:
        """Drop the codes out of use once they are the most, and so give new ones to the others.

        Returns:
            The new code of each old one, or None while all keep theirs.
        """
        if len(self.pool) <= 2 * self.used + _SLACK:
            return None
        kept = np.flatnonzero(self._uses[: len(self.pool)]).astype(np.uint32)
        renumbered = np.zeros(len(self.pool), np.uint32)
        strings = self.pool.take(kept)
        self.pool = StringPool()
        renumbered[kept] = self.pool.intern(strings)
        self._uses = self._uses[kept]
        return renumbered


@kernel
def _hold(uses: Codes, codes: Codes) -> int:
    fresh = 0
    for code in codes:
        if uses[code] == 0:
            fresh += 1
        uses[code] += np.uint32(1)
    return fresh


@kernel
def _release(uses: Codes, codes: Codes) -> Codes:
    gone = np.empty(codes.size, np.uint32)
    size = 0
    for code in codes:
        uses[code] -= np.uint32(1)
        if uses[code] == 0:
            gone[size] = code
            size += 1
    return gone[:size].copy()
