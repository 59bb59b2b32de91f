"""The codec turns a change into bytes for the journal, and back.

The small parts are MessagePack; arrays are Arrow streams, inside it or, where they are large, as
parts beside the journal that it names by id and digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa

from bitseg.changes import (
    AddEvents,
    Change,
    ChangeMembers,
    ChangeSettings,
    DefineField,
    DefineSegment,
    DeleteContacts,
    DescribeSegment,
    DropEvents,
    FieldValues,
    KindEvents,
    RecordEvents,
    RefreshSegments,
    RemoveSegment,
    UpsertContacts,
    WithdrawEvents,
)
from bitseg.fields import Field
from bitseg.storage.arrays import compact, from_bytes, plain, to_bytes

if TYPE_CHECKING:
    import numpy.typing as npt

INLINE: Final = 65_536
"""Arrays of fewer bytes in all lie in the journal itself."""

PartName: TypeAlias = tuple[int, bytes]
"""A part's id and digest."""

Kept: TypeAlias = bytes | PartName
"""Columns, or where they are."""

_CODES: Final = "="
_PROPERTY: Final = "."
"""Marks of columns that are no field: event ids' codes, and an event's properties."""


class Parts(Protocol):
    """Where large arrays go."""

    def put(self, path: str, data: bytes) -> PartName:
        """Keep the bytes of a column."""
        ...

    def get(self, name: PartName) -> bytes:
        """Return the bytes of a part."""
        ...


class _Upsert(msgspec.Struct, frozen=True, array_like=True):
    at: int
    fields: tuple[Field, ...]
    ids: Kept
    columns: dict[str, Kept]
    given: dict[str, bytes]


class _Record(msgspec.Struct, frozen=True, array_like=True):
    recorded_at: int
    create_contacts: bool
    cells: Kept


class _Add(msgspec.Struct, frozen=True, array_like=True):
    recorded_at: int
    created: Kept
    event_ids: Kept
    kinds: dict[str, Kept]


_PLAIN: Final[dict[str, type[Any]]] = {
    "drop": DropEvents,
    "delete": DeleteContacts,
    "withdraw": WithdrawEvents,
    "field": DefineField,
    "segment": DefineSegment,
    "describe": DescribeSegment,
    "members": ChangeMembers,
    "refresh": RefreshSegments,
    "unsegment": RemoveSegment,
    "settings": ChangeSettings,
}
_KIND: Final[dict[type[Any], str]] = {kind: name for name, kind in _PLAIN.items()} | {
    UpsertContacts: "upsert",
    RecordEvents: "record",
    AddEvents: "add",
}


def encode(change: Change, parts: Parts) -> tuple[str, bytes]:
    """Return a change's kind, a word, and its bytes; large arrays are put into parts."""
    kind = _KIND[type(change)]
    form: Any = change
    if isinstance(change, UpsertContacts):
        form = _upsert(change, parts)
    elif isinstance(change, RecordEvents):
        form = _record(change, parts)
    elif isinstance(change, AddEvents):
        form = _add(change, parts)
    return kind, msgspec.msgpack.encode(form)


def decode(kind: str, body: bytes, parts: Parts) -> Change:
    """Return the change that ``encode`` wrote.

    Raises:
        KeyError: no such kind, so a later version wrote it.
    """
    if kind == "upsert":
        return _read_upsert(msgspec.msgpack.decode(body, type=_Upsert), parts)
    if kind == "record":
        return _read_record(msgspec.msgpack.decode(body, type=_Record), parts)
    if kind == "add":
        return _read_add(msgspec.msgpack.decode(body, type=_Add), parts)
    change: Change = msgspec.msgpack.decode(body, type=_PLAIN[kind])
    return change


def named(kind: str, body: bytes) -> list[PartName]:
    """Return the parts that a change names."""
    kept: list[Kept] = []
    if kind == "upsert":
        upsert = msgspec.msgpack.decode(body, type=_Upsert)
        kept = [upsert.ids, *upsert.columns.values()]
    elif kind == "add":
        add = msgspec.msgpack.decode(body, type=_Add)
        kept = [add.created, add.event_ids, *add.kinds.values()]
    elif kind == "record":
        kept = [msgspec.msgpack.decode(body, type=_Record).cells]
    return [one for one in kept if not isinstance(one, bytes)]


def columns_named(body: bytes) -> tuple[PartName | None, dict[str, PartName]]:
    """Return the parts of an upsert's ids and of those of its columns that say all of it."""
    upsert = msgspec.msgpack.decode(body, type=_Upsert)
    whole = {
        path: kept
        for path, kept in upsert.columns.items()
        if not isinstance(kept, bytes) and path not in upsert.given
    }
    return None if isinstance(upsert.ids, bytes) else upsert.ids, whole


