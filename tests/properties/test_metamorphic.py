"""Answers agree with each other, whatever they are: no oracle is needed to see that.

Each relation holds between the answers of one engine, or of two that were told the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import bitseg
from tests.oracle import draw_rules
from tests.oracle.dates import from_ms
from tests.oracle.evaluate import Json
from tests.oracle.pools import Pool
from tests.oracle.profile import first_seed, profile
from tests.oracle.scenario import Ask, Scenario, Step, Write
from tests.oracle.strategies import draw_scenario, scenario_of, scenarios, seeded
from tests.oracle.world import World

Condition = dict[str, Any]
PER_SCENARIO = 40


def _group(match: str, *conditions: Condition) -> Condition:
    return {"match": match, "conditions": list(conditions)}


def _not(condition: Condition) -> Condition:
    return _group("none", condition)


def _condition_of(definition: Json) -> Condition:
    """Give a definition as one condition, its exclusions included."""
    included = _group(definition["match"], *definition["groups"])
    excluded = _group("none", *definition.get("exclusions", []))
    return _group("all", included, excluded)


def _reversed(rule: Json) -> Json:
    keys = ("groups", "conditions", "exclusions")
    return {
        key: [_reversed(one) for one in reversed(value)] if key in keys else value
        for key, value in rule.items()
    }


@dataclass(frozen=True)
class Asked:
    """An engine with everything written to it, asked at one instant."""

    engine: Any
    now: datetime
    answers: dict[str, Any] = field(default_factory=dict)

    def members(self, *conditions: Condition) -> Any:
        """Give the members of a definition of these conditions, all of them."""
        key = repr(conditions)
        if key not in self.answers:
            rules = {"match": "all", "groups": [_group("all", *conditions)]}
            self.answers[key] = self.engine.select(rules, now=self.now)
        return self.answers[key]

    def ids(self, *conditions: Condition) -> list[str]:
        """Give their ids."""
        return list(self.members(*conditions).ids())


def _excludes(at: Asked, p: Condition, q: Condition) -> bool:
    rules = {"match": "all", "groups": [p], "exclusions": [q]}
    left = list(at.engine.select(rules, now=at.now).ids())
    return left == list((at.members(p) - at.members(q)).ids()) == at.ids(p, _not(q))


Relation = Callable[[Asked, Condition, Condition], bool]

RELATIONS: dict[str, Relation] = {
    "all of one is that one": lambda at, p, _: at.ids(_group("all", p)) == at.ids(p),
    "any of one is that one": lambda at, p, _: at.ids(_group("any", p)) == at.ids(p),
    "p and p is p": lambda at, p, _: at.ids(p, p) == at.ids(p),
    "p or p is p": lambda at, p, _: at.ids(_group("any", p, p)) == at.ids(p),
    "not not p is p": lambda at, p, _: at.ids(_not(_not(p))) == at.ids(p),
    "the order of conditions is nothing": lambda at, p, q: at.ids(_reversed(p), q) == at.ids(q, p),
    "neither is not either": lambda at, p, q: (
        at.ids(_group("none", p, q))
        == at.ids(_not(p), _not(q))
        == at.ids(_not(_group("any", p, q)))
    ),
    "not both is one of them not": lambda at, p, q: (
        at.ids(_not(_group("all", p, q))) == at.ids(_group("any", _not(p), _not(q)))
    ),
    "p and not p part everybody": lambda at, p, _: (
        sorted([*at.ids(p), *at.ids(_not(p))]) == sorted(at.ids()) and not at.ids(p, _not(p))
    ),
    "both is what the two share": lambda at, p, q: (
        at.ids(p, q) == list((at.members(p) & at.members(q)).ids())
    ),
    "either is what one has": lambda at, p, q: (
        at.ids(_group("any", p, q)) == list((at.members(p) | at.members(q)).ids())
    ),
    "an exclusion takes away": _excludes,
    "a count is as long as its list": lambda at, p, _: len(at.members(p)) == len(at.ids(p)),
}


def _told(scenario: Scenario) -> Asked:
    clock = [0]
    engine = bitseg.Engine(timezone=scenario.timezone, clock=lambda: clock[0])
    last = scenario.steps[-1]
    assert isinstance(last, Ask)
    for step in scenario.steps:
        if isinstance(step, Write):
            clock[0] = step.clock
            getattr(engine, step.call)(*step.arguments)
    return Asked(engine, from_ms(last.now))


def _pairs(scenario: Scenario) -> Iterator[tuple[Condition, Condition]]:
    conditions = [_condition_of(definition) for definition in scenario.definitions]
    return zip(conditions, [*conditions[1:], conditions[0]], strict=True)


def test_relations_hold_between_answers() -> None:
    deadline = time.monotonic() + profile().seconds
    checked = 0
    seed = first_seed()
    while checked < profile().relations and time.monotonic() < deadline:
        scenario = scenario_of(seed, PER_SCENARIO, rounds=2)
        at = _told(scenario)
        for number, (p, q) in enumerate(_pairs(scenario)):
            for name, relation in RELATIONS.items():
                assert relation(at, p, q), f"BITSEG_SEED={seed}, pair {number}: {name}; {p=} {q=}"
                checked += 1
        seed += 1
    # The time budget may end a run early, on a busy machine; it never makes the test empty.
    assert checked >= profile().least_relations


def _answers(scenario: Scenario) -> list[list[str]]:
    clock = [0]
    engine = bitseg.Engine(timezone=scenario.timezone, clock=lambda: clock[0])
    answers = []
    for step in scenario.steps:
        if isinstance(step, Write):
            clock[0] = step.clock
            getattr(engine, step.call)(*step.arguments)
        else:
            rules = scenario.definitions[step.definition]
            answers.append(list(engine.select(rules, now=from_ms(step.now)).ids()))
    return answers


def _in_batches(scenario: Scenario, count: int) -> Scenario:
    steps: list[Step] = []
    for step in scenario.steps:
        if isinstance(step, Write) and step.call.startswith("load_"):
            rows, *options = step.arguments
            size = -(-len(rows) // count)
            batches = [rows[start : start + size] for start in range(0, len(rows), size)]
            steps += [step.with_arguments(batch, *options) for batch in batches]
        else:
            steps.append(step)
    return scenario.with_steps(steps)


_FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@_FEW
@given(scenarios(definitions=10, rounds=3))
def test_one_batch_or_a_hundred_give_the_same_answers(scenario: Scenario) -> None:
    whole = _answers(scenario)
    assert _answers(_in_batches(scenario, 100)) == whole
    assert _answers(_in_batches(scenario, 2)) == whole


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_arrival_changes_no_measure(seed: int) -> None:
    random = seeded(first_seed() + seed)
    scenario = draw_scenario(random, definitions=1, rounds=1)
    writes = [step for step in scenario.steps if isinstance(step, Write)]
    events = [row for step in writes if step.call == "load_events" for row in step.arguments[0]]
    unnamed = [{key: value for key, value in row.items() if key != "event_id"} for row in events]
    asks = [step for step in scenario.steps if isinstance(step, Ask)]
    measures = tuple(_measures(scenario, writes, random, asks[0].now))
    fields = [step for step in writes if step.call in ("define_field", "load_contacts")]

    def arriving(rows: list[dict[str, Any]]) -> list[list[str]]:
        # The first event fixes the types of properties, and so stays the first.
        load = Write("load_events", ([unnamed[0], *rows],), writes[-1].clock)
        questions = [Ask(index, asks[0].now) for index in range(len(measures))]
        steps: list[Step] = [*fields, load, *questions]
        return _answers(Scenario(scenario.timezone, measures, tuple(steps)))

    rest = unnamed[1:]
    assert arriving(rest) == arriving(rest[::-1]) == arriving(random.sample(rest, len(rest)))


def _measures(scenario: Scenario, writes: list[Write], random: Random, now: int) -> Iterator[Json]:
    world = World(scenario.timezone)
    for write in writes:
        write.to(world)
    pool = Pool(random, scenario.timezone, (now,), (now, now - 1, now - 86_400_000))
    derived = ("revenue", "total_opens", "last_opened_at", "preferred_open_hour")
    for name in derived:
        for value in (0, 1, 0.6, 19.99):
            operator, operand = (
                ("within_last", "7d") if name.endswith("_at") else ("less_than", value)
            )
            rule = {"field": f"engagement.{name}", "operator": operator, "value": operand}
            yield {"match": "all", "groups": [_group("all", rule)]}
    for _ in range(40):
        rule = draw_rules.event_rule(pool, world)
        yield {"match": "all", "groups": [_group("all", rule)]}
