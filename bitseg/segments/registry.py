"""The registry holds a tenant's segments by id: definitions as they are now, and static members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bitseg.bitmap import VERSIONS, RowSet
from bitseg.changes import About, Revision
from bitseg.errors import (
    Fault,
    FieldError,
    RuleError,
    SegmentError,
    UnknownSegmentError,
    did_you_mean,
)
from bitseg.plan.compile import compile_definition
from bitseg.plan.nodes import Plan
from bitseg.rules.nodes import Definition, FieldRule
from bitseg.rules.walk import walk
from bitseg.segments.history import History
from bitseg.segments.references import reference_faults, targets
from bitseg.segments.suppressing import DEFAULT, SUPPRESSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitseg.bitmap import Rows
    from bitseg.fields import Field


class StaticMembers:
    """The rows of a static segment, and the version of that set."""

    def __init__(self, members: RowSet) -> None:
        """Take the members, which are this object's own from now on."""
        self.members = members
        self.version = next(VERSIONS)

    def erase(self, rows: Rows) -> None:
        """Take out the rows of erased contacts."""
        self.members.patch(rows, np.zeros(rows.size, np.bool_))
        self.version = next(VERSIONS)


class Segment(msgspec.Struct, frozen=True):
    """One segment: either a definition or static members.

    Attributes:
        revisions: what it was from each change of it on; the last is what it is.
        plan: what the definition became.
        targets: the segments that the definition speaks of.
    """

    id: str
    revisions: tuple[Revision, ...]
    definition: Definition | None = None
    plan: Plan | None = None
    static: StaticMembers | None = None
    targets: tuple[str, ...] = ()

    @property
    def revision(self) -> Revision:
        """What it is now."""
        return self.revisions[-1]

    @property
    def about(self) -> About:
        """What people say of it."""
        return self.revisions[-1].about


