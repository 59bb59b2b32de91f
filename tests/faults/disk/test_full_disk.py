"""A full disk: writes are refused by name, reads go on, and so do writes once there is room."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import bitseg
from bitseg import Engine, NoRoomError, StoreError
from tests.engine.making import Clock, all_of, field
from tests.oracle.profile import profile

ROUNDS = 20 if profile().name == "long" else 3
SIZE = 16 * 2**20
EVERYBODY = all_of(field("contact.id", "is_not_empty"))


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
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607 - beside mount


def _rows(number: int, size: int) -> list[dict[str, str]]:
    return [
        {"id": f"c{number}-{i}", "note": f"{number * 31 + i * 7919:x}" * 40} for i in range(size)
    ]


def _fill(disk: Path, left: int) -> Path:
    """Take up the disk but for some bytes; return what takes it up."""
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(max(0, free - left)))
    return filler


def _ids(engine: Engine) -> list[str]:
    return sorted(engine.select(EVERYBODY).ids())


def _elsewhere(disk: Path, there: Path) -> list[str]:
    """Return who is in the files, copied as a dying process leaves them, on a disk with room."""
    there.mkdir()
    for path in disk.glob("a.db*"):
        shutil.copy(path, there)
    with bitseg.open(there / "a.db", clock=Clock()) as engine:
        found = _ids(engine)
    assert bitseg.verify(there / "a.db").ok
    return found


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_writing_goes_on_when_there_is_room_again(
    turn: int, small_disk: Path, tmp_path: Path
) -> None:
    size = (50, 700, 5_000)[turn % 3]
    expected: list[str] = []
    with bitseg.open(small_disk / "a.db", clock=Clock()) as engine:
        engine.load_contacts(_rows(-1, 100))
        expected += [f"c-1-{i}" for i in range(100)]
        filler = _fill(small_disk, (turn + 1) * 2**20)
        for number in range(10_000):
            try:
                engine.load_contacts(_rows(number, size))
            except NoRoomError as error:
                assert "no room" in str(error)  # noqa: PT017 - the loop ends here
                break
            expected += [f"c{number}-{i}" for i in range(size)]
        else:
            pytest.fail("the disk was never full")
        assert _ids(engine) == sorted(expected)
        assert engine.count(EVERYBODY) == len(expected)
        assert _elsewhere(small_disk, tmp_path / "full") == sorted(expected)
        with pytest.raises(StoreError):
            engine.load_contacts(_rows(20_000, 6_000), strict=True)
        assert _ids(engine) == sorted(expected)
        filler.unlink()
        engine.load_contacts(_rows(30_000, 10))
        expected += [f"c30000-{i}" for i in range(10)]
        assert engine.snapshot().seq > 0
        assert _ids(engine) == sorted(expected)
    with bitseg.open(small_disk / "a.db", clock=Clock()) as engine:
        assert _ids(engine) == sorted(expected)


def test_a_snapshot_without_room_leaves_all_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    with bitseg.open(small_disk / "a.db", clock=Clock(), snapshot_bytes=2**40) as engine:
        for number in range(40):
            engine.load_contacts(_rows(number, 200))
        everybody = _ids(engine)
        filler = _fill(small_disk, 64 * 1_024)
        with pytest.raises(StoreError):
            engine.snapshot()
        assert _ids(engine) == everybody
        assert _elsewhere(small_disk, tmp_path / "full") == everybody
        filler.unlink()
        assert engine.snapshot().parts > 0
    assert bitseg.verify(small_disk / "a.db").ok


def test_a_backup_without_room_leaves_nothing_behind(small_disk: Path, tmp_path: Path) -> None:
    with bitseg.open(tmp_path / "a.db", clock=Clock()) as engine:
        for number in range(20):
            engine.load_contacts(_rows(number, 2_000))
        engine.snapshot()
        _fill(small_disk, 64 * 1_024)
        with pytest.raises(StoreError):
            engine.backup(small_disk / "copy.db")
        assert [path.name for path in small_disk.iterdir()] == ["filler"]
        engine.load_contacts([{"id": "after"}])
