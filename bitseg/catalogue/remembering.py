"""Remembering is what the record of who entered and left segments tells."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from bitseg.clock import show_instant
from bitseg.histories import MemberChange, Membership, SegmentHistory, SegmentSize
from bitseg.segments.records import changes_in, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from bitseg.bitmap import RowSet
    from bitseg.changes import MembersChanged
    from bitseg.tracking import Tracker
    from bitseg.writes import Writes

HISTORY_PAGE: Final = 50
"""Changes of a page where nobody says how many."""


LOOKED_THROUGH: Final = 10_000
"""Records of a segment that are looked through for when somebody entered it: some 100 ms."""


class Remembering:
    """What was recorded of the members of segments."""

    def __init__(self, writes: Writes, tracker: Tracker) -> None:
        """Take the data, and who follows time."""
        self._writes = writes
        self._tracker = tracker
        self._segments = writes.segments

    def advance(self) -> datetime | None:
        """Record who entered and left by time passing up to now.

        Reading the record does so itself; whoever listens calls this when it is due.

        Returns:
            When it is due next, at the earliest; None = never, unless something is written.

        Raises:
            StoreError: what was found could not be kept.
        """
        self._writes.catch_up()
        due = self._tracker.next_due
        return None if due is None else datetime.fromtimestamp(due / 1_000, UTC)

    def listen(self, listener: Callable[[str, int], None]) -> Callable[[], None]:
        """Tell this one of every recorded change, by segment and the number of its last change.

        It is called on the thread of whoever writes, before the write returns, and must be quick.

        Returns:
            What ends it.
        """
        with self._writes.lock:
            return self._segments.history.listen(listener)

    def last_seq(self, segment: str) -> int:
        """Return the number of a segment's last change, 0 where nobody ever entered.

        Raises:
            UnknownSegmentError: there is no such segment.
        """
        self._segments.get(segment)
        return self._segments.history.last(segment)

    def history(self, segment: str, *, after: int = 0, limit: int = HISTORY_PAGE) -> SegmentHistory:
        """Return who entered and left a segment, in the order in which they did.

        Args:
            segment: its id.
            after: leave out the changes up to this number.
            limit: return at most so many.

        Raises:
            UnknownSegmentError: there is no such segment.
            StoreError: the record cannot be read.
        """
        self._segments.get(segment)
        self._writes.catch_up()
        with self._writes.lock:
            last = self._segments.history.last(segment)
        found: list[tuple[int, int | None, bool, int]] = []
        sizes = []
        with closing(self._records(segment, after=after)) as records:
            for one in records:
                if len(found) == limit or one.last > last:
                    break
                changes = changes_in(one, after, limit - len(found))
                found += [(seq, row, came, one.at) for seq, row, came in changes]
                sizes.append(SegmentSize(show_instant(one.at), one.size))
        names = self._names([row for _, row, _, _ in found])
        items = tuple(
            MemberChange(seq, name, "entered" if came else "left", show_instant(at))
            for (seq, _, came, at), name in zip(found, names, strict=True)
        )
        return SegmentHistory(items, last, tuple(sizes))

    def _recorded_at(self, segment: str, at: int) -> RowSet:
        """Return who was recorded as a member at ms ``at``, but who was erased since."""
        self._writes.catch_up()
        contacts = self._writes.tenant.contacts
        with self._writes.lock:
            last = self._segments.history.last(segment)
            members = self._segments.history.members(segment, contacts.n).copy()
        with closing(self._records(segment, newest_first=True)) as records:
            for one in records:
                if one.at <= at:
                    break
                if one.first <= last:  # what came since is not in the members either
                    entered, left = unpacked(one.entered), unpacked(one.left)
                    rows = np.concatenate((entered, left))
                    members.patch(rows, np.arange(rows.size) >= entered.size)
        with self._writes.lock:
            members.grow(contacts.n)
            return members.and_(contacts.live)

    def _membership(self, segment: str, row: int) -> Membership:
        """Return since when a member is one, as far as the last records tell."""
        with closing(self._records(segment, newest_first=True)) as records:
            for one in islice(records, LOOKED_THROUGH):
                if row in unpacked(one.entered):
                    return Membership(segment, show_instant(one.at), one.via)
        return Membership(segment, None, None)

    def _records(
        self, segment: str, *, after: int = 0, newest_first: bool = False
    ) -> Generator[MembersChanged, None, None]:
        store = self._writes.store
        if store.durable:
            yield from store.records(segment, after=after, newest_first=newest_first)
        else:
            kept = self._segments.history.records(segment, newest_first=newest_first)
            yield from (one for one in kept if one.last > after)

    def _names(self, rows: list[int | None]) -> list[str | None]:
        """Return the ids of contacts, None where they were erased."""
        contacts = self._writes.tenant.contacts
        known = np.array([row for row in rows if row is not None], np.uint32)
        with self._writes.lock:
            live = known[contacts.live.test(known)]
            ids: list[str] = contacts.ids.take(live).to_pylist()
        names: dict[int | None, str] = dict(zip(live.tolist(), ids, strict=True))
        return [names.get(row) for row in rows]
