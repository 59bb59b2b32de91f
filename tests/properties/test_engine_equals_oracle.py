"""The engine gives the oracle's answer to random definitions, after every write and time step.

`BITSEG_PROFILE=ci|long` sets the size and `BITSEG_SEED` where the seeds start. A failure prints its
seed and the smallest program found that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import bitseg
from tests.oracle.evaluate import members
from tests.oracle.profile import first_seed, profile
from tests.oracle.replay import replay
from tests.oracle.scenario import Scenario, Write
from tests.oracle.script import explain
from tests.oracle.strategies import scenario_of
from tests.oracle.usage import Label, expected_labels, used
from tests.oracle.world import World

PER_SCENARIO = 25
PARTS = 10


def _engine(timezone: str, clock: Callable[[], int]) -> Any:
    return bitseg.Engine(timezone=timezone, clock=clock)


def _seeds() -> range:
    count = -(-profile().definitions // PER_SCENARIO)
    return range(first_seed(), first_seed() + count)


def _drawn() -> Iterator[Scenario]:
    return (scenario_of(seed, PER_SCENARIO) for seed in _seeds())


@pytest.mark.parametrize("part", range(PARTS))
def test_every_answer_is_the_oracles_answer(part: int) -> None:
    for seed in _seeds()[part::PARTS]:
        scenario = scenario_of(seed, PER_SCENARIO)
        found = replay(scenario, _engine)
        if found is not None:
            origin = f"BITSEG_SEED={seed} (scenario_of({seed}, {PER_SCENARIO})), {found}"
            pytest.fail(explain(scenario, found, _engine, origin), pytrace=False)


def test_every_operator_of_every_type_and_every_kind_of_rule_was_asked_often() -> None:
    counted: Counter[Label] = Counter()
    for scenario in _drawn():
        world = _written(scenario)
        for definition in scenario.definitions:
            counted += used(world, definition)
    least = profile().least_uses
    rare = {label: counted[label] for label in expected_labels() if counted[label] < least}
    assert rare == {}


def test_at_least_a_third_of_the_definitions_divide_the_contacts() -> None:
    divided = asked = 0
    for seed in _seeds()[:40]:
        scenario = scenario_of(seed, PER_SCENARIO)
        world = _written(scenario)
        now = scenario.steps[-1].now  # type: ignore[union-attr] # the last step is an ask
        for definition in scenario.definitions:
            asked += 1
            divided += 0 < len(members(world, definition, now)) < len(world.contacts)
    assert divided * 3 >= asked


def _written(scenario: Scenario) -> World:
    world = World(scenario.timezone)
    for step in scenario.steps:
        if isinstance(step, Write):
            step.to(world)
    return world
