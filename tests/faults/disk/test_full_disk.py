"""A full disk: writes are refused by name, reads go on, and so do writes once there is room."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import NoRoomError, StoreError
from tests.engine.making import Clock
from tests.faults.disk.dumping import EVERYBODY, KINDS, Model, dump
from tests.oracle.profile import first_seed, profile

LONG = profile().name == "long"
ROUNDS = 20 if LONG else 3
SIZE = 16 * 2**20
SMALL = 64 * 1_024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"mounting is not permitted: {done.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607 - beside mount


def _note(seed: int) -> str:
    """Return a text that does not pack."""
    return random.Random(seed).randbytes(300).hex()  # noqa: S311 - the same every time


def _rows(number: int, size: int) -> list[dict[str, str]]:
    return [{"id": f"c{number}-{i}", "note": _note(number * 100_000 + i)} for i in range(size)]


def _events(number: int, size: int) -> list[dict[str, Any]]:
    return [
        {"contact_id": f"c-1-{i % 100}", "kind": KINDS[i % 2], "at": 1_000 * number + i}
        for i in range(size)
    ]


def _fill(disk: Path, left: int) -> Path:
    """Take up the disk but for some bytes; return what takes it up."""
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(max(0, free - left)))
    return filler


def _elsewhere(disk: Path, there: Path) -> dict[str, Any]:
    """Return what the files hold, copied as a dying process leaves them, on a disk with room."""
    there.mkdir()
    for path in disk.glob("a.db*"):
        shutil.copy(path, there)
    with bitseg.open(there / "a.db", clock=Clock()) as engine:
        found = dump(engine)
    assert bitseg.verify(there / "a.db").findings == ()
    return found


def _load_until_full(engine: bitseg.Engine, model: Model, size: int) -> None:
    """Load contacts and events in turn until one is refused."""
    for number in range(10_000):
        people, events = _rows(number, size), _events(number, size)
        try:
            engine.load_contacts(people)
            model.people(people)
            engine.load_events(events)
            model.happened(events)
        except NoRoomError as error:
            assert "no room" in str(error)  # noqa: PT017 - the loop ends here
            return
    pytest.fail("the disk was never full")


@pytest.mark.long if LONG else pytest.mark.slow
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_writing_goes_on_when_there_is_room_again(
    turn: int, small_disk: Path, tmp_path: Path
) -> None:
    draw = random.Random(first_seed() + turn)  # noqa: S311 - a seed replays it
    size = ((10, 50), (100, 400), (800, 1_500))[turn % 3]
    model = Model()
    with bitseg.open(small_disk / "a.db", clock=Clock()) as engine:
        first = _rows(-1, 100)
        engine.load_contacts(first)
        model.people(first)
        filler = _fill(small_disk, draw.randint(2**19, 3 * 2**19))
        _load_until_full(engine, model, draw.randint(*size))
        found = dump(engine)
        model.check(found)
        assert _elsewhere(small_disk, tmp_path / "full") == found
        with pytest.raises(StoreError, match="no room"):
            engine.load_contacts(_rows(20_000, 6_000), strict=True)
        assert dump(engine) == found
        assert engine.preview(EVERYBODY, breakdown=True, sample=5).count == len(model.notes)
        filler.unlink()
        people, events = _rows(30_000, 10), _events(30_000, 10)
        engine.load_contacts(people)
        engine.load_events(events)
        model.people(people)
        model.happened(events)
        assert engine.snapshot().seq > 0
        found = dump(engine)
        model.check(found)
    with bitseg.open(small_disk / "a.db", clock=Clock()) as engine:
        assert dump(engine) == found


def test_a_strict_load_of_many_batches_without_room_leaves_nothing(
    small_disk: Path, tmp_path: Path
) -> None:
    with bitseg.open(small_disk / "a.db", clock=Clock()) as engine:
        engine.load_contacts(_rows(-1, 100))
        found = dump(engine)
        filler = _fill(small_disk, 6 * 2**20)
        with pytest.raises(NoRoomError):
            engine.load_contacts(_rows(40_000, 70_000), strict=True)
        assert dump(engine) == found
        engine.load_contacts(_rows(1, 10))
        found = dump(engine)
        assert len(found["contacts"]) == 110
        filler.unlink()
        engine.snapshot()
    assert _elsewhere(small_disk, tmp_path / "closed") == found


def test_a_load_that_was_refused_gives_its_room_back(small_disk: Path) -> None:
    with bitseg.open(small_disk / "a.db", clock=Clock()) as engine:
        engine.load_contacts(_rows(-1, 100))
        with pytest.raises(NoRoomError):
            engine.load_contacts(_rows(40_000, 70_000), strict=True)
        engine.snapshot()


def test_a_snapshot_without_room_leaves_all_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    with bitseg.open(small_disk / "a.db", clock=Clock(), snapshot_bytes=2**40) as engine:
        for number in range(20):
            engine.load_contacts(_rows(number, 100))
        found = dump(engine)
        filler = _fill(small_disk, SMALL)
        with pytest.raises(StoreError, match="no room"):
            engine.snapshot()
        assert dump(engine) == found
        assert _elsewhere(small_disk, tmp_path / "full") == found
        filler.unlink()
        snapshot = engine.snapshot()
        assert snapshot.seq > 20
        assert snapshot.parts + snapshot.kept > 0
        assert dump(engine) == found
    assert bitseg.verify(small_disk / "a.db").findings == ()
    assert _elsewhere(small_disk, tmp_path / "closed") == found


@pytest.mark.parametrize("older", [False, True])
def test_a_backup_without_room_leaves_nothing_behind(
    older: bool,  # noqa: FBT001 - given by name
    small_disk: Path,
    tmp_path: Path,
) -> None:
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        engine.load_contacts(_rows(-1, 10))
        if older:
            engine.backup(small_disk / "copy.db")
        before = {path.name for path in small_disk.iterdir()}
        for number in range(20):
            engine.load_contacts(_rows(number, 1_000))
        engine.snapshot()
        filler = _fill(small_disk, SMALL)
        with pytest.raises(StoreError):
            engine.backup(small_disk / "copy.db")
        filler.unlink()
        left = {path.name for path in small_disk.iterdir()} - {"copy.db-lock"}  # who held it
        assert left == before - {"copy.db-lock"}
        if older:
            with bitseg.open(small_disk / "copy.db", clock=Clock()) as copy:
                assert len(copy) == 10
        engine.load_contacts([{"id": "after"}])
