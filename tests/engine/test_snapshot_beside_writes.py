"""What is written while a snapshot is, is in the file once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import bitseg
from bitseg.storage import points
from tests.engine.making import Clock, ms

NOW = ms("2026-03-15T12:00:00Z")
LARGE = 12_000
"""So many events that their arrays lie in parts."""


@pytest.fixture(autouse=True)
def _unwatched() -> Iterator[None]:
    yield
    points.watch(None)


@pytest.mark.parametrize("point", ["snapshot.captured", "snapshot.part", "snapshot.encoded"])
def test_a_large_load_beside_a_snapshot_goes_in_once(tmp_path: Path, point: str) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": "c"}])
        engine.load_events([{"contact_id": "c", "kind": "visit", "at": NOW}])

        def told(reached: str) -> None:
            if reached == point:
                points.watch(None)
                rows = [{"contact_id": "c", "kind": "visit", "at": NOW - i} for i in range(LARGE)]
                engine.load_events(rows)
                engine.load_contacts([{"id": f"c{i}", "plan": f"p{i}"} for i in range(LARGE)])

        points.watch(told)
        engine.snapshot()
        assert (engine.event_count, len(engine)) == (LARGE + 1, LARGE + 1)
    assert bitseg.verify(path).findings == ()
    with bitseg.open(path) as engine:
        assert (engine.event_count, len(engine)) == (LARGE + 1, LARGE + 1)
        assert engine.contact("c11999")["customField.plan"] == "p11999"
