"""A source is rows that can be read again and again, a batch at a time, as they were written.

Whatever the rows come from, a batch is Arrow columns of raw cells; what a cell means is decided
later, by the field its column goes to (``bitseg.intake``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, overload

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.errors import Fault, LoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BATCH_ROWS: Final = 65_536
"""Rows of a batch, at most: enough to amortise a call, little enough to stay in memory."""

BATCH_CELLS: Final = 2**22
"""Cells of a batch, at most; wide tables come in batches of fewer rows."""

COLUMNS_MAX: Final = 1_000
NAME_BYTES_MAX: Final = 2_048

Wanted: TypeAlias = "Callable[[str], bool]"
"""Tells of a column's name whether its cells will be looked at."""


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot go in.

    Attributes:
        index: its place in the source, from 0; refused rows count.
        line: the line it began on, from 1; 0 where there are no lines.
        errors: everything wrong with it.
        row: the row as it was: a dict of its cells, or its text where it has no cells.
    """

    index: int
    line: int
    errors: tuple[Fault, ...]
    row: Any


class BadRows(Sequence[BadRow]):
    """Bad rows that are put into words only when someone looks at them."""

    def __init__(self, places: Iterable[int], make: Callable[[int], BadRow]) -> None:
        """Take where the rows are, and what makes one of a place."""
        self._places = tuple(places)
        self._make = make

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> BadRow: ...
    @overload
    def __getitem__(self, at: slice) -> BadRows: ...
    def __getitem__(self, at: int | slice) -> BadRow | BadRows:
        """Return one row, or some, still without words."""
        if isinstance(at, slice):
            return BadRows(self._places[at], self._make)
        return self._make(self._places[at])


class RawBatch(msgspec.Struct, frozen=True):
    """Some rows of a source.

    Attributes:
        rows: n rows of raw cells. Cells of different types in one column are a dense union.
        index: int64[n], each row's place in the source; rows in ``faults`` leave gaps.
        lines: int64[n], the line each row began on, from 1; None where there are no lines.
        given: by column, bool[n], False where the row does not have that key at all; a column
            that is not here is given by all rows.
        faults: rows among these that could not even be read, in order; they may be looked at
            until the next batch is read.
        read: how much of the source was read so far, in the unit of ``Source.total``.
    """

    rows: pa.RecordBatch
    index: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64] | None = None
    given: dict[str, npt.NDArray[np.bool_]] = {}
    faults: Sequence[BadRow] = ()
    read: int = 0


class Source(Protocol):
    """Rows to load.

    Attributes:
        textual: every cell is text, null where it is empty; types are read out of the text.
        keyed: each row brings its own keys, so that rows may differ in them and absent is not
            null; what is wrong with a key is then wrong with a row, not with the source.
        exact: a program named the columns; a name out of form is a fault, not made to fit.
        columns: the names known before reading; of a keyed source none are.
        in_memory: reading it cannot fail; a file may turn out damaged at its end.
        total: bytes of a file, or rows in memory; None where nobody knows.
    """

    in_memory: bool
    textual: bool
    keyed: bool
    exact: bool
    columns: tuple[str, ...]
    total: int | None

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows, from the first on each call.

        Args:
            wanted: tells the columns whose cells will be looked at. A source may leave out the
                others; where rows have keys, it may only leave them without cells.

        Raises:
            LoadError: the source cannot be read, or not to its end.
        """
        ...

    def close(self) -> None:
        """Give back files that were opened for the source."""
        ...


def check_names(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Return the names of a source's columns, in order.

    Args:
        names: as they stand in the source.
        what: what the source is, for the message.

    Raises:
        LoadError: a name is empty or there twice, or there are too many; all faults are named.
    """
    found = tuple(names)
    if len(found) > COLUMNS_MAX:
        raise LoadError(f"Expected at most {COLUMNS_MAX} columns in {what}, got {len(found)}")
    places: dict[str, list[int]] = {}
    for place, name in enumerate(found, 1):
        places.setdefault(name, []).append(place)
    faults = [
        Fault(name, f"Expected each column once, got {name!r} as columns {_listed(at)}")
        for name, at in places.items()
        if len(at) > 1 and name
    ]
    if "" in places:
        at = _listed(places[""])
        faults.append(
            Fault("", f"Expected a name for every column in {what}, got none for column {at}")
        )
    faults.extend(
        Fault(name[:80], f"Expected a column's name in at most {NAME_BYTES_MAX} bytes of UTF-8")
        for name in places
        if len(name.encode("utf-8", "replace")) > NAME_BYTES_MAX
    )
    if faults:
        raise LoadError(*faults)
    return found


def batch_rows(columns: int) -> int:
    """Return how many rows a batch of so many columns has at most."""
    return max(1, min(BATCH_ROWS, BATCH_CELLS // max(1, columns)))


def _listed(places: list[int]) -> str:
    return ", ".join(map(str, places))
