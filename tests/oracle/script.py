"""A script is a scenario written as a program that anyone can run to see it fail."""

from __future__ import annotations

from pprint import pformat
from typing import Any

from tests.oracle.dates import from_ms
from tests.oracle.replay import MakeEngine, Mismatch, replay
from tests.oracle.scenario import Ask, Scenario, Write
from tests.oracle.shrink import shrink

_HEAD = """\
import datetime

import bitseg

clock = [0]
engine = bitseg.Engine(timezone={timezone!r}, clock=lambda: clock[0])
at = lambda ms: datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
    milliseconds=ms
)
nan, inf = float("nan"), float("inf")
"""


def script(scenario: Scenario, mismatch: Mismatch) -> str:
    """Write a failing scenario as a program; the last line shows what is wrong."""
    lines = [_HEAD.format(timezone=scenario.timezone)]
    for index, step in enumerate(scenario.steps):
        if isinstance(step, Write):
            arguments = ", ".join(_written(one) for one in step.arguments)
            lines.append(f"clock[0] = {step.clock}")
            lines.append(f"report = engine.{step.call}({arguments})")
        else:
            lines += _asked(scenario, step)
        if index == mismatch.step:
            lines.append(f"# {mismatch}")
            break
    return "\n".join(lines)


def _asked(scenario: Scenario, step: Ask) -> list[str]:
    return [
        f"rules = {_written(scenario.definitions[step.definition])}",
        f"now = at({step.now})  # {from_ms(step.now).isoformat()}",
        "print(list(engine.select(rules, now=now).ids()), engine.count(rules, now=now))",
    ]


def _written(value: Any) -> str:
    return pformat(value, width=96, sort_dicts=False)


def explain(scenario: Scenario, mismatch: Mismatch, make_engine: MakeEngine, origin: str) -> str:
    """Shrink a failing scenario and say where it came from and how to run it."""

    def fails(candidate: Scenario) -> bool:
        found = replay(candidate, make_engine)
        return found is not None and found.what == mismatch.what

    small = shrink(scenario.with_steps(scenario.steps[: mismatch.step + 1]), fails)
    found = replay(small, make_engine) or mismatch
    return f"{origin}\n{mismatch.what} differs; smallest program found:\n\n{script(small, found)}\n"
