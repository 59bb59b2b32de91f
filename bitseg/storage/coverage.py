"""A coverage says which parts hold a column, stretch by stretch, and which of them are stale.

A stretch runs from the end of the one before it to its own end: of rows for a column, of instants
for a kind of event. What lies behind the last end is in no part yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from bitseg.storage.codec import PartName


class Stretch:
    """One stretch.

    Attributes:
        end: where it ends, exclusive.
        part: the part that holds it; None where it has nothing to hold, or is not made yet.
        made: whether ``part`` is right as of when it was made.
        stale: whether something was written to it since.
        size: rows or events that the part holds.
    """

    __slots__ = ("end", "made", "part", "size", "stale")

    def __init__(self, end: int, part: PartName | None, size: int, *, made: bool) -> None:
        """Take its end and its part."""
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
    """The stretches of one column, or one kind of event, in order.

    Attributes:
        top: the highest place ever written to, -2**63 before any.
    """

    def __init__(self) -> None:
        """Begin with nothing covered."""
        self.stretches: list[Stretch] = []
        self._ends = np.empty(0, np.int64)
        self.top = -(2**63)

    @property
    def end(self) -> int:
        """Where the last stretch ends."""
        return self.stretches[-1].end if self.stretches else -(2**63)

    def touch(self, places: npt.NDArray[np.integer]) -> None:
        """Note places that were written to, and make their stretches stale."""
        if places.size == 0:
            return
        self.top = max(self.top, int(places.max()))
        if not self.stretches or int(places.min()) >= self.end:
            return
        for at in np.unique(np.searchsorted(self._ends, places, side="right")):
            if at < len(self.stretches):
                self.stretches[at].stale = True

    def adopt(self, start: int, end: int, part: PartName, size: int) -> None:
        """Take a part of what was just written behind everything that was there.

        What lies between the last stretch and this one becomes a stretch that is yet to be made.
        """
        if start > self.end:
            self._append(Stretch(start, None, 0, made=False))
        self._append(Stretch(end, part, size, made=True))

    def replace(self, stretches: list[Stretch]) -> None:
        """Take other stretches that cover as much or more."""
        self.stretches = stretches
        self._ends = np.array([one.end for one in stretches], np.int64)

    def runs(self, small: int) -> Iterator[tuple[int, int | None, Stretch | None]]:
        """Yield what is whole as it is, and runs of what must be made anew, in order.

        Args:
            small: whole stretches of a smaller size beside a run are made anew with it.

        Yields:
            (start, end, the whole stretch or None); the last run's end is None: to the very end.
        """
        start = -(2**63)
        run: int | None = None
        for place, one in enumerate(self.stretches):
            last = place == len(self.stretches) - 1
            if one.whole and not (one.size < small and (run is not None or last)):
                if run is not None:
                    yield run, start, None
                    run = None
                yield start, one.end, one
            elif run is None:
                run = start
            start = one.end
        yield (start if run is None else run), None, None

    def _append(self, stretch: Stretch) -> None:
        self.replace([*self.stretches, stretch])
