"""Requests are what an API gets: lists of dicts of JSON values, no two the same."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import msgspec

from bench import data
from bench.data import Clock
from bitseg import Engine, synthetic

Rows = list[dict[str, Any]]

_SEED: Final = data.SEED + 1
_KNOWN: Final = 1_000
_STRIDE: Final = 7_919
"""Prime, so that contacts in turn lie in all stretches of their columns."""
_CHANGED: Final = ("lead_score", "city", "tags", "interests", "customer_ltv")
DAY: Final = 86_400_000


class Requests:
    """Makes requests for one engine; several threads may ask at once."""

    def __init__(self, contacts: int, clock: Clock) -> None:
        """Take how many contacts there are, and the clock that events happen by."""
        self._contacts = contacts
        self._clock = clock
        self._numbers = count()
        self._people = _json(synthetic.contacts(_KNOWN, _SEED, data.START))
        self._happened = _json(synthetic.events(_KNOWN, _KNOWN, _SEED, data.START))

    def move_to(self, clock: Clock) -> None:
        """Let events happen by another clock."""
        self._clock = clock

    def updates(self, n: int) -> Rows:
        """Return a few new values of each of n contacts that exist."""
        rows = []
        for _ in range(n):
            number = next(self._numbers)
            known = self._people[number % _KNOWN]
            row: dict[str, Any] = {"id": self._id(number * _STRIDE)}
            rows.append(row | {name: known[name] for name in _CHANGED if name in known})
        return rows

    def people(self, n: int) -> Rows:
        """Return n contacts that are new, with all that is known of them."""
        return [
            self._people[number % _KNOWN]
            | {"id": f"n{number:09}", "email": f"{number}@example.org"}
            for number in (next(self._numbers) for _ in range(n))
        ]

    def events(self, n: int) -> Rows:
        """Return n events of the last second, each with an id of its own."""
        return [
            self._event(number, self._clock.at - number % 1_000)
            for number in (next(self._numbers) for _ in range(n))
        ]

    def late(self, kind: str, n: int) -> Rows:
        """Return n events of a kind, spread evenly over the last two years."""
        return [
            self._event(next(self._numbers), data.START - 730 * DAY * place // n) | {"kind": kind}
            for place in range(n)
        ]

    def everywhere(self, every: int) -> Rows:
        """Return values of all fields for one contact of each so many, by row."""
        known: dict[str, Any] = {}
        for row in self._people:
            known |= row
        return [known | self._named(row) for row in range(0, self._contacts, every)]

    def _named(self, row: int) -> dict[str, Any]:
        number = next(self._numbers)
        return {"id": self._id(row), "email": f"{number}@example.org", "lead_score": number % 100}

    def _event(self, number: int, at: int) -> dict[str, Any]:
        when = datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds")
        contact = self._id(number * _STRIDE)
        own = {"contact_id": contact, "at": when, "event_id": f"r{number:09}"}
        return self._happened[number % _KNOWN] | own

    def _id(self, row: int) -> str:
        return f"c{row % self._contacts:08}"


def traffic(engine: Engine, contacts: int, clock: Clock, writes: int) -> None:
    """Write like the users of an API: mostly one row, sometimes 100 contacts or 500 events."""
    requests = Requests(contacts, clock)
    for number in range(writes):
        several = number % 10 < 2
        if number % 2:
            engine.load_events(requests.events(500 if several else 1))
        else:
            engine.load_contacts(requests.updates(100 if several else 1))
        clock.advance(100)


def _json(batches: Any) -> Rows:
    """Return generated rows as JSON has them, without what is missing."""
    rows: Rows = msgspec.json.decode(msgspec.json.encode(batches.read_all().to_pylist()))
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
