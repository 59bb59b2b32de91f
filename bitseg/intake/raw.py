"""Raw cells are what a source holds, in the few forms that conversion tells apart."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.formats.mixed import OTHER

Mask: TypeAlias = npt.NDArray[np.bool_]

_FALSE: Final = pa.scalar(value=False)

Form: TypeAlias = Literal[
    "nothing", "text", "integer", "number", "boolean", "moment", "wall", "day", "list", "mixed",
    "other",
]  # fmt: skip
"""``moment`` is a timestamp with a timezone, ``wall`` one without, ``day`` a date; ``mixed`` is a
union of the others, as rows of dicts may need; ``other`` is what no field can hold."""

_LISTS: Final = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)
_BYTES: Final = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
_TEXTS: Final = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    *_BYTES,
)
"""Bytes are taken for text, as files of old have it; whether they are UTF-8 is seen later."""


def plain(raw: pa.Array) -> pa.Array:
    """Return an array without wrappings: no dictionary, no extension, and all text the same."""
    if isinstance(raw, pa.ExtensionArray):
        return plain(raw.storage)
    if isinstance(raw, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(
            raw.indices, plain(raw.dictionary)
        ).dictionary_decode()
    if isinstance(raw, pa.RunEndEncodedArray):
        return plain(pc.run_end_decode(raw))
    if any(test(raw.type) for test in _BYTES):
        return raw.cast(pa.large_binary()).view(pa.large_string())
    if pa.types.is_string(raw.type) or pa.types.is_string_view(raw.type):
        return raw.cast(pa.large_string())
    return raw


def form_of(kind: pa.DataType) -> Form:  # noqa: C901, PLR0911 - a table of types
    """Return the form of an array's type, wrappings apart."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return form_of(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return form_of(kind.value_type)
    if types.is_null(kind):
        return "nothing"
    if any(test(kind) for test in _TEXTS):
        return "text"
    if types.is_integer(kind):
        return "integer"
    if types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_boolean(kind):
        return "boolean"
    if types.is_timestamp(kind):
        return "moment" if kind.tz else "wall"
    if types.is_date(kind):
        return "day"
    if any(test(kind) for test in _LISTS):
        return "list" if form_of(kind.value_type) in ("text", "nothing") else "other"
    return "mixed" if _is_mixed(kind) else "other"


def _is_mixed(kind: pa.DataType) -> bool:
    """Return whether this is a union as ``bitseg.formats.mixed`` makes them."""
    return bool(pa.types.is_union(kind)) and kind.mode == "dense"


def children(raw: pa.UnionArray) -> list[tuple[Form, pa.Array]]:
    """Return the parts of a mixed array with their forms; descriptions are no text."""
    return [
        ("other" if raw.type.field(i).name == OTHER else form_of(raw.field(i).type), raw.field(i))
        for i in range(raw.type.num_fields)
    ]


def child_places(raw: pa.UnionArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each cell of a mixed array the number of its child, and its place in there."""
    _, types, offsets = raw.buffers()[:3]
    cells = slice(raw.offset, raw.offset + len(raw))
    numbers = np.zeros(128, np.int64)
    numbers[list(raw.type.type_codes)] = np.arange(raw.type.num_fields)
    codes = np.frombuffer(types, np.int8)[cells]
    return numbers[codes], np.frombuffer(offsets, np.int32)[cells].astype(np.int64)


def true_cells(truth: pa.BooleanArray) -> Mask:
    """Return bool[n]: which cells are true; null is not."""
    return np.asarray(pc.fill_null(truth, _FALSE).to_numpy(zero_copy_only=False))


def present_cells(raw: pa.Array) -> Mask:
    """Return bool[n]: which cells are not null."""
    return np.asarray(raw.is_valid().to_numpy(zero_copy_only=False))
