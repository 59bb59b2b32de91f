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
