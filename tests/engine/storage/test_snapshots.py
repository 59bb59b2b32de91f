"""A snapshot writes what changed and leaves the rest; what fails leaves everything as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import Engine, StoreError
from bitseg.storage import keeper, parking, points, sqlite
from tests.engine.making import Clock, all_of, field, ms
from tests.engine.storage.looking import ids_of_parts

NOW = ms("2026-03-15T12:00:00Z")
MANY = 6_000
EVERYBODY = {"match": "all", "groups": []}


@pytest.fixture(autouse=True)
def _unwatched() -> Iterator[None]:
    yield
    points.watch(None)


def _open(path: Path, **settings: Any) -> Engine:
    return bitseg.open(path, clock=Clock(), **settings)


def _people(first: int, number: int = MANY) -> list[dict[str, Any]]:
    return [{"id": f"c{i}", "city": f"t{i}", "note": f"n{i}"} for i in range(first, first + number)]


def _opens(number: int, at: int) -> list[dict[str, Any]]:
    return [{"contact_id": f"c{i}", "kind": "open", "at": at + i} for i in range(number)]


def test_the_parts_of_a_bulk_load_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        engine.load_contacts(_people(0))
        engine.load_events(_opens(MANY, NOW - 10**6))
        loaded = ids_of_parts(path)
        assert loaded
        done = engine.snapshot()
        after = ids_of_parts(path)
        assert loaded <= after
        assert done.kept == len(loaded)
        assert done.parts == len(after - loaded)  # the stamps, which no change holds
        assert engine.snapshot().parts == 0
        assert ids_of_parts(path) == after
    with _open(path) as engine:
        assert engine.snapshot().parts == 0
        assert ids_of_parts(path) == after


def test_a_second_bulk_load_leaves_the_first_ones_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        engine.load_contacts(_people(0))
        engine.load_events(_opens(MANY, NOW - 10**6))
        engine.snapshot()
        first = ids_of_parts(path)
        engine.load_contacts(_people(MANY))
        engine.load_events(_opens(MANY, NOW))
        engine.snapshot()
        assert first <= ids_of_parts(path)


def test_only_the_column_that_was_written_to_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        engine.load_contacts(_people(0))
        engine.snapshot()
        before = ids_of_parts(path)
        engine.load_contacts([{"id": "c5", "city": "elsewhere", "updated_at": NOW}])
        assert engine.snapshot().parts == 2  # city and updated_at
        assert len(before - ids_of_parts(path)) == 2
    with _open(path) as engine:
        assert engine.contact("c5")["contact.city"] == "elsewhere"
        assert engine.contact("c6")["contact.city"] == "t6"


def test_the_journal_before_a_snapshot_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        for number in range(5):
            engine.load_contacts(_people(number, 1))
        assert engine.snapshot().seq == 6  # the settings, and five loads
        read = bitseg.verify(path)
        assert (read.changes, read.contacts) == (6, 5)


def test_of_an_empty_engine_a_snapshot_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        assert engine.snapshot().parts == 0
    with _open(path) as engine:
        assert len(engine) == 0
        engine.load_contacts(_people(0, 3))
    assert bitseg.verify(path).ok


WRITES: dict[str, Callable[[Engine], object]] = {
    "contacts": lambda engine: engine.load_contacts(_people(MANY)),
    "a contact": lambda engine: engine.load_contacts([{"id": "c0", "city": "x", "plan": "new"}]),
    "strict": lambda engine: engine.load_contacts(_people(MANY), strict=True),
    "events": lambda engine: engine.load_events(_opens(MANY, NOW)),
    "an event": lambda engine: engine.load_events(_opens(1, NOW)),
    "deleting": lambda engine: engine.delete_contacts(["c0"]),
    "withdrawing": lambda engine: engine.withdraw_events(["e"]),
    "a field": lambda engine: engine.define_field("customField.size", "number"),
    "a list": lambda engine: engine.define_segment("s", ["c1"]),
    "rules": lambda engine: engine.define_segment("d", all_of({"event": "open"})),
    "removing": lambda engine: engine.remove_segment("s"),
}


def _filled(path: Path) -> Engine:
    engine = _open(path)
    engine.load_contacts(_people(0, 10))
    engine.load_events([{**_opens(1, NOW)[0], "event_id": "e"}])
    engine.define_segment("s", ["c0", "c1"])
    engine.define_segment("d", all_of(field("contact.city", "equals", "x")))
    engine.load_contacts([{"id": "c3", "city": "x"}])
    return engine


def _state(engine: Engine) -> Any:
    ids = list(engine.select(EVERYBODY).ids())
    segments = [list(engine.select(all_of({"segment": one})).ids()) for one in engine.segments]
    values = [engine.contact(one) for one in ids[:12]]
    return ids, segments, values, engine.event_count, engine.fields, tuple(engine.segments)


@pytest.mark.parametrize("name", WRITES)
def test_a_change_that_cannot_be_encoded_leaves_everything_as_it_was(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"

    def fail(*_: object) -> None:
        raise ValueError("no bytes for this")

    with _filled(path) as engine:
        before = _state(engine)
        with monkeypatch.context() as patched:
            for module in (sqlite, parking):
                patched.setattr(module, "encode", fail)
            with pytest.raises((StoreError, ValueError)):
                WRITES[name](engine)
        assert _state(engine) == before
        WRITES[name](engine)
        after = _state(engine)
    with _open(path) as engine:
        assert _state(engine) == after
    assert bitseg.verify(path).findings == ()


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("point", ["write.begin", "write.journal", "write.tables", "write.commit"])
def test_a_commit_that_fails_leaves_everything_as_it_was(
    name: str, point: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"

    def fail(reached: str) -> None:
        if reached == point:
            raise StoreError("no")

    with _filled(path) as engine:
        before = _state(engine)
        points.watch(fail)
        with pytest.raises(StoreError):
            WRITES[name](engine)
        points.watch(None)
        assert _state(engine) == before
    with _open(path) as engine:
        assert _state(engine) == before
        WRITES[name](engine)
        after = _state(engine)
        assert engine.snapshot().clean
    with _open(path) as engine:
        assert _state(engine) == after
    assert bitseg.verify(path).findings == ()


def _until(done: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if done():
            return
        threading.Event().wait(0.002)
    raise AssertionError


def test_a_snapshot_nobody_asked_for_that_fails_is_shown_until_one_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "RETRY_AFTER", 0.01)

    def fail(reached: str) -> None:
        if reached == "snapshot.captured":
            raise StoreError("no room for a snapshot")

    with _open(tmp_path / "a.db", snapshot_bytes=1) as engine:
        points.watch(fail)
        engine.load_contacts(_people(0, 10))
        _until(lambda: engine.failure == "no room for a snapshot")
        engine.load_contacts(_people(10, 10))  # goes on all the same
        points.watch(None)
        _until(lambda: engine.failure is None)
    assert bitseg.verify(tmp_path / "a.db").contacts == 20
