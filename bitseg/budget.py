"""A budget is how many bytes data, and what questions build of them, may take in memory.

What is held is measured when it could matter, and reckoned from above between. Writes leave a
quarter of the data free beside them: columns grow by as much at once, and lie there twice
meanwhile; between writes, it is where answers are built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from bitseg.errors import BudgetError, FieldError

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

Limit: TypeAlias = "int | Callable[[], int] | None"
"""Bytes, or what says how many by now; None = no limit."""

DRIFT: Final = 16 * 2**20
"""Bytes that were reckoned, not measured, after which what is held is measured again."""


class Kept(Protocol):
    """What questions built, and may lose."""

    @property
    def size(self) -> int:
        """Bytes held."""
        ...

    def shrink(self, most: int) -> None:
        """Drop the oldest until no more than so many bytes are held."""
        ...


class Budget:
    """What may be held, and what is; writes ask one at a time, questions under the lock.

    Attributes:
        limit: how many bytes.
    """

    def __init__(self, limit: Limit, measure: Callable[[], int], kept: Kept, lock: RLock) -> None:
        """Begin with the data that are there.

        Args:
            limit: how many bytes.
            measure: returns the bytes of the data.
            kept: what may be dropped for them.
            lock: that of evaluations.

        Raises:
            FieldError: the limit is below one byte.
        """
        if isinstance(limit, bool) or (isinstance(limit, int) and limit < 1):
            raise FieldError(f"Expected a memory budget of a byte or more, got {limit!r}")
        self.limit = limit
        self._measure = measure
        self._kept = kept
        self._lock = lock
        self._data = measure()
        self._grown = 0

    @property
    def held(self) -> int:
        """Bytes held, about: from above."""
        return self._data + self._grown + self._kept.size

    def check_write(self, reckon: Callable[[], int]) -> None:
        """Refuse a write that there is no room for; take its bytes as held where there is.

        Args:
            reckon: returns how many bytes it adds at the most.

        Raises:
            BudgetError: it would pass the budget, with nothing kept.
        """
        limit = self._limit()
        if limit is None:
            return
        growth = reckon()
        if self._grown > DRIFT or self._left(limit) < growth + self._kept.size:
            with self._lock:
                self._data, self._grown = self._measure(), 0
        if self._left(limit) < growth + self._kept.size:
            if self._left(limit) < growth:
                raise _refused("This write", growth, self._data, limit, writing=True)
            with self._lock:
                self._kept.shrink(self._left(limit) - growth)
        self._grown += growth

    def check_leaf(self, reckon: Callable[[], int]) -> None:
        """Refuse to build what there is no room for; drop older answers where that makes some.

        Args:
            reckon: returns how many bytes it takes at the most.

        Raises:
            BudgetError: it would pass the budget, with nothing else kept.
        """
        limit = self._limit()
        if limit is None:
            return
        size = reckon()
        if self.held + size <= limit:
            return
        data = self._measure()
        if data + size > limit:
            raise _refused("An answer", size, data, limit, writing=False)
        self._kept.shrink(limit - data - size)

    def _limit(self) -> int | None:
        return self.limit() if callable(self.limit) else self.limit

    def _left(self, limit: int) -> int:
        """Return how many bytes a write and what is kept may take."""
        data = self._data + self._grown
        return limit - data - data // 4


def _refused(what: str, size: int, data: int, limit: int, *, writing: bool) -> BudgetError:
    message = (
        f"{what} may take {size:,} bytes more, and beside the {data:,} of the data there is no "
        f"room for them in the memory budget of {limit:,}"
    )
    return BudgetError(message, writing=writing)
