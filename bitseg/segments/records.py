"""A record is some numbered changes of a segment's members; here it is made, read and thinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from bitseg.bitmap import RowSet, among
from bitseg.changes import MembersChanged

if TYPE_CHECKING:
    from bitseg.bitmap import Rows

_ANY_ROW: Final = 2**32
"""More rows than there can be: what a set of so many holds is kept as roaring."""


def packed(rows: Rows) -> bytes:
    """Return distinct uint32 rows in roaring's portable format."""
    return RowSet.from_rows(rows, _ANY_ROW).to_bytes()


def unpacked(data: bytes) -> Rows:
    """Return the rows that ``packed`` wrote, uint32, ascending; of no bytes, none."""
    return RowSet.from_bytes(data, _ANY_ROW).rows() if data else np.empty(0, np.uint32)


def changes_in(
    record: MembersChanged, after: int, limit: int
) -> list[tuple[int, int | None, bool]]:
    """Return some of a record's changes, at the cost of those and of unpacking it once.

    Args:
        record: the record.
        after: leave out the changes up to this number.
        limit: return at most so many.

    Returns:
        Each change's number; the contact's row, None where it was erased since; whether it entered.
    """
    start = max(0, after + 1 - record.first)
    places = np.arange(start, min(start + limit, record.came + record.went), dtype=np.uint32)
    gone = unpacked(record.erased)
    rows = np.concatenate((unpacked(record.entered), unpacked(record.left)))
    held = np.full(places.size, -1, np.int64)
    there = ~among(places, gone)
    held[there] = rows[places[there] - np.searchsorted(gone, places[there])]
    return [
        (record.first + place, None if row < 0 else row, place < record.came)
        for place, row in zip(places.tolist(), held.tolist(), strict=True)
    ]


def without(record: MembersChanged, dead: Rows) -> MembersChanged:
    """Return a record without the rows of erased contacts, uint32 and ascending.

    Their changes keep their numbers, so that those of nobody else move.
    """
    entered, left = unpacked(record.entered), unpacked(record.left)
    gone = np.concatenate((among(entered, dead), among(left, dead)))
    if not gone.any():
        return record
    places = np.setdiff1d(
        np.arange(record.came + record.went, dtype=np.uint32), unpacked(record.erased)
    )
    erased = np.union1d(unpacked(record.erased), places[gone]).astype(np.uint32)
    return msgspec.structs.replace(
        record,
        entered=packed(entered[~gone[: entered.size]]),
        left=packed(left[~gone[entered.size :]]),
        erased=packed(erased),
    )
