"""Defining is setting, removing and refreshing segments: checked, kept, recorded, then seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from bitseg.arguments import check_segment_id
from bitseg.bitmap import RowSet
from bitseg.changes import (
    ChangeMembers,
    DefineSegment,
    DescribeSegment,
    RefreshSegments,
    RemoveSegment,
)
from bitseg.clock import Now
from bitseg.commits import Staged
from bitseg.contacts import as_ids
from bitseg.errors import Fault, GuardError, SegmentError
from bitseg.members import Members
from bitseg.plan.nodes import NOBODY, SegmentLeaf
from bitseg.rules.nodes import Definition
from bitseg.rules.respell import spelled
from bitseg.segments import AS_IT_IS, Edit, Moved, Segment, StaticMembers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bitseg.changes import MembersChanged, Revision
    from bitseg.plan.execute import Executor
    from bitseg.repeats import Answering
    from bitseg.rulebook import Rulebook
    from bitseg.writes import Writes


_JSON: Final = msgspec.json.Encoder(decimal_format="number")


class Defined(msgspec.Struct, frozen=True):
    """A segment that was set.

    Attributes:
        segment: it.
        count: how many members it had then.
        at: when that was, ms.
        not_found: ids that no contact has, and that were left out.
    """

    segment: Segment
    count: int
    at: int
    not_found: tuple[str, ...] = ()


class Defining:
    """The writes that are about segments.

    Attributes:
        corrections: how many entered or left because a check found members not to be as recorded.
    """

    def __init__(self, writes: Writes, rulebook: Rulebook, executor: Executor) -> None:
        """Take the way of writes, the reader of rules, and who counts."""
        self._writes = writes
        self._rulebook = rulebook
        self._executor = executor
        self._tenant = writes.tenant
        self._segments = writes.segments
        self.corrections = 0

    def define(
        self,
        segment: str,
        what: Any,
        answer: Answering[Defined] = None,
        *,
        edit: Edit = AS_IT_IS,
    ) -> Defined:
        """Set a segment by rules, contact ids or Members.

        Args:
            segment: its id.
            what: what it is.
            answer: makes what is kept with it.
            edit: who changes it and what is said of it.

        Raises:
            RuleError: the rules are not valid, match everybody by accident, or form a cycle.
            SegmentError: ids that no contact has, another engine's Members, a name that another
                segment has, or what ``edit`` rests on is not so.
            StoreError: the change could not be kept; nothing was done.
        """
        check_segment_id(segment)

        def stage() -> Staged[Defined]:
            at = self._writes.commits.instant
            with self._writes.lock:
                edit.check(self._segments.find(segment))
                read, unknown = self._read(segment, what)
                if unknown and not edit.leaves_out:
                    raise SegmentError(*(f"No contact has the id {one!r}" for one in unknown))
                rules = None
                if isinstance(read, Definition):
                    rules = given_as_json(what) or spelled(read)
                revision = self._revision(segment, at, edit, rules)
                prepared = self._segments.prepared(
                    segment, read, (*self._revisions(segment), revision)
                )
                members = self._members(prepared, at)
                self._check_drop(segment, members, at, edit)
                named = not isinstance(read, Definition) and not isinstance(what, Members)
                via = "manual" if named else "rule_match"
                moved = self._segments.history.changed(segment, members, at, via)
                change = DefineSegment(segment, revision, moved=moved, via=via)
                if isinstance(read, Definition):
                    change = msgspec.structs.replace(change, spelled=spelled(read))
                else:
                    change = msgspec.structs.replace(change, members=members.to_bytes())
                done = Defined(prepared, members.count, at, unknown)
            kept = None if answer is None else answer(done)
            return Staged((change,), lambda: self._put(done, change), kept)

        return self._writes.submit(stage, alone=True)

    def describe(
        self, segment: str, edit: Edit, answer: Answering[tuple[Revision, ...]] = None
    ) -> tuple[Revision, ...]:
        """Change what is said of a segment; return its revisions.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: another segment has the name, or what ``edit`` rests on is not so.
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[tuple[Revision, ...]]:
            before = self._segments.get(segment)
            edit.check(before)
            revision = self._revision(
                segment, self._writes.commits.instant, edit, before.revision.rules
            )
            change = DescribeSegment(segment, revision)
            revisions = (*before.revisions, revision)
            kept = None if answer is None else answer(revisions)

            def publish() -> tuple[Revision, ...]:
                self._segments.describe(segment, revisions)
                return revisions

            return Staged((change,), publish, kept)

        return self._writes.submit(stage, alone=True)

    def change_members(
        self,
        segment: str,
        ids: Sequence[str] | Members,
        answer: Answering[Moved] = None,
        *,
        add: bool,
        via: str = "manual",
    ) -> Moved:
        """Put contacts into a static segment, or take some out.

        Args:
            segment: its id.
            ids: of the contacts, or they themselves; what is nobody's is reported.
            answer: makes what is kept with it.
            add: whether they are put in.
            via: how they came: ``manual`` or ``import``.

        Raises:
            UnknownSegmentError: there is no such segment.
            SegmentError: it is dynamic.
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[Moved]:
            at = self._writes.commits.instant
            with self._writes.lock:
                static = self.static_of(segment)
                static.members.grow(self._tenant.contacts.n)
                given, unknown = self._given(ids)
                before = static.members
                members = before.or_(given) if add else before.minus(given)
                record = self._segments.history.changed(segment, members, at, via)
                moved = Moved(abs(members.count - before.count), members.count, unknown)
            changes = () if record is None else (ChangeMembers(record),)
            kept = None if answer is None else answer(moved)
            return Staged(changes, lambda: self._moved(segment, members, record, moved), kept)

        return self._writes.submit(stage, alone=True)

    def static_of(self, segment: str) -> StaticMembers:
        """Return who is in a static segment.

        Raises:
            UnknownSegmentError: there is no such segment.
            SegmentError: it is dynamic.
        """
        static = self._segments.get(segment).static
        if static is None:
            message = f"Segment {segment!r} is dynamic: its members are those of its rules"
            raise SegmentError(Fault("", message, code="dynamic"))
        return static

    def _given(self, ids: Sequence[str] | Members) -> tuple[RowSet, tuple[str, ...]]:
        """Return the rows of contacts that are there, and the ids that nobody has."""
        contacts = self._tenant.contacts
        if isinstance(ids, Members):
            return RowSet.from_bitmap(ids.rows, contacts.n).and_(contacts.live), ()
        rows = contacts.rows_of(as_ids(ids))
        known = np.unique(rows[rows >= 0]).astype(np.uint32)
        unknown = tuple(one for one, row in zip(ids, rows.tolist(), strict=True) if row < 0)
        return RowSet.from_rows(known, contacts.n), unknown

    def remove(
        self, segment: str, answer: Answering[None] = None, *, edit: Edit = AS_IT_IS
    ) -> None:
        """Forget a segment.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: other segments refer to it; they are named; or ``edit`` rests on another
                revision.
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[None]:
            self._segments.check_unused(segment)
            edit.check(self._segments.get(segment))
            change = RemoveSegment(segment, self._writes.commits.instant)
            kept = None if answer is None else answer(None)
            return Staged((change,), lambda: self._segments.remove(segment), kept)

        self._writes.submit(stage, alone=True)

    def refresh(self, segments: Iterable[str] | None = None) -> dict[str, tuple[int, int]]:
        """Check recorded members against their definitions as they are now, and correct them.

        Leaves are looked up anew, so that one that did not stay true is found.

        Args:
            segments: their ids; None = all.

        Returns:
            (entered, left) of each segment that was not as recorded.

        Raises:
            UnknownSegmentError: there is no such segment.
            StoreError: the records could not be kept; nothing was done.
        """
        asked = list(self._segments.ids()) if segments is None else list(segments)
        for segment in asked:
            self._segments.get(segment)
        found = {}
        with self._writes.lock:
            fresh = self._executor.apart()
        try:
            for segment in asked:  # one at a time, so that writes and previews come between
                moved = self._writes.submit(partial(self._check, segment, fresh), alone=True)
                if moved is not None:
                    found[segment] = moved.came, moved.went
        finally:
            with self._writes.lock:
                fresh.end()
        return found

    def _check(self, segment: str, fresh: Executor) -> Staged[MembersChanged | None]:
        if segment not in self._segments:  # it was removed meanwhile
            return Staged((), lambda: None)
        now = Now(self._writes.commits.instant, self._tenant.zone)
        with self._writes.lock:
            members = fresh.members(SegmentLeaf(segment), now)
            moved = self._segments.history.changed(segment, members, now.at)
        if moved is None:
            return Staged((), lambda: None)
        found = moved

        def correct() -> MembersChanged:
            self._segments.history.record(found, self._tenant.contacts.n)
            self.corrections += found.came + found.went
            return found

        return Staged((RefreshSegments(now.at, (found,)),), correct)

    def _moved(
        self, segment: str, members: RowSet, record: MembersChanged | None, moved: Moved
    ) -> Moved:
        if record is not None:
            self._segments.set_members(segment, members)
            self._segments.history.record(record, self._tenant.contacts.n)
        return moved

    def _revisions(self, segment: str) -> tuple[Revision, ...]:
        before = self._segments.find(segment)
        return () if before is None else before.revisions

    def _revision(self, segment: str, at: int, edit: Edit, rules: bytes | None) -> Revision:
        before = self._segments.find(segment)
        about = edit.about(None if before is None else before.about)
        return self._segments.next_revision(segment, at, edit.by, about, rules)

    def _check_drop(self, segment: str, members: RowSet, at: int, edit: Edit) -> None:
        """Refuse a definition that drops more members than the segment's guard lets go.

        Raises:
            GuardError: it does; says how many leave and enter.
        """
        before = self._segments.find(segment)
        if before is None or before.about.max_drop is None or edit.override_guard:
            return
        had = self._members(before, at)
        both = members.and_count(had)
        leaving, entering = had.count - both, members.count - both
        if leaving * 100 > before.about.max_drop * had.count:
            raise GuardError(leaving, entering, before.about.max_drop)

    def _put(self, done: Defined, change: DefineSegment) -> Defined:
        self._segments.put(done.segment)
        if change.moved is not None:
            self._segments.history.record(change.moved, self._tenant.contacts.n)
        return done

    def _members(self, prepared: Segment, at: int) -> RowSet:
        if prepared.static is not None:
            return prepared.static.members
        return self._executor.members(prepared.plan or NOBODY, Now(at, self._tenant.zone))

    def _read(self, segment: str, what: Any) -> tuple[Definition | RowSet, tuple[str, ...]]:
        """Return what a segment is to be, and the ids in it that no contact has."""
        if isinstance(what, Members):
            if not what.of(self._tenant.contacts):
                raise SegmentError("Expected Members of the same engine")
            return self._given(what)
        if isinstance(what, list | tuple | set | frozenset):
            rows, unknown = self._given(list(what))
            return rows, tuple(dict.fromkeys(unknown))
        return self._rulebook.read(what, defining=segment), ()


def given_as_json(what: Any) -> bytes | None:
    """Return rules as they were given, as JSON; None where they were read before."""
    if isinstance(what, dict):
        return _JSON.encode(what)
    if isinstance(what, str):
        return what.encode()
    return what if isinstance(what, bytes) else None
