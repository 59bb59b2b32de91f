"""A snapshot is due after so many changes, however small, and lets go of what it looked at."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import bitseg
from bitseg.growing import Growing
from bitseg.storage import points
from tests.engine.making import Clock, ms

NOON = ms("2026-03-15T12:00:00Z")
PATIENCE = 400
"""Tenths of a second to wait for a thread."""


def _snapshot_seq(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM snapshots").fetchone()
    return int(seq)


def test_many_small_changes_make_a_snapshot_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitseg.storage.sqlite.CHANGES_MOST", 20)
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        for number in range(15):
            engine.load_contacts([{"id": f"c{number}"}])
        assert _snapshot_seq(path) == 0
        for number in range(15, 30):
            engine.load_contacts([{"id": f"c{number}"}])
        for _ in range(PATIENCE):
            if _snapshot_seq(path) > 20:
                break
            time.sleep(0.1)
        assert _snapshot_seq(path) > 20


def test_late_events_after_a_snapshot_move_nothing() -> None:
    growing = Growing(np.int64)
    growing.extend(np.arange(10))
    growing.splice(10, np.arange(3))  # there is room behind now
    growing.freeze()
    growing.thaw()
    values = growing.values
    growing.splice(8, np.array([7, 8, 9]))
    assert np.shares_memory(values, growing.values)


def test_a_snapshot_thaws_what_it_looked_at(tmp_path: Path) -> None:
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        engine.load_contacts([{"id": "a"}])
        rows = [{"contact_id": "a", "kind": "open", "at": NOON + i} for i in range(100)]
        engine.load_events(rows)
        engine.snapshot()
        log = engine._tenant.events.kinds["open"]  # noqa: SLF001 - nothing else tells
        assert [column._frozen for column in log._columns()] == [0, 0]  # noqa: SLF001 - likewise


def test_few_events_that_are_due_are_copied_so_that_late_ones_move_nothing(tmp_path: Path) -> None:
    frozen: list[int] = []
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        engine.load_contacts([{"id": "a"}])
        rows = [{"contact_id": "a", "kind": "open", "at": NOON + i} for i in range(100)]
        engine.load_events(rows)
        log = engine._tenant.events.kinds["open"]  # noqa: SLF001 - nothing else tells

        def told(point: str) -> None:
            if point == "snapshot.captured":
                points.watch(None)
                frozen.extend(column._frozen for column in log._columns())  # noqa: SLF001 - likewise
                engine.load_events([{"contact_id": "a", "kind": "open", "at": NOON}])

        points.watch(told)
        try:
            engine.snapshot()
        finally:
            points.watch(None)
    assert frozen == [0, 0]
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        assert engine.event_count == 101
        assert engine.snapshot().parts == 1


def test_arrays_that_are_read_in_pieces_come_back_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitseg.storage.capture.ARRAYS_AT_ONCE", 3)
    tags = [[], ["a"], ["b", "a"], [], ["c", "d"], ["a"], [], ["e"]]
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        engine.load_contacts([{"id": f"c{i}", "tags": some} for i, some in enumerate(tags)])
        engine.snapshot()
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        found = [engine.contact(f"c{i}").get("contact.tags", []) for i in range(len(tags))]
    assert found == tags
