"""A scenario is a tenant's history as plain data: writes, and questions between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.evaluate import Json
from tests.oracle.world import World


@dataclass(frozen=True)
class Write:
    """A write is a call of the engine with its arguments, at an instant of its clock."""

    call: str
    arguments: tuple[Any, ...]
    clock: int

    def with_arguments(self, *arguments: object) -> Write:
        """Give the same write with other arguments."""
        return replace(self, arguments=arguments)

    def to(self, world: World) -> object:
        """Do the write to a world."""
        world.clock = self.clock
        return getattr(world, self.call)(*self.arguments)


@dataclass(frozen=True)
class Ask:
    """An ask is the question who is in a definition at an instant."""

    definition: int
    now: int


Step = Write | Ask


@dataclass(frozen=True)
class Scenario:
    """A scenario can be played against any engine, cut down, and printed as a program."""

    timezone: str
    definitions: tuple[Json, ...]
    steps: tuple[Step, ...]

    def with_steps(self, steps: list[Step] | tuple[Step, ...]) -> Scenario:
        """Give the same scenario with other steps."""
        return replace(self, steps=tuple(steps))

    def with_definition(self, index: int, definition: Json) -> Scenario:
        """Give the same scenario with one definition changed."""
        changed = list(self.definitions)
        changed[index] = definition
        return replace(self, definitions=tuple(changed))
