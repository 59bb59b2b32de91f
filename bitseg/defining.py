"""Defining is setting, removing and refreshing segments: checked, kept, recorded, then seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from bitseg.arguments import check_segment_id
from bitseg.bitmap import RowSet
from bitseg.changes import DefineSegment, RefreshSegments, RemoveSegment
from bitseg.clock import Now
from bitseg.commits import Staged
from bitseg.contacts import as_ids
from bitseg.errors import SegmentError
from bitseg.members import Members
from bitseg.plan.nodes import NOBODY, SegmentLeaf
from bitseg.rules.nodes import Definition
from bitseg.rules.respell import spelled

if TYPE_CHECKING:
    from bitseg.plan.execute import Executor
    from bitseg.rulebook import Rulebook
    from bitseg.segments import Segment
    from bitseg.writes import Answering, Writes


class Defining:
    """The writes that are about segments."""

    def __init__(self, writes: Writes, rulebook: Rulebook, executor: Executor) -> None:
        """Take the way of writes, the reader of rules, and who counts."""
        self._writes = writes
        self._rulebook = rulebook
        self._executor = executor
        self._tenant = writes.tenant
        self._segments = writes.segments

    def define(self, segment: str, what: Any, answer: Answering[int] = None) -> int:
        """Set a segment by rules, contact ids or Members; return how many members it has.

        Raises:
            RuleError: the rules are not valid, match everybody by accident, or form a cycle.
            SegmentError: ids that no contact has, or another engine's Members.
            StoreError: the change could not be kept; nothing was done.
        """
        check_segment_id(segment)

        def stage() -> Staged[int]:
            at = self._writes.now()
            with self._writes.lock:
                read = self._read(segment, what)
                prepared = self._segments.prepared(segment, read)
                members = self._members(prepared, at)
                moved = self._segments.history.changed(segment, members, at)
                change = DefineSegment(segment, at, moved=moved)
                if isinstance(read, Definition):
                    spelling = spelled(read)
                    rules = _given(what) or spelling
                    change = msgspec.structs.replace(change, rules=rules, spelled=spelling)
                else:
                    via = "rule_match" if isinstance(what, Members) else "manual"
                    change = msgspec.structs.replace(change, members=members.to_bytes(), via=via)
                count = members.count
            kept = None if answer is None else answer(count)
            return Staged((change,), lambda: self._put(prepared, change, count), kept)

        return self._writes.submit(stage, alone=True)

    def remove(self, segment: str, answer: Answering[None] = None) -> None:
        """Forget a segment.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: other segments refer to it; they are named.
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[None]:
            self._segments.check_unused(segment)
            change = RemoveSegment(segment, self._writes.now())
            kept = None if answer is None else answer(None)
            return Staged((change,), lambda: self._segments.remove(segment), kept)

        self._writes.submit(stage, alone=True)

    def refresh(self, now: int) -> dict[str, tuple[int, int]]:
        """Record who entered and left each segment since it was last recorded, at ms ``now``.

        Returns:
            (entered, left) of each segment that changed.

        Raises:
            StoreError: the records could not be kept; nothing was done.
        """

        def stage() -> Staged[dict[str, tuple[int, int]]]:
            moved = []
            counts = {}
            for segment in self._segments.ids():
                with self._writes.lock:  # a segment at a time, so that previews come between
                    members = self._executor.members(
                        SegmentLeaf(segment), Now(now, self._tenant.zone)
                    )
                    change = self._segments.history.changed(segment, members, now)
                    if change is None:
                        continue
                    before = self._segments.history.members(segment, members.n)
                    both = members.and_count(before)
                    counts[segment] = (members.count - both, before.count - both)
                moved.append(change)
            changes = (RefreshSegments(now, tuple(moved)),) if moved else ()
            return Staged(changes, lambda: self._recorded(changes, counts))

        return self._writes.submit(stage, alone=True)

    def _recorded(
        self, changes: tuple[RefreshSegments, ...], counts: dict[str, tuple[int, int]]
    ) -> dict[str, tuple[int, int]]:
        for change in changes:
            for moved in change.moved:
                self._segments.history.record(moved, self._tenant.contacts.n)
        return counts

    def _put(self, prepared: Segment, change: DefineSegment, count: int) -> int:
        self._segments.put(prepared)
        if change.moved is not None:
            self._segments.history.record(change.moved, self._tenant.contacts.n)
        return count

    def _members(self, prepared: Segment, at: int) -> RowSet:
        if prepared.static is not None:
            return prepared.static.members
        return self._executor.members(prepared.plan or NOBODY, Now(at, self._tenant.zone))

    def _read(self, segment: str, what: Any) -> Definition | RowSet:
        contacts = self._tenant.contacts
        if isinstance(what, Members):
            if not what.of(contacts):
                raise SegmentError("Expected Members of the same engine")
            return RowSet.from_bitmap(what.rows, contacts.n).and_(contacts.live)
        if isinstance(what, list | tuple | set | frozenset):
            ids = list(what)
            found = contacts.rows_of(as_ids(ids))
            unknown = [one for one, row in zip(ids, found.tolist(), strict=True) if row < 0]
            if unknown:
                raise SegmentError(*(f"No contact has the id {one!r}" for one in unknown))
            return RowSet.from_rows(np.unique(found).astype(np.uint32), contacts.n)
        return self._rulebook.read(what, defining=segment)


def _given(what: Any) -> bytes | None:
    """Return rules as they were given, where they were JSON."""
    if isinstance(what, str):
        return what.encode()
    return what if isinstance(what, bytes) else None
