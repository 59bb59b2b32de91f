"""Moments are the files of one small database at many times of its life, drawn from a seed.

Between two moments it is written to, snapshotted, closed and opened, or its process dies: so the
-wal starts anew now and then, and pages go from it into the database at other times than others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.engine.making import all_of, field
from tests.faults.damage.files import NAME, Files, put, reopen, take
from tests.faults.damage.telling import tell
from tests.faults.damage.world import NOON, Json

if TYPE_CHECKING:
    from pathlib import Path

    import bitseg

PLANS: Final = ("gold", "red", "blue", "green")
PEOPLE: Final = 40


@dataclass(frozen=True)
class Moment:
    """One of them.

    Attributes:
        files: as a process that dies then leaves them.
        tale: what is acknowledged then.
        since: what happened since the last one.
    """

    files: Files
    tale: Json
    since: tuple[str, ...]


def moments(seed: int, number: int, directory: Path) -> list[Moment]:
    """Return so many moments of the life that a seed draws."""
    draw = random.Random(seed)  # noqa: S311 - a seed replays it
    directory.mkdir()
    path = put({}, directory / "0") if number else directory / NAME
    engine = reopen(path)
    engine.load_contacts([{"id": f"c{i}", "plan": PLANS[i % 4]} for i in range(PEOPLE)])
    found: list[Moment] = []
    for turn in range(number):
        since = [_write(engine, draw) for _ in range(draw.randrange(1, 5))]
        then = draw.random()
        if then < 0.15:
            engine.snapshot()
            since.append("snapshot")
        elif then < 0.25:
            engine.close()
            engine = reopen(path)
            since.append("closed")
        elif then < 0.6:
            left = take(path)
            engine.close()
            path = put(left, directory / str(turn + 1))
            engine = reopen(path)
            since.append("killed")
        found.append(Moment(take(path), tell(engine), tuple(since)))
    engine.close()
    return found


def _write(engine: bitseg.Engine, draw: random.Random) -> str:
    ids = sorted({f"c{draw.randrange(PEOPLE)}" for _ in range(draw.randrange(1, 6))})
    what = draw.randrange(10)
    rules: Any = all_of(field("customField.plan", "equals", draw.choice(PLANS)))
    if what < 3:
        engine.load_contacts([{"id": one, "plan": draw.choice(PLANS)} for one in ids])
        return "upsert"
    if what < 5:
        engine.define_segment(draw.choice(("d1", "d2")), rules)
        return "dynamic"
    if what < 8:
        engine.define_segment(draw.choice(("s1", "s2")), ids)
        return "static"
    if what < 9:
        engine.load_events([{"contact_id": one, "kind": "open", "at": NOON} for one in ids])
        return "events"
    engine.refresh_segments()
    return "refresh"
