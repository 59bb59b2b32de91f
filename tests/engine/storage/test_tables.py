"""The tables say of segments what the engine says, and since when."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import bitseg
from bitseg.storage import points
from tests.engine.making import Clock, all_of, field

EARLY, LATE, LAST = "2026-03-15T12:00:00Z", "2026-03-16T12:00:00Z", "2026-03-17T12:00:00Z"


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def _listed(path: Path) -> dict[str, tuple[str, str]]:
    found = _rows(path, "SELECT contact_id, added_at, added_via FROM segment_contacts")
    return {contact: (at[:10], via) for contact, at, via in found}


def test_who_stays_in_a_list_keeps_since_when_and_how(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", Clock(EARLY)
    engine = bitseg.open(path, clock=clock)
    engine.load_contacts([{"id": one, "city": "Oslo"} for one in ("ann", "bob", "eve")])
    engine.define_segment("s", ["ann", "bob"])
    assert {*_listed(path).values()} == {("2026-03-15", "manual")}
    clock.set(LATE)
    engine.define_segment("s", engine.select(all_of(field("contact.city", "equals", "Oslo"))))
    engine.snapshot()
    engine.close()
    engine = bitseg.open(path, clock=clock)
    clock.set(LAST)
    engine.delete_contacts(["ann"])
    engine.load_contacts([{"id": "ann"}])
    engine.define_segment("s", ["ann", "bob", "eve"])
    assert _listed(path) == {
        "ann": ("2026-03-17", "manual"),
        "bob": ("2026-03-15", "manual"),
        "eve": ("2026-03-16", "rule_match"),
    }
    engine.define_segment("s", ["ann"])
    engine.define_segment("s", ["ann", "bob"])
    assert _listed(path)["bob"] == ("2026-03-17", "manual")
    engine.close()
    assert bitseg.verify(path).ok


def test_a_segment_that_becomes_dynamic_lists_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": "a"}, {"id": "b"}])
        engine.define_segment("s", ["a"])
        engine.define_segment("s", all_of(field("contact.id", "equals", "b")))
        assert _listed(path) == {}
        kinds = _rows(path, "SELECT segment_type, contact_count FROM segments")
        assert kinds == [("dynamic", 1)]
        engine.define_segment("s", ["a", "b"])
        assert {*_listed(path)} == {"a", "b"}


def test_counts_follow_writes_erasures_and_snapshots(tmp_path: Path) -> None:
    path = tmp_path / "a.db"

    def counts() -> dict[str, int]:
        return dict(_rows(path, "SELECT id, contact_count FROM segments"))

    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": f"c{i}", "city": "x"} for i in range(5)])
        engine.define_segment("d", all_of(field("contact.city", "equals", "x")))
        engine.define_segment("s", ["c0", "c1", "c2"])
        assert counts() == {"d": 5, "s": 3}
        engine.delete_contacts(["c0", "nobody"])
        assert counts() == {"d": 4, "s": 2}
        engine.load_contacts([{"id": "c1", "city": "y"}])
        assert counts() == {"d": 3, "s": 2}
        assert engine.refresh_segments() == {}
        assert counts() == {"d": 3, "s": 2}
        engine.snapshot()
        assert counts() == {"d": 3, "s": 2}
    with bitseg.open(path, clock=Clock()) as engine:
        engine.delete_contacts(["c2"])
        assert counts() == {"d": 2, "s": 1}
        assert engine.refresh_segments() == {}


def test_records_are_numbered_from_1_and_begin_anew_with_the_segment(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": "a"}, {"id": "b"}])
        engine.define_segment("s", [])  # nobody entered
        engine.define_segment("s", ["a"])
        engine.define_segment("s", ["b"])
        query = "SELECT segment_id, first FROM segment_changes ORDER BY 1, 2"
        assert _rows(path, query) == [("s", 1), ("s", 2)]  # the second is two changes
        engine.remove_segment("s")
        assert _rows(path, query) == []
        engine.define_segment("s", ["b"])
        assert _rows(path, query) == [("s", 1)]


def test_a_segment_keeps_when_it_was_made(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", Clock(EARLY)
    with bitseg.open(path, clock=clock) as engine:
        engine.load_contacts([{"id": "a"}])
        engine.define_segment("s", ["a"])
        clock.set(LATE)
        engine.define_segment("s", [])
    ((made, changed),) = _rows(path, "SELECT created_at, updated_at FROM segments")
    assert (made[:10], changed[:10]) == ("2026-03-15", "2026-03-16")


def test_who_is_erased_beside_a_snapshot_is_not_counted_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with bitseg.open(path, clock=Clock()) as engine:
        engine.load_contacts([{"id": "a"}, {"id": "b"}, {"id": "c"}])
        engine.define_segment("s", ["a", "b", "c"])
        engine.delete_contacts(["a"])

        def told(reached: str) -> None:
            if reached == "snapshot.captured":
                points.watch(None)
                engine.delete_contacts(["b"])

        points.watch(told)
        engine.snapshot()
        assert _rows(path, "SELECT contact_count FROM segments") == [(1,)]
