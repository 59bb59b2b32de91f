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
from bitseg.intake.inference import Evidence, gather_evidence
from bitseg.intake.naming import (
    EVENT_CELLS,
    LEFT_OUT,
    assign,
    contact_fault,
    contact_path,
    doubles,
    event_cell,
    event_fault,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from bitseg.formats import Source

How: TypeAlias = Literal["built in", "declared", "inferred", "empty", "left out"]

CONTACT_ID: Final = "contact.id"
EVENT_NEEDS: Final = ("contact_id", "kind", "at")


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
    mapping = {
        name: full_path(field) if field else LEFT_OUT for name, field in (mapping or {}).items()
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

    judge = _Judge(meaning, known, contact_fault, DATA_TYPES)
    return judge.plan(source, mapping, needs=(CONTACT_ID,), what="contacts", note=note)


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

    judge = _Judge(meaning, known, event_fault, PROPERTY_TYPES)
    return judge.plan(source, mapping or {}, needs=EVENT_NEEDS, what="events", note=note)


class _Judge(msgspec.Struct, frozen=True):
    """How columns are judged; contacts and events differ in nothing else."""

    meaning: Callable[[str], str]
    known: Callable[[str], tuple[DataType, How] | None]
    fault: Callable[[str], Fault | None]
    allowed: Collection[DataType]

    def plan(
        self,
        source: Source,
        mapping: Mapping[str, str],
        *,
        needs: Iterable[str],
        what: str,
        note: Callable[[int], None] | None,
    ) -> Plan:
        def wanted(column: str) -> bool:
            path = mapping.get(column, self.meaning(column))
            return path != LEFT_OUT and self.known(path) is None and self.fault(path) is None

        if source.keyed:
            evidence = gather_evidence(source, wanted, self.allowed, note)
            meanings = assign(evidence, mapping, self.meaning)
            refused = self._faults(meanings)
        else:
            meanings = assign(source.columns, mapping, self.meaning)
            faults = [*self._faults(meanings).values(), *doubles(meanings)]
            faults.extend(_missing(meanings, needs, what))
            if faults:
                raise LoadError(*faults)
            refused = {}
            evidence = (
                gather_evidence(source, wanted, self.allowed, note)
                if not source.in_memory or any(map(wanted, source.columns))
                else {}
            )
        types = _types(meanings, evidence)
        columns = tuple(
            self._column(name, path, types)
            for name, path in meanings.items()
            if name not in refused
        )
        return Plan(columns, refused)

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
