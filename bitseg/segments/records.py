"""A record is some numbered changes of a segment's members; here it is made, read and thinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from bitseg.bitmap import RowSet, among
from bitseg.changes import MembersChanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitseg.bitmap import Rows

_ANY_ROW: Final = 2**32
"""More rows than there can be: what a set of so many holds is kept as roaring."""


def packed(rows: Rows) -> bytes:
    """Return distinct uint32 rows in roaring's portable format."""
    return RowSet.from_rows(rows, _ANY_ROW).to_bytes()


def unpacked(data: bytes) -> Rows:
    """Return the rows that ``packed`` wrote, uint32, ascending; of no bytes, none."""
    return RowSet.from_bytes(data, _ANY_ROW).rows() if data else np.empty(0, np.uint32)


def changes_in(record: MembersChanged, after: int = 0) -> Iterator[tuple[int, int | None, bool]]:
    """Yield a record's changes behind a number.

    Args:
        record: the record.
        after: leave out the changes up to this number.

    Yields:
        The change's number; the contact's row, None where it was erased since; whether it entered.
    """
    gone = set(unpacked(record.erased).tolist())
    rows = iter([*unpacked(record.entered).tolist(), *unpacked(record.left).tolist()])
    for place in range(record.came + record.went):
        row = None if place in gone else next(rows)
        if record.first + place > after:
            yield record.first + place, row, place < record.came


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