class Segments:
    """All segments of a tenant.

    Attributes:
        version: changes with every definition, so that compiled plans can tell they are old.
        history: who was recorded as a member of each.
        suppression: who must not be mailed, which may speak of segments.
    """

    def __init__(self, history: History | None = None) -> None:
        """Begin with none, and with a history that has no records; None = one in memory."""
        self._segments: dict[str, Segment] = {}
        self.history = History() if history is None else history
        self.suppression = DEFAULT
        self.version = 0

    @property
    def nbytes(self) -> int:
        """Bytes that members hold: static ones, and those recorded of all segments."""
        static = [one.static.members for one in self._segments.values() if one.static is not None]
        return self.history.nbytes + sum(members.nbytes for members in static)

    def ids(self) -> Iterable[str]:
        """Return the ids, in order of first definition."""
        return self._segments.keys()

    def __contains__(self, segment: str) -> bool:
        """Return whether there is a segment of that id."""
        return segment in self._segments

    def get(self, segment: str) -> Segment:
        """Return a segment.

        Raises:
            UnknownSegmentError: there is none.
        """
        found = self._segments.get(segment)
        if found is None:
            raise UnknownSegmentError(
                f"No segment has the id {segment!r}.{did_you_mean(segment, self._segments)}"
            )
        return found

    def plan(self, segment: str) -> Plan | None:
        """Return what a segment's definition became; None where it is static."""
        return self.get(segment).plan

    def behind(self, segments: Iterable[str]) -> list[str]:
        """Return segments and all that they speak of, each once, behind what it speaks of.

        Raises:
            UnknownSegmentError: there is no such segment.
        """
        found: dict[str, None] = {}
        waiting = [(segment, False) for segment in segments]
        while waiting:
            segment, entered = waiting.pop()
            if entered:
                found[segment] = None
            elif segment not in found:
                waiting.append((segment, True))
                waiting += [(target, False) for target in self.get(segment).targets]
        return list(found)

    def static(self, segment: str, n: int) -> tuple[RowSet, int]:
        """Return a static segment's members among n rows, and their version."""
        static = self.get(segment).static
        if static is None:
            message = f"segment {segment!r} is dynamic"
            raise TypeError(message)
        static.members.grow(n)
        return static.members, static.version

    def find(self, segment: str) -> Segment | None:
        """Return a segment, or None."""
        return self._segments.get(segment)

    def next_revision(
        self, segment: str, at: int, by: str | None, about: About | None, rules: bytes | None
    ) -> Revision:
        """Return the revision that a change of a segment makes.

        Args:
            segment: its id.
            at: when, ms.
            by: who changes it.
            about: what is said of it from now on; None = what was, or its id as its name.
            rules: its definition from now on.

        Raises:
            SegmentError: another segment of the workspace has the name.
        """
        before = self.find(segment)
        if about is None:
            about = About(segment, created_by=by) if before is None else before.about
        self._check_name(segment, about)
        number = 1 if before is None else before.revision.number + 1
        return Revision(number, at, by, about, rules)

    def _check_name(self, segment: str, about: About) -> None:
        for one in self._segments.values():
            same = (one.about.workspace_id, one.about.name) == (about.workspace_id, about.name)
            if same and one.id != segment:
                message = f"Another segment is called {about.name!r}: {one.id}"
                raise SegmentError(Fault("name", message, code="name_taken"))

    def prepared(
        self, segment: str, what: Definition | RowSet, revisions: tuple[Revision, ...]
    ) -> Segment:
        """Return a segment that may be put, and change nothing yet.

        Args:
            segment: its id.
            what: its definition, or its members.
            revisions: all that it was, and what it is.

        Raises:
            RuleError: the definition leads back to the segment itself, or makes a chain of
                references too long; these are named.
        """
        if isinstance(what, Definition):
            graph = {one.id: one.targets for one in self._segments.values()}
            faults = reference_faults(segment, what, graph)
            if faults:
                raise RuleError(*faults)
            plan = compile_definition(what)
            return Segment(segment, revisions, what, plan, targets=targets(what))
        return Segment(segment, revisions, static=StaticMembers(what))

    def put(self, prepared: Segment) -> None:
        """Set a segment that was prepared."""
        self._segments[prepared.id] = prepared
        self.version += 1

    def set_members(self, segment: str, members: RowSet) -> None:
        """Set the members of a static segment."""
        static = StaticMembers(members)
        self._segments[segment] = msgspec.structs.replace(self.get(segment), static=static)

    def describe(self, segment: str, revisions: tuple[Revision, ...]) -> None:
        """Set what was and is said of a segment."""
        found = msgspec.structs.replace(self.get(segment), revisions=revisions)
        self._segments[segment] = found

    def check_unused(self, segment: str) -> None:
        """Refuse to forget a segment that is used.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: other segments refer to it, or the suppression does; they are named.
        """
        self.get(segment)
        users = self.users(segment)
        names = [repr(user) for user in users]
        if segment in self.suppression.targets:
            users, names = (*users, SUPPRESSING), [*names, f"the {SUPPRESSING}"]
        if users:
            message = f"Segment {segment!r} is used by {', '.join(names)}"
            raise SegmentError(Fault("", message, users, code="in_use"))

    def remove(self, segment: str) -> None:
        """Forget a segment that nobody uses, and its records."""
        del self._segments[segment]
        self.history.forget(segment)
        self.version += 1

    def users(self, segment: str) -> tuple[str, ...]:
        """Return the ids of the segments that refer to one directly."""
        return tuple(one.id for one in self._segments.values() if segment in one.targets)

    def check_type(self, field: Field) -> None:
        """Refuse another type for a field that definitions rest on.

        Raises:
            FieldError: some do; their segments are named.
        """
        users = [
            repr(one.id)
            for one in self._segments.values()
            if one.definition is not None and _rests_on_other(one.definition, field)
        ]
        named = [f"the segments {', '.join(users)}"] if users else []
        if _rests_on_other(self.suppression.definition, field):
            named.append(f"the {SUPPRESSING}")
        if named:
            message = f"Expected the type that {' and '.join(named)} rest on"
            raise FieldError(Fault(field.path, message, code="type_in_use"))

    def erase(self, rows: Rows, n: int) -> None:
        """Take erased contacts out of all static segments and records."""
        self.history.erase(rows, n)
        for one in self._segments.values():
            if one.static is not None:
                one.static.members.grow(n)
                one.static.erase(rows)


def _rests_on_other(definition: Definition, field: Field) -> bool:
    """Return whether a definition asks a field, as one of another type."""
    return any(
        isinstance(node, FieldRule)
        and node.field == field.path
        and node.data_type != field.data_type
        for _, node in walk(definition)
    )
