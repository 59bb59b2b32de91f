"""A durable engine that is closed, killed and copied answers as if nothing had been.

Against the oracle in its scenarios, and against an engine in memory at some thousand contacts,
where parts are written, adopted and made anew, and where writes come in the midst of snapshots.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bitseg.storage import points
from tests.oracle.profile import first_seed, profile
from tests.oracle.replay import replay
from tests.oracle.script import explain
from tests.oracle.strategies import scenario_of, seeded
from tests.stateful.durable_scene import DurableScene
from tests.stateful.lives import Life

LONG = profile().name == "long"
PER_SCENARIO = 15
SCENARIOS = 600 if LONG else 18
SCENES = 150 if LONG else 6
ROUNDS = 12
PARTS = 3
SOON = (1, 1_000, 2**27)
"""Bytes after which a snapshot is due: after every write, now and then, never."""

pytestmark = pytest.mark.long if LONG else pytest.mark.slow


class Restless:
    """An engine of a scenario whose file is closed, killed or copied behind every other write."""

    def __init__(self, folder: Path, seed: int, timezone: str, clock: Callable[[], int]) -> None:
        """Begin a life."""
        self._random = seeded(seed)
        self.life = Life(folder, f"s{seed}", clock, timezone=timezone, **self._soon())

    def __getattr__(self, name: str) -> Any:
        """Return a method of the engine; behind a write something befalls the file."""
        method = getattr(self.life.engine, name)
        if name in ("select", "count"):
            return method

        def write(*arguments: Any) -> Any:
            said = getattr(self.life.engine, name)(*arguments)
            self._befall()
            return said

        return write

    def _soon(self) -> dict[str, int]:
        return {"snapshot_bytes": self._random.choice(SOON)}

    def _befall(self) -> None:
        one = self._random.random()
        if one < 0.12:
            self.life.reopen(**self._soon())
        elif one < 0.27:
            self.life.die(**self._soon())
        elif one < 0.32:
            self.life.restore_backup(**self._soon())
        elif one < 0.5:
            self.life.engine.snapshot()


class Making:
    """Makes restless engines of a seed, each in files of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Begin with none made."""
        self._folder = folder
        self._seed = seed
        self.made: list[Restless] = []

    def __call__(self, timezone: str, clock: Callable[[], int]) -> Restless:
        """Make one; the first lives through the same whenever the seed is the same."""
        folder = self._folder / f"{self._seed}-{len(self.made)}"
        folder.mkdir()
        self.made.append(Restless(folder, self._seed, timezone, clock))
        return self.made[-1]


@pytest.mark.parametrize("part", range(PARTS))
def test_a_durable_engine_gives_the_oracles_answers(part: int, tmp_path: Path) -> None:
    for seed in range(first_seed() + part, first_seed() + SCENARIOS, PARTS):
        make = Making(tmp_path, seed)
        scenario = scenario_of(seed, PER_SCENARIO)
        found = replay(scenario, make)
        if found is not None:
            origin = f"BITSEG_SEED={seed} (scenario_of({seed}, {PER_SCENARIO})), {found}"
            pytest.fail(explain(scenario, found, make, origin), pytrace=False)
        for one in make.made:
            one.life.end()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_durable_engine_equals_one_in_memory(part: int, tmp_path: Path) -> None:
    for seed in range(first_seed() + part, first_seed() + SCENES, PARTS):
        scene = DurableScene(tmp_path, seed)
        try:
            for _ in range(ROUNDS):
                for _ in range(scene.draw(1, 6)):
                    scene.step()
                scene.befall()
            scene.life.end()
        except BaseException as error:
            error.add_note(f"BITSEG_SEED={seed}")
            raise
        finally:
            points.watch(None)
            scene.life.engine.close()


def test_the_scenes_reach_what_they_are_for(tmp_path: Path) -> None:
    """In a handful of scenes parts stay, are adopted and are made anew, and writes come between."""
    reached: dict[str, int] = {}
    scene = DurableScene(tmp_path, 3, contacts=3_000)
    scene.told = lambda what: reached.update({what: reached.get(what, 0) + 1})
    for _ in range(8):
        scene.step()
        scene.snapshot_beside_writes()
    scene.life.end()
    assert {"written", "kept", "write inside a snapshot", "killed inside a snapshot"} <= {*reached}
