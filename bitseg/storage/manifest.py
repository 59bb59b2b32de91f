"""A manifest says what a snapshot holds: small things itself, columns by the parts they lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from bitseg.changes import ChangeSettings
from bitseg.fields import DataType, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

PartName: TypeAlias = tuple[int, bytes]


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of a column.

    Attributes:
        start: the row, code or instant at which it begins.
        end: the one before which it ends.
        part: where its values are; None where it has none.
        size: how many rows, codes or events it holds.
    """

    start: int
    end: int
    part: PartName | None
    size: int


class HeldColumn(msgspec.Struct, frozen=True):
    """A field's values.

    Attributes:
        data_type: of the values.
        stretches: by row.
    """

    data_type: DataType
    stretches: tuple[Held, ...]


class HeldIds(msgspec.Struct, frozen=True):
    """A generation of event ids.

    Attributes:
        base: the code of its first id.
        size: how many ids it holds.
        stretches: by place in the generation.
    """

    base: int
    size: int
    stretches: tuple[Held, ...]


class Manifest(msgspec.Struct, frozen=True):
    """All of a tenant but its segments, which the tables hold.

    Attributes:
        settings: what is set for the data.
        kept_since: events before this instant (ms) were dropped; None = none were.
        fields: those that are not built in.
        properties: event properties and their types.
        kinds: event kinds that are known.
        n: how many rows there are.
        live: the rows of contacts that are not erased, as portable roaring bytes.
        created_given: the rows whose created_at was given, likewise.
        ids: the contact ids, by row; null for an erased contact's.
        columns: by path.
        events: by kind; spans may overlap, and of one instant those that came first are first.
        event_ids: the two generations, the older first.
        opened_at: when the newer generation began, ms.
    """

    settings: ChangeSettings
    kept_since: int | None
    fields: tuple[Field, ...]
    properties: dict[str, DataType]
    kinds: tuple[str, ...]
    n: int
    live: bytes
    created_given: bytes
    ids: tuple[Held, ...]
    columns: dict[str, HeldColumn]
    events: dict[str, tuple[Held, ...]]
    event_ids: tuple[HeldIds, ...]
    opened_at: int | None

    def parts(self) -> Iterator[PartName]:
        """Yield the parts that it names."""
        groups = [self.ids, *self.events.values()]
        groups += [column.stretches for column in self.columns.values()]
        groups += [generation.stretches for generation in self.event_ids]
        for group in groups:
            for held in group:
                if held.part is not None:
                    yield held.part
