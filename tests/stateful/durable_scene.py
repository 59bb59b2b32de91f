"""A durable scene is a random history of an engine in a file and of one that never had one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import bitseg
from bitseg import BitsegError, Engine
from bitseg.storage import points
from tests.properties.kept_scenes import (
    CONDITIONS,
    DAY,
    EPOCH,
    HOUR,
    START,
    Json,
    Scene,
    field,
    where,
)
from tests.stateful.lives import Life, copy_files, killed_copy, remove_files

EVERYBODY: Json = {"match": "all", "groups": []}
TURNS: dict[str, list[Any]] = {
    "string": ["abc", "é", "x" * 300],
    "number": [2.5, -0.0, 1e300],
    "boolean": [True, False],
    "date": [START, -5, 10**13],
    "array": [["p", "q"], ["q"]],
}
"""Values of the field whose type turns."""

BULK = 5_000
COPIED_AT = ("snapshot.captured", "snapshot.encoded", "switch.committed", "trim.committed")


class DurableScene(Scene):
    """Steps of ``Scene`` and larger ones; ``keeping`` has a file and ``forgetting`` has none."""

    def __init__(self, folder: Path, seed: int, contacts: int | None = None) -> None:
        """Load both with contacts and events drawn from the seed."""
        self._random = Random(seed)  # noqa: S311 - a seed replays it
        self._now = START
        self._next = contacts or self._random.choice([50, 1_000, 5_000])
        self._inside = False
        self._turn = "string"
        self.told: Callable[[str], None] = lambda _: None
        settings: Json = {
            "retention_days": [None, 3, 2][seed % 3],
            "remember_event_ids_days": 1 + seed % 2,
        }
        self.life = Life(
            folder, f"f{seed}", lambda: self._now, timezone="Europe/Berlin", **settings
        )
        self.forgetting = Engine("Europe/Berlin", clock=lambda: self._now, **settings)
        self._both(lambda engine: engine.define_field("customField.due", "date"))
        self._both(lambda engine: engine.define_field("customField.share", "number"))
        self._load(self._rows(range(self._next)))
        self._record(self._events(self._next * 3, 5 * DAY))

    def draw(self, least: int, most: int) -> int:
        """Draw a number of [least, most)."""
        return self._random.randrange(least, most)

    def step(self) -> None:
        """Do a step of ``Scene``, or a larger one."""
        larger = (
            self._load_many,
            self._record_many,
            self._record_in_order,
            self._define_segment,
            self._define_segment,
            self._remove_segment,
            self._turn_field,
            self._load_strictly,
            lambda: self._both(lambda engine: engine.refresh_segments()),
            lambda: self._both(lambda engine: engine.drop_expired_events()),
        )
        if self._random.random() < 0.5:
            self._random.choice(larger)()
        else:
            super().step()

    def befall(self) -> None:
        """Snapshot beside writes, perhaps; then open the file in one way or another and compare."""
        draw = self._random
        if draw.random() < 0.4:
            self.snapshot_beside_writes()
        way = draw.random()
        if way < 0.3:
            self.life.die()
        elif way < 0.6:
            self._look_at(killed_copy(self.life.engine, self.life.path, self.life.new_path()))
        elif way < 0.85:
            self.life.reopen()
        else:
            self.life.restore_backup()
        self.compare(self.life.engine)

    def snapshot_beside_writes(self) -> None:
        """Write a snapshot; at its points writes come between, and copies of the file are made."""
        points.watch(self._reached)
        try:
            done = self.life.engine.snapshot()
        finally:
            points.watch(None)
        self.told("written" if done.parts else "nothing written")
        self.told("kept" if done.kept else "nothing kept")

    def compare(self, engine: Engine) -> None:
        """See that an engine answers as the one in memory does."""
        other = self.forgetting
        now = EPOCH + timedelta(milliseconds=self._now)
        assert engine.event_count == other.event_count
        assert len(engine) == len(other)
        assert engine.fields == other.fields
        assert tuple(engine.segments) == tuple(other.segments)
        asked: list[Json] = [EVERYBODY]
        asked += [_only(one) for one in CONDITIONS]
        asked += [_only({"segment": one}) for one in other.segments]
        asked.append(_only(field("customField.turn", "is_not_empty")))
        for rules in asked:
            if "customField.turn" in str(rules) and "customField.turn" not in other.fields:
                continue
            found, expected = (list(one.select(rules, now).ids()) for one in (engine, other))
            assert found == expected, rules
        for one in other.segments:
            assert _recorded(engine, one) == _recorded(other, one), one
        everybody = list(other.select(EVERYBODY).ids())
        for one in self._random.sample(everybody, min(60, len(everybody))):
            assert engine.contact(one, now) == other.contact(one, now), one

    def _both(self, write: Callable[[Engine], object]) -> None:
        said = []
        for engine in (self.life.engine, self.forgetting):
            try:
                said.append(write(engine))
            except BitsegError as error:
                said.append((type(error), str(error)))
        assert said[0] == said[1]

    def _reached(self, point: str) -> None:
        if self._inside:
            return
        self._inside = True
        try:
            share = 0.15 if point == "snapshot.part" else 0.8
            if point.startswith("snapshot.") and self._random.random() < share:
                self.told("write inside a snapshot")
                self.step()
            if point in COPIED_AT and self._random.random() < 0.15:
                self.told("killed inside a snapshot")
                self._look_at(copy_files(self.life.path, self.life.new_path()))
        finally:
            self._inside = False

    def _look_at(self, copy: Path) -> None:
        """Open a copy beside, compare, and verify it."""
        with self.life.open(copy) as engine:
            self.compare(engine)
        assert bitseg.verify(copy).findings == ()
        remove_files(copy)

    def _load_many(self) -> None:
        more = self._random.choice([100, 3_000])
        rows = self._rows(range(self._next, self._next + more))
        self._next += more
        self._load(rows)

    def _record_many(self) -> None:
        count, spread = self._random.choice([4_096, BULK]), self._random.choice([DAY, 9 * DAY])
        self._record(self._events(count, spread))

    def _record_in_order(self) -> None:
        self._record(sorted(self._events(BULK, HOUR), key=lambda row: row["at"]))

    def _define_segment(self) -> None:
        name = self._segment()
        if self._random.random() < 0.5:
            ids = [f"c{self._random.randrange(self._next)}" for _ in range(20)]
            self._both(lambda engine: engine.define_segment(name, ids))
        else:
            rules = _only(self._random.choice([*CONDITIONS, {"segment": self._segment()}]))
            self._both(lambda engine: engine.define_segment(name, rules))

    def _remove_segment(self) -> None:
        name = self._segment()
        self._both(lambda engine: engine.remove_segment(name))

    def _segment(self) -> str:
        return f"g{self._random.randrange(4)}"

    def _turn_field(self) -> None:
        """Empty a field, give it another type, and fill it again."""
        rows: list[Json] = [{"id": f"c{i}", "customField.turn": None} for i in range(self._next)]
        if "customField.turn" in self.forgetting.fields:
            self._load(rows)
        turn: Any = self._random.choice([*TURNS])
        self._both(lambda engine: engine.define_field("customField.turn", turn))
        rows = [
            {
                "id": f"c{self._random.randrange(self._next)}",
                "customField.turn": self._random.choice(TURNS[turn]),
            }
            for _ in range(200)
        ]
        self._load(rows)

    def _load_strictly(self) -> None:
        more = self._random.choice([0, 2_000])
        rows = self._rows([self._random.randrange(self._next) for _ in range(50)])
        rows += self._rows(range(self._next, self._next + more))
        if self._random.random() < 0.5:
            rows.append({"id": ""})
        self._both(lambda engine: engine.load_contacts(rows, strict=True))
        self._next += more
        events = self._events(self._random.choice([20, BULK]), DAY)
        self._both(lambda engine: engine.load_events(events, create_contacts=True, strict=True))


def _only(condition: Json) -> Json:
    return {"match": "all", "groups": [where("all", condition)]}


def _recorded(engine: Engine, segment: str) -> tuple[int, list[int]]:
    """Return how many records a segment has, and the rows that they lead to."""
    inside: Any = engine
    history = inside._segments.history  # noqa: SLF001 - nothing public tells yet
    members = history.members(segment, inside._tenant.contacts.n)  # noqa: SLF001 - likewise
    return history.last(segment), members.rows().tolist()
