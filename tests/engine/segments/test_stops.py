"""What passed while a file was closed is recorded with its own instant, and instants never fall."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import bitseg
from bitseg import Engine
from tests.engine.making import NOON, Clock, all_of

LATELY = all_of({"event": "open", "within": "1h"})
NEVER = all_of({"event": "open", "operator": "equals", "value": 0})
ENTERED = ("entered", "2026-03-15T12:00:00.000Z")
LEFT = ("left", "2026-03-15T13:00:00.000Z")

Open = Callable[[], Engine]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["journal", "snapshot", "erased"])
def again(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Open:
    """Opens a file with a segment that ann left while it was closed, from its journal or not."""
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=clock) as engine:
        engine.load_contacts([{"id": "ann"}, {"id": "bob"}])
        engine.load_events([{"contact_id": "ann", "kind": "open", "at": NOON}])
        engine.define_segment("lately", LATELY)
        if request.param == "erased":
            engine.delete_contacts(["bob"])
        if request.param != "journal":
            clock.set("2026-03-15T15:00:00Z")  # a snapshot is no write: what passed is not recorded
            engine.snapshot()
    clock.set("2026-03-15T17:00:00Z")
    return lambda: bitseg.open(path, clock=clock)


def _changes(engine: Engine, segment: str) -> list[tuple[str, str]]:
    return [(one.change, one.at) for one in engine.segments.history(segment).items]


def test_what_passed_during_a_stop_has_its_own_instant(again: Open) -> None:
    with again() as engine:
        assert _changes(engine, "lately") == [ENTERED, LEFT]
    with again() as engine:
        assert _changes(engine, "lately") == [ENTERED, LEFT]
        assert engine.refresh_segments() == {}


def test_after_a_stop_with_the_clock_put_back_instants_do_not_fall(
    again: Open, clock: Clock
) -> None:
    with again() as engine:
        engine.load_contacts([{"id": "cid"}])
    clock.set("2026-03-15T12:30:00Z")
    with again() as engine:
        assert engine.refresh_segments() == {}
        engine.define_segment("lately", NEVER)
        assert _changes(engine, "lately")[:2] == [ENTERED, LEFT]
        assert {at for _, at in _changes(engine, "lately")[2:]} == {"2026-03-15T17:00:00.000Z"}
