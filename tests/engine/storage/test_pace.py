"""A snapshot that nobody waits for rests as long as its work is worth."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import bitseg
from bitseg.storage import pace, points
from bitseg.storage.pace import PAUSE, SHARE, Pace
from tests.engine.making import Clock

WORK = 0.25
"""Seconds; a power of two, so that sums of it are exact."""


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Make the work between any two rests take as long, and return the rests."""
    taken: list[float] = []
    clock = [0.0]

    def thread_time() -> float:
        clock[0] += WORK
        return clock[0]

    fake = SimpleNamespace(thread_time=thread_time, sleep=taken.append)
    monkeypatch.setattr(pace, "time", fake)
    return taken


def test_work_that_nobody_waits_for_takes_its_share_of_a_processor(rests: list[float]) -> None:
    slow = Pace(lambda: False)
    for _ in range(3):
        slow.rest()
    assert [WORK / (WORK + rest) for rest in rests] == [pytest.approx(SHARE)] * 3


def test_work_that_somebody_comes_to_wait_for_goes_on_at_once(rests: list[float]) -> None:
    waiting = [False]
    some = Pace(lambda: waiting[0])
    some.rest()
    waiting[0] = True
    some.rest()
    assert rests[0] > 10 * PAUSE
    assert rests[1] == PAUSE


def test_who_asks_for_a_snapshot_hurries_the_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SHARE", 1e-9)  # it would take for ever
    began = threading.Event()
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        engine.load_contacts([{"id": "a", "plan": "b", "tags": ["c"]}])
        store = engine._writes.store  # noqa: SLF001 - only the keeper takes its time
        asked = threading.Thread(target=lambda: began.wait() and engine.snapshot())
        asked.start()

        def told(point: str) -> None:
            if point == "snapshot.captured":
                points.watch(None)
                began.set()
                while not store._asked:  # type: ignore[attr-defined] # noqa: SLF001 - likewise
                    time.sleep(0.001)

        points.watch(told)
        try:
            store.snapshot_beside()  # type: ignore[attr-defined] # a file's
        finally:
            points.watch(None)
            began.set()
            asked.join()
        assert engine.snapshot().parts == 0
