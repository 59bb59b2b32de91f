"""JSON columns are the pairs of many objects, gathered by key into Arrow columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.formats.json_pairs import Pairs, Stop
from bitseg.formats.json_values import (
    ESCAPED,
    FALSE,
    INTEGER,
    LIST,
    NULL,
    NUMBER,
    OBJECT,
    TEXT,
    TRUE,
    Bytes,
    Int32s,
    gather_values,
)
from bitseg.formats.mixed import NO_CHILD, OTHER, mixed_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.formats.source import Wanted

Mask = npt.NDArray[np.bool_]

_NAMES: Final = ("text", "integer", "number", "boolean", "list", OTHER)
_CHILD: Final = np.empty(OBJECT + 2, np.int8)
"""The number in ``_NAMES`` that a kind's values go to."""
_CHILD[[NULL, TEXT, ESCAPED, INTEGER, NUMBER, TRUE, FALSE, LIST, OBJECT]] = (
    NO_CHILD, 0, 0, 1, 2, 3, 3, 4, 5,
)  # fmt: skip
_UNLISTED: Final = OBJECT + 1
"""The kind of a list that holds something else than text."""
_CHILD[_UNLISTED] = 5

_LISTS: Final = msgspec.json.Decoder(list[str | None])
_ANYTHING: Final = msgspec.json.Decoder()
_UNDECODABLE: Final = (msgspec.DecodeError, RecursionError)


class JsonColumns(NamedTuple):
    """The objects of n lines.

    Attributes:
        rows: a row a good line.
        given: as in ``RawBatch``.
        good: bool[n], which lines hold an object.
    """

    rows: pa.RecordBatch
    given: dict[str, Mask]
    good: Mask


def json_columns(data: Bytes, pairs: Pairs, stop: Stop, wanted: Wanted | None) -> JsonColumns:
    """Gather what one pass found; columns that are not wanted are left without cells."""
    good = pairs.sound[: stop.lines].copy()
    places = pairs.places[: stop.pairs].copy()
    names = _key_names(data, pairs.keys[: stop.keys], places)
    _judge_nested(data, places, good)
    order = np.argsort(places[:, 1].astype(np.int16), kind="stable")
    places = places[order]
    twice = (places[1:, 0] == places[:-1, 0]) & (places[1:, 1] == places[:-1, 1])
    good[places[1:][twice, 0]] = False
    places = places[good[places[:, 0]]]
    places[:, 0] = (np.cumsum(good) - 1)[places[:, 0]]
    starts = np.searchsorted(places[:, 1], np.arange(len(names) + 1))
    columns: list[pa.Array] = []
    given: dict[str, Mask] = {}
    count = int(good.sum())
    kept = [key for key in range(len(names)) if starts[key] < starts[key + 1]]
    for key in kept:
        part = places[starts[key] : starts[key + 1]]
        known = wanted is not None and not wanted(names[key])
        columns.append(pa.nulls(count) if known else _column(data, part, count))
        if len(part) < count:
            given[names[key]] = np.zeros(count, np.bool_)
            given[names[key]][part[:, 0]] = True
    rows = _record_batch(columns, [names[key] for key in kept], count)
    return JsonColumns(rows, given, good)


def _key_names(data: Bytes, keys: Int32s, places: Int32s) -> list[str]:
    """Return the keys' names; of keys that are one but for escapes, all pairs go to the first."""
    names: dict[str, int] = {}
    numbers = np.empty(len(keys), np.int32)
    for key, (begin, end) in enumerate(keys.tolist()):
        stored = bytes(data[begin:end])  # of a line that is not sound, it may be no UTF-8
        name = str(_ANYTHING.decode(f'"{stored.decode(errors="replace")}"'))
        numbers[key] = names.setdefault(name, len(names))
    places[:, 1] = numbers[places[:, 1]]
    return list(names)


def _judge_nested(data: Bytes, places: Int32s, good: Mask) -> None:
    """Tell lists of texts from other lists, and mark lines whose nested values are no JSON."""
    nested = np.flatnonzero((places[:, 2] == LIST) | (places[:, 2] == OBJECT))
    if not nested.size:
        return
    encoded = _texts(data, places[nested]).dictionary_encode()
    verdicts = np.array([_verdict(text) for text in encoded.dictionary.to_pylist()], np.int32)
    found = verdicts[encoded.indices.to_numpy()]
    places[nested, 2] = found
    good[places[nested[found == NULL], 0]] = False


def _verdict(text: str) -> int:
    """Return the kind of a nested value; ``NULL`` if it is no JSON."""
    try:
        if text.startswith("["):
            _LISTS.decode(text)
            return LIST
        _ANYTHING.decode(text)
    except _UNDECODABLE:
        pass
    else:
        return OBJECT
    try:
        _ANYTHING.decode(text)
    except _UNDECODABLE:
        return NULL
    return _UNLISTED


def _column(data: Bytes, places: Int32s, count: int) -> pa.Array:
    """Return one key's values as a column of ``count`` rows."""
    choices = np.full(count, NO_CHILD, np.int8)
    childs = _CHILD[places[:, 2]]
    used = [child for child in np.unique(childs).tolist() if child != NO_CHILD]
    choices[places[:, 0]] = np.searchsorted(used, childs) if used else NO_CHILD
    choices[places[childs == NO_CHILD, 0]] = NO_CHILD
    children = [_BUILDERS[child](data, places[childs == child]) for child in used]
    return mixed_column(choices, children, [_NAMES[child] for child in used])


def _texts(data: Bytes, places: Int32s) -> pa.LargeStringArray:
    offsets, text = gather_values(data, places)
    stored = pa.py_buffer(offsets), pa.py_buffer(text)
    return pa.LargeStringArray.from_buffers(len(places), *stored)


def _integers(data: Bytes, places: Int32s) -> pa.Array:
    return _texts(data, places).cast(pa.int64())


def _numbers(data: Bytes, places: Int32s) -> pa.Array:
    return _texts(data, places).cast(pa.float64())


def _booleans(data: Bytes, places: Int32s) -> pa.Array:
    del data
    return pa.array(places[:, 2] == TRUE)


def _lists(data: Bytes, places: Int32s) -> pa.Array:
    encoded = _texts(data, places).dictionary_encode()
    distinct: list[Any] = [_LISTS.decode(text) for text in encoded.dictionary.to_pylist()]
    lists = pa.array(distinct, pa.large_list(pa.large_string()))
    return pc.take(lists, encoded.indices)


def _others(data: Bytes, places: Int32s) -> pa.Array:
    del data
    unlisted = pa.array(places[:, 2] == _UNLISTED)
    words = "a list with something else than text in it", "an object"
    return pc.if_else(unlisted, *words).cast(pa.large_string())


_BUILDERS: Final[tuple[Callable[[Bytes, Int32s], pa.Array], ...]] = (
    _texts,
    _integers,
    _numbers,
    _booleans,
    _lists,
    _others,
)


def _record_batch(columns: list[pa.Array], names: list[str], count: int) -> pa.RecordBatch:
    if columns:
        return pa.RecordBatch.from_arrays(columns, names)
    return pa.RecordBatch.from_struct_array(
        pa.StructArray.from_buffers(pa.struct([]), count, [None])
    )
