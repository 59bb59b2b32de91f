"""A durable engine at steady work keeps its files, threads, -wal and memory in bounds.

30 seconds in CI, where memory is not judged; an hour in the long profile.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import bitseg
from tests.engine.making import all_of, any_of, field
from tests.oracle.profile import profile

LONG = profile().name == "long"
SECONDS = 3_600 if LONG else 30
WAL_MOST = 64 * 2**20
MEMORY_GROWTH = 1.02
CONTACTS = 2_000
BATCH = 200
RECENT = all_of({"event": "open", "within": "7d"})
PAYING = any_of(field("customField.plan", "equals", "p1"), {"event": "click", "within": "1d"})


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident() -> int:
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line
    )
    return int(line.split()[1]) * 1_024


def _threads_but(others: set[threading.Thread]) -> int:
    return len(set(threading.enumerate()) - others)


class Work:
    """Rounds of writes, erasures, questions and backups, always over as many contacts."""

    def __init__(self, engine: bitseg.Engine, path: Path) -> None:
        """Begin at round 0."""
        self._engine = engine
        self._path = path
        self.rounds = 0

    def go_on(self) -> None:
        """Do one round."""
        number = self.rounds
        people = [
            {"id": f"c{(number * BATCH + i) % CONTACTS}", "plan": f"p{number % 7}", "note": f"n{i}"}
            for i in range(BATCH)
        ]
        self._engine.load_contacts(people)
        self._engine.load_events(
            [
                {"contact_id": one["id"], "kind": kind, "at": int(time.time() * 1_000)}
                for one in people
                for kind in ("open", "click")
            ]
        )
        self._engine.count(RECENT)
        self._engine.preview(PAYING, breakdown=True, sample=5)
        if number % 10 == 9:
            gone = [f"c{(number * BATCH + i) % CONTACTS}" for i in range(BATCH)]
            assert self._engine.delete_contacts(gone) == BATCH
        if number % 50 == 49:
            self._engine.define_segment("recent", RECENT)
            self._engine.refresh_segments()
        if number % 100 == 99:
            self._engine.backup(self._path.with_name("copy.db"))
        self._engine.drop_expired_events()
        self.rounds += 1


@pytest.mark.slow
def test_nothing_only_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    wal = tmp_path / "a.db-wal"
    others = set(threading.enumerate())  # of tests before this one, and they may end
    with bitseg.open(path, snapshot_bytes=2**20, retention_days=1) as engine:
        work = Work(engine, path)
        for _ in range(100):  # whatever is made once is made
            work.go_on()
        files, threads = _open_files(), _threads_but(others)
        half, end = time.monotonic() + SECONDS / 2, time.monotonic() + SECONDS
        while time.monotonic() < half:
            work.go_on()
        memory = _resident()
        highest = 0
        while time.monotonic() < end:
            work.go_on()
            highest = max(highest, wal.stat().st_size)
        assert engine.failure is None
        assert abs(_open_files() - files) <= 3
        assert _threads_but(others) == threads
        assert highest <= WAL_MOST
        if LONG:
            assert _resident() < memory * MEMORY_GROWTH
    found = bitseg.verify(path)
    assert found.findings == ()
    assert bitseg.verify(tmp_path / "copy.db").ok
