"""Asking is the half of the catalogue that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bitseg.arguments import instant_of
from bitseg.catalogue.remembering import Remembering
from bitseg.catalogue.showing import record, show_revision
from bitseg.clock import Now
from bitseg.contacts import as_ids
from bitseg.errors import Fault, FieldError, UnknownSegmentError, did_you_mean
from bitseg.histories import Membership
from bitseg.members import Members
from bitseg.plan.nodes import SegmentLeaf
from bitseg.preview import Ordering, contacts_shown
from bitseg.results import Overlap, Pair, SegmentPage, SegmentRecord, SegmentRevision
from bitseg.segments.criteria import Criteria

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from bitseg.bitmap import Rows, RowSet
    from bitseg.fields import Field
    from bitseg.plan.execute import Executor
    from bitseg.tenant import Tenant
    from bitseg.tracking import Tracker
    from bitseg.writes import Writes

OVERLAP_MOST: Final = 20
"""Segments that are compared at once, at the most."""

PAGE: Final = 50
"""Items of a page where nobody says how many."""

EXPORT_PAGE: Final = 1_000
"""Members that are read at once where all are read."""


class Asking(Remembering):
    """What can be asked of saved segments; ``Catalogue`` adds what can be changed.

    Iterating yields ids, and ``in`` asks for one.
    """

    def __init__(self, writes: Writes, executor: Executor, tracker: Tracker) -> None:
        """Take the data, who counts, and who follows time."""
        super().__init__(writes, tracker)
        self._executor = executor

    def __iter__(self) -> Iterator[str]:
        """Yield the ids, in order of first definition."""
        return iter(tuple(self._segments.ids()))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(tuple(self._segments.ids()))

    def __contains__(self, segment: object) -> bool:
        """Return whether there is a segment of an id."""
        return isinstance(segment, str) and segment in self._segments

    def check(self, segment: str) -> None:
        """Refuse an id that no segment has.

        Raises:
            UnknownSegmentError: there is none.
        """
        self._segments.get(segment)

    def get(self, segment: str) -> SegmentRecord:
        """Return a segment as it is now, with how many members it has now.

        Raises:
            UnknownSegmentError: there is none.
        """
        with self._writes.lock:
            at = self._writes.now()
            found = self._segments.get(segment)
            return record(found.id, found.revisions, self._rows(segment, at).count, at)

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
                record(one.id, one.revisions, self._rows(one.id, at).count, at)
                for one in found[offset : offset + limit]
            )
        return SegmentPage(page, len(found))

    def revisions(self, segment: str) -> tuple[SegmentRevision, ...]:
        """Return what a segment was from each change of it on, the newest first.

        Raises:
            UnknownSegmentError: there is none.
        """
        found = self._segments.get(segment)
        return tuple(show_revision(one) for one in reversed(found.revisions))

    def dependents(self, segment: str) -> tuple[str, ...]:
        """Return the ids of the segments that speak of one.

        Raises:
            UnknownSegmentError: there is none.
        """
        self._segments.get(segment)
        return self._segments.users(segment)

    def suppresses(self, segment: str) -> bool:
        """Return whether the suppression speaks of a segment.

        Raises:
            UnknownSegmentError: there is none.
        """
        self._segments.get(segment)
        return segment in self._segments.suppression.targets

    def members(self, segment: str, at: datetime | None = None) -> Members:
        """Return who is in a segment, as a set that no later write changes.

        Args:
            segment: its id.
            at: an earlier instant, for who was recorded then and not erased since; None = now.

        Raises:
            UnknownSegmentError: there is none.
        """
        self._segments.get(segment)
        if at is not None:
            recorded = self._recorded_at(segment, instant_of(at))
            return Members(recorded, self._writes.tenant.contacts, self._writes.lock)
        with self._writes.lock:
            rows = self._rows(segment, self._writes.now())
            return Members(rows.copy(), self._writes.tenant.contacts, self._writes.lock)

    def contacts(  # noqa: PLR0913 - what a page may be
        self,
        segment: str,
        *,
        offset: int = 0,
        limit: int = PAGE,
        after: str | None = None,
        fields: Sequence[str] | None = None,
        sort: str | None = None,
        at: datetime | None = None,
    ) -> tuple[tuple[dict[str, Any], ...], int]:
        """Return some members with their values by field path, and how many members there are.

        Args:
            segment: its id.
            offset: leave out so many.
            limit: return at most so many.
            after: begin behind this contact, which needs not be a member.
            fields: their paths; None = all.
            sort: the field by whose values they are ordered, ``-`` before it for the greatest
                first; a missing value is last, equal ones are in the order of first load, as all
                are for None.
            at: an earlier instant, for who was recorded then and not erased since, with the
                values of now; None = now.

        Raises:
            UnknownSegmentError: there is no such segment.
            UnknownContactError: no contact has the id ``after``.
            FieldError: there is no such field.
        """
        self._segments.get(segment)
        recorded = None if at is None else self._recorded_at(segment, instant_of(at))
        with self._writes.lock:
            now = Now(self._writes.now(), self._writes.zone)
            members = self._rows(segment, now.at) if recorded is None else recorded
            tenant = self._writes.tenant
            first = 0 if after is None else tenant.contacts.known_row(after) + 1
            wanted = fields_of(tenant.schema.fields, fields)
            total, ordering = members.count, None
            if sort is None:
                rows = members.some(offset, limit, first)
                columns = _columns(tenant, wanted, rows, now)
            else:
                (by,) = fields_of(tenant.schema.fields, [sort.removeprefix("-")], "sort")
                ordering = Ordering(
                    by,
                    members.rows(),
                    tenant,
                    now,
                    descending=sort.startswith("-"),
                    after=None if after is None else first - 1,
                )
        if ordering is not None:
            return self._page(ordering.page(offset, limit), fields), total
        return contacts_shown(wanted, columns, rows.size), total

    def pages(
        self, segment: str, *, fields: Sequence[str] | None = None, size: int = EXPORT_PAGE
    ) -> Iterator[tuple[dict[str, Any], ...]]:
        """Return all members of now, page by page, with their values by field path.

        Who is a member is settled by this call, whatever is written later. The values are those
        of when a page is asked for; who was erased by then is left out.

        Args:
            segment: its id.
            fields: their paths; None = all.
            size: members of a page.

        Raises:
            UnknownSegmentError: there is no such segment.
            FieldError: there is no such field.
        """
        with self._writes.lock:
            fields_of(self._writes.tenant.schema.fields, fields)
        rows = self.rows_now(segment)
        return (self._page(rows[at : at + size], fields) for at in range(0, rows.size, size))

    def rows_now(self, segment: str) -> Rows:
        """Return the rows of the members of now, ascending."""
        with self._writes.lock:
            return self._known_rows(segment, self._writes.now()).rows()

    def _page(self, rows: Rows, fields: Sequence[str] | None) -> tuple[dict[str, Any], ...]:
        wanted, columns, size = self._values(rows, fields)
        return contacts_shown(wanted, columns, size)

    def _values(
        self, rows: Rows, fields: Sequence[str] | None
    ) -> tuple[list[Field], dict[str, pa.Array], int]:
        """Return fields, their values by path of those of rows who are not erased, and how many."""
        with self._writes.lock:
            self._writes.commits.check_whole()
            tenant, now = self._writes.tenant, Now(self._writes.now(), self._writes.zone)
            live = rows[tenant.contacts.live.test(rows)]
            wanted = fields_of(tenant.schema.fields, fields)
            return wanted, _columns(tenant, wanted, live, now), live.size

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

    def of(self, contact_id: str) -> tuple[Membership, ...]:
        """Return the segments that a contact is in now, and since when.

        Raises:
            UnknownContactError: no contact has the id.
            StoreError: the record cannot be read.
        """
        with self._writes.lock:
            row = self._writes.tenant.contacts.known_row(contact_id)
            at, asked = self._writes.now(), np.array([row], np.uint32)
            found = [one for one in self if self._rows(one, at).test(asked)[0]]
        return tuple(self._membership(one, row) for one in found)

    def overlap(self, segments: Sequence[str]) -> Overlap:
        """Return how many members segments have, and how many each two of them share.

        Raises:
            UnknownSegmentError: some are not there; each is named.
            FieldError: there are fewer than two or more than 20, or one stands there twice.
        """
        if not 2 <= len(segments) <= OVERLAP_MOST or len(set(segments)) < len(segments):
            message = f"Expected 2 to {OVERLAP_MOST} different segments, got {list(segments)}"
            raise FieldError(Fault("segments", message, code="too_many"))
        with self._writes.lock:
            self._check_known(segments)
            at = self._writes.now()
            rows = [self._rows(one, at) for one in segments]
            sizes = tuple(one.count for one in rows)
            pairs = []
            for i, a in enumerate(rows):
                for j in range(i + 1, len(rows)):
                    both = a.and_count(rows[j])
                    either = sizes[i] + sizes[j] - both
                    jaccard = both / either if either else None
                    pairs.append(Pair(segments[i], segments[j], both, jaccard))
        return Overlap(sizes, tuple(pairs))

    def _check_known(self, segments: Sequence[str]) -> None:
        faults = []
        for i, segment in enumerate(segments):
            try:
                self.check(segment)
            except UnknownSegmentError as error:
                faults.append(Fault(f"segments[{i}]", str(error), code=error.code))
        if faults:
            raise UnknownSegmentError(*faults)

    def _known_rows(self, segment: str, at: int) -> RowSet:
        self._segments.get(segment)
        return self._rows(segment, at)

    def _rows(self, segment: str, at: int) -> RowSet:
        self._writes.commits.check_whole()
        return self._executor.members(SegmentLeaf(segment), Now(at, self._writes.zone))


def fields_of(
    known: Mapping[str, Field], paths: Sequence[str] | None, said: str = "fields"
) -> list[Field]:
    """Return the fields of some paths, each once; None = all.

    Raises:
        FieldError: there are no such fields; each is named.
    """
    if paths is None:
        return [*known.values()]
    if faults := [
        Fault(said, f"There is no field {one!r}.{did_you_mean(one, known)}", code="unknown_field")
        for one in paths
        if one not in known
    ]:
        raise FieldError(*faults)
    return [known[one] for one in dict.fromkeys(paths)]


def _columns(tenant: Tenant, wanted: Sequence[Field], rows: Rows, now: Now) -> dict[str, pa.Array]:
    return {one.path: tenant.values(one.path, rows, now) for one in wanted}
