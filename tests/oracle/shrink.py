"""To shrink is to cut a failing scenario down, greedily, for as long as it goes on failing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.oracle.evaluate import Json
from tests.oracle.scenario import Ask, Scenario, Step, Write

Fails = Callable[[Scenario], bool]
_NEEDED = ("id", "contact_id", "kind", "at")
_OPTIONAL = (
    "within", "since", "until", "where", "measure", "gap", "exclusions", "name", "dataType",
)  # fmt: skip


def shrink(scenario: Scenario, fails: Fails, seconds: float = 60.0) -> Scenario:
    """Give a smaller scenario that fails as well, the smallest found in the time given."""
    return _Shrinking(scenario, fails, time.monotonic() + seconds).run()


class _Shrinking:
    """A shrinking holds the smallest failing scenario so far."""

    def __init__(self, scenario: Scenario, fails: Fails, deadline: float) -> None:
        self.smallest = scenario
        self.fails = fails
        self.deadline = deadline

    def run(self) -> Scenario:
        passes = (self._only_last_ask, self._steps, self._rows, self._definitions, self._keys)
        before = None
        while before != self.smallest and time.monotonic() < self.deadline:
            before = self.smallest
            for one in passes:
                one()
        return self.smallest

    def _takes(self, candidate: Scenario) -> bool:
        """Keep a candidate if it still fails; a cut that makes no sense is no failure."""
        if time.monotonic() > self.deadline or candidate == self.smallest:
            return False
        try:
            failing = self.fails(candidate)
        except Exception:  # noqa: BLE001 - a rule may name what was cut away
            return False
        if failing:
            self.smallest = candidate
        return failing

    def _only_last_ask(self) -> None:
        steps = self.smallest.steps
        kept = [one for one in steps[:-1] if isinstance(one, Write)]
        self._takes(self.smallest.with_steps([*kept, steps[-1]]))

    def _steps(self) -> None:
        _cut(list(self.smallest.steps), lambda fewer: self._takes(self.smallest.with_steps(fewer)))

    def _rows(self) -> None:
        for index, step in enumerate(self.smallest.steps):
            if isinstance(step, Write) and isinstance(step.arguments[0], list):
                _cut(step.arguments[0], partial(self._takes_rows, index))

    def _takes_rows(self, index: int, rows: list[Any]) -> bool:
        step = self.smallest.steps[index]
        assert isinstance(step, Write)
        return self._takes_step(index, step.with_arguments(rows, *step.arguments[1:]))

    def _takes_step(self, index: int, step: Step) -> bool:
        steps = list(self.smallest.steps)
        steps[index] = step
        return self._takes(self.smallest.with_steps(steps))

    def _keys(self) -> None:
        for index, step in enumerate(self.smallest.steps):
            if isinstance(step, Write) and step.call.startswith("load_"):
                for at, row in enumerate(step.arguments[0]):
                    keys = [key for key in row if key not in _NEEDED]
                    _cut(keys, partial(self._takes_keys, index, at))

    def _takes_keys(self, index: int, at: int, kept: list[str]) -> bool:
        step = self.smallest.steps[index]
        assert isinstance(step, Write)
        rows = list(step.arguments[0])
        rows[at] = {key: rows[at][key] for key in rows[at] if key in kept or key in _NEEDED}
        return self._takes_rows(index, rows)

    def _definitions(self) -> None:
        asked = {one.definition for one in self.smallest.steps if isinstance(one, Ask)}
        for index in sorted(asked):
            while any(
                self._takes(self.smallest.with_definition(index, smaller))
                for smaller in _smaller(self.smallest.definitions[index])
            ):
                pass
        for index in range(len(self.smallest.steps)):
            while any(
                self._takes_step(index, smaller)
                for smaller in _smaller_segment(self.smallest.steps[index])
            ):
                pass


def _cut(items: list[Any], takes: Callable[[list[Any]], bool]) -> None:
    """Leave out ever smaller runs of a list, from its end so that later rows go first."""
    size = len(items)
    while size:
        end = len(items)
        while end > 0:
            fewer = items[: max(0, end - size)] + items[end:]
            if takes(fewer):
                items = fewer
            end -= size
        size //= 2


def _smaller_segment(step: Step) -> Iterator[Step]:
    if isinstance(step, Write) and isinstance(step.arguments[-1], dict):
        for definition in _smaller(step.arguments[-1]):
            yield step.with_arguments(step.arguments[0], definition)


def _smaller(rule: Json) -> Iterator[Json]:
    """Give a definition, group or condition with one thing less in it."""
    for key in ("groups", "conditions", "exclusions", "sequence"):
        for parts in _fewer_parts(rule.get(key, []), key):
            yield {**rule, key: parts}
    for key in _OPTIONAL:
        if key in rule:
            yield {name: value for name, value in rule.items() if name != key}
    if "where" in rule:
        for smaller in _smaller(rule["where"]):
            yield {**rule, "where": smaller}
    value = rule.get("value")
    if isinstance(value, list) and len(value) > 1 and "between" not in rule["operator"]:
        for part in range(len(value)):
            yield {**rule, "value": value[:part] + value[part + 1 :]}


def _fewer_parts(parts: list[Json], key: str) -> Iterator[list[Json]]:
    fewest = 2 if key == "sequence" else 1
    if len(parts) > fewest:
        for part in range(len(parts)):
            yield parts[:part] + parts[part + 1 :]
    for part, inner in enumerate(parts):
        only = inner.get("conditions", [])
        if len(only) == 1 and (key == "conditions" or "conditions" in only[0]):
            yield [*parts[:part], only[0], *parts[part + 1 :]]
        for smaller in _smaller(inner):
            yield [*parts[:part], smaller, *parts[part + 1 :]]
