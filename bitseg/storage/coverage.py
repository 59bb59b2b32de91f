"""A coverage says which parts hold a column, stretch by stretch, and which of them are stale.

Stretches follow each other without gaps; what lies behind the last one's end is in no part yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from bitseg.storage.codec import PartName


class Stretch:
    """One stretch, of rows or codes, or of instants.

    Attributes:
        start: where it begins.
        end: where it ends, exclusive.
        part: the part that holds it; None where it has nothing to hold, or is not made yet.
        made: whether ``part`` is right as of when it was made.
        stale: whether something was written to it since.
        size: rows or events that the part holds.
    """

    __slots__ = ("end", "made", "part", "size", "stale", "start")

    def __init__(
        self, end: int, part: PartName | None, size: int, *, made: bool, start: int
    ) -> None:
        """Take its ends and its part."""
        self.start = start
        self.end = end
        self.part = part
        self.size = size
        self.made = made
        self.stale = False

    def hold(self, part: PartName | None) -> None:
        """Take the part that was made of it."""
        self.part = part
        self.made = True

    @property
    def whole(self) -> bool:
        """Whether the part still is what it should be."""
        return self.made and not self.stale


class Coverage:
    """The stretches of one column, in order of rows."""

    def __init__(self) -> None:
        """Begin with nothing covered."""
        self.stretches: list[Stretch] = []
        self._ends = np.empty(0, np.int64)

    @property
    def end(self) -> int:
        """Where the last stretch ends."""
        return self.stretches[-1].end if self.stretches else 0

    def touch(self, rows: npt.NDArray[np.integer]) -> None:
        """Note rows that were written to, and make their stretches stale."""
        if rows.size == 0 or not self.stretches or int(rows.min()) >= self.end:
            return
        for at in np.unique(np.searchsorted(self._ends, rows, side="right")):
            if at < len(self.stretches):
                self.stretches[at].stale = True

    def adopt(self, start: int, end: int, part: PartName) -> None:
        """Take a part of rows that were just written, behind all that have a part.

        What lies between the last stretch and this one becomes a stretch that is yet to be made.
        """
        stretches = [*self.stretches]
        if start > self.end:
            gap = Stretch(start, None, start - self.end, made=False, start=self.end)
            stretches.append(gap)
        stretches.append(Stretch(end, part, end - start, made=True, start=start))
        self.replace(stretches)

    def replace(self, stretches: list[Stretch]) -> None:
        """Take other stretches that cover as much or more."""
        self.stretches = stretches
        self._ends = np.array([one.end for one in stretches], np.int64)

    def runs(self, n: int, small: int) -> Iterator[tuple[int, int, Stretch | None]]:
        """Yield what is whole as it is, and runs of what must be made anew, in order.

        Args:
            n: how many rows there are.
            small: whole stretches of a smaller size beside a run are made anew with it.

        Yields:
            (start, end, the whole stretch or None).
        """
        begin: int | None = None
        for one in self.stretches:
            behind = begin is not None or one is self.stretches[-1]
            if one.whole and not (one.size < small and behind and n > one.start + one.size):
                if begin is not None:
                    yield begin, one.start, None
                    begin = None
                yield one.start, one.end, one
            elif begin is None:
                begin = one.start
        start = self.end if begin is None else begin
        if start < n:
            yield start, n, None
