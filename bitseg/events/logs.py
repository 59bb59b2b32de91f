"""The logs are all events of a tenant: a log a kind, and the tallies that are kept true by them."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bitseg.bitmap import among
from bitseg.events.ids import EventIds
from bitseg.events.log import Events, KindLog
from bitseg.events.properties import Dictionaries

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    import pyarrow as pa

    from bitseg.bitmap import Rows
    from bitseg.events.log import Positions
    from bitseg.events.properties import Encoded
    from bitseg.events.tally import Tally
    from bitseg.fields import DataType


class Watcher(Protocol):
    """Who hears of every event."""

    def came(self, kind: str, events: Events) -> None:
        """Hear of events that were recorded."""
        ...

    def went(self, kind: str, events: Events) -> None:
        """Hear of events that were taken out."""
        ...


class EventLogs:
    """All kinds' logs, the property pools, the remembered ids and the kept tallies."""

    def __init__(self, remember_days: int) -> None:
        """Take for how many days an event id is remembered at the least."""
        self.kinds: dict[str, KindLog] = {}
        self.dictionaries = Dictionaries()
        self.ids = EventIds(remember_days)
        self._tallies: dict[Hashable, tuple[tuple[str, ...], Tally]] = {}
        self._aparts: list[EventLogs] = []
        self._whole: EventLogs | None = None
        self._watchers: list[Watcher] = []

    def __len__(self) -> int:
        """Return how many events there are."""
        return sum(len(log) for log in self.kinds.values())

    def watch(self, watcher: Watcher) -> None:
        """Tell this one of every event that comes or goes."""
        self._watchers.append(watcher)

    def apart(self) -> EventLogs:
        """Return the same logs with tallies of their own, made anew; ``end`` it when done."""
        other = copy(self)
        other._stand_apart(self)  # noqa: SLF001 - another of its own
        self._aparts.append(other)
        return other

    def _stand_apart(self, whole: EventLogs) -> None:
        self._tallies, self._aparts, self._whole = {}, [], whole

    def end(self) -> None:
        """Let go of tallies that were made apart."""
        if self._whole is not None:
            self._whole._aparts.remove(self)  # noqa: SLF001 - likewise
        for _, tally in self._tallies.values():
            tally.close()

    def log(self, kind: str) -> KindLog:
        """Return a kind's log; of a kind never seen, an empty one."""
        return self.kinds.setdefault(kind, KindLog())

    def tally(self, key: Hashable, kinds: tuple[str, ...], make: Callable[[], Tally]) -> Tally:
        """Return the tally kept under a key, or make and keep it; it looks at the kinds."""
        if key not in self._tallies:
            self._tallies[key] = (kinds, make())
        return self._tallies[key][1]

    def drop_unheard(self) -> None:
        """Drop the tallies that nobody listens to, and the logs that were only asked about."""
        for key, (_, tally) in list(self._tallies.items()):
            if not tally.heard:
                tally.close()
                del self._tallies[key]
        if self._whole is not None or self._aparts:  # the logs are not only its own
            return
        named = {kind for kinds, _ in self._tallies.values() for kind in kinds}
        for kind in [kind for kind, log in self.kinds.items() if not len(log)]:
            if kind not in named:  # only ever asked about
                del self.kinds[kind]

    def drop_built(self) -> None:
        """Drop the tallies that nobody listens to and the indexes by contact."""
        self.drop_unheard()
        for log in self.kinds.values():
            log.drop_built()

    @property
    def tally_bytes(self) -> int:
        """Bytes that the kept tallies hold."""
        return sum(tally.nbytes for _, tally in self._tallies.values())

    def _hearing(self, kind: str) -> Iterator[Tally]:
        yield from (tally for kinds, tally in self._tallies.values() if kind in kinds)
        for one in self._aparts:
            yield from one._hearing(kind)  # noqa: SLF001 - likewise

    def record(
        self,
        kind: str,
        events: Events,
        types: Mapping[str, DataType],
    ) -> None:
        """Record events of one kind, in order of arrival."""
        if len(events) == 0:
            return
        self.log(kind).append(events, types)
        for watcher in self._watchers:
            watcher.came(kind, events)
        for tally in self._hearing(kind):
            tally.record(kind, events)

    def withdraw(self, event_ids: pa.LargeStringArray) -> int:
        """Take the events with these ids out and return how many; the ids stay remembered."""
        codes = self.ids.find(event_ids)
        if codes.size == 0:
            return 0
        return sum(
            self._remove(kind, log.positions_of_ids(codes)) for kind, log in self.kinds.items()
        )

    def count_of(self, event_ids: pa.LargeStringArray) -> int:
        """Return how many events have these ids."""
        codes = self.ids.find(event_ids)
        return sum(log.positions_of_ids(codes).size for log in self.kinds.values())

    def erase(self, rows: Rows) -> None:
        """Take all events of distinct, ascending rows out."""
        for kind, log in self.kinds.items():
            whole = log.stretch(0, len(log))
            self._remove(kind, np.flatnonzero(among(whole.rows, rows)))

    def drop(self, kind: str, count: int) -> int:
        """Take a kind's earliest events out and return how many these were."""
        return self._remove(kind, np.arange(count, dtype=np.int64))

    def _remove(self, kind: str, positions: Positions) -> int:
        if positions.size == 0:
            return 0
        log = self.kinds[kind]
        gone = log.at_positions(positions)
        strings = log.strings_at(positions)
        log.remove(positions)
        for watcher in self._watchers:
            watcher.went(kind, gone)
        for tally in self._hearing(kind):
            tally.removed(kind, gone)
        self._forget(strings)  # after those who were told have looked at what is gone
        return positions.size

    def _forget(self, gone: dict[str, Encoded]) -> None:
        """Forget those of some strings, by property, that no event has any more."""
        held = [log.strings() for log in self.kinds.values()] if gone else []
        for name, codes in gone.items():
            columns = [strings[name] for strings in held if name in strings]
            self.dictionaries.forget_unused(name, codes, columns)

    def memory(self) -> dict[str, int]:
        """Return bytes held, by what for."""
        return {
            "events": sum(log.nbytes for log in self.kinds.values()),
            "event_properties": self.dictionaries.nbytes,
            "event_ids": self.ids.nbytes,
            "tallies": self.tally_bytes,
        }
