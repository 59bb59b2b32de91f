"""What a file keeps of members: records of all who came and went, and now and then their sum."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import bitseg
from bitseg.storage import memberships
from tests.engine.making import Clock, all_of, field

CITY = all_of(field("contact.city", "equals", "x"))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships, "SUMMED_FROM", 10)
    monkeypatch.setattr(memberships, "STRETCH", 3)


def _come_and_go(engine: bitseg.Engine, times: int) -> None:
    """Let c0 and c1 come and go in turn, each time a record."""
    for turn in range(times):
        city = "x" if turn % 2 else "y"
        engine.load_contacts([{"id": "c0", "city": city}, {"id": f"c{turn % 7 + 1}", "city": city}])


def _history(engine: bitseg.Engine) -> list[tuple[int, str | None, str]]:
    items = engine.segments.history("s", limit=1_000).items
    return [(one.seq, one.contact_id, one.change) for one in items]


def _sums(path: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT segment_id, last FROM segment_members").fetchall()


def test_members_are_summed_up_and_led_to_from_there(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.define_segment("s", CITY)
        _come_and_go(engine, 5)
        engine.snapshot()
        assert _sums(path) == []
        _come_and_go(engine, 20)
        engine.snapshot()
        assert _sums(path) == [("s", engine.segments.last_seq("s"))]
        _come_and_go(engine, 3)
        before = _history(engine), set(engine.segments.members("s").ids())
    with bitseg.open(path, clock=Clock()) as engine:
        assert (_history(engine), set(engine.segments.members("s").ids())) == before
        assert engine.refresh_segments() == {}
        _come_and_go(engine, 4)
        last = engine.segments.last_seq("s")
        assert [seq for seq, *_ in _history(engine)] == list(range(1, last + 1))
    assert bitseg.verify(path).findings == ()


def test_erased_contacts_leave_sums_and_all_records(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.define_segment("s", CITY)
        _come_and_go(engine, 20)
        engine.snapshot()
        before = _history(engine)
        engine.delete_contacts(["c0", "c3"])
        engine.snapshot()
        left = _history(engine)
        assert left[: len(before)] == [
            (seq, None if who in {"c0", "c3"} else who, change) for seq, who, change in before
        ]
    with bitseg.open(path, clock=Clock()) as engine:
        assert _history(engine) == left
        assert engine.refresh_segments() == {}
    assert bitseg.verify(path).findings == ()
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("SELECT count(*), sum(came + went) FROM segment_changes")
        assert kept.fetchone()[1] == len(left)  # numbers stay


def test_a_segment_that_is_forgotten_leaves_no_sum(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.define_segment("s", CITY)
        _come_and_go(engine, 20)
        engine.snapshot()
        engine.remove_segment("s")
        assert _sums(path) == []
        engine.define_segment("s", CITY)
        _come_and_go(engine, 2)
        assert [seq for seq, *_ in _history(engine)] == list(
            range(1, engine.segments.last_seq("s") + 1)
        )
    with bitseg.open(path, clock=Clock()) as engine:
        assert engine.refresh_segments() == {}


def test_a_sum_that_is_not_what_records_lead_to_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.define_segment("s", CITY)
        _come_and_go(engine, 20)
        engine.snapshot()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE segment_members SET last = last - 1")
    assert not bitseg.verify(path).ok
    with pytest.raises(bitseg.DamagedError):
        bitseg.open(path)
