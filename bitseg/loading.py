"""Loading takes a source in: contacts or events, the good rows, or all or nothing (strict).

A source is read at least twice where anything about it must be known first: once to infer types,
once more to apply, and with ``strict`` once in between to see that every row is good.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec
import numpy as np

from bitseg.changes import DefineField
from bitseg.errors import Fault, LoadError
from bitseg.formats import RawBatch, Source, open_source
from bitseg.formats.rejects import RejectsFile
from bitseg.intake.contacts import read_contacts
from bitseg.intake.events import read_events
from bitseg.intake.plan import SchemaView, plan_contacts, plan_events
from bitseg.results import REJECTED_KEPT, LoadReport, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bitseg.changes import RecordEvents, UpsertContacts
    from bitseg.fields import Field
    from bitseg.intake.findings import Findings
    from bitseg.zones import Zone

Progress: TypeAlias = "Callable[[int, int | None], None]"


class Upserted(Protocol):
    """What an upsert did."""

    @property
    def created(self) -> int:
        """Contacts that were new."""
        ...

    @property
    def updated(self) -> int:
        """Writes to contacts that existed."""
        ...


class Recorded(Protocol):
    """What a record of events did."""

    @property
    def accepted(self) -> int:
        """Events that went in."""
        ...

    @property
    def duplicate(self) -> int:
        """Events whose id was remembered."""
        ...

    @property
    def rejected(self) -> Sequence[tuple[int, Fault]]:
        """The other events, by their place in the change, and why."""
        ...


class Tenant(Protocol):
    """Whom to load into."""

    @property
    def zone(self) -> Zone:
        """The tenant's timezone."""
        ...

    @property
    def schema(self) -> SchemaView:
        """The tenant's fields and properties."""
        ...

    def now(self) -> int:
        """Return the instant of a write made now."""
        ...

    def define_field(self, change: DefineField) -> object:
        """Declare a field."""
        ...

    def upsert(self, change: UpsertContacts) -> Upserted:
        """Create and update contacts."""
        ...

    def record(self, change: RecordEvents, *, check_only: bool = False) -> Recorded:
        """Record events, or only say what would be rejected."""
        ...


