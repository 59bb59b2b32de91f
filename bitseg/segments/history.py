"""A history is who was last recorded as a member of each segment, and how far its numbers go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bitseg.bitmap import RowSet
from bitseg.changes import MembersChanged
from bitseg.segments.records import packed, unpacked, without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitseg.bitmap import Rows

    Listener = Callable[[str, int], None]


class _Recorded:
    """The members of one segment as they were last recorded, and the last change's number.

    Attributes:
        unsummed: records since the members were last summed up in a file.
    """

    __slots__ = ("last", "members", "unsummed")

    def __init__(self, last: int, members: RowSet) -> None:
        self.last = last
        self.members = members
        self.unsummed = 0


class History:
    """The recorded members of all segments of a tenant."""

    def __init__(self, *, keeps: bool = True) -> None:
        """Begin with no records.

        Args:
            keeps: whether the records themselves are kept here, because no file has them.
        """
        self._recorded: dict[str, _Recorded] = {}
        self._kept: dict[str, list[MembersChanged]] | None = {} if keeps else None
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell this one, by segment and last number, of every record; return what ends it.

        It is called by whoever writes, under the lock of evaluations, and must be quick.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def last(self, segment: str) -> int:
        """Return the number of a segment's last change, 0 where there is none."""
        return self._recorded[segment].last if segment in self._recorded else 0

    def members(self, segment: str, n: int) -> RowSet:
        """Return who was last recorded as a member, among n rows; do not change the set."""
        recorded = self._recorded.get(segment)
        if recorded is None:
            return RowSet.empty(n)
        recorded.members.grow(n)
        return recorded.members

    def changed(
        self, segment: str, members: RowSet, at: int, via: str = "rule_match"
    ) -> MembersChanged | None:
        """Return the record that makes these the members at ms ``at``; None where they are."""
        before = self.members(segment, members.n)
        entered, left = members.minus(before).rows(), before.minus(members).rows()
        return self.made(segment, entered, left, at, via)

    def made(
        self, segment: str, entered: Rows, left: Rows, at: int, via: str = "rule_match"
    ) -> MembersChanged | None:
        """Return the record of who enters and leaves at ms ``at``; None where nobody does.

        Args:
            segment: its id.
            entered: distinct rows that are not recorded as members.
            left: distinct rows that are.
            at: when.
            via: how those who enter came to be members.
        """
        if not entered.size and not left.size:
            return None
        before = self._recorded[segment].members.count if segment in self._recorded else 0
        came, went = entered.size, left.size
        first, size = self.last(segment) + 1, before + came - went
        return MembersChanged(
            segment, first, at, packed(entered), packed(left), came, went, size, via=via
        )

    def erasing(self, rows: Rows, n: int, at: int) -> tuple[MembersChanged, ...]:
        """Return the records of contacts, all of them live, who leave because they are erased."""
        found = []
        for segment in self._recorded:
            members = self.members(segment, n)
            went = int(np.count_nonzero(members.test(rows)))
            if went:
                nobody, places = packed(rows[:0]), packed(np.arange(went, dtype=np.uint32))
                size, first = members.count - went, self.last(segment) + 1
                found.append(
                    MembersChanged(segment, first, at, nobody, nobody, 0, went, size, places)
                )
        return tuple(found)

    def record(self, change: MembersChanged, n: int) -> None:
        """Take a record that was made here, or that a store kept, among n rows.

        Raises:
            ValueError: its number is not the next, or it holds a row from n on.
        """
        recorded = self._recorded.get(change.segment) or _Recorded(0, RowSet.empty(n))
        if change.first != recorded.last + 1:
            message = f"Expected change {recorded.last + 1}, got {change.first}"
            raise ValueError(message)
        entered, left = unpacked(change.entered), unpacked(change.left)
        rows = np.concatenate((entered, left))
        if rows.size and int(rows.max()) >= n:
            message = f"Expected rows below {n}, got {rows.max()}"
            raise ValueError(message)
        recorded.members.grow(n)
        recorded.members.patch(rows, np.arange(rows.size) < entered.size)
        recorded.last = change.last
        recorded.unsummed += 1
        self._recorded[change.segment] = recorded
        if self._kept is not None:
            self._kept.setdefault(change.segment, []).append(change)
        for listener in self._listeners:
            listener(change.segment, change.last)

    def restore(self, segment: str, last: int, members: RowSet) -> None:
        """Take a segment's members as a file summed them up behind a change."""
        self._recorded[segment] = _Recorded(last, members)

    def unsummed(self) -> dict[str, int]:
        """Return how many records of each segment no sum holds."""
        return {segment: one.unsummed for segment, one in self._recorded.items()}

    def summed(self, segment: str) -> None:
        """Hear that a segment's members were summed up as they are."""
        self._recorded[segment].unsummed = 0

    def records(self, segment: str, *, newest_first: bool = False) -> Iterator[MembersChanged]:
        """Yield a segment's records, where they are kept here."""
        kept = list((self._kept or {}).get(segment, ()))
        yield from reversed(kept) if newest_first else kept

    @property
    def nbytes(self) -> int:
        """Bytes that the recorded members hold; records, where they are kept here, not included."""
        return sum(one.members.nbytes for one in self._recorded.values())

    def forget(self, segment: str) -> None:
        """Drop a segment's records."""
        self._recorded.pop(segment, None)
        if self._kept is not None:
            self._kept.pop(segment, None)

    def erase(self, rows: Rows, n: int) -> None:
        """Take erased contacts out of all recorded members and records."""
        for recorded in self._recorded.values():
            recorded.members.grow(n)
            recorded.members.patch(rows, np.zeros(rows.size, np.bool_))
        for segment, kept in (self._kept or {}).items():
            self._kept[segment] = [without(one, rows) for one in kept]  # type: ignore[index]
