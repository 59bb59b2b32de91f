"""Changing is the half of the catalogue that makes, changes, copies and forgets segments."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from bitseg.arguments import several
from bitseg.catalogue.exporting import Exporting
from bitseg.catalogue.listed import Listed
from bitseg.catalogue.showing import defined, record
from bitseg.clock import show_instant
from bitseg.errors import Fault, FieldError, SegmentError, UnknownRevisionError
from bitseg.repeats import answering_of
from bitseg.results import MembersImported, SegmentRecord
from bitseg.segments import Edit, Moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bitseg.changes import Revision
    from bitseg.defining import Defining
    from bitseg.plan.execute import Executor
    from bitseg.repeats import Answering
    from bitseg.segments import Segment
    from bitseg.store import Once
    from bitseg.tracking import Tracker
    from bitseg.writes import Writes

    Said = Answering[SegmentRecord]


class Catalogue(Exporting):
    """The segments of one engine.

    Each write takes ``once`` as all writes of an engine do, ``by`` for who asks, and ``revision``
    where it rests on one.
    """

    def __init__(
        self, writes: Writes, defining: Defining, executor: Executor, tracker: Tracker
    ) -> None:
        """Take the way of writes, that of segments, who counts, and who follows time."""
        super().__init__(writes, executor, tracker)
        self._defining = defining

    @property
    def corrections(self) -> int:
        """How often a check found somebody in or out of a segment who was not so recorded."""
        return self._defining.corrections

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

        def write(answering: Said) -> SegmentRecord:
            return self._define(segment, what, edit, answering)

        return self._writes.once(once, SegmentRecord, write)

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
        edit = Edit(by, said, revision, override_guard=override_guard)

        def write(answering: Said) -> SegmentRecord:
            found = self._segments.get(segment)
            if rules is None:
                return self._describe(segment, edit, answering)
            if found.static is not None:
                message = f"Segment {segment!r} is static: it has members, and no rules"
                raise SegmentError(Fault("rules", message, code="static"))
            return self._define(segment, rules, edit, answering)

        return self._writes.once(once, SegmentRecord, write)

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

    def recalculate(self, segment: str, *, once: Once | None = None) -> SegmentRecord:
        """Check who is recorded as a member, correct what is not so, and return the segment.

        Raises:
            UnknownSegmentError: there is none.
            StoreError: it could not be kept; nothing was done.
        """

        def write(answering: Said) -> SegmentRecord:
            self._defining.refresh([segment])
            found = self.get(segment)
            if answering is not None:
                self._writes.answer(answering(found))
            return found

        return self._writes.once(once, SegmentRecord, write)

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

        def write(answering: Said) -> SegmentRecord:
            found = self._segments.get(segment)
            rules = found.revision.rules
            what = self.members(segment) if rules is None else rules
            called = name or f"{found.about.name} (copy)"
            return self._copy(found, what, called, id, by, answering)

        return self._writes.once(once, SegmentRecord, write)

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

        def write(answering: Said) -> SegmentRecord:
            found = self._segments.get(segment)
            called = name or f"{found.about.name} ({show_instant(self._writes.now())})"
            return self._copy(found, self.members(segment), called, id, by, answering)

        return self._writes.once(once, SegmentRecord, write)

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
        edit = Edit(by, {}, revision, override_guard=override_guard)

        def write(answering: Said) -> SegmentRecord:
            revisions = self._segments.get(segment).revisions
            then = next((one for one in revisions if one.number == number), None)
            if then is None:
                raise UnknownRevisionError(f"Segment {segment!r} has no revision {number}")
            if then.rules is None:
                message = f"At revision {number} segment {segment!r} was static: it had no rules"
                raise SegmentError(Fault("", message, code="static"))
            return self._define(segment, then.rules, edit, answering)

        return self._writes.once(once, SegmentRecord, write)

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

    def import_contacts(
        self, segment: str, source: Any, *, once: Once | None = None
    ) -> MembersImported:
        """Put the contacts into a static segment that a file names, by id or by e-mail.

        Args:
            segment: its id.
            source: the path of delimited text, or what ``bitseg.open_source`` made of it. Its
                column ``id`` or ``contact_id`` is looked at, and ``email`` where that is empty or
                not there; case does not matter in an e-mail.
            once: as for all writes.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: it is dynamic.
            LoadError: the file cannot be read, or has no such column.
            StoreError: it could not be kept; nothing was done.
        """

        def write(answering: Answering[MembersImported]) -> MembersImported:
            self._defining.static_of(segment)
            listed = Listed(self._writes, source)
            answer = answering_of(answering, listed.report)
            moved = self._defining.change_members(
                segment, listed.members(), answer, add=True, via="import"
            )
            return listed.report(moved)

        return self._writes.once(once, MembersImported, write)

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

    def _define(self, segment: str, what: Any, edit: Edit, answering: Said) -> SegmentRecord:
        answer = answering_of(answering, defined)
        return defined(self._defining.define(segment, what, answer, edit=edit))

    def _describe(self, segment: str, edit: Edit, answering: Said) -> SegmentRecord:
        def shown(revisions: tuple[Revision, ...]) -> SegmentRecord:
            with self._writes.lock:
                at = revisions[-1].at
                return record(segment, revisions, self._rows(segment, at).count, at)

        return shown(self._defining.describe(segment, edit, answering_of(answering, shown)))

    def _copy(  # noqa: PLR0913, PLR0917 - what a copy is made of
        self,
        of: Segment,
        what: Any,
        name: str,
        id_: str | None,
        by: str | None,
        answering: Said,
    ) -> SegmentRecord:
        said = msgspec.structs.asdict(of.about) | {"name": name}
        del said["created_by"]
        edit = Edit(by, said, is_new=True)
        return self._define(str(uuid.uuid4()) if id_ is None else id_, what, edit, answering)
