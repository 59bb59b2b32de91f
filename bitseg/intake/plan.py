"""A plan says what each column of a source means and holds, before anything is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

import msgspec

from bitseg.errors import Fault, LoadError
from bitseg.fields import (
    BUILT_IN,
    DATA_TYPES,
    EVENT_PROPERTIES,
    PROPERTY_TYPES,
    DataType,
    Field,
    full_path,
)
from bitseg.intake.essentials import CONTACT_ESSENTIALS, EVENT_ESSENTIALS, Essentials
from bitseg.intake.findings import Findings
from bitseg.intake.inference import Evidence, Voters, gather_evidence
from bitseg.intake.naming import (
    EVENT_CELLS,
    LEFT_OUT,
    assign,
    check_mapping,
    contact_fault,
    contact_path,
    doubles,
    event_cell,
    event_fault,
)
from bitseg.intake.typed import typed_columns
from bitseg.zones import get_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from bitseg.formats import RawBatch, Source

How: TypeAlias = Literal["built in", "declared", "inferred", "empty", "left out"]

CONTACT_ID: Final = "contact.id"

_KIND_SHOWN: Final = 80
_WORDS: Final[dict[DataType, str]] = {
    "string": "text",
    "number": "numbers",
    "boolean": "booleans",
    "date": "dates",
    "array": "lists of text",
}


class SchemaView(Protocol):
    """What a plan needs to know of a tenant's schema (``bitseg.schema.Schema`` is one)."""

    def field(self, path: str) -> Field | None:
        """Return the field at a full path, or None."""
        ...

    def property_type(self, name: str) -> DataType | None:
        """Return an event property's type, or None."""
        ...


class Column(msgspec.Struct, frozen=True):
    """What one column means.

    Attributes:
        name: as in the source.
        path: a field's path; for events the cell's or property's name; empty where left out.
        data_type: what its cells are to be; None for one that is left out, or that nobody
            declared and that has no value.
        how: where the type comes from; ``empty`` where there is none.
        before: the type it had before this load, None for a new one.
    """

    name: str
    path: str
    data_type: DataType | None
    how: How
    before: DataType | None = None


class Plan(msgspec.Struct, frozen=True):
    """What a source's columns mean.

    Attributes:
        columns: those of the source, in order; of rows with keys, those that may be.
        refused: by key, why no row may have it; only in rows with keys.
    """

    columns: tuple[Column, ...]
    refused: dict[str, Fault] = {}

    @property
    def loaded(self) -> tuple[Column, ...]:
        """The columns that have a meaning and a type."""
        return tuple(column for column in self.columns if column.data_type is not None)

    @property
    def report(self) -> dict[str, tuple[str, str, str]]:
        """The columns as ``LoadReport.fields`` has them."""
        return {
            column.name: (column.path, column.data_type or "", column.how)
            for column in self.columns
        }

    def new_fields(self) -> list[Field]:
        """Return the custom fields that this load is to declare; a header becomes the label."""
        fields = {}
        for column in self.loaded:
            if column.how == "inferred" and column.before is None and column.data_type:
                label = "" if full_path(column.name) == column.path else column.name
                fields[column.path] = Field(column.path, column.data_type, label, declared=False)
        return list(fields.values())


def plan_contacts(
    source: Source,
    schema: SchemaView,
    mapping: Mapping[str, str] | None = None,
    note: Callable[[int], None] | None = None,
) -> Plan:
    """Plan a load of contacts; reads the whole source where types are to be inferred.

    Args:
        source: the contacts.
        schema: the tenant's fields.
        mapping: column to field, with or without its prefix; empty to leave the column out.
        note: told how much of the source was read.

    Raises:
        LoadError: the source cannot be read, or its columns cannot be contacts'. Every fault is
            named.
    """
    paths = {
        name: full_path(field) if field else LEFT_OUT
        for name, field in check_mapping(mapping).items()
    }

    def meaning(column: str) -> str:
        return contact_path(column, exact=source.exact)

    def known(path: str) -> tuple[DataType, How] | None:
        field = schema.field(path)
        if field is None:
            return None
        if path in BUILT_IN:
            return field.data_type, "built in"
        return field.data_type, "declared" if field.declared else "inferred"

    judge = _Judge(meaning, known, contact_fault, DATA_TYPES, CONTACT_ESSENTIALS, "contacts")
    return judge.plan(source, paths, note)


def plan_events(
    source: Source,
    schema: SchemaView,
    mapping: Mapping[str, str] | None = None,
    note: Callable[[int], None] | None = None,
) -> Plan:
    """Plan a load of events; reads the whole source where types are to be inferred.

    Args:
        source: the events.
        schema: the tenant's event properties.
        mapping: column to cell or property; empty to leave the column out.
        note: told how much of the source was read.

    Raises:
        LoadError: the source cannot be read, or its columns cannot be events'. Every fault is
            named.
    """

    def meaning(column: str) -> str:
        return event_cell(column, exact=source.exact)

    def known(name: str) -> tuple[DataType, How] | None:
        if name in EVENT_CELLS:
            return "date" if name == "at" else "string", "built in"
        data_type = schema.property_type(name)
        if data_type is None:
            return None
        return data_type, "built in" if name in EVENT_PROPERTIES else "inferred"

    judge = _Judge(meaning, known, event_fault, PROPERTY_TYPES, EVENT_ESSENTIALS, "events")
    return judge.plan(source, check_mapping(mapping), note)


