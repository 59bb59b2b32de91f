"""A second process, a directory that cannot be written, a clock that jumps: each has its answer."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import bitseg
from bitseg import InUseError, StoreError
from tests.engine.making import Clock, all_of
from tests.oracle.profile import first_seed, profile

ROOT = Path(__file__).parents[3]
LONG = profile().name == "long"


def test_a_second_process_is_told_which_has_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    script = (
        f"import bitseg, time; e = bitseg.open({str(path)!r}); print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"1\n"
        with pytest.raises(InUseError, match=f"process {other.pid}"):
            bitseg.open(path)
        other.kill()
    with bitseg.open(path) as engine:  # whoever died has let go
        assert len(engine) == 0


def test_a_directory_that_cannot_be_written_is_refused_with_a_reason(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount")
    made = [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(made, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted")
    try:
        with bitseg.open(disk / "a.db") as engine:
            engine.load_contacts([{"id": "a"}])
        subprocess.run([mount, "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(StoreError, match=re.escape(str(disk / "a.db"))):
            bitseg.open(disk / "a.db")
        with pytest.raises(StoreError, match="Read-only"):
            bitseg.open(disk / "new.db")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607 - beside mount


def test_a_clock_that_jumps_loses_nothing(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "a.db"
    hour = 3_600_000
    with bitseg.open(path, clock=clock) as engine:
        engine.define_segment("opened", all_of({"event": "open", "within": "90m"}))
        for number, jump in enumerate((0, hour, -2 * hour, hour, hour, -hour)):
            clock.ms += jump
            engine.load_contacts([{"id": f"c{number}"}])
            engine.load_events(
                [
                    {
                        "contact_id": f"c{number}",
                        "kind": "open",
                        "at": clock.ms,
                        "event_id": f"e{number}",
                    }
                ]
            )
            engine.refresh_segments()
        last = clock.ms
        size = engine.count(all_of({"segment": "opened"}))
    clock.ms = last
    with bitseg.open(path, clock=clock) as engine:
        assert (len(engine), engine.event_count) == (6, 6)
        assert engine.count(all_of({"segment": "opened"})) == size
        again = [
            {"contact_id": "c0", "kind": "open", "at": 0, "event_id": f"e{i}"} for i in range(6)
        ]
        assert engine.load_events(again).duplicate == 6
        assert engine.refresh_segments() == {}
    assert bitseg.verify(path).findings == ()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT first, came + went FROM segment_changes ORDER BY rowid"
        ).fetchall()
    assert len(rows) > 3
    ends = [first + size for first, size in rows]
    assert [first for first, _ in rows] == [1, *ends[:-1]]


HUNGRY = """
import resource, sys, bitseg
path, room = sys.argv[1], int(sys.argv[2])
e = bitseg.open(path)
e.load_contacts([{"id": "warm"}])
e.snapshot()
held = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (held + room, resource.RLIM_INFINITY))
for number in range(200):
    try:
        rows = [{"id": f"c{number}-{i}", "note": f"{number}-{i}" + "x" * 500} for i in range(5_000)]
        e.load_contacts(rows)
    except (bitseg.BitsegError, MemoryError) as error:
        print("refused", number, type(error).__name__, flush=True)
        break
    print("ok", number, flush=True)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
try:
    print("holds", len(e), e.count({"match": "all", "groups": [{"match": "all", "conditions": [
        {"field": "contact.id", "operator": "is_not_empty"}]}]}), flush=True)
except bitseg.StoreError:
    print("mute", flush=True)
"""


@pytest.mark.long if LONG else pytest.mark.slow
@pytest.mark.parametrize("turn", range(50 if LONG else 5))
def test_memory_that_runs_out_loses_nothing_that_was_acknowledged(
    turn: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    room = random.Random(first_seed() + turn).randint(2**23, 2**27)  # noqa: S311 - replayed
    run = [sys.executable, "-c", HUNGRY, str(path), str(room)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    said = [line.split() for line in done.stdout.splitlines()]
    sure = 1 + 5_000 * sum(words[0] == "ok" for words in said)
    refused = any(words[0] == "refused" for words in said)
    assert refused or done.returncode != 0, (said[-1:], "the limit was never met")
    for words in said:
        if words[0] == "holds":  # it answers, so memory is what was acknowledged
            assert words[1:] == [str(sure), str(sure)]
    with bitseg.open(path) as engine:
        assert len(engine) in {sure, sure + 5_000}
    assert bitseg.verify(path).findings == ()