def load_contacts(  # noqa: PLR0913 - the options of the command line
    tenant: Tenant,
    source: Any,
    *,
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
    rejects: Path | str | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Create and update contacts from a source.

    Args:
        tenant: whom to load into.
        source: whatever ``open_source`` opens, or a ``Source``, which stays open.
        mapping: column to field; empty to leave a column out.
        strict: whether one bad row keeps everything out.
        rejects: where to write the rows that do not go in.
        progress: told how much was done, of how much in all (None where nobody knows).

    Raises:
        LoadError: the source cannot be read as asked, or, with ``strict``, has bad rows. Nothing
            of it went in.
    """
    with _opened(source) as rows, RejectsFile(rejects) as file:
        passes = _Passes(rows, 3 if strict else 2, progress)
        plan = plan_contacts(rows, tenant.schema, mapping, passes.note)
        ledger = _Ledger(file)
        if strict:
            for batch in passes.batches():
                ledger.note(batch, read_contacts(batch, plan, rows, tenant.zone, 0).findings)
            ledger.refuse()
        fields = {field.path: field for field in plan.new_fields()}
        created = updated = 0
        for batch in passes.batches():
            change, findings = read_contacts(batch, plan, rows, tenant.zone, tenant.now())
            ledger.note(batch, findings)
            if change is not None:
                done = tenant.upsert(_declared(tenant, change, fields))
                created += done.created
                updated += done.updated
        return ledger.report(LoadReport(created=created, updated=updated, fields=plan.report))


def load_events(  # noqa: PLR0913 - the options of the command line
    tenant: Tenant,
    source: Any,
    *,
    create_contacts: bool = False,
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
    rejects: Path | str | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Record events from a source.

    Args:
        tenant: whom to load into.
        source: whatever ``open_source`` opens, or a ``Source``, which stays open.
        create_contacts: whether unknown contact ids become contacts.
        mapping: column to cell or property; empty to leave a column out.
        strict: whether one bad row keeps everything out.
        rejects: where to write the rows that do not go in.
        progress: told how much was done, of how much in all (None where nobody knows).

    Raises:
        LoadError: the source cannot be read as asked, or, with ``strict``, has bad rows. Nothing
            of it went in.
    """
    with _opened(source) as rows, RejectsFile(rejects) as file:
        passes = _Passes(rows, 3 if strict else 2, progress)
        plan = plan_events(rows, tenant.schema, mapping, passes.note)
        ledger = _Ledger(file)
        accepted = duplicate = 0
        for check_only in (True, False) if strict else (False,):
            for batch in passes.batches():
                change, places, findings = read_events(
                    batch, plan, rows, tenant.zone, tenant.now(), create_contacts=create_contacts
                )
                if change is None:
                    ledger.note(batch, findings)
                    continue
                done = tenant.record(change, check_only=check_only)
                ledger.note(
                    batch, findings, {int(places[at]): fault for at, fault in done.rejected}
                )
                if not check_only:
                    accepted += done.accepted
                    duplicate += done.duplicate
            if check_only:
                ledger.refuse()
        return ledger.report(
            LoadReport(accepted=accepted, duplicate=duplicate, fields=plan.report)
        )


def inspect_contacts(
    tenant: Tenant, source: Any, *, mapping: Mapping[str, str] | None = None
) -> dict[str, tuple[str, str, str]]:
    """Return what each column of a contacts source would become, as ``LoadReport.fields``.

    Raises:
        LoadError: the source cannot be read as asked.
    """
    with _opened(source) as rows:
        return plan_contacts(rows, tenant.schema, mapping).report


def inspect_events(
    tenant: Tenant, source: Any, *, mapping: Mapping[str, str] | None = None
) -> dict[str, tuple[str, str, str]]:
    """Return what each column of an events source would become, as ``LoadReport.fields``.

    Raises:
        LoadError: the source cannot be read as asked.
    """
    with _opened(source) as rows:
        return plan_events(rows, tenant.schema, mapping).report


def _declared(tenant: Tenant, change: UpsertContacts, fields: dict[str, Field]) -> UpsertContacts:
    """Declare the new fields that a change has values for, and take the others out of it.

    So a field appears with its first value that goes in, and never by a row that was refused.
    """
    columns = dict(change.columns)
    for path in fields.keys() & columns.keys():
        if columns[path].values.null_count == len(change.ids):
            del columns[path]
        else:
            tenant.define_field(DefineField(fields.pop(path)))
    return msgspec.structs.replace(change, columns=columns)


@contextmanager
def _opened(source: Any) -> Iterator[Source]:
    """Open a source, and close it unless it was open before."""
    if hasattr(source, "batches"):
        yield source
        return
    with closing(open_source(source)) as opened:
        yield opened


class _Passes:
    """The passes over a source, and how far they are together."""

    def __init__(self, source: Source, count: int, progress: Progress | None) -> None:
        self._source = source
        self._total = None if source.total is None else source.total * count
        self._progress = progress
        self._done = 0

    def note(self, read: int) -> None:
        """Tell how much of the source this pass has read."""
        if self._progress is not None:
            self._progress(self._done + read, self._total)

    def batches(self) -> Iterator[RawBatch]:
        """Read the source once more, after the pass that came before."""
        self._done += self._source.total or 0
        for batch in self._source.batches():
            yield batch
            self.note(batch.read)


class _Ledger:
    """What was rejected: all rows counted, the first kept, all written if someone asked."""

    def __init__(self, file: RejectsFile) -> None:
        self._file = file
        self._count = 0
        self._kept: list[Rejected] = []

    def note(
        self, batch: RawBatch, findings: Findings, refused: Mapping[int, Fault] | None = None
    ) -> None:
        """Take in what is wrong with a batch.

        Args:
            batch: the batch.
            findings: what is wrong with its rows.
            refused: good rows that the tenant did not take after all, by place, and why.
        """
        errors = {place: (fault,) for place, fault in (refused or {}).items()}
        places = sorted({*np.flatnonzero(findings.bad).tolist(), *errors})
        self._count += len(batch.faults) + len(places)
        room = REJECTED_KEPT - len(self._kept)
        if not self._file.wanted:
            places = places[: max(room, 0)]
        rows = [*batch.faults, *(findings.bad_row(at, errors.get(at, ())) for at in places)]
        rows.sort(key=lambda row: row.index)
        for row in rows:
            self._file.write(row)
        self._kept.extend(Rejected(row.index, row.errors, row.line) for row in rows[: max(room, 0)])

    def refuse(self) -> None:
        """Refuse the load if a row was rejected.

        Raises:
            LoadError: with the faults of the first rows.
        """
        if not self._count:
            return
        faults = [
            Fault(_place(row, fault), fault.message, fault.allowed, fault.code)
            for row in self._kept
            for fault in row.errors
        ]
        summary = f"Expected every row to be good, got {self._count} bad ones; nothing was loaded"
        raise LoadError(Fault("", summary, code="bad_rows"), *faults)

    def report(self, report: LoadReport) -> LoadReport:
        """Return the report with what was rejected."""
        return msgspec.structs.replace(
            report, rejected_count=self._count, rejected=tuple(self._kept)
        )


def _place(row: Rejected, fault: Fault) -> str:
    """Return where a fault is: the line or index of its row, and the column."""
    place = f"line {row.line}" if row.line else f"rows[{row.index}]"
    return f"{place}.{fault.path}" if fault.path else place
