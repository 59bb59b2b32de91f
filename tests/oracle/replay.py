"""To replay is to do a scenario to an engine and to a world, and to compare every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tests.oracle.dates import from_ms
from tests.oracle.evaluate import Json, members
from tests.oracle.scenario import Ask, Scenario, Write
from tests.oracle.world import Report, World


class Members(Protocol):
    """What an engine answers: ids in the order of first load."""

    def __len__(self) -> int:
        """Count the members."""
        ...

    def __contains__(self, contact_id: object, /) -> bool:
        """Say whether a contact is a member."""
        ...

    def __and__(self, other: Any, /) -> Any:
        """Give the members of both."""
        ...

    def __or__(self, other: Any, /) -> Any:
        """Give the members of either."""
        ...

    def __sub__(self, other: Any, /) -> Any:
        """Give the members of this one only."""
        ...

    def ids(self) -> Iterable[str]:
        """Give the ids."""
        ...


class Engine(Protocol):
    """The part of the engine's public face that a replay uses; writes are called by name."""

    def count(self, rules: Json, now: datetime | None = None) -> int:
        """Count the members of a definition."""
        ...

    def select(self, rules: Json, now: datetime | None = None) -> Members:
        """Give the members of a definition."""
        ...


MakeEngine = Callable[[str, Callable[[], int]], Any]
"""Makes an engine from a timezone and a clock in milliseconds."""


@dataclass(frozen=True)
class Mismatch:
    """A mismatch is the first step at which engine and oracle differ."""

    step: int
    what: str
    expected: object
    got: object

    def __str__(self) -> str:
        """Write it for a person."""
        return f"step {self.step}, {self.what}: expected {self.expected!r}, got {self.got!r}"


def replay(scenario: Scenario, make_engine: MakeEngine) -> Mismatch | None:
    """Give the first mismatch of a scenario, None if there is none."""
    world = World(scenario.timezone)
    engine = make_engine(scenario.timezone, lambda: world.clock)
    for index, step in enumerate(scenario.steps):
        if isinstance(step, Write):
            found = _write(index, step, world, engine)
        else:
            found = _ask(index, step, scenario, world, engine)
        if found is not None:
            return found
    return None


def _write(index: int, step: Write, world: World, engine: Any) -> Mismatch | None:
    expected = step.to(world)
    try:
        got = getattr(engine, step.call)(*step.arguments)
    except Exception as error:  # noqa: BLE001 - any fault of the engine is a finding
        return Mismatch(index, f"{step.call} raised {type(error).__name__}", expected, str(error))
    if not isinstance(expected, Report):
        return None
    names = ("accepted", "duplicate") if step.call == "load_events" else ("created",)
    want = {name: getattr(expected, name) for name in names} | {"rejected": expected.rejected}
    seen = {name: getattr(got, name) for name in names}
    seen["rejected"] = sorted(row.index for row in got.rejected)
    # What differs is named with its direction, so that shrinking keeps to this one mistake.
    differs = [name for name in want if want[name] != seen[name]]
    more = [f"{name} {'>' if seen[name] > want[name] else '<'}" for name in differs]
    what = f"report of {step.call} ({', '.join(more)} expected)"
    return Mismatch(index, what, want, seen) if differs else None


def _ask(
    index: int, step: Ask, scenario: Scenario, world: World, engine: Engine
) -> Mismatch | None:
    rules = scenario.definitions[step.definition]
    expected = members(world, rules, step.now)
    try:
        now = from_ms(step.now)
        got = list(engine.select(rules, now=now).ids())
        count = engine.count(rules, now=now)
    except Exception as error:  # noqa: BLE001 - any fault of the engine is a finding
        return Mismatch(index, f"select raised {type(error).__name__}", expected, str(error))
    if got != expected:
        return Mismatch(index, "select", expected, got)
    return None if count == len(expected) else Mismatch(index, "count", len(expected), count)