class _Judge(msgspec.Struct, frozen=True):
    """How columns are judged; contacts and events differ in nothing else."""

    meaning: Callable[[str], str]
    known: Callable[[str], tuple[DataType, How] | None]
    fault: Callable[[str], Fault | None]
    allowed: Collection[DataType]
    essentials: Essentials
    what: str

    def plan(
        self, source: Source, mapping: Mapping[str, str], note: Callable[[int], None] | None
    ) -> Plan:
        def meant(column: str) -> str:
            return mapping[column] if column in mapping else self.meaning(column)

        def wanted(column: str) -> bool:
            path = meant(column)
            return path != LEFT_OUT and self.known(path) is None and self.fault(path) is None

        voters = Voters(
            needed=lambda column: self.essentials.are(meant(column)),
            refused=lambda batch: self._refused(batch, meant, textual=source.textual),
        )
        evidence: dict[str, Evidence | None] = {}
        if source.keyed:
            evidence = gather_evidence(source, wanted, self.allowed, voters, note)
            meanings = assign(evidence, mapping, self.meaning)
            refused = self._faults(meanings)
            _raise([fault for column, fault in refused.items() if column in mapping])
        else:
            meanings = assign(source.columns, mapping, self.meaning)
            faults = [*self._faults(meanings).values(), *doubles(meanings)]
            _raise([*faults, *_missing(meanings, self.essentials.needs, self.what)])
            refused = {}
            if not source.in_memory or any(map(wanted, source.columns)):
                evidence = gather_evidence(source, wanted, self.allowed, voters, note)
            _raise(self._unfit(evidence))
        types = _types(meanings, evidence)
        columns = tuple(
            self._column(name, path, types)
            for name, path in meanings.items()
            if name not in refused
        )
        return Plan(columns, refused)

    def _refused(
        self, batch: RawBatch, meant: Callable[[str], str], *, textual: bool
    ) -> npt.NDArray[np.bool_]:
        """Return the rows that will not go in, whatever the types of the other columns are."""
        columns = tuple(
            self._column(name, meant(name), {})
            for name in batch.rows.schema.names
            if self.essentials.are(meant(name))
        )
        plan, findings = Plan(columns), Findings(batch)
        zone = get_zone("UTC")  # a date is one in any
        ids = self.essentials.ids
        typed = typed_columns(batch, plan, zone, findings, textual=textual, ids=ids)
        self.essentials.judge(typed, plan, findings)
        return findings.bad

    def _unfit(self, evidence: Mapping[str, Evidence | None]) -> list[Fault]:
        """Return a fault for each column of which no cell can go in."""
        words = [_WORDS[data_type] for data_type in DATA_TYPES if data_type in self.allowed]
        expected = f"{', '.join(words[:-1])} or {words[-1]}"
        return [
            Fault(
                name,
                f"Expected {expected} in {name!r}, got {str(found.kind)[:_KIND_SHOWN]}; leave it "
                f"out with --map {name}= (in Python mapping={{{name!r}: ''}})",
                code="bad_column",
            )
            for name, found in evidence.items()
            if found is not None and found.unfit
        ]

    def _faults(self, meanings: Mapping[str, str]) -> dict[str, Fault]:
        faults = {column: self.fault(path) for column, path in meanings.items() if path != LEFT_OUT}
        return {column: fault for column, fault in faults.items() if fault is not None}

    def _column(self, name: str, path: str, types: Mapping[str, DataType | None]) -> Column:
        if path == LEFT_OUT:
            return Column(name, path, None, "left out")
        known = self.known(path)
        if known is not None:
            return Column(name, path, known[0], known[1], known[0])
        data_type = types.get(path)
        return Column(name, path, data_type, "inferred" if data_type else "empty")


def _raise(faults: Sequence[Fault]) -> None:
    if faults:
        raise LoadError(*faults)


def _types(
    meanings: Mapping[str, str], evidence: Mapping[str, Evidence | None]
) -> dict[str, DataType | None]:
    """Return the inferred types by meaning; columns of one meaning are judged together."""
    joined: dict[str, Evidence] = {}
    for column, found in evidence.items():
        if found is None:
            continue
        path = meanings[column]
        if path in joined:
            joined[path].add(found)
        else:
            joined[path] = found
    return {path: found.verdict() for path, found in joined.items()}


def _missing(meanings: Mapping[str, str], needs: Iterable[str], what: str) -> list[Fault]:
    """Return a fault for each thing that every row needs and no column is."""
    columns = ", ".join(map(repr, meanings)) or "none"
    return [
        Fault(
            need,
            f"Expected a column for {need} of the {what}, got the columns {columns}. If the first "
            f"line is no header, add one; if a column has another name, map it (column={need})",
            allowed=tuple(meanings),
            code="missing_column",
        )
        for need in needs
        if need not in meanings.values()
    ]
