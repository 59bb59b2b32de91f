"""A result is what the engine answers with: frozen structs that encode to JSON as they are."""

from __future__ import annotations

from typing import Any

import msgspec

from bitseg.errors import Fault


class Rejected(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row that did not go in.

    Attributes:
        index: its place in the source, from 0.
        errors: everything wrong with it.
        line: the line of the file it began on, from 1; 0 where there are no lines.
    """

    index: int
    errors: tuple[Fault, ...]
    line: int = 0


class LoadReport(msgspec.Struct, frozen=True):
    """What a load did. Of the rejected rows the first ``REJECTED_KEPT`` are listed.

    Attributes:
        created: contacts that were new.
        updated: writes to contacts that existed (a second row of one id in a source is one).
        accepted: events recorded.
        duplicate: events whose ``event_id`` was remembered.
        rejected_count: rows that did not go in.
        rejected: these rows and their reasons, the first of them.
        fields: the types of the columns, as ``{column: (field path, data type, how)}`` where how
            is ``built in``, ``declared``, ``inferred``, or, without a type, ``empty`` (nobody
            declared it and no cell has a value) or ``left out`` (mapped to nothing).
    """

    created: int = 0
    updated: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected_count: int = 0
    rejected: tuple[Rejected, ...] = ()
    fields: dict[str, tuple[str, str, str]] = {}


REJECTED_KEPT = 1_000


class Lint(msgspec.Struct, frozen=True):
    """A remark on a definition that is valid but perhaps not meant."""

    path: str
    code: str
    message: str


class Diff(msgspec.Struct, frozen=True):
    """Who would enter and leave a saved segment if a definition replaced its own."""

    entering: int
    leaving: int
    entering_sample: tuple[str, ...] = ()
    leaving_sample: tuple[str, ...] = ()


class Preview(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a definition that need not be saved (the preview call of the HTTP API).

    Attributes:
        count: members.
        reachable: members not suppressed.
        total: all contacts.
        now: the instant it was evaluated for, ISO 8601 in UTC.
        took_us: microseconds it took.
        bounds: ``{path: (from, to)}`` of each relative date, ISO 8601, None where open.
        lint: remarks.
        breakdown: ``{path: count}`` of every condition and group, each on its own.
        sample: up to 50 member contacts as ``{path: value}``.
        near_misses: ``{path: count}``, by the one unit each near miss fails.
        diff: against a saved segment.
    """

    count: int
    reachable: int
    total: int
    now: str
    took_us: int
    bounds: dict[str, tuple[str | None, str | None]]
    lint: tuple[Lint, ...]
    breakdown: dict[str, int] | None = None
    sample: tuple[dict[str, Any], ...] | None = None
    near_misses: dict[str, int] | None = None
    diff: Diff | None = None


class Explained(msgspec.Struct, frozen=True):
    """One condition of an explanation: did it match, and what is the contact's own value?"""

    path: str
    matched: bool
    value: Any


class Explanation(msgspec.Struct, frozen=True):
    """Why a contact is, or is not, in a definition."""

    contact_id: str
    member: bool
    conditions: tuple[Explained, ...]


class ContactPage(msgspec.Struct, frozen=True):
    """Some contacts with their values by field path, and how many there are in all."""

    items: tuple[dict[str, Any], ...]
    total: int


class Happened(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event of a contact.

    Attributes:
        kind: what happened.
        at: when.
        properties: what is known of it, by name.
        event_id: its id; None where it had none, or it is remembered no longer.
    """

    kind: str
    at: str
    properties: dict[str, Any]
    event_id: str | None = None


class Timeline(msgspec.Struct, frozen=True):
    """Some events of a contact, the newest first, and how many there are in all."""

    items: tuple[Happened, ...]
    total: int


class TenantSettings(msgspec.Struct, frozen=True):
    """What is set for all of a tenant's data.

    Attributes:
        timezone: an IANA name; days and hours are those of this zone.
        remember_event_ids_days: a second event of an id is ignored for at least this long.
        retention_days: for how many days events are kept; None = for ever.
        suppression: who must not be mailed, as a definition.
    """

    timezone: str
    remember_event_ids_days: int
    retention_days: int | None
    suppression: Any


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a segment refuses: definitions that drop more than so many percent of its members."""

    max_drop: float


class SegmentRecord(msgspec.Struct, frozen=True):
    """A saved segment, as the feature document has it.

    Attributes:
        id: a random UUID, unless somebody chose another.
        segment_type: ``dynamic`` or ``static``.
        rules: the definition as it was given; None where it is static.
        contact_count: members at ``last_recalculated_at``, which is when this was asked.
        guard: what it refuses; None = nothing.
        revision: the number of its last change.
        not_found: ids that no contact has, and that were left out when it was made.
    """

    id: str
    name: str
    description: str
    segment_type: str
    rules: Any
    contact_count: int
    last_recalculated_at: str
    workspace_id: str | None
    tags: tuple[str, ...]
    guard: Guard | None
    is_active: bool
    created_by: str | None
    created_at: str
    updated_at: str
    revision: int
    not_found: tuple[str, ...] = ()


class SegmentPage(msgspec.Struct, frozen=True):
    """Some of a list, and how long all of it is."""

    items: tuple[SegmentRecord, ...]
    total: int


class SegmentRevision(msgspec.Struct, frozen=True):
    """A segment as it was from one change of it on.

    Attributes:
        revision: its number.
        at: when the change was.
        by: who made it; None = nobody said.
        rules: the definition; None where it was static.
    """

    revision: int
    at: str
    by: str | None
    name: str
    description: str
    rules: Any


class ValueCount(msgspec.Struct, frozen=True):
    """A value of a field, and how many contacts have it.

    Attributes:
        value: as a rule would say it; of a date, a day in the tenant's timezone.
    """

    value: str | float | bool
    count: int


class FieldValues(msgspec.Struct, frozen=True):
    """Some of a field's values, and how many different ones there are that were asked for."""

    items: tuple[ValueCount, ...]
    total: int


class SharedEmail(msgspec.Struct, frozen=True):
    """An e-mail of several contacts, and how many they are."""

    email: str
    contacts: int


class MembersImported(msgspec.Struct, frozen=True):
    """What a file of members did to a static segment. Of each list the first 1,000 are here.

    Attributes:
        rows: rows of the file.
        added: contacts that were no members before.
        count: how many members there are now.
        matched: contacts that the file names.
        not_found_count: rows whose id or e-mail no contact has.
        not_found: those ids and e-mails, each once.
        twice_count: rows that name a contact that an earlier row names.
        twice: those ids and e-mails, each once.
        ambiguous_count: e-mails of several contacts, all of whom are taken.
        ambiguous: those.
        rejected_count: rows that could not be read, or name nobody.
        rejected: those.
    """

    rows: int
    added: int
    count: int
    matched: int
    not_found_count: int
    not_found: tuple[str, ...]
    twice_count: int
    twice: tuple[str, ...]
    ambiguous_count: int
    ambiguous: tuple[SharedEmail, ...]
    rejected_count: int
    rejected: tuple[Rejected, ...]


class Pair(msgspec.Struct, frozen=True):
    """Two segments, and how many members they share.

    Attributes:
        jaccard: those, divided by how many are in either; None where nobody is.
    """

    a: str
    b: str
    both: int
    jaccard: float | None


class Overlap(msgspec.Struct, frozen=True):
    """How many members segments have, in the order asked, and what each two share."""

    sizes: tuple[int, ...]
    pairs: tuple[Pair, ...]


class Journal(msgspec.Struct, frozen=True):
    """What the next start would replay.

    Attributes:
        changes: how many changes came since the newest snapshot.
        nbytes: about their bytes.
        snapshot_at: when that was taken, ms since 1970 UTC; of one that an earlier process took,
            the instant of the last change in it. None = there is none.
    """

    changes: int
    nbytes: int
    snapshot_at: int | None


class Figures(msgspec.Struct, frozen=True):
    """How much an engine holds, for whoever runs it.

    Attributes:
        contacts: how many contacts there are.
        events: how many events.
        segments: how many saved segments.
        kept: how many answers that queries built are kept: leaves, and joins of them.
        memory: bytes held, by what for.
        corrections: how many memberships were not as they were recorded, and were corrected.
        journal: of the file; None = there is none.
    """

    contacts: int
    events: int
    segments: int
    kept: int
    memory: dict[str, int]
    corrections: int
    journal: Journal | None


class Snapshot(msgspec.Struct, frozen=True):
    """What a snapshot did.

    Attributes:
        seq: the last change that it holds.
        parts: how many parts were written for it; the others stayed.
        written: their bytes.
        kept: how many parts stayed.
        seconds: how long it took.
        clean: whether all that was erased has left the file and its -wal; not so while someone
            reads the file for long, and then the next snapshot tries again.
    """

    seq: int
    parts: int
    written: int
    kept: int
    seconds: float
    clean: bool = True


class Verified(msgspec.Struct, frozen=True):
    """What verifying a file found.

    Attributes:
        changes: the number of the last change.
        parts: how many parts are named, each read and checked.
        contacts: how many contacts there are.
        events: how many events.
        segments: how many segments.
        bytes: the size of the file.
        findings: what is wrong, each with where it is.
    """

    changes: int
    parts: int
    contacts: int
    events: int
    segments: int
    bytes: int
    findings: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class Restored(msgspec.Struct, frozen=True):
    """What restoring a backup did.

    Attributes:
        contacts: how many contacts it has now.
        erased: how many it still had that were erased since it was made.
    """

    contacts: int
    erased: int
