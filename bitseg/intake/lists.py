"""Lists of texts are read out of CSV cells, and brought into the one form that columns take."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.changes import ARROW_TYPES
from bitseg.intake.raw import plain, present_cells, true_cells
from bitseg.intake.text import value_states
from bitseg.kernel import kernel

Mask: TypeAlias = npt.NDArray[np.bool_]
Int32s: TypeAlias = npt.NDArray[np.int32]
Int64s: TypeAlias = npt.NDArray[np.int64]

_SEPARATOR: Final = ";"
_DECODER: Final = msgspec.json.Decoder(list[str | None])


def read_lists(texts: pa.LargeStringArray) -> tuple[pa.LargeListArray, Mask]:
    """Read cells as lists: JSON where a cell begins with ``[``, else texts with ``;`` between.

    Returns:
        n lists, null where the cell is, and bool[n], which cells are no list.
    """
    is_json = true_cells(pc.starts_with(texts, "["))
    if not is_json.any():
        return _split(texts), is_json
    places = np.flatnonzero(is_json)
    rest = np.flatnonzero(~is_json)
    lists, wrong = read_json_lists(texts.take(pa.array(places)))
    order = np.empty(len(texts), np.int64)
    order[np.concatenate((places, rest))] = np.arange(len(texts))
    joined = pa.concat_arrays([lists, _split(texts.take(pa.array(rest)))])
    is_wrong = np.zeros(len(texts), np.bool_)
    is_wrong[places] = wrong
    return joined.take(pa.array(order)), is_wrong


def read_json_lists(texts: pa.LargeStringArray) -> tuple[pa.LargeListArray, Mask]:
    """Read cells as JSON lists of texts and nulls: the lists, and bool[n], which are none.

    A cell that is often the same is decoded once.
    """
    encoded = texts.dictionary_encode()
    cells = encoded.dictionary.to_pylist()
    found: list[list[str | None] | None] = []
    with suppress(msgspec.DecodeError):  # a cell is no list; one by one tells which
        found = list(_DECODER.decode_lines("\n".join(cells)))
    if len(found) != len(cells) or any("\n" in cell for cell in cells):
        found = [_decoded(cell) for cell in cells]
    lists = pa.array(found, ARROW_TYPES["array"]).take(encoded.indices)
    return lists, present_cells(texts) & ~present_cells(lists)


def _decoded(cell: str) -> list[str | None] | None:
    try:
        return _DECODER.decode(cell)
    except msgspec.DecodeError:
        return None


def _split(texts: pa.LargeStringArray) -> pa.LargeListArray:
    """Return texts cut at each separator; spaces around a part do not count."""
    lists = pc.split_pattern(texts, _SEPARATOR).cast(ARROW_TYPES["array"])
    parts = pc.utf8_trim_whitespace(lists.values)
    return pa.LargeListArray.from_arrays(
        lists.offsets, parts, mask=lists.is_null() if lists.null_count else None
    )


def clean_lists(lists: pa.Array) -> tuple[pa.LargeListArray, Mask]:
    """Drop nulls, empty texts and repetitions from lists of texts; an empty list becomes null.

    Returns:
        n lists as columns take them, and bool[n], which hold a text that may not be a value.
    """
    size = len(lists)
    texts = plain(pc.list_flatten(lists)).cast(pa.large_string())
    parents = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    unsound = np.zeros(size, np.bool_)
    unsound[parents[value_states(texts) != 0]] = True
    filled = true_cells(pc.greater(pc.binary_length(texts), 0))
    encoded = texts.dictionary_encode()
    codes = encoded.indices.fill_null(0).to_numpy().astype(np.int32)
    kept = filled & ~unsound[parents]
    kept = _firsts(parents, codes, len(encoded.dictionary), kept)
    ends = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(parents[kept], minlength=size), out=ends[1:])
    empty = ends[1:] == ends[:-1]
    cleaned = pa.LargeListArray.from_arrays(
        pa.array(ends), texts.filter(pa.array(kept)), mask=pa.array(empty) if empty.any() else None
    )
    return cleaned, unsound


@kernel
def _firsts(parents: Int64s, codes: Int32s, distinct: int, kept: Mask) -> Mask:
    """Return which kept elements are the first of their text in their list."""
    seen = np.full(distinct, -1, np.int64)
    firsts = np.zeros(len(kept), np.bool_)
    for i in range(len(kept)):
        if kept[i] and seen[codes[i]] != parents[i]:
            seen[codes[i]] = parents[i]
            firsts[i] = True
    return firsts
