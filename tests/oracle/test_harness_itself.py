"""The harness sees a mistake put into an engine, and cuts it down to a program one can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.oracle.dates import Moment
from tests.oracle.double import DoubleEngine
from tests.oracle.evaluate import Json, in_definition
from tests.oracle.replay import replay
from tests.oracle.scenario import Write
from tests.oracle.script import explain
from tests.oracle.strategies import scenario_of

Spoil = Callable[[Json], Json]


def _spoiled(rule: Json, change: Spoil) -> Json:
    """Give a definition as an engine with a mistake would read it."""
    changed = {
        key: [_spoiled(one, change) if isinstance(one, dict) else one for one in value]
        if isinstance(value, list)
        else value
        for key, value in rule.items()
    }
    return change(changed)


def _engine(change: Spoil) -> Callable[[str, Callable[[], int]], Any]:
    class Spoiled(DoubleEngine):
        """An engine with one mistake."""

        def ids(self, rules: Json, now: int) -> Iterable[str]:
            moment = Moment(now, self.world.timezone)
            wrong = _spoiled(rules, change)
            return [
                contact.id
                for contact in self.world.contacts.values()
                if in_definition(self.world, wrong, contact, moment)
            ]

    return Spoiled


def _swaps(old: str, new: str) -> Spoil:
    return lambda rule: {**rule, "operator": new} if rule.get("operator") == old else rule


def _no_gap(rule: Json) -> Json:
    return {key: value for key, value in rule.items() if key != "gap"}


@pytest.mark.parametrize(
    "change",
    [
        _swaps("less_than", "less_or_equal"),
        _swaps("contains_all", "contains_any"),
        _swaps("did_not", "did"),
        _no_gap,
    ],
    ids=["less_than is inclusive", "all is any", "did_not is did", "gap is ignored"],
)
def test_a_mistake_is_found_and_cut_down(change: Spoil) -> None:
    engine = _engine(change)
    scenarios = ((seed, scenario_of(seed)) for seed in range(40))
    found = ((seed, scenario, replay(scenario, engine)) for seed, scenario in scenarios)
    seed, scenario, mismatch = next(one for one in found if one[2] is not None)
    assert mismatch is not None
    text = explain(scenario, mismatch, engine, f"seed {seed}")
    assert f"seed {seed}" in text
    assert len(text) < 2_500, text
    compile(text[text.index("import datetime") :], "script", "exec")


def test_an_engine_without_a_mistake_is_not_accused() -> None:
    assert all(replay(scenario_of(seed), DoubleEngine) is None for seed in range(4))


def test_one_seed_draws_one_scenario() -> None:
    assert scenario_of(7) == scenario_of(7)


def test_an_engine_that_raises_is_a_finding() -> None:
    class Broken(DoubleEngine):
        """An engine that cannot count."""

        def ids(self, rules: Json, now: int) -> Iterable[str]:
            raise KeyError(now, rules)

    found = replay(scenario_of(1), Broken)
    assert found is not None
    assert found.what == "select raised KeyError"


def test_scenarios_hold_every_kind_of_write() -> None:
    steps = [step for seed in range(40) for step in scenario_of(seed).steps]
    assert {step.call for step in steps if isinstance(step, Write)} == {
        "define_field", "load_contacts", "load_events", "withdraw_events", "delete_contacts",
        "define_segment", "remove_segment",
    }  # fmt: skip
