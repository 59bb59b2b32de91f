"""Loading takes a source in: contacts or events, the good rows, or all or nothing (strict).

A source is read at least twice where anything about it must be known first: once to infer types,
once more to apply, and with ``strict`` once in between to see that every row is good.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import msgspec

from bitseg.errors import Fault, FieldError, LoadError
from bitseg.formats import RawBatch, Source, open_source
from bitseg.formats.rejects import RejectsFile
from bitseg.formats.source import BATCH_ROWS
from bitseg.intake.contacts import read_contacts
from bitseg.intake.events import read_events
from bitseg.intake.ledger import Ledger
from bitseg.intake.plan import plan_contacts, plan_events
from bitseg.results import LoadReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from bitseg.changes import RecordEvents, UpsertContacts
    from bitseg.fields import Field
    from bitseg.intake.findings import Findings
    from bitseg.load_target import Recorded, Tenant, Upserted

Progress: TypeAlias = "Callable[[int, int | None], None]"
Committed: TypeAlias = "Callable[[LoadReport, int], None]"


def load_contacts(  # noqa: PLR0913 - the options of the command line
    tenant: Tenant,
    source: Any,
    *,
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
    rejects: Path | str | None = None,
    rejects_most: int | None = None,
    progress: Progress | None = None,
    committed: Committed | None = None,
    answering: Callable[[LoadReport], Any] | None = None,
) -> LoadReport:
    """Create and update contacts from a source.

    Args:
        tenant: whom to load into.
        source: whatever ``open_source`` opens, or a ``Source``, which stays open.
        mapping: column to field; empty to leave a column out.
        strict: whether one bad row keeps everything out.
        rejects: where to write the rows that do not go in.
        rejects_most: after so many bytes of them no more are written; None = all are.
        progress: told how much was done, of how much in all (None where nobody knows).
        committed: told, whenever a batch has gone in, what the load has done so far, and how many
            rows of the source that took. What it raises ends the load.
        answering: makes what is kept with the write of what the load reports; the source must
            then be of one batch.

    Raises:
        LoadError: the source cannot be read as asked, or, with ``strict``, has bad rows; nothing
            of it went in. Or someone else changed a field's type meanwhile; the message says how
            much went in before.
    """
    with (
        _opened(source) as rows,
        RejectsFile(rejects, source, rejects_most) as file,
        _Aside(tenant) as aside,
    ):
        passes = _Passes(rows, 3 if strict else 2, progress)
        plan = plan_contacts(rows, tenant.schema, mapping, passes.note)
        ledger = Ledger(file)
        if strict:
            for batch in passes.batches():
                ledger.note(batch, read_contacts(batch, plan, rows, tenant.zone, 0).findings)
            ledger.refuse()
        fields = {field.path: field for field in plan.new_fields()}
        done: list[Upserted] = []

        def report(done: Sequence[Upserted]) -> LoadReport:
            created, updated = sum(one.created for one in done), sum(one.updated for one in done)
            return ledger.report(LoadReport(created=created, updated=updated, fields=plan.report))

        tell = _Told(committed, lambda: report(done))
        for batch in _one_if(answering, passes.batches(None if strict else tell)):
            change, findings = read_contacts(batch, plan, rows, tenant.zone, tenant.now())
            ledger.note(batch, findings)
            if change is None:
                continue
            change = _declaring(change, fields)
            with _taken(sum(one.created + one.updated for one in done)):
                if answering is not None:
                    answer = partial(_answer, answering, report)
                    done.append(tenant.upsert(change, answer))
                elif strict:
                    aside.put(change)
                else:
                    done.append(tenant.upsert(change))
        done += aside.write()
        if strict:
            tell(passes.last)
        if answering is not None and not done:
            tenant.answer(answering(report(())))
        return report(done)


def load_events(  # noqa: PLR0913 - the options of the command line
    tenant: Tenant,
    source: Any,
    *,
    create_contacts: bool = False,
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
    rejects: Path | str | None = None,
    rejects_most: int | None = None,
    progress: Progress | None = None,
    committed: Committed | None = None,
    answering: Callable[[LoadReport], Any] | None = None,
) -> LoadReport:
    """Record events from a source.

    Args:
        tenant: whom to load into.
        source: whatever ``open_source`` opens, or a ``Source``, which stays open.
        create_contacts: whether unknown contact ids become contacts.
        mapping: column to cell or property; empty to leave a column out.
        strict: whether one bad row keeps everything out.
        rejects: where to write the rows that do not go in.
        rejects_most: after so many bytes of them no more are written; None = all are.
        progress: told how much was done, of how much in all (None where nobody knows).
        committed: told, whenever a batch has gone in, what the load has done so far, and how many
            rows of the source that took. What it raises ends the load.
        answering: makes what is kept with the write of what the load reports; the source must
            then be of one batch.

    Raises:
        LoadError: the source cannot be read as asked, or, with ``strict``, has bad rows; nothing
            of it went in. Or someone else changed a field's type meanwhile; the message says how
            much went in before.
    """
    with (
        _opened(source) as rows,
        RejectsFile(rejects, source, rejects_most) as file,
        _Aside(tenant) as aside,
    ):
        passes = _Passes(rows, 3 if strict else 2, progress)
        plan = plan_events(rows, tenant.schema, mapping, passes.note)
        ledger = Ledger(file)
        done: list[Recorded] = []

        def report(done: Sequence[Recorded]) -> LoadReport:
            return ledger.report(
                LoadReport(
                    created=sum(one.created for one in done),
                    accepted=sum(one.accepted for one in done),
                    duplicate=sum(one.duplicate for one in done),
                    fields=plan.report,
                )
            )

        read = partial(
            read_events, plan=plan, source=rows, zone=tenant.zone, create_contacts=create_contacts
        )
        if strict:
            for batch in passes.batches():
                change, places, findings = read(batch, at=tenant.now())
                rejected = () if change is None else tenant.look_at(change).rejected
                _note(ledger, batch, findings, places, rejected)
            ledger.refuse()
        tell = _Told(committed, lambda: report(done))
        for batch in _one_if(answering, passes.batches(None if strict else tell)):
            change, places, findings = read(batch, at=tenant.now())
            note = partial(_note, ledger, batch, findings, places)
            if change is None:
                note(())
                continue
            with _taken(sum(one.accepted + one.duplicate for one in done)):
                if answering is not None:
                    answer = partial(_answer, answering, report, note)
                    done.append(tenant.record(change, answer))
                elif strict:
                    aside.put(change)
                    note(())
                else:
                    done.append(tenant.record(change))
                    note(done[-1].rejected)
        done += aside.write()
        if strict:
            tell(passes.last)
        if answering is not None and not done:
            tenant.answer(answering(report(())))
        return report(done)


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


def _declaring(change: UpsertContacts, fields: dict[str, Field]) -> UpsertContacts:
    """Let a change declare the new fields that it has values for, and take the others out of it.

    So a field appears with its first value that goes in, and never by a row that was refused.
    """
    columns = dict(change.columns)
    first = []
    for path in sorted(fields.keys() & columns.keys()):
        if columns[path].values.null_count == len(change.ids):
            del columns[path]
        else:
            first.append(fields.pop(path))
    return msgspec.structs.replace(change, columns=columns, fields=tuple(first))


def _one_if(answering: object, batches: Iterator[RawBatch]) -> Iterator[RawBatch]:
    """Yield batches; only one, where the load is to be answered in its own transaction.

    Raises:
        LoadError: there are more; nothing went in.
    """
    if answering is None:
        yield from batches
        return
    found = list(islice(batches, 2))
    if len(found) > 1:
        message = f"Expected at most {BATCH_ROWS:,} rows, and fewer of many columns, with a key"
        raise LoadError(Fault("", message, code="too_many_rows"))
    yield from found


def _answer(
    answering: Callable[[LoadReport], Any],
    report: Callable[[Sequence[Any]], LoadReport],
    *before_and_done: Any,
) -> Any:
    """Return the answer to a load that does what the last argument says."""
    *before, done = before_and_done
    for note in before:
        note(done.rejected)
    return answering(report((done,)))


def _note(
    ledger: Ledger,
    batch: RawBatch,
    findings: Findings,
    places: npt.NDArray[np.integer[Any]],
    rejected: Sequence[tuple[int, Fault]],
) -> None:
    ledger.note(batch, findings, {int(places[at]): fault for at, fault in rejected})


@contextmanager
def _taken(before: int) -> Iterator[None]:
    """Say what went in where the tenant does not take a batch.

    A load plans by the fields as they are when it begins; others may declare some meanwhile.

    Args:
        before: rows of earlier batches that went in.

    Raises:
        LoadError: with the tenant's faults.
    """
    try:
        yield
    except FieldError as error:
        kept = f"the first {before:,} good rows went in" if before else "nothing went in"
        message = f"The tenant's fields changed while this was loaded, so it stopped; {kept}"
        raise LoadError(Fault("", message, code="fields_changed"), *error.faults) from error


@contextmanager
def _opened(source: Any) -> Iterator[Source]:
    """Open a source, and close it unless it was open before."""
    if hasattr(source, "batches"):
        yield source
        return
    with closing(open_source(source)) as opened:
        yield opened


class _Aside:
    """Changes of a strict load, put aside until all of it is known to go in."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._parked: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._parked:
            self._tenant.discard(self._parked)

    def put(self, change: UpsertContacts | RecordEvents) -> None:
        """Put one aside."""
        self._parked.append(self._tenant.park(change))

    def write(self) -> Sequence[Any]:
        """Write all of them, or none; return what each did."""
        if not self._parked:
            return ()
        with _taken(0):
            return self._tenant.write_all(self._parked)


