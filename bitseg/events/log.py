"""A kind's log is its events as typed columns in time order; of one instant, in order of arrival.

Arrivals wait in ``_arrived`` until someone reads. Then they are sorted and appended or, where some
are late, merged with the stretch behind the earliest of them: what is on time costs nothing more,
and a bulk load in any order is sorted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bitseg.events.index import ContactIndex
from bitseg.events.properties import missing_mark, property_column
from bitseg.growing import Growing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.events.properties import Encoded
    from bitseg.fields import DataType

    Instants = npt.NDArray[np.int64]
    Positions = npt.NDArray[np.int64]

NO_EVENT_ID = 0


WAITING_LEAST: Final = 2**20
WAITING_SHARE: Final = 4
"""Arrivals are sorted in without a reader once they are this many and a quarter of the log, so
that a bulk load holds few events twice and, in any order, moves each only a few times."""


FORK_LEAST: Final = 65_536
"""Bringing fewer events into order, those that move included, holds up nobody."""


class Events:
    """Some events of one kind, as columns of equal length.

    Attributes:
        rows: uint32[k], the contacts' rows.
        at: int64[k], ms.
        codes: uint32[k], the event ids' codes, 0 for none; None where none has one.
    """

    __slots__ = ("_pick", "_properties", "at", "codes", "rows")

    def __init__(
        self,
        rows: Rows,
        at: Instants,
        codes: npt.NDArray[np.uint32] | None,
        properties: Mapping[str, Encoded],
        pick: slice | Positions | None = None,
    ) -> None:
        """Take columns, and where ``properties`` are longer, which of their places are meant."""
        self.rows = rows
        self.at = at
        self.codes = codes
        self._properties = properties
        self._pick = pick

    def __len__(self) -> int:
        """Return how many events these are."""
        return self.rows.size

    def property(self, name: str) -> Encoded | None:
        """Return the codes of a property, or None where no event of the kind ever had it."""
        column = self._properties.get(name)
        return column if column is None or self._pick is None else column[self._pick]

    def properties(self) -> dict[str, Encoded]:
        """Return the codes of all properties."""
        return {
            name: column if self._pick is None else column[self._pick]
            for name, column in self._properties.items()
        }

    def between(self, start: int, stop: int) -> Events:
        """Return the events at places [start, stop), without a copy; these are all of their log."""
        codes = None if self.codes is None else self.codes[start:stop]
        pick = slice(start, stop)
        return Events(self.rows[pick], self.at[pick], codes, self._properties, pick)

    def copied(self) -> Events:
        """Return the same events in arrays of their own."""
        codes = None if self.codes is None else self.codes.copy()
        properties = {name: column.copy() for name, column in self.properties().items()}
        return Events(self.rows.copy(), self.at.copy(), codes, properties)

    def where(self, mask: Mask) -> Events:
        """Return the events whose place in bool[k] is true."""
        codes = None if self.codes is None else self.codes[mask]
        chosen = {name: column[mask] for name, column in self.properties().items()}
        return Events(self.rows[mask], self.at[mask], codes, chosen)


class KindLog:
    """All events of one kind."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows = Growing(np.uint32)
        self._at = Growing(np.int64)
        self._codes: Growing | None = None
        self._properties: dict[str, Growing] = {}
        self._types: dict[str, DataType] = {}
        self._arrived: list[Events] = []
        self._waiting = 0
        self._index = ContactIndex()
        self._came: list[Events] | None = None
        self._since = 0

    def __len__(self) -> int:
        """Return how many events there are."""
        return self._rows.size + self._waiting

    def append(self, batch: Events, types: Mapping[str, DataType]) -> None:
        """Record events in order of arrival; ``types`` names the type of each property."""
        self._types.update(types)
        self._arrived.append(batch)
        self._waiting += len(batch)
        if self._waiting > max(WAITING_LEAST, self._rows.size // WAITING_SHARE):
            self.settle()

    def between(self, lo: int, hi: int) -> tuple[int, int]:
        """Return the positions [start, stop) of the events with lo ≤ at < hi."""
        self.settle()
        start, stop = np.searchsorted(self._at.values, (lo, max(lo, hi)))
        return int(start), int(stop)

    def next_from(self, instant: int) -> int | None:
        """Return the instant of the first event at or behind one; None where there is none."""
        self.settle()
        at = self._at.values
        place = int(np.searchsorted(at, instant))
        return int(at[place]) if place < at.size else None

    def ends(self) -> tuple[int, ...]:
        """Return the first and the last event's instant, or nothing where there are no events."""
        self.settle()
        at = self._at.values
        return (int(at[0]), int(at[-1])) if at.size else ()

    def stretch(self, start: int, stop: int) -> Events:
        """Return the events at positions [start, stop), without a copy."""
        self.settle()
        return self._pick(slice(start, stop))

    def freeze(self) -> tuple[Events, dict[str, DataType]]:
        """Return all events as they are now, which no later change touches, and their types."""
        self.settle()
        codes = None if self._codes is None else self._codes.freeze()
        properties = {name: column.freeze() for name, column in self._properties.items()}
        return Events(self._rows.freeze(), self._at.freeze(), codes, properties), {**self._types}

    def thaw(self) -> None:
        """Hear that nobody looks at what was frozen any more: late events need not move it."""
        for column in self._columns():
            column.thaw()

    def settle(self) -> None:
        """Bring what arrived into time order."""
        if not self._arrived:
            return
        batch = self._arrived[0] if len(self._arrived) == 1 else self._joined()
        self._make_columns(batch)
        at = self._at.values
        start = int(np.searchsorted(at, batch.at.min(), side="right"))
        merged = np.concatenate((at[start:], batch.at))
        order = None
        if (merged[1:] < merged[:-1]).any():
            order = np.argsort(merged, kind="stable")
        ready = [
            (column, self._merged(column, start, values, order))
            for column, values in self._arriving(batch)
        ]
        for column, (place, values) in ready:
            column.make_room(place, values)
        for column, (place, values) in ready:  # from here on nothing can fail
            column.splice(place, values)
        self._arrived = []
        self._waiting = 0
        self._index.changed_from(start)

    def fork(self) -> KindLog | None:
        """Return a log to bring what arrived into time order in, beside readers of this one.

        While nobody records or removes events, ``settle`` it and ``take`` it; only the settling
        is long, and may run while others read.

        Returns:
            A log that changes nothing of this one; None where settling this one is little work.
        """
        arrived = self._arrived
        if not arrived:
            return None
        first = min(int(batch.at.min()) for batch in arrived)
        since = int(np.searchsorted(self._at.values, first, side="right"))
        if self._rows.size - since + self._waiting < FORK_LEAST:
            return None
        fork = KindLog()
        fork._rows, fork._at = self._rows.fork(), self._at.fork()
        fork._codes = None if self._codes is None else self._codes.fork()
        fork._properties = {name: column.fork() for name, column in self._properties.items()}
        fork._types, fork._waiting = self._types, self._waiting
        fork._arrived = fork._came = arrived
        fork._since = since
        return fork

    def take(self, fork: KindLog) -> None:
        """Become what a settled fork of this log is, unless a reader has settled this one."""
        if fork._came is not self._arrived:
            return
        self._rows, fork._rows = fork._rows, self._rows  # what is left is freed with the fork
        self._at, fork._at = fork._at, self._at
        self._codes, fork._codes = fork._codes, self._codes
        self._properties, fork._properties = fork._properties, self._properties
        self._arrived, self._waiting = [], 0
        self._index.changed_from(fork._since)

    def at_positions(self, positions: Positions) -> Events:
        """Return the events at int64 positions."""
        return self._pick(positions)

    def positions_of(self, rows: Rows) -> Positions:
        """Return the positions of all events of distinct, ascending rows: by row, then by time."""
        self.settle()
        return self._index.positions_of(rows, self._rows.values)

    def positions_of_ids(self, codes: npt.NDArray[np.uint32]) -> Positions:
        """Return the positions of the events whose event ids have these codes."""
        self.settle()
        if self._codes is None:
            return np.empty(0, np.int64)
        return np.flatnonzero(np.isin(self._codes.values, codes))

    def strings(self) -> dict[str, Encoded]:
        """Return the codes of all string properties."""
        self.settle()
        return {
            name: column.values
            for name, column in self._properties.items()
            if self._types[name] == "string"
        }

    def strings_at(self, positions: Positions) -> dict[str, Encoded]:
        """Return the distinct codes of the string properties of the events at positions."""
        return {name: np.unique(codes[positions]) for name, codes in self.strings().items()}

    def remove(self, positions: Positions) -> None:
        """Take out the events at positions."""
        kept = np.ones(self._rows.size, np.bool_)
        kept[positions] = False
        for column in self._columns():
            column.keep(kept)
        self._index = ContactIndex()

    def drop_built(self) -> None:
        """Drop the index by contact, which questions built."""
        self._index = ContactIndex()

    @property
    def nbytes(self) -> int:
        """Bytes held, the index by contact included."""
        self.settle()
        return sum(column.nbytes for column in self._columns()) + self._index.nbytes

    def _pick(self, pick: slice | Positions) -> Events:
        codes = None if self._codes is None else self._codes.values[pick]
        properties = {name: column.values for name, column in self._properties.items()}
        return Events(self._rows.values[pick], self._at.values[pick], codes, properties, pick)

    def _columns(self) -> list[Growing]:
        codes = [] if self._codes is None else [self._codes]
        return [self._rows, self._at, *codes, *self._properties.values()]

    def _arriving(self, batch: Events) -> Iterator[tuple[Growing, npt.NDArray[Any]]]:
        """Yield each column and what a batch adds to it."""
        yield self._at, batch.at
        yield self._rows, batch.rows
        if self._codes is not None:
            yield (
                self._codes,
                np.zeros(len(batch), np.uint32) if batch.codes is None else batch.codes,
            )
        for name, column in self._properties.items():
            yield column, self._or_missing(batch, name)

    @staticmethod
    def _merged(
        column: Growing, start: int, values: npt.NDArray[Any], order: Positions | None
    ) -> tuple[int, npt.NDArray[Any]]:
        """Return where a column changes from, and what stands there then."""
        if order is None:
            return column.size, values
        return start, np.concatenate((column.values[start:], values))[order]

    def _joined(self) -> Events:
        """Return all arrivals as one batch, in order of arrival."""
        batches = self._arrived
        names = {name for batch in batches for name in batch.properties()}
        codes = None
        if any(batch.codes is not None for batch in batches):
            none = [np.zeros(len(batch), np.uint32) for batch in batches]
            codes = np.concatenate(
                [
                    b.codes if b.codes is not None else no
                    for b, no in zip(batches, none, strict=True)
                ]
            )
        return Events(
            np.concatenate([batch.rows for batch in batches]),
            np.concatenate([batch.at for batch in batches]),
            codes,
            {name: np.concatenate([self._or_missing(b, name) for b in batches]) for name in names},
        )

    def _or_missing(self, batch: Events, name: str) -> Encoded:
        values = batch.property(name)
        if values is not None:
            return values
        mark = missing_mark(self._types[name])
        return np.full(len(batch), mark, np.float64 if mark else np.uint8)

    def _make_columns(self, batch: Events) -> None:
        """Make the columns that a batch is the first to need."""
        for name in batch.properties():
            if name not in self._properties:
                self._properties[name] = property_column(self._types[name], self._rows.size)
        if batch.codes is not None and self._codes is None:
            self._codes = Growing(np.uint32)
            self._codes.resize(self._rows.size, NO_EVENT_ID)
