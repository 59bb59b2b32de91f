"""An event cover says which parts hold a kind's events, each over a span of time.

Spans may overlap: a large load in any order becomes parts as it comes. Which events of a span lie
in which part is not known, so an event that comes alone, before or after, or goes, makes all parts
stale whose spans hang together with its instant; what is made anew from the log no longer overlaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bitseg.storage.coverage import Stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from bitseg.storage.codec import PartName

    Instants = npt.NDArray[np.int64]

EVER: Final = -(2**63)
"""Before all instants."""


class EventCover:
    """The spans of one kind of event, in the order in which their events came."""

    def __init__(self) -> None:
        """Begin with nothing covered."""
        self.spans: list[Stretch] = []
        self._arrived: Instants | None = None
        self._alone: list[Instants] = []

    def came(self, at: Instants) -> None:
        """Hear of events that came; a part of just these may be adopted next."""
        self.settle()
        self._arrived = at

    def went(self, at: Instants) -> None:
        """Hear of events that went."""
        self.settle()
        self._touch(at)

    def adopt(self, part: PartName) -> None:
        """Take a part of the events that came last."""
        at = self._arrived
        self._arrived = None
        if at is not None and at.size:
            span = Stretch(int(at.max()) + 1, part, at.size, made=True, start=int(at.min()))
            span.stale = any(_between(some, span.start, span.end) for some in self._alone)
            self.spans.append(span)

    def settle(self) -> None:
        """Note that the events that came last are in no part."""
        at, self._arrived = self._arrived, None
        if at is not None and at.size:
            self._alone.append(np.sort(at))
            self._touch(at)

    def replace(self, spans: list[Stretch]) -> None:
        """Take spans that cover all events there are."""
        self.spans = spans
        self._arrived = None
        self._alone = []

    def runs(self, small: int) -> Iterator[tuple[int, int | None, list[Stretch]]]:
        """Yield what is whole as it is, and runs that must be made anew, in order of time.

        Args:
            small: whole spans of a smaller size, in all, beside a run are made anew with it.

        Yields:
            (start, end, whole spans that hang together); no spans where a run is to be made. The
            last run's end is None: to the very end.
        """
        begin = EVER
        nothing_new = not self._alone and all(one.whole for one in self.spans)
        for start, end, together in self._joined():
            whole = all(one.whole for one in together)
            if whole and (nothing_new or sum(one.size for one in together) >= small):
                yield begin, start, []
                yield start, end, together
                begin = end
        yield begin, None, []

    def _joined(self) -> Iterator[tuple[int, int, list[Stretch]]]:
        """Yield (start, end, spans) of spans that hang together by overlapping."""
        together: list[Stretch] = []
        end = EVER
        for span in sorted(self.spans, key=lambda one: one.start):
            if together and span.start >= end:
                yield together[0].start, end, together
                together = []
            together.append(span)
            end = max(end, span.end) if len(together) > 1 else span.end
        if together:
            yield together[0].start, end, together

    def _touch(self, at: Instants) -> None:
        if at.size == 0 or not self.spans:
            return
        ordered = np.sort(at)
        starts = np.array([one.start for one in self.spans], np.int64)
        ends = np.array([one.end for one in self.spans], np.int64)
        hit = np.searchsorted(ordered, ends) > np.searchsorted(ordered, starts)
        for place in np.flatnonzero(hit):
            self.spans[place].stale = True


def _between(ordered: Instants, start: int, end: int) -> bool:
    """Return whether one of some instants, in order, lies in [start, end)."""
    place = int(np.searchsorted(ordered, start))
    return place < ordered.size and int(ordered[place]) < end