class _Told:
    """Tells how far a load has come."""

    def __init__(self, committed: Committed | None, report: Callable[[], LoadReport]) -> None:
        self._committed = committed
        self._report = report

    def __call__(self, batch: RawBatch | None) -> None:
        """Tell that all rows up to the last of a batch are dealt with."""
        if self._committed is not None and batch is not None:
            self._committed(self._report(), _end(batch))


def _end(batch: RawBatch) -> int:
    """Return how many rows of the source there are up to the last of a batch."""
    last = [int(batch.index[-1])] if batch.index.size else []
    if batch.faults:
        last.append(batch.faults[-1].index)
    return max(last, default=-1) + 1


class _Passes:
    """The passes over a source, and how far they are together.

    Attributes:
        last: the batch that was read last; None before the first.
    """

    def __init__(self, source: Source, count: int, progress: Progress | None) -> None:
        self._source = source
        self._total = None if source.total is None else source.total * count
        self._progress = progress
        self._done = 0
        self.last: RawBatch | None = None

    def note(self, read: int) -> None:
        """Tell how much of the source this pass has read."""
        if self._progress is not None:
            self._progress(self._done + read, self._total)

    def batches(self, then: Callable[[RawBatch], None] | None = None) -> Iterator[RawBatch]:
        """Read the source once more, after the pass that came before.

        Args:
            then: told of each batch when it is done with.
        """
        self._done += self._source.total or 0
        for batch in self._source.batches():
            self.last = batch
            yield batch
            if then is not None:
                then(batch)
            self.note(batch.read)
