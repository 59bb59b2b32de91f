"""Figures: how much an engine holds, all of one moment, or nothing where others hold it."""

from __future__ import annotations

import threading
from pathlib import Path

import bitseg
from bitseg import Engine

CANADIANS = {
    "match": "all",
    "groups": [
        {
            "match": "all",
            "conditions": [{"field": "contact.country", "operator": "equals", "value": "Canada"}],
        }
    ],
}
NOW = 1_772_357_400_000


def test_they_are_what_went_in() -> None:
    engine = Engine()
    empty = engine.figures(0)
    engine.load_contacts([{"id": "ann", "country": "Canada"}, {"id": "bob"}, {"id": "cid"}])
    engine.load_events([{"contact_id": "ann", "kind": "open", "at": "2024-05-01T12:00:00Z"}])
    engine.define_segment("canadians", CANADIANS)
    engine.delete_contacts(["cid"])

    found = engine.figures(0)

    assert empty is not None
    assert (empty.contacts, empty.events, empty.segments, empty.kept) == (0, 0, 0, 0)
    assert found is not None
    assert (found.contacts, found.events, found.segments) == (2, 1, 1)
    assert found.kept > 0
    assert found.memory == engine.memory()
    assert found.corrections == 0
    assert found.journal is None

    engine.drop_kept()
    dropped = engine.figures(0)
    assert dropped is not None
    assert dropped.kept == 0


def test_the_journal_is_what_came_since_the_snapshot_also_when_opened_again(tmp_path: Path) -> None:
    at = [NOW]
    path = tmp_path / "acme.db"
    with bitseg.open(path, clock=lambda: at[0]) as engine:
        engine.load_contacts([{"id": "ann"}])
        first = engine.figures(0)
        at[0] += 5_000
        engine.snapshot()
        taken = engine.figures(0)
        at[0] += 5_000
        engine.load_contacts([{"id": "bob"}])
        engine.load_contacts([{"id": "cid"}])
        behind = engine.figures(0)
    with bitseg.open(path, clock=lambda: at[0]) as engine:
        again = engine.figures(0)

    assert first is not None
    assert first.journal is not None
    assert first.journal.snapshot_at is None
    assert first.journal.changes > 0
    assert taken is not None
    assert taken.journal == bitseg.Journal(0, 0, NOW + 5_000)
    assert behind is not None
    assert behind.journal is not None
    assert (behind.journal.changes, behind.journal.snapshot_at) == (2, NOW + 5_000)
    assert behind.journal.nbytes > 0
    assert again is not None
    assert again.journal is not None
    assert again.journal.changes == 2
    assert again.journal.snapshot_at == NOW  # the last change in it is all that the file says


def test_there_are_none_while_others_hold_the_data() -> None:
    engine = Engine()
    holds, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with engine._lock:  # noqa: SLF001 - as an evaluation does
            holds.set()
            let_go.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    assert holds.wait(60)

    found = [engine.figures(seconds) for seconds in (-1, 0, 0.001)]

    let_go.set()
    other.join()
    assert found == [None] * 3
    assert engine.figures(0) is not None
