"""What a load tells as it goes: what was committed, up to which row; and it ends where told to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bitseg import Engine, LoadError, LoadReport

BATCH = 65_536
Said = list[tuple[int, int, int]]


class StopError(Exception):
    """Somebody wants no more."""


def _csv(tmp_path: Path, rows: int, bad: tuple[int, ...] = ()) -> Path:
    path = tmp_path / "contacts.csv"
    lines = [f"c{number},{'x' if number in bad else 1}\n" for number in range(rows)]
    path.write_text("id,lead_score\n" + "".join(lines), "utf-8")
    return path


def _load(engine: Engine, path: Path, **more: Any) -> Said:
    said: Said = []

    def committed(report: LoadReport, rows: int) -> None:
        said.append((rows, report.created, report.rejected_count))

    engine.load_contacts(path, committed=committed, **more)
    return said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (0, []),
        (1, [(1, 1, 0)]),
        (BATCH, [(BATCH, BATCH, 0)]),
        (BATCH + 1, [(BATCH, BATCH, 0), (BATCH + 1, BATCH + 1, 0)]),
    ],
)
def test_each_batch_that_went_in_is_told_with_its_last_row(
    tmp_path: Path, rows: int, said: Said
) -> None:
    assert _load(Engine(), _csv(tmp_path, rows)) == said


def test_rejected_rows_count_up_to_the_last(tmp_path: Path) -> None:
    path = _csv(tmp_path, BATCH + 2, bad=(0, BATCH - 1, BATCH + 1))

    assert _load(Engine(), path) == [(BATCH, BATCH - 2, 2), (BATCH + 2, BATCH - 1, 3)]


def test_a_batch_that_goes_in_nowhere_is_told_too(tmp_path: Path) -> None:
    assert _load(Engine(), _csv(tmp_path, 2, bad=(0, 1))) == [(2, 0, 2)]


def test_a_strict_load_is_told_of_once_in_the_end(tmp_path: Path) -> None:
    assert _load(Engine(), _csv(tmp_path, BATCH + 1), strict=True) == [(BATCH + 1, BATCH + 1, 0)]
    with pytest.raises(LoadError, match="got 1 bad ones"):
        _load(Engine(), _csv(tmp_path, 2, bad=(1,)), strict=True)


def test_what_it_is_told_by_ends_it_and_what_went_in_stays(tmp_path: Path) -> None:
    engine = Engine()

    def committed(_report: LoadReport, _rows: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        engine.load_contacts(_csv(tmp_path, 2 * BATCH), committed=committed)

    assert len(engine) == BATCH


def test_events_are_told_of_likewise() -> None:
    engine = Engine()
    engine.load_contacts([{"id": "ann"}])
    rows = [{"contact_id": "ann", "kind": "open", "at": 5}] * (BATCH + 1)
    said = []

    engine.load_events(
        [*rows, {"contact_id": "nobody", "kind": "open", "at": 5}],
        committed=lambda report, rows: said.append((rows, report.accepted, report.rejected_count)),
    )

    assert said == [(BATCH, BATCH, 0), (BATCH + 2, BATCH + 1, 1)]


@pytest.mark.parametrize(("most", "lines"), [(None, 5), (0, 0), (1, 1), (10**6, 5)])
def test_so_many_bytes_of_rejects_are_written_and_all_are_counted(
    tmp_path: Path, most: int | None, lines: int
) -> None:
    rejects = tmp_path / "rejects"

    report = Engine().load_contacts(
        _csv(tmp_path, 5, bad=(0, 1, 2, 3, 4)), rejects=rejects, rejects_most=most
    )

    written = rejects.read_text("utf-8").splitlines() if rejects.exists() else []
    assert [json.loads(line)["index"] for line in written] == list(range(lines))
    assert report.rejected_count == 5
