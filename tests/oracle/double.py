"""A double has the engine's face and the oracle inside: it tests the tests, and runs no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from tests.oracle.dates import to_ms
from tests.oracle.evaluate import Json, members
from tests.oracle.world import World


@dataclass(frozen=True)
class DoubleMembers:
    """The members of a definition, as an engine would hand them out."""

    everyone: tuple[str, ...]
    held: tuple[str, ...]

    def __len__(self) -> int:
        """Count the members."""
        return len(self.held)

    def __iter__(self) -> Iterator[str]:
        """Go through the members."""
        return iter(self.held)

    def __contains__(self, contact_id: object) -> bool:
        """Say whether a contact is a member."""
        return contact_id in self.held

    def __and__(self, other: DoubleMembers) -> DoubleMembers:
        """Give the members of both."""
        return self._kept(lambda one: one in self and one in other)

    def __or__(self, other: DoubleMembers) -> DoubleMembers:
        """Give the members of either."""
        return self._kept(lambda one: one in self or one in other)

    def __sub__(self, other: DoubleMembers) -> DoubleMembers:
        """Give the members of this one only."""
        return self._kept(lambda one: one in self and one not in other)

    def _kept(self, keep: Callable[[str], bool]) -> DoubleMembers:
        return DoubleMembers(self.everyone, tuple(one for one in self.everyone if keep(one)))

    def ids(self) -> list[str]:
        """Give the ids in the order of first load."""
        return list(self.held)


class DoubleEngine:
    """An engine in name: every call goes to a world."""

    def __init__(self, timezone: str = "UTC", clock: Callable[[], int] = lambda: 0) -> None:
        """Start with nothing loaded."""
        self.world = World(timezone)
        self.clock = clock

    def __getattr__(self, call: str) -> Callable[..., Any]:
        """Give a write of the world; load reports get the shape that engines give them."""

        def write(*arguments: object, **options: object) -> Any:
            self.world.clock = self.clock()
            report = getattr(self.world, call)(*arguments, **options)
            if report is None:
                return None
            rejected = [
                SimpleNamespace(index=index, errors=["refused"]) for index in report.rejected
            ]
            counts = {name: getattr(report, name) for name in _COUNTS}
            return SimpleNamespace(**counts, rejected=rejected, rejected_count=len(rejected))

        return write

    def ids(self, rules: Json, now: int) -> Iterable[str]:
        """Give the answer; a test may put a mistake here."""
        return members(self.world, rules, now)

    def select(self, rules: Json, now: datetime | None = None) -> DoubleMembers:
        """Give the members of a definition."""
        at = self.clock() if now is None else to_ms(now)
        return DoubleMembers(tuple(self.world.contacts), tuple(self.ids(rules, at)))

    def count(self, rules: Json, now: datetime | None = None) -> int:
        """Count the members of a definition."""
        return len(self.select(rules, now))


_COUNTS = ("created", "updated", "accepted", "duplicate")
