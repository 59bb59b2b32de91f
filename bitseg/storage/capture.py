"""A capture is a tenant as of one change, taken while nothing is written and others read.

What is small is copied; columns are taken by reference. Event logs, ids and pools only grow behind
what was taken, or move away from it. Field values are read later, a stretch at a time, and may by
then be newer than the capture: whatever was written since lies in the journal behind it, and
writing it once more when that is replayed changes nothing. Only what retention keeps is added up,
so its columns are copied at once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.changes import KindEvents
from bitseg.events.properties import TRUE
from bitseg.fields import BUILT_IN
from bitseg.storage.arrays import to_bytes
from bitseg.storage.codec import events_to_bytes
from bitseg.storage.coverage import Stretch
from bitseg.storage.covers import ID
from bitseg.storage.manifest import Held, HeldColumn, HeldIds, Manifest
from bitseg.strings import strings_used

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from bitseg.bitmap import RowSet
    from bitseg.columns import Column
    from bitseg.events.log import Events, KindLog
    from bitseg.fields import DataType
    from bitseg.storage.coverage import Coverage
    from bitseg.storage.covers import Covers
    from bitseg.storage.event_cover import EventCover
    from bitseg.strings import StringPool
    from bitseg.writes import Writes

ROWS: Final = 65_536
"""Rows, codes or ids of a part."""

EVENTS: Final = 131_072
"""Events of a part, more where one instant has more."""

ARRAYS_AT_ONCE: Final = 16_384
"""Rows of arrays that are read at once: finding their elements takes 0.2 ms, in which nobody
counts; in more steps more previews would meet one."""

COPIED: Final = 2 * EVENTS
"""So many events of a kind are copied, at the most, that late ones need not move the whole log."""

SMALL: Final = 4_096
"""A part of fewer rows or events is made anew with its neighbours, so that parts stay few."""

_RETAINED: Final = "retained."


class Due(msgspec.Struct, frozen=True):
    """A stretch that a part must be made of.

    Attributes:
        path: what it is of, for people.
        stretch: takes the part.
        make: returns its bytes; None where there is nothing to hold.
    """

    path: str
    stretch: Stretch
    make: Callable[[], bytes | None]


class Capture:
    """What was taken.

    Attributes:
        due: the stretches that parts must be made of.
    """

    def __init__(self, writes: Writes, covers: Covers) -> None:
        """Take a tenant; the caller holds off writes, and evaluations go on but for moments."""
        tenant = writes.tenant
        self._lock = writes.lock
        self._writes = writes
        self._settle()
        with self._lock:  # readers make what is looked at below: logs, pools, columns
            self._n = tenant.contacts.n
            self._live = tenant.contacts.live.copy()
            self._given = tenant.contacts.created_given.copy()
            self._fields = tuple(
                field for path, field in tenant.schema.fields.items() if BUILT_IN.get(path) != field
            )
            self._properties = dict(tenant.schema.properties)
            self._kinds = tuple(sorted(tenant.schema.kinds))
            self._kept_since = writes.kept_since
            self._settings = writes.settings
            self._opened_at = tenant.events.ids.opened_at
            self._pools = tenant.events.dictionaries.views()
            columns = dict(tenant.contacts.columns)
            for column in columns.values():
                column.grow(self._n)
            logs = {
                kind: (log, *log.freeze()) for kind, log in tenant.events.kinds.items() if len(log)
            }
        self.due: list[Due] = []
        self._ids = self._take_ids(covers.column(ID), tenant.contacts.ids)
        self._columns: dict[str, tuple[DataType, list[Stretch]]] = {
            path: (column.data_type, self._take_column(path, column, covers.column(path)))
            for path, column in columns.items()
        }
        self._events: dict[str, list[Stretch]] = {
            kind: self._take_events(kind, *log, covers.kind(kind)) for kind, log in logs.items()
        }
        self._event_ids = []
        for base, pool in tenant.events.ids.generations():
            held = self._take_event_ids(covers.ids(base), pool.view()) if len(pool) else []
            self._event_ids.append((base, len(pool), held))
        for base in covers.event_ids.keys() - {base for base, size, _ in self._event_ids if size}:
            del covers.event_ids[base]

    def manifest(self) -> Manifest:
        """Return what the snapshot holds, once all that is due was made."""
        return Manifest(
            settings=self._settings,
            kept_since=self._kept_since,
            fields=self._fields,
            properties=self._properties,
            kinds=self._kinds,
            n=self._n,
            live=self._live.to_bytes(),
            created_given=self._given.to_bytes(),
            ids=_held(self._ids),
            columns={
                path: HeldColumn(data_type, _held(stretches))
                for path, (data_type, stretches) in self._columns.items()
                if any(one.part for one in stretches)
            },
            events={kind: _held(stretches) for kind, stretches in self._events.items()},
            event_ids=tuple(
                HeldIds(base, size, _held(stretches)) for base, size, stretches in self._event_ids
            ),
            opened_at=self._opened_at,
        )

    def release(self) -> None:
        """Let go of the event logs, once their parts are made or given up."""
        with self._lock:
            for log in self._writes.tenant.events.kinds.values():
                log.thaw()

    @property
    def live(self) -> RowSet:
        """The rows of contacts that are not erased."""
        return self._live

    def _settle(self) -> None:
        """Bring late events into order, where that is much work, beside evaluations."""
        with self._lock:
            logs = list(self._writes.tenant.events.kinds.values())
        for log in logs:
            with self._lock:
                fork = log.fork()
            if fork is not None:
                fork.settle()
                with self._lock:
                    log.take(fork)

    def _take_ids(self, cover: Coverage, pool: StringPool) -> list[Stretch]:
        def make(start: int, stop: int) -> Callable[[], bytes | None]:
            ids = pool.stretch(start, stop)  # copied now: what they are decides what events do
            there = self._live.test(np.arange(start, stop, dtype=np.uint32))
            return lambda: _packed_alone(ids if there.all() else _only(ids, there))

        return self._take(ID, cover, self._n, make)

    def _take_event_ids(self, cover: Coverage, pool: StringPool) -> list[Stretch]:
        return self._take(
            "event_id",
            cover,
            len(pool),
            lambda start, stop: lambda: _packed_alone(pool.stretch(start, stop)),
        )

    def _take_column(self, path: str, column: Column, cover: Coverage) -> list[Stretch]:
        step = ARRAYS_AT_ONCE if column.data_type == "array" else ROWS

        def make(start: int, stop: int) -> Callable[[], bytes | None]:
            if path.startswith(_RETAINED):
                taken = column.freeze(start, stop)
                return lambda: _values(taken())

            def now(first: int, last: int) -> pa.Array:
                with self._lock:
                    frozen = column.freeze(first, last)
                return frozen()

            def later() -> bytes | None:
                pieces = [now(at, min(at + step, stop)) for at in range(start, stop, step)]
                return _values(pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces))

            return later

        return self._take(path, cover, self._n, make)

    def _take(
        self,
        path: str,
        cover: Coverage,
        n: int,
        make: Callable[[int, int], Callable[[], bytes | None]],
    ) -> list[Stretch]:
        """Plan the stretches of n rows or ids; those that are whole stay."""
        stretches: list[Stretch] = []
        for start, stop, whole in cover.runs(n, SMALL):
            if whole is not None:
                stretches.append(whole)
                continue
            for at in range(start, stop, ROWS):
                last = min(at + ROWS, stop)
                stretch = Stretch(last, None, last - at, made=False, start=at)
                stretches.append(stretch)
                self.due.append(Due(path, stretch, make(at, last)))
        cover.replace([*stretches])
        return stretches

    def _take_events(
        self,
        kind: str,
        log: KindLog,
        events: Events,
        types: dict[str, DataType],
        cover: EventCover,
    ) -> list[Stretch]:
        """Plan the spans of a kind's events; those of one instant are never parted."""
        cover.settle()
        kept: list[Stretch] = []
        pieces: list[tuple[int, int]] = []
        for begin, end, whole in cover.runs(SMALL):
            if whole:
                kept += whole
                continue
            start = int(np.searchsorted(events.at, begin))
            stop = len(events) if end is None else int(np.searchsorted(events.at, end))
            pieces += _pieces(events.at, start, stop)
        few = sum(last - first for first, last in pieces) <= COPIED
        new: list[Stretch] = []
        for first, last in pieces:
            some = events.between(first, last)
            span = Stretch(
                int(some.at[-1]) + 1, None, last - first, made=False, start=int(some.at[0])
            )
            new.append(span)
            make = partial(self._packed, some.copied() if few else some, types)
            self.due.append(Due(f"event:{kind}", span, make))
        if few:
            with self._lock:
                log.thaw()
        in_order = {id(span): place for place, span in enumerate(cover.spans)}
        kept.sort(key=lambda span: in_order[id(span)])
        cover.replace(kept + new)
        return kept + new  # the cover's own list takes in what comes from now on

    def _packed(self, events: Events, types: dict[str, DataType]) -> bytes:
        properties = {}
        for name, cells in events.properties().items():
            values = _property(cells, types[name], self._pools.get(name))
            if values.null_count < len(events):
                properties[name] = values
        found = KindEvents(events.rows, events.at, events.codes, properties)
        return events_to_bytes(found, alone=True)


