"""The workload writes to a database whose disk may fail, and logs what was acknowledged.

Run as ``python -m tests.faults.disk.workload DATABASE LOG``; the log is of another disk. Each line
is ``opened``, ``ok N``, ``refused N why``, or ``changed N`` where a refused step can be seen. The
steps are ``STEPS``, in order, once each.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import bitseg
from tests.engine.making import Clock, all_of, field, ms

if TYPE_CHECKING:
    from collections.abc import Callable

NOON: Final = ms("2026-03-15T12:00:00Z")
GOLD: Final = all_of(field("customField.plan", "equals", "gold"))
LARGE: Final = 6_000


def _people(step: int) -> Any:
    rows = [{"id": f"p{step}-{i}", "plan": ("gold", "red")[i % 2]} for i in range(20)]
    return lambda engine: engine.load_contacts(rows)


def _crowd(step: int) -> Any:
    rows = [{"id": f"b{step}-{i}", "email": f"{i * 7919}@b{step}.example"} for i in range(LARGE)]
    return lambda engine: engine.load_contacts(rows, strict=True)


def _events(step: int, number: int) -> Any:
    rows = [
        {"contact_id": f"p0-{i % 20}", "kind": f"kind{step}", "at": NOON - i, "url": f"u{i % 50}"}
        for i in range(number)
    ]
    return lambda engine: engine.load_events(rows)


def _named_events(step: int) -> Any:
    rows = [
        {"contact_id": f"p0-{i}", "kind": f"kind{step}", "at": NOON - i, "event_id": f"e{step}-{i}"}
        for i in range(10)
    ]
    return lambda engine: engine.load_events(rows)


STEPS: Final[tuple[Callable[[bitseg.Engine], Any], ...]] = (
    _people(0),
    _events(1, 50),
    lambda engine: engine.define_segment("gold", GOLD),
    _crowd(3),
    _events(4, LARGE),
    lambda engine: engine.snapshot(),
    _people(6),
    lambda engine: engine.delete_contacts(["p6-0", "p6-1"]),
    lambda engine: engine.define_segment("list", ["p0-1", "p0-2"]),
    _events(9, 30),
    lambda engine: engine.snapshot(),
    _people(11),
    _named_events(12),
    lambda engine: engine.withdraw_events([f"e12-{i}" for i in range(4)]),
)


SNAPSHOTS: Final = (5, 10)
"""Steps that change nothing, and that an engine in memory does not have."""


def state(engine: bitseg.Engine) -> dict[str, Any]:
    """Return what each step leaves to be seen."""
    everyone = sorted(engine.select(all_of(field("contact.id", "is_not_empty"))).ids())
    return {
        "people": [one for one in everyone if one.startswith("p")],
        "crowd": sum(one.startswith("b") for one in everyone),
        "kinds": {
            kind: engine.count(all_of({"event": kind}))
            for kind in ("kind1", "kind4", "kind9", "kind12")
        },
        "events": engine.event_count,
        "segments": sorted(engine.segments),
        "gold": engine.count(GOLD) if "customField.plan" in engine.fields else None,
    }


def main(database: str, log: str) -> None:
    """Open, take every step, and close; whatever a disk does is an error with a name."""
    with open(log, "w", encoding="utf-8") as lines:  # noqa: PTH123 - plainest

        def say(text: str) -> None:
            lines.write(f"{text}\n")
            lines.flush()
            os.fsync(lines.fileno())

        try:
            engine = bitseg.open(database, clock=Clock())
        except bitseg.StoreError as error:
            say(f"unopened {error}")
            return
        say("opened")
        for number, step in enumerate(STEPS):
            before = state(engine)
            try:
                step(engine)
                say(f"ok {number}")
            except bitseg.BitsegError as error:  # what rests on a refused step may be refused too
                say(f"refused {number} {error}".replace("\n", " "))
                if state(engine) != before:
                    say(f"changed {number}")
        try:
            engine.close()
            say("closed")
        except bitseg.StoreError as error:
            say(f"unclosed {error}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
