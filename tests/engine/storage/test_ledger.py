"""The ledger's sum is that of the rows, whatever was written in which order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

import bitseg
from bitseg import DamagedError
from bitseg.storage.ledger import EMPTY, Ledger, row_digest, rows_in, sum_of
from bitseg.storage.making import make
from bitseg.store import Once
from tests.engine.making import Clock, all_of, field


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    make(tmp_path / "a.db", "full")
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        yield connection


def _answer(number: int) -> tuple[str, int, bytes, bytes]:
    return f"key{number}", number, bytes([number]), b"said"


def test_a_new_file_sums_to_nothing(connection: sqlite3.Connection) -> None:
    assert sum_of(connection) == EMPTY


@pytest.mark.parametrize("seed", range(5))
def test_the_running_sum_is_that_of_the_rows(connection: sqlite3.Connection, seed: int) -> None:
    draw = Random(seed)  # noqa: S311 - a seed replays it
    ledger = Ledger(connection, EMPTY)
    there: set[int] = set()
    for _ in range(60):
        number = draw.randrange(20)
        if number not in there:
            ledger.insert("answers", [_answer(number)])
            there.add(number)
        elif draw.random() < 0.5:
            ledger.update("answers", {"body": draw.randbytes(3)}, "key = ?", (f"key{number}",))
        else:
            ledger.delete("answers", "at >= ?", (number,))
            there -= set(range(number, 20))
        assert ledger.total == sum_of(connection)
        assert all(whole for whole, _ in rows_in(connection, "answers"))
    ledger.delete("answers", "1", ())
    assert ledger.total == EMPTY


def test_the_sum_does_not_depend_on_the_order(connection: sqlite3.Connection) -> None:
    ledger = Ledger(connection, EMPTY)
    ledger.insert("answers", [_answer(1), _answer(2)])
    one_way = ledger.total
    ledger.delete("answers", "1", ())
    ledger.insert("answers", [_answer(2)])
    ledger.insert("answers", [_answer(1)])
    assert ledger.total == one_way


def test_cells_of_other_types_or_in_other_places_have_other_digests() -> None:
    rows = [(None,), (1,), (1.5,), ("1",), (b"1",), ("",), (b"",), ("a", "b"), ("ab", "")]
    assert len({row_digest("answers", cells) for cells in rows}) == len(rows)
    assert row_digest("answers", (1,)) == row_digest("answers", (1.0,))  # SQLite gives either
    assert row_digest("answers", (1,)) != row_digest("erasures", (1,))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM segments WHERE id = 'list'",
        "DELETE FROM segment_changes WHERE first = 2",
        "DELETE FROM answers",
        "DELETE FROM erasures",
        "UPDATE segments SET digest = 'text'",
    ],
)
def test_a_row_that_is_gone_is_refused_although_no_chain_breaks(
    statement: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": "a", "plan": "gold"}, {"id": "b"}], once=Once("key", b"asked"))
        engine.define_segment("list", ["a"])
        engine.define_segment("list", ["b"])
        engine.define_segment("gold", all_of(field("customField.plan", "equals", "gold")))
        engine.delete_contacts(["b"])
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0
    with pytest.raises(DamagedError, match=r"tables are not as change \d+ left them"):
        bitseg.open(path)
    assert not bitseg.verify(path).ok