def _values(values: pa.Array) -> bytes | None:
    """Return the bytes of a column's values, None where there are none."""
    return None if values.null_count == len(values) else _packed_alone(values)


def _packed_alone(values: pa.Array) -> bytes:
    """Return the bytes of a column that nobody waits for: a processor is left to previews."""
    return to_bytes({"v": values}, alone=True)


def _only(ids: pa.LargeStringArray, there: npt.NDArray[np.bool_]) -> pa.LargeStringArray:
    """Return ids, null where nobody is there: an erased one's bytes were overwritten."""
    return pc.if_else(pa.array(there), ids, pa.scalar(None, pa.large_string()))


def _property(
    cells: npt.NDArray[np.generic], data_type: DataType, pool: StringPool | None
) -> pa.Array:
    if data_type == "number":
        return pa.array(cells, mask=np.isnan(cells))
    if data_type == "boolean":
        return pa.array(cells == TRUE, mask=cells == 0)
    if pool is None:
        return pa.nulls(cells.size, pa.large_string())
    used, places = strings_used(cells, pool)
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32(), mask=places < 0), used)


def _pieces(at: npt.NDArray[np.int64], start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        end = min(start + EVENTS, stop)
        if end < stop:
            end = int(np.searchsorted(at, at[end - 1], side="right"))
        yield start, end
        start = end


def _held(stretches: list[Stretch]) -> tuple[Held, ...]:
    return tuple(Held(one.start, one.end, one.part, one.size) for one in stretches)
