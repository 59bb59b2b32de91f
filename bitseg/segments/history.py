"""A history is who was last recorded as a member of each segment, and how many records there are.

Records of a segment are numbered from 1 without gaps; each says who entered and who left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bitseg.bitmap import RowSet
from bitseg.changes import MembersChanged

if TYPE_CHECKING:
    from bitseg.bitmap import Rows


class History:
    """The recorded members of all segments of a tenant."""

    def __init__(self) -> None:
        """Begin with no records."""
        self._recorded: dict[str, tuple[int, RowSet]] = {}

    def last(self, segment: str) -> int:
        """Return the number of a segment's last record, 0 where there is none."""
        return self._recorded[segment][0] if segment in self._recorded else 0

    def members(self, segment: str, n: int) -> RowSet:
        """Return who was last recorded as a member, among n rows; do not change the set."""
        if segment not in self._recorded:
            return RowSet.empty(n)
        _, members = self._recorded[segment]
        members.grow(n)
        return members

    def changed(self, segment: str, members: RowSet, at: int) -> MembersChanged | None:
        """Return the record that makes these the members at ms ``at``; None where they are."""
        before = self.members(segment, members.n)
        entered, left = members.minus(before), before.minus(members)
        if not entered.count and not left.count and segment in self._recorded:
            return None
        number = self.last(segment) + 1
        return MembersChanged(segment, number, at, entered.to_bytes(), left.to_bytes())

    def record(self, change: MembersChanged, n: int) -> None:
        """Take a record that ``changed`` returned, or that a store kept, among n rows.

        Raises:
            ValueError: its number is not the next.
        """
        if change.number != self.last(change.segment) + 1:
            message = f"Expected record {self.last(change.segment) + 1}, got {change.number}"
            raise ValueError(message)
        entered, left = RowSet.from_bytes(change.entered, n), RowSet.from_bytes(change.left, n)
        members = self.members(change.segment, n).or_(entered).minus(left)
        self._recorded[change.segment] = (change.number, members)

    def forget(self, segment: str) -> None:
        """Drop a segment's records."""
        self._recorded.pop(segment, None)

    def erase(self, rows: Rows, n: int) -> None:
        """Take erased contacts out of all recorded members."""
        for _, members in self._recorded.values():
            members.grow(n)
            members.patch(rows, np.zeros(rows.size, np.bool_))