def kinds_named(body: bytes) -> tuple[PartName | None, dict[str, PartName]]:
    """Return the parts of an addition's event ids, and of those of its kinds that are parts."""
    add = msgspec.msgpack.decode(body, type=_Add)
    parts = {kind: kept for kind, kept in add.kinds.items() if not isinstance(kept, bytes)}
    return None if isinstance(add.event_ids, bytes) else add.event_ids, parts


def events_to_bytes(events: KindEvents, *, alone: bool = False) -> bytes:
    """Return the events of one kind as bytes; ``alone`` as ``to_bytes`` has it."""
    columns = {"row": pa.array(events.rows), "at": pa.array(events.at)}
    if events.codes is not None:
        columns[_CODES] = pa.array(events.codes)
    for name, values in events.properties.items():
        columns[f"{_PROPERTY}{name}"] = values
    return to_bytes(columns, alone=alone)


def events_from_bytes(data: bytes) -> KindEvents:
    """Return the events that ``events_to_bytes`` wrote."""
    columns = from_bytes(data)
    codes = columns.get(_CODES)
    return KindEvents(
        _numbers(columns["row"]),
        _numbers(columns["at"]),
        None if codes is None else _numbers(codes),
        {name[1:]: values for name, values in columns.items() if name[0] == _PROPERTY},
    )


def _upsert(change: UpsertContacts, parts: Parts) -> _Upsert:
    columns = {path: new.values for path, new in change.columns.items()}
    size = change.ids.nbytes + sum(values.nbytes for values in columns.values())
    given = {
        path: np.packbits(new.given).tobytes()
        for path, new in change.columns.items()
        if new.given is not None
    }
    if size < INLINE:
        together = to_bytes({"id": change.ids, **columns})
        return _Upsert(change.at, change.fields, together, {}, given)
    kept: dict[str, Kept] = {
        path: parts.put(path, to_bytes({"v": compact(values)})) for path, values in columns.items()
    }
    ids = parts.put("contact.id", to_bytes({"v": change.ids}))
    return _Upsert(change.at, change.fields, ids, kept, given)


def _read_upsert(form: _Upsert, parts: Parts) -> UpsertContacts:
    if isinstance(form.ids, bytes):
        columns = from_bytes(form.ids)
        ids = columns.pop("id")
    else:
        columns = {path: _column(kept, parts) for path, kept in form.columns.items()}
        ids = _column(form.ids, parts)
    masks = {
        path: np.unpackbits(np.frombuffer(bits, np.uint8), count=len(ids)).view(np.bool_)
        for path, bits in form.given.items()
    }
    values = {path: FieldValues(one, masks.get(path)) for path, one in columns.items()}
    return UpsertContacts(ids, values, form.at, form.fields)


def _record(change: RecordEvents, parts: Parts) -> _Record:
    cells = {"contact_id": change.contact_ids, "kind": change.kinds, "at": change.at}
    if change.event_ids is not None:
        cells["event_id"] = change.event_ids
    for name, values in change.properties.items():
        cells[f"{_PROPERTY}{name}"] = values
    cells = {name: compact(values) for name, values in cells.items()}
    kept = _put("events", to_bytes(cells), parts)
    return _Record(change.recorded_at, change.create_contacts, kept)


def _read_record(form: _Record, parts: Parts) -> RecordEvents:
    cells = {name: plain(values) for name, values in from_bytes(_bytes(form.cells, parts)).items()}
    properties = {name[1:]: values for name, values in cells.items() if name[0] == _PROPERTY}
    return RecordEvents(
        cells["contact_id"],
        cells["kind"],
        cells["at"],
        cells.get("event_id"),
        properties,
        form.recorded_at,
        form.create_contacts,
    )


def _add(change: AddEvents, parts: Parts) -> _Add:
    return _Add(
        change.recorded_at,
        _put("contact.id", to_bytes({"v": change.created}), parts),
        _put("event_id", to_bytes({"v": change.event_ids}), parts),
        {
            kind: _put(f"event:{kind}", events_to_bytes(events), parts)
            for kind, events in change.kinds.items()
        },
    )


def _read_add(form: _Add, parts: Parts) -> AddEvents:
    kinds = {kind: events_from_bytes(_bytes(kept, parts)) for kind, kept in form.kinds.items()}
    return AddEvents(
        _column(form.created, parts), _column(form.event_ids, parts), kinds, form.recorded_at
    )


def _put(path: str, data: bytes, parts: Parts) -> Kept:
    return data if len(data) < INLINE // 8 else parts.put(path, data)


def _bytes(kept: Kept, parts: Parts) -> bytes:
    return kept if isinstance(kept, bytes) else parts.get(kept)


def _column(kept: Kept, parts: Parts) -> pa.Array:
    return from_bytes(_bytes(kept, parts))["v"]


def _numbers(values: pa.Array) -> npt.NDArray[Any]:
    numbers: npt.NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return numbers
