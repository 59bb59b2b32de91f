"""The catalogue is a tenant's saved segments: made, found, changed and asked, as over HTTP."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from bitseg.arguments import several
from bitseg.clock import Now, show_instant
from bitseg.contacts import as_ids
from bitseg.defining import Defined
from bitseg.errors import Fault, FieldError, SegmentError, UnknownRevisionError
from bitseg.members import Members
from bitseg.plan.nodes import SegmentLeaf
from bitseg.results import Guard, Overlap, Pair, SegmentPage, SegmentRecord, SegmentRevision
from bitseg.segments import Edit, Moved
from bitseg.segments.criteria import Criteria

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bitseg.bitmap import RowSet
    from bitseg.changes import Revision
    from bitseg.defining import Defining
    from bitseg.plan.execute import Executor
    from bitseg.segments import Segment
    from bitseg.store import Once
    from bitseg.writes import Writes

OVERLAP_MOST: Final = 20
"""Segments that are compared at once, at the most."""

PAGE: Final = 50
"""Items of a page where nobody says how many."""


class Catalogue:
    """The segments of one engine, in order of first definition.

    Iterating yields ids, and ``in`` asks for one. Each write takes ``once`` as all writes of an
    engine do, ``by`` for who asks, and ``revision`` where it rests on one.
    """

    def __init__(self, writes: Writes, defining: Defining, executor: Executor) -> None:
        """Take the way of writes, that of segments, and who counts."""
        self._writes = writes
        self._defining = defining
        self._executor = executor
        self._segments = writes.segments

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter(tuple(self._segments.ids()))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(tuple(self._segments.ids()))

    def __contains__(self, segment: object) -> bool:
        """Return whether there is a segment of an id."""
        return isinstance(segment, str) and segment in self._segments

    # Making and changing

    def create(  # noqa: PLR0913 - what a segment may have from the beginning
        self,
        name: str,
        rules: Any = None,
        contact_ids: Iterable[str] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - as the API calls it
        description: str = "",
        workspace_id: str | None = None,
        tags: Sequence[str] = (),
        max_drop: float | None = None,
        by: str | None = None,
        once: Once | None = None,
    ) -> SegmentRecord:
        """Make a segment: dynamic by rules, or static by the ids of contacts.

        Args:
            name: unique among the segments of the workspace.
            rules: the definition.
            contact_ids: the members; may be none. Ids that no contact has are left out and said.
            id: its own; None = a random UUID.
            description: more words.
            workspace_id: where it belongs.
            tags: free words.
            max_drop: refuse later definitions that drop more than so many percent of its members.
            by: who makes it.
            once: as for all writes.

        Raises:
            SegmentError: the name is taken, or the id.
            FieldError: it is neither, or both; or what is said of it may not be so.
            RuleError: the rules are not valid.
            StoreError: it could not be kept; nothing was done.
        """
        if (rules is None) == (contact_ids is None):
            message = (
                "Expected either rules, for a dynamic segment, or contact_ids, for a static one"
            )
            raise FieldError(Fault("", message, code="dynamic_or_static"))
        said = {
            "name": name,
            "description": description,
            "workspace_id": workspace_id,
            "tags": tuple(tags),
            "max_drop": max_drop,
        }
        edit = Edit(by, said, is_new=True, leaves_out=True)
        segment = str(uuid.uuid4()) if id is None else id
        what = rules if contact_ids is None else several(contact_ids)
        return self._define(segment, what, edit, once)

    def update(  # noqa: PLR0913 - each is something else of the change
        self,
        segment: str,
        rules: Any = None,
        *,
        by: str | None = None,
        revision: int | None = None,
        override_guard: bool = False,
        once: Once | None = None,
        **said: Any,
    ) -> SegmentRecord:
        """Change a segment's definition, or what is said of it, or both.

        Args:
            segment: its id.
            rules: the new definition, of a dynamic segment; None = the one it has.
            by: who changes it.
            revision: the number that it must have now.
            override_guard: whether as many members may leave as do.
            once: as for all writes.
            said: ``name``, ``description``, ``workspace_id``, ``tags``, ``max_drop``,
                ``is_active``.

        Raises:
            UnknownSegmentError: there is none.
            GuardError: more members would leave than its guard lets go.
            RevisionError: it has another revision by now.
            SegmentError: the name is taken, or something may not be so.
            RuleError: the rules are not valid.
            StoreError: it could not be kept; nothing was done.
        """
        found = self._segments.get(segment)
        edit = Edit(by, said, revision, override_guard=override_guard)
        if rules is None:
            return self._describe(segment, edit, once)
        if found.static is not None:
            message = f"Segment {segment!r} is static: it has members, and no rules"
            raise SegmentError(Fault("rules", message, code="static"))
        return self._define(segment, rules, edit, once)

    def delete(
        self, segment: str, *, revision: int | None = None, once: Once | None = None
    ) -> None:
        """Forget a segment.

        Raises:
            UnknownSegmentError: there is none.
            RevisionError: it has another revision by now.
            SegmentError: other segments use it; they are named.
            StoreError: it could not be kept; nothing was done.
        """
        edit = Edit(revision=revision)
        self._writes.once(
            once, type(None), lambda answering: self._defining.remove(segment, answering, edit=edit)
        )

    def duplicate(
        self,
        segment: str,
        name: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - likewise
        by: str | None = None,
        once: Once | None = None,
    ) -> SegmentRecord:
        """Make a segment like another: with its rules, or with its static members.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: the name is taken.
            StoreError: it could not be kept; nothing was done.
        """
        found = self._segments.get(segment)
        rules = found.revision.rules
        what = self.members(segment) if rules is None else rules
        return self._copy(found, what, name or f"{found.about.name} (copy)", id, by, once)

    def freeze(
        self,
        segment: str,
        name: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - likewise
        by: str | None = None,
        once: Once | None = None,
    ) -> SegmentRecord:
        """Make a static segment of those who are members now.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: the name is taken.
            StoreError: it could not be kept; nothing was done.
        """
        found = self._segments.get(segment)
        at = show_instant(self._writes.now())
        name = name or f"{found.about.name} ({at})"
        return self._copy(found, self.members(segment), name, id, by, once)

    def restore(  # noqa: PLR0913 - each is something else of the change
        self,
        segment: str,
        number: int,
        *,
        by: str | None = None,
        revision: int | None = None,
        override_guard: bool = False,
        once: Once | None = None,
    ) -> SegmentRecord:
        """Give a segment the definition that it had at an earlier revision; a new revision.

        Raises:
            UnknownSegmentError: there is no such segment.
            UnknownRevisionError: it has no such revision.
            SegmentError: it was static then.
            GuardError: more members would leave than its guard lets go.
        """
        then = next(
            (one for one in self._segments.get(segment).revisions if one.number == number), None
        )
        if then is None:
            raise UnknownRevisionError(f"Segment {segment!r} has no revision {number}")
        if then.rules is None:
            message = f"At revision {number} segment {segment!r} was static: it had no rules"
            raise SegmentError(Fault("", message, code="static"))
        return self.update(
            segment,
            then.rules,
            by=by,
            revision=revision,
            override_guard=override_guard,
            once=once,
        )

    def add_contacts(
        self,
        segment: str,
        contact_ids: Iterable[str],
        *,
        via: str = "manual",
        once: Once | None = None,
    ) -> Moved:
        """Put contacts into a static segment; ids that no contact has are reported.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: it is dynamic.
            StoreError: it could not be kept; nothing was done.
        """
        ids = several(contact_ids)
        return self._writes.once(
            once,
            Moved,
            lambda answering: self._defining.change_members(
                segment, ids, answering, add=True, via=via
            ),
        )

    def remove_contacts(
        self, segment: str, contact_ids: Iterable[str], *, once: Once | None = None
    ) -> Moved:
        """Take contacts out of a static segment; ids that no contact has are reported.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: it is dynamic.
            StoreError: it could not be kept; nothing was done.
        """
        ids = several(contact_ids)
        return self._writes.once(
            once,
            Moved,
            lambda answering: self._defining.change_members(segment, ids, answering, add=False),
        )

    # Asking

    def get(self, segment: str) -> SegmentRecord:
        """Return a segment as it is now, with how many members it has now.

        Raises:
            UnknownSegmentError: there is none.
        """
        with self._writes.lock:
            at = self._writes.now()
            found = self._segments.get(segment)
            return _record(found.id, found.revisions, self._rows(segment, at).count, at)

    def find(  # noqa: PLR0913 - what a list may be narrowed by
        self,
        search: str = "",
        *,
        segment_type: str | None = None,
        workspace_id: str | None = None,
        tag: str | None = None,
        is_active: bool | None = None,
        offset: int = 0,
        limit: int = PAGE,
    ) -> SegmentPage:
        """Return the segments that meet all that is asked for, in order of definition.

        Args:
            search: a part of the name or the description, whatever its case.
            segment_type: ``dynamic`` or ``static``.
            workspace_id: the workspace; None = any.
            tag: a tag that it has.
            is_active: whether it is.
            offset: leave out so many.
            limit: return at most so many.
        """
        criteria = Criteria(search.casefold(), segment_type, workspace_id, tag, is_active)
        with self._writes.lock:
            found = [one for one in map(self._segments.get, self) if criteria.meets(one)]
            at = self._writes.now()
            page = tuple(
                _record(one.id, one.revisions, self._rows(one.id, at).count, at)
                for one in found[offset : offset + limit]
            )
        return SegmentPage(page, len(found))

    def revisions(self, segment: str) -> tuple[SegmentRevision, ...]:
        """Return what a segment was from each change of it on, the newest first.

        Raises:
            UnknownSegmentError: there is none.
        """
        found = self._segments.get(segment)
        return tuple(_revision(one) for one in reversed(found.revisions))

    def dependents(self, segment: str) -> tuple[str, ...]:
        """Return the ids of the segments that speak of one.

        Raises:
            UnknownSegmentError: there is none.
        """
        self._segments.get(segment)
        return self._segments.users(segment)

    def members(self, segment: str) -> Members:
        """Return who is in a segment now, as a set that no later write changes.

        Raises:
            UnknownSegmentError: there is none.
        """
        self._segments.get(segment)
        with self._writes.lock:
            rows = self._rows(segment, self._writes.now())
            return Members(rows.copy(), self._writes.tenant.contacts, self._writes.lock)

    def membership(self, segment: str, contact_ids: Sequence[str]) -> dict[str, bool]:
        """Return, by contact id, whether they are in a segment now; nobody's id is not.

        Raises:
            UnknownSegmentError: there is none.
        """
        self._segments.get(segment)
        with self._writes.lock:
            members = self._rows(segment, self._writes.now())
            rows = self._writes.tenant.contacts.rows_of(as_ids(contact_ids))
        known = np.flatnonzero(rows >= 0)
        within = np.zeros(rows.size, np.bool_)
        within[known] = members.test(rows[known].astype(np.uint32))
        return dict(zip(contact_ids, within.tolist(), strict=True))

    def overlap(self, segments: Sequence[str]) -> Overlap:
        """Return how many members segments have, and how many each two of them share.

        Raises:
            UnknownSegmentError: one is not there.
            FieldError: there are fewer than two or more than 20, or one stands there twice.
        """
        if not 2 <= len(segments) <= OVERLAP_MOST or len(set(segments)) < len(segments):
            message = f"Expected 2 to {OVERLAP_MOST} different segments, got {list(segments)}"
            raise FieldError(Fault("segments", message, code="too_many"))
        with self._writes.lock:
            at = self._writes.now()
            rows = [self._known_rows(one, at) for one in segments]
            sizes = tuple(one.count for one in rows)
            pairs = []
            for i, a in enumerate(rows):
                for j in range(i + 1, len(rows)):
                    both = a.and_count(rows[j])
                    either = sizes[i] + sizes[j] - both
                    jaccard = both / either if either else None
                    pairs.append(Pair(segments[i], segments[j], both, jaccard))
        return Overlap(sizes, tuple(pairs))

    def _known_rows(self, segment: str, at: int) -> RowSet:
        self._segments.get(segment)
        return self._rows(segment, at)

    def _rows(self, segment: str, at: int) -> RowSet:
        self._writes.commits.check_whole()
        return self._executor.members(SegmentLeaf(segment), Now(at, self._writes.zone))

    def _define(self, segment: str, what: Any, edit: Edit, once: Once | None) -> SegmentRecord:
        def write(answering: Any) -> SegmentRecord:
            answer = None if answering is None else lambda done: answering(_defined(done))
            return _defined(self._defining.define(segment, what, answer, edit=edit))

        return self._writes.once(once, SegmentRecord, write)

    def _describe(self, segment: str, edit: Edit, once: Once | None) -> SegmentRecord:
        def record(revisions: tuple[Revision, ...]) -> SegmentRecord:
            with self._writes.lock:
                at = revisions[-1].at
                return _record(segment, revisions, self._rows(segment, at).count, at)

        def write(answering: Any) -> SegmentRecord:
            answer = None if answering is None else lambda done: answering(record(done))
            return record(self._defining.describe(segment, edit, answer))

        return self._writes.once(once, SegmentRecord, write)

    def _copy(  # noqa: PLR0913, PLR0917 - what a copy is made of
        self,
        of: Segment,
        what: Any,
        name: str,
        id_: str | None,
        by: str | None,
        once: Once | None,
    ) -> SegmentRecord:
        said = msgspec.structs.asdict(of.about) | {"name": name}
        del said["created_by"]
        edit = Edit(by, said, is_new=True)
        return self._define(str(uuid.uuid4()) if id_ is None else id_, what, edit, once)


def _defined(done: Defined) -> SegmentRecord:
    record = _record(done.segment.id, done.segment.revisions, done.count, done.at)
    return msgspec.structs.replace(record, not_found=done.not_found)


def _record(segment: str, revisions: tuple[Revision, ...], count: int, at: int) -> SegmentRecord:
    last = revisions[-1]
    about = last.about
    return SegmentRecord(
        id=segment,
        name=about.name,
        description=about.description,
        segment_type="static" if last.rules is None else "dynamic",
        rules=None if last.rules is None else msgspec.json.decode(last.rules),
        contact_count=count,
        last_recalculated_at=show_instant(at),
        workspace_id=about.workspace_id,
        tags=about.tags,
        guard=None if about.max_drop is None else Guard(about.max_drop),
        is_active=about.is_active,
        created_by=about.created_by,
        created_at=show_instant(revisions[0].at),
        updated_at=show_instant(last.at),
        revision=last.number,
    )


def _revision(one: Revision) -> SegmentRevision:
    return SegmentRevision(
        revision=one.number,
        at=show_instant(one.at),
        by=one.by,
        name=one.about.name,
        description=one.about.description,
        rules=None if one.rules is None else msgspec.json.decode(one.rules),
    )
