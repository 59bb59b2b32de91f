"""To shrink is to cut a failing scenario down, greedily, for as long as it goes on failing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.oracle.evaluate import Json
from tests.oracle.scenario import Ask, Scenario, Step, Write

Fails = Callable[[Scenario], bool]
_NEEDED = ("id", "contact_id", "kind", "at")
_OPTIONAL = (
    "within", "since", "until", "where", "measure", "gap", "exclusions", "name", "dataType",
)  # fmt: skip


def shrink(scenario: Scenario, fails: Fails, seconds: float = 60.0) -> Scenario:
    """Give a smaller scenario that fails as well; every candidate is smaller than the last."""
    deadline = time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < deadline:
        progress = False
        for candidates in (_fewer_steps, _fewer_rows, _smaller_definitions, _fewer_keys):
            again = True
            while again and time.monotonic() < deadline:
                again = False
                for candidate in candidates(scenario):
                    if time.monotonic() > deadline:
                        break
                    if _still_fails(candidate, fails):
                        scenario, again, progress = candidate, True, True
                        break
    return scenario


def _still_fails(candidate: Scenario, fails: Fails) -> bool:
    try:
        return fails(candidate)
    except Exception:  # noqa: BLE001 - a cut that makes no sense (a segment gone) is no failure
        return False


def _without(items: list[Any]) -> Iterator[list[Any]]:
    """Give a list with ever smaller parts of it left out."""
    size = len(items) // 2 or len(items)
    while size:
        for start in range(0, len(items), size):
            yield items[:start] + items[start + size :]
        size //= 2


def _fewer_steps(scenario: Scenario) -> Iterator[Scenario]:
    steps: list[Step] = list(scenario.steps)
    last = len(steps) - 1
    yield scenario.with_steps([one for one in steps if isinstance(one, Write) or one is steps[last]])
    for fewer in _without(steps):
        yield scenario.with_steps(fewer)


def _fewer_rows(scenario: Scenario) -> Iterator[Scenario]:
    for index, step in enumerate(scenario.steps):
        if isinstance(step, Write) and isinstance(step.arguments[0], list):
            for rows in _without(step.arguments[0]):
                if rows:
                    yield _with_rows(scenario, index, step, rows)


def _fewer_keys(scenario: Scenario) -> Iterator[Scenario]:
    for index, step in enumerate(scenario.steps):
        if not isinstance(step, Write) or not step.call.startswith("load_"):
            continue
        rows = step.arguments[0]
        for at, row in enumerate(rows):
            for key in row:
                if key not in _NEEDED:
                    cut = {name: value for name, value in row.items() if name != key}
                    yield _with_rows(scenario, index, step, [*rows[:at], cut, *rows[at + 1 :]])


def _with_rows(scenario: Scenario, index: int, step: Write, rows: list[Any]) -> Scenario:
    steps = list(scenario.steps)
    steps[index] = step.with_arguments(rows, *step.arguments[1:])
    return scenario.with_steps(steps)


def _smaller_definitions(scenario: Scenario) -> Iterator[Scenario]:
    for index in sorted({one.definition for one in scenario.steps if isinstance(one, Ask)}):
        for definition in _smaller(scenario.definitions[index]):
            yield scenario.with_definition(index, definition)
    for index, step in enumerate(scenario.steps):
        if isinstance(step, Write) and isinstance(step.arguments[-1], dict):
            for definition in _smaller(step.arguments[-1]):
                steps = list(scenario.steps)
                steps[index] = step.with_arguments(step.arguments[0], definition)
                yield scenario.with_steps(steps)


def _smaller(rule: Json) -> Iterator[Json]:
    """Give a definition, group or condition with one thing less in it."""
    for key in ("groups", "conditions", "exclusions", "sequence"):
        parts: list[Json] = rule.get(key, [])
        fewest = 2 if key == "sequence" else 1
        if len(parts) > fewest:
            for part in range(len(parts)):
                yield {**rule, key: parts[:part] + parts[part + 1 :]}
        for part, inner in enumerate(parts):
            if key != "sequence" and len(inner.get("conditions", [])) == 1:
                (only,) = inner["conditions"]
                if key == "conditions" or "conditions" in only:
                    yield {**rule, key: [*parts[:part], only, *parts[part + 1 :]]}
            for smaller in _smaller(inner):
                yield {**rule, key: [*parts[:part], smaller, *parts[part + 1 :]]}
    for key in _OPTIONAL:
        if key in rule:
            yield {name: value for name, value in rule.items() if name != key}
    if "where" in rule:
        for smaller in _smaller(rule["where"]):
            yield {**rule, "where": smaller}
    value = rule.get("value")
    if rule.get("operator") not in ("between", "not_between") and isinstance(value, list):
        for part in range(len(value) if len(value) > 1 else 0):
            yield {**rule, "value": value[:part] + value[part + 1 :]}
