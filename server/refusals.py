"""A refusal is counted by the address it went to: who guesses keys is soon told to wait."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

MINUTE_MS: Final = 60_000
ADDRESSES_MOST: Final = 10_000
"""So many addresses are remembered; the one that was refused longest ago is forgotten first."""


class Refusals:
    """How often each address was refused in the last minute; for one thread."""

    def __init__(self, limit: int) -> None:
        """Take how many a minute are answered as what they are."""
        self._limit = limit
        self._refused_at: OrderedDict[str, deque[int]] = OrderedDict()

    def wait(self, address: str, now: int) -> int:
        """Count a refusal at an instant (ms); return 0, or after how many seconds to come again.

        A call that is told to wait does not count, so the wait ends however often one calls.
        """
        refused_at = self._refused_at.setdefault(address, deque())
        self._refused_at.move_to_end(address)
        if len(self._refused_at) > ADDRESSES_MOST:
            self._refused_at.popitem(last=False)
        while refused_at and refused_at[0] <= now - MINUTE_MS:
            refused_at.popleft()
        if len(refused_at) < self._limit:
            refused_at.append(now)
            return 0
        return -((now - MINUTE_MS - refused_at[0]) // 1_000)
