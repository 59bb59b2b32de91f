"""Files of different times, or of different databases, never pass for one that is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.making import all_of, field
from tests.faults.damage.files import DB, NAME, TOLD, WAL, Files, put, reopen, take
from tests.faults.damage.judging import Image, Judge, Report
from tests.faults.damage.moments import Moment, moments
from tests.faults.damage.telling import tell
from tests.oracle.profile import first_seed, profile

LONG = profile().name == "long"
SIZED = pytest.mark.long if LONG else pytest.mark.slow
LIVES, MOMENTS = (12, 14) if LONG else (1, 8)
GOLD = all_of(field("customField.plan", "equals", "gold"))


def _judge(right: Moment, images: list[Image], directory: Path, report: Report) -> None:
    judge = Judge(right.files, right.tale, directory, further=False)
    judge.report = report
    for image in images:
        judge.judge(image)


@SIZED
@pytest.mark.parametrize("life", range(LIVES))
def test_files_of_two_moments_are_told_apart(life: int, tmp_path: Path) -> None:
    seed = first_seed() + life
    lived = moments(seed, MOMENTS, tmp_path / "life")
    report = Report()
    for now, right in enumerate(lived):
        images = []
        for then, early in enumerate(lived[:now]):
            name = f"seed {seed}, moments {then} and {now}, {right.since}"
            old: Files = {end: early.files.get(end, b"") for end in (DB, WAL)}
            images += [
                Image(f"{name}: an older -wal", {**right.files, WAL: old[WAL]}),
                Image(f"{name}: an older database", {**right.files, DB: old[DB]}),
                Image(f"{name}: both older", {**right.files, **old}),
            ]
        _judge(right, images, tmp_path / "work", report)
    print(f"seed {seed}: {report}")  # noqa: T201 - the figures of the long run
    assert report.wrong == []
    assert report.outcomes["refused"] > 0


@SIZED
@pytest.mark.parametrize("life", range(LIVES))
def test_a_wal_of_another_database_is_told_apart(life: int, tmp_path: Path) -> None:
    seed = first_seed() + 1_000 + life
    lived = moments(seed, MOMENTS, tmp_path / "life")
    others = moments(seed + 500, MOMENTS, tmp_path / "other")
    report = Report()
    for now, right in enumerate(lived):
        images = [
            Image(
                f"seed {seed}, moment {now}, and {then} of another",
                {**right.files, WAL: other.files.get(WAL, b"")},
            )
            for then, other in enumerate(others)
        ]
        _judge(right, images, tmp_path / "work", report)
    print(f"seed {seed}: {report}")  # noqa: T201 - likewise
    assert report.wrong == []
    assert report.outcomes["refused"] > 0


def test_the_wal_of_another_database_with_a_snapshot_in_it_is_told_apart(tmp_path: Path) -> None:
    with reopen(put({}, tmp_path / "own")) as engine:
        engine.load_contacts([{"id": "ann"}])
        own = Moment(take(tmp_path / "own" / NAME), tell(engine), ())
    with reopen(put({}, tmp_path / "other")) as engine:
        for number in range(3):
            engine.load_contacts([{"id": f"bob{number}"}])
        engine.snapshot()
        other = take(tmp_path / "other" / NAME)
    report = Report()
    image = Image("a foreign -wal", {**own.files, WAL: other[WAL]})
    _judge(own, [image], tmp_path / "work", report)
    assert report.wrong == []


def test_a_wal_from_before_a_snapshot_is_told_apart(tmp_path: Path) -> None:
    path = put({}, tmp_path / "made")
    with reopen(path) as engine:
        engine.load_contacts([{"id": "ann"}, {"id": "bob"}])
        engine.define_segment("list", ["ann"])
        early = take(path)
        engine.define_segment("list", ["bob"])
        engine.snapshot()
        right = Moment(take(path), tell(engine), ())
    report = Report()
    image = Image("a -wal from before the snapshot", {**right.files, WAL: early[WAL]})
    _judge(right, [image], tmp_path / "work", report)
    assert report.wrong == []


def test_a_database_older_than_its_wal_is_told_apart(tmp_path: Path) -> None:
    with reopen(put({}, tmp_path / "first")) as engine:
        engine.load_contacts([{"id": "ann", "plan": "gold"}])
        engine.define_segment("gold", GOLD)
        early = take(tmp_path / "first" / NAME)
    with reopen(put(early, tmp_path / "second")) as engine:
        engine.snapshot()
        right = Moment(take(tmp_path / "second" / NAME), tell(engine), ())
    report = Report()
    image = Image("a database from before its -wal began", {**right.files, DB: early[DB]})
    _judge(right, [image], tmp_path / "work", report)
    assert report.wrong == []


@pytest.mark.parametrize("left", [0, 1, 15, 99], ids="{} bytes".format)
@pytest.mark.parametrize("ended", ["closed", "killed"])
def test_a_database_of_no_page_is_no_new_one(ended: str, left: int, tmp_path: Path) -> None:
    """The record of what was acknowledged lies beside it, and so may a -wal with changes."""
    path = put({}, tmp_path / "made")
    with reopen(path) as engine:
        engine.load_contacts([{"id": "ann", "plan": "gold"}])
        right = Moment(take(path), tell(engine), ())
    if ended == "closed":
        right = Moment(take(path), right.tale, ())
    report = Report()
    image = Image(f"cut to {left} bytes", {**right.files, DB: right.files[DB][:left]})
    _judge(right, [image], tmp_path / "work", report)
    assert report.outcomes["refused"] == 1, report.wrong


def test_a_database_that_is_gone_is_no_new_one(tmp_path: Path) -> None:
    path = put({}, tmp_path / "made")
    with reopen(path) as engine:
        engine.load_contacts([{"id": "ann", "plan": "gold"}])
        tale = tell(engine)
    right = Moment(take(path), tale, ())
    report = Report()
    image = Image("only what was acknowledged is known", {TOLD: right.files[TOLD]})
    _judge(right, [image], tmp_path / "work", report)
    assert report.outcomes["refused"] == 1, report.wrong


def test_what_was_acknowledged_of_another_database_is_told_apart(tmp_path: Path) -> None:
    """A copy that is put in place is closed, and has no -wal: with one, the files are mixed."""
    with reopen(put({}, tmp_path / "own")) as engine:
        engine.load_contacts([{"id": "ann"}])
        own = Moment(take(tmp_path / "own" / NAME), tell(engine), ())
    with reopen(put({}, tmp_path / "other")) as engine:
        engine.load_contacts([{"id": "bob"}])
        other = take(tmp_path / "other" / NAME)
    report = Report()
    images = [
        Image("another's -acknowledged", {**own.files, TOLD: other[TOLD]}),
        Image("another's database", {**own.files, DB: other[DB]}),
    ]
    _judge(own, images, tmp_path / "work", report)
    assert report.outcomes["refused"] == len(images), report.wrong
