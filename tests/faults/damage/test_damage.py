"""A damaged file is refused by name, or what was damaged was dead; never is an answer wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

import bitseg
from bitseg import DamagedError, StoreError
from tests.faults.damage.files import (
    DB,
    NAME,
    TOLD,
    WAL,
    Files,
    Original,
    originals,
    pages,
    put,
    reopen,
    take,
)
from tests.faults.damage.images import cuts, flips, whole_ones
from tests.faults.damage.judging import Judge
from tests.faults.damage.telling import apart, tell
from tests.oracle.profile import first_seed, profile

LONG = profile().name == "long"
SIZED = pytest.mark.long if LONG else pytest.mark.slow
FLIPS, CUTS = (2_000, 480) if LONG else (70, 24)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Original]:
    return {one.name: one for one in originals(tmp_path_factory.mktemp("made") / "files")}


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory, made: dict[str, Original]) -> Files:
    """The killed files as they were two changes earlier, in the same -wal."""
    path = put(made["killed"].files, tmp_path_factory.mktemp("older") / "files")
    with reopen(path) as engine:
        engine.load_contacts([{"id": "c4", "plan": "older"}])
        return take(path)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Files:
    path = tmp_path_factory.mktemp("foreign") / NAME
    with bitseg.open(path) as engine:
        engine.load_contacts([{"id": f"f{i}", "plan": "foreign"} for i in range(300)])
        engine.define_segment("foreign", ["f1"])
        return take(path)


@SIZED
@pytest.mark.parametrize("name", ["killed", "closed"])
def test_turned_bits_are_named_or_were_dead(
    name: str, made: dict[str, Original], tmp_path: Path
) -> None:
    original = made[name]
    judge = Judge(original.files, original.tale, tmp_path / "work")
    for image in flips(original, pages(original.files, tmp_path / "pages"), first_seed(), FLIPS):
        judge.judge(image)
    print(name, judge.report)  # noqa: T201 - the figures of the long run
    assert judge.report.wrong == []
    assert judge.report.outcomes["refused"] > FLIPS // 10
    assert judge.report.outcomes["harmless"] > 0


@SIZED
@pytest.mark.parametrize("name", ["killed", "closed"])
def test_files_cut_short_are_named(name: str, made: dict[str, Original], tmp_path: Path) -> None:
    original = made[name]
    judge = Judge(original.files, original.tale, tmp_path / "work")
    for image in cuts(original, first_seed(), CUTS):
        judge.judge(image)
    print(name, judge.report)  # noqa: T201 - the figures of the long run
    assert judge.report.wrong == []
    assert judge.report.outcomes["refused"] > CUTS // 2


def test_files_that_are_missing_or_anothers_are_named(
    made: dict[str, Original], older: Files, foreign: Files, tmp_path: Path
) -> None:
    killed, closed = made["killed"], made["closed"]
    judges = {
        one.name: Judge(one.files, one.tale, tmp_path / one.name, further=False)
        for one in (killed, closed)
    }
    for image in whole_ones(killed, closed, older, foreign):
        judges[image.name.partition(":")[0]].judge(image)
    assert [wrong for judge in judges.values() for wrong in judge.report.wrong] == []


def test_what_was_acknowledged_is_missed_when_the_wal_is_cut(
    made: dict[str, Original], tmp_path: Path
) -> None:
    files = made["killed"].files
    path = put({**files, WAL: files[WAL][: len(files[WAL]) // 2]}, tmp_path / "work")
    with pytest.raises(DamagedError, match=r"changes up to \d+ were acknowledged"):
        reopen(path)


def test_without_the_record_of_what_was_acknowledged_a_cut_wal_is_an_earlier_state(
    made: dict[str, Original], tmp_path: Path
) -> None:
    original = made["killed"]
    wal = original.files[WAL]
    seen = set()
    for share in range(8, 0, -1):
        files = {DB: original.files[DB], WAL: wal[: len(wal) * share // 8]}
        path = put(files, tmp_path / "work")
        with reopen(path) as engine:
            tale = tell(engine)
        match = [i for i, one in enumerate(original.earlier) if not apart(one, tale)]
        assert match, f"{share} eighths of the -wal are no state that ever was"
        seen.add(match[0])
    assert len(seen) > 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name,plan\nann,gold\n" * 300, "not a database"),
        (b"\0" * 8_192, ""),
        (b"SQLite format 3\0" + bytes(4_080), ""),
    ],
    ids=["text", "zeros", "a head and nothing"],
)
def test_what_is_no_database_is_refused_and_left_alone(
    data: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    path.write_bytes(data)
    with pytest.raises(StoreError) as caught:
        reopen(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == data


def test_verify_names_each_damaged_part(made: dict[str, Original], tmp_path: Path) -> None:
    original = made["closed"]
    judge_pages = pages(original.files, tmp_path / "pages")
    path = put(original.files, tmp_path / "work")
    assert bitseg.verify(path).ok
    db = bytearray(original.files[DB])
    size = int.from_bytes(db[16:18], "big")
    overflow = judge_pages["parts overflow"]
    for page in (overflow[0], overflow[-1]):
        db[(page - 1) * size + size // 2] ^= 0xFF
    path = put({**original.files, DB: bytes(db)}, tmp_path / "work")
    found = bitseg.verify(path)
    assert not found.ok
    assert len({one.path for one in found.findings if one.path.startswith("part ")}) == 2


def test_the_record_of_what_was_acknowledged_may_be_missing(
    made: dict[str, Original], tmp_path: Path
) -> None:
    original = made["killed"]
    path = put({end: d for end, d in original.files.items() if end != TOLD}, tmp_path / "work")
    with reopen(path) as engine:
        assert apart(original.tale, tell(engine)) == []
