"""Rows that are gone, and cells of another kind, are named at opening and by verifying alike.

A bit turned in the head of a page takes rows away, and one in the head of a row makes its cells
others; SQLite notices neither. Here the same is done by statements, each thing once.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import bitseg
from bitseg import StoreError
from tests.faults.damage.files import DB, Original, originals, page_size, pages, put, reopen
from tests.faults.damage.judging import Image, Judge

KINDS = (
    "UPDATE meta SET key = 'sald' WHERE key = 'salt'",
    "UPDATE meta SET key = 'file_ie' WHERE key = 'file_id'",
    "UPDATE meta SET value = 'text' WHERE key = 'salt'",
    "UPDATE snapshots SET chain = 1",
    "UPDATE snapshots SET at = 9e99",
    "UPDATE snapshots SET body = 'text'",
    "UPDATE segments SET spelled = 3",
    "UPDATE segments SET spelled = 'text'",
    "UPDATE segments SET members = 3",
    "UPDATE segment_changes SET at = 'text'",
    "UPDATE segment_changes SET entered = 7",
    "UPDATE segment_changes SET first = first + 0.5",
    "UPDATE journal SET at = 9e99",
    "UPDATE journal SET body = 'text'",
    "UPDATE journal SET kind = CAST(x'ff' AS TEXT)",
    "UPDATE parts SET path = CAST(x'ff' AS TEXT)",
    "UPDATE parts SET body = 3",
)
"""A cell becomes one of another type, as a bit turned in the head of its row makes it."""

ROWS = (
    "DELETE FROM segments WHERE id = 'chosen'",
    "DELETE FROM segments WHERE rowid = (SELECT max(rowid) FROM segments)",
    "DELETE FROM segment_changes WHERE rowid = (SELECT max(rowid) FROM segment_changes)",
    "DELETE FROM segment_changes",
    "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)",
    "DELETE FROM journal WHERE seq = (SELECT min(seq) FROM journal)",
    "DELETE FROM journal",
    "DELETE FROM snapshots",
    "DELETE FROM meta WHERE key = 'salt'",
    "DELETE FROM parts WHERE id = (SELECT min(id) FROM parts)",
)
"""A row that answers rest on goes, as a bit turned in the head of its page makes it."""

UNSEEN = (
    "DELETE FROM erasures WHERE rowid = (SELECT max(rowid) FROM erasures)",
    "UPDATE erasures SET hash = x'00' WHERE rowid = (SELECT max(rowid) FROM erasures)",
    "UPDATE meta SET value = x'00112233445566778899aabbccddeeff' WHERE key = 'salt'",
    "UPDATE segments SET contact_count = contact_count + 1",
    "UPDATE segments SET segment_type = 'static'",
    "UPDATE segments SET rules = '{}' WHERE rules NOTNULL",
    "DELETE FROM segment_contacts WHERE rowid = (SELECT max(rowid) FROM segment_contacts)",
    "UPDATE answers SET at = at + 1",
    "UPDATE answers SET at = 'text'",
    "UPDATE answers SET body = 'text'",
)
"""What no answer of the engine rests on, and another promise does: only verifying reads it."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return list(originals(tmp_path_factory.mktemp("made") / "files"))[-1]


def _done(statement: str, original: Original, directory: Path) -> Path:
    path = put(original.files, directory)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        assert connection.execute(statement).rowcount > 0
    return path


@pytest.mark.parametrize("statement", [*KINDS, *ROWS])
def test_what_is_not_as_it_was_written_is_refused(
    statement: str, closed: Original, tmp_path: Path
) -> None:
    path = _done(statement, closed, tmp_path / "work")
    with pytest.raises(StoreError):
        reopen(path).close()


@pytest.mark.parametrize("statement", [*KINDS, *ROWS, *UNSEEN])
def test_what_is_not_as_it_was_written_is_found_by_verifying(
    statement: str, closed: Original, tmp_path: Path
) -> None:
    path = _done(statement, closed, tmp_path / "work")
    assert not bitseg.verify(path).ok


def test_no_page_loses_its_last_row_unnoticed(closed: Original, tmp_path: Path) -> None:
    judge = Judge(closed.files, closed.tale, tmp_path / "work")
    size, db = page_size(closed.files[DB]), closed.files[DB]
    for what, numbers in pages(closed.files, tmp_path / "pages").items():
        if not what.endswith((" leaf", " internal")):
            continue
        for page in numbers:
            count = (page - 1) * size + (103 if page == 1 else 3)
            rows = int.from_bytes(db[count : count + 2], "big")
            if rows:
                fewer = db[:count] + (rows - 1).to_bytes(2, "big") + db[count + 2 :]
                name = f"{what}, page {page}: {rows} rows less one"
                judge.judge(Image(name, {**closed.files, DB: fewer}))
    print(judge.report)  # noqa: T201 - the figures of the long run
    assert judge.report.wrong == []
