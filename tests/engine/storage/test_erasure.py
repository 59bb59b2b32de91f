"""Who was erased is in no byte of a file, of what is packed in it, nor of memory."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import Engine, Once, StoreError
from bitseg.storage import erasures, points
from bitseg.storage.database import Database
from tests.engine.making import Clock, all_of, field, ms
from tests.engine.storage.looking import where_in_files, where_in_memory

NOW = ms("2026-03-15T12:00:00Z")
MANY = 5_000
SECRETS = ("secret-id", "secret-town", "secret-tag", "secret-note", "secret-url", "secret-é-ß")


@pytest.fixture(autouse=True)
def _unwatched() -> Iterator[None]:
    yield
    points.watch(None)


def _open(path: Path) -> Engine:
    return bitseg.open(path, clock=Clock())


def _others(engine: Engine) -> None:
    """Load so many others that arrays lie in parts."""
    engine.load_contacts([{"id": f"c{i}", "city": f"town {i}"} for i in range(MANY)])
    engine.load_events(
        [{"contact_id": f"c{i}", "kind": "open", "at": NOW, "url": f"u{i}"} for i in range(MANY)]
    )


PERSON = {
    "id": "secret-id",
    "city": "secret-town",
    "tags": ["secret-tag", "b"],
    "note": "secret-note",
    "first_name": "secret-é-ß",
}


def _person(engine: Engine, *, bulk: bool = False) -> None:
    """Load the one who is to be erased, alone or among others."""
    more = [{"id": f"d{i}", "city": f"village {i}"} for i in range(MANY if bulk else 0)]
    engine.load_contacts([PERSON, *more])
    event = {"contact_id": "secret-id", "kind": "open", "at": NOW, "url": "secret-url"}
    events = [{"contact_id": one["id"], "kind": "open", "at": NOW, "url": "u"} for one in more]
    engine.load_events([event, *events])


def _gone(path: Path, *texts: str) -> None:
    """See that texts are nowhere in a file: so says verifying, and so says looking."""
    assert bitseg.verify(path, absent=texts).findings == ()
    for text in texts:
        assert where_in_files(path, text) == [], text


@pytest.mark.parametrize("bulk", [False, True], ids=["alone", "in parts"])
@pytest.mark.parametrize("before", [False, True], ids=["from the journal", "from a snapshot"])
def test_nothing_of_an_erased_contact_is_left(tmp_path: Path, *, bulk: bool, before: bool) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        _others(engine)
        _person(engine, bulk=bulk)
        engine.count(all_of(field("contact.first_name", "contains", "SECRET-É")))  # folds it
        if before:
            engine.snapshot()
        assert all(where_in_files(path, text) for text in SECRETS)
        assert all(where_in_memory(engine, text) for text in SECRETS)
        engine.delete_contacts(["secret-id"])
        assert not any(where_in_memory(engine, text) for text in SECRETS)
        assert engine.snapshot().clean
        _gone(path, *SECRETS)
    _gone(path, *SECRETS)
    with _open(path) as engine:
        assert not any(where_in_memory(engine, text) for text in SECRETS)


def test_what_was_overwritten_goes_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        _others(engine)
        _person(engine)
        engine.snapshot()
        engine.load_contacts([{"id": "secret-id", "city": "a", "note": None, "tags": ["b"]}])
        engine.delete_contacts(["secret-id"])
        engine.snapshot()
        _gone(path, *SECRETS)


@pytest.mark.parametrize("point", ["snapshot.captured", "snapshot.encoded", "switch.begin"])
def test_parts_of_a_snapshot_that_failed_go(tmp_path: Path, point: str) -> None:
    path = tmp_path / "a.db"

    def fail(reached: str) -> None:
        if reached == point:
            raise StoreError("no")

    with _open(path) as engine:
        _others(engine)
        _person(engine, bulk=True)
        points.watch(fail)
        with pytest.raises(StoreError):
            engine.snapshot()
        points.watch(None)
        engine.delete_contacts(["secret-id"])
        points.watch(fail)
        with pytest.raises(StoreError):
            engine.snapshot()
        points.watch(None)
        assert engine.snapshot().clean
        _gone(path, *SECRETS)


def test_parts_of_refused_and_failed_loads_go(tmp_path: Path) -> None:
    path = tmp_path / "a.db"

    def fail(reached: str) -> None:
        if reached == "write.tables":
            raise StoreError("no")

    rows = [{**PERSON, "id": f"secret-id {i}", "city": f"secret-town {i}"} for i in range(MANY)]
    with _open(path) as engine:
        _others(engine)
        with pytest.raises(bitseg.LoadError):
            engine.load_contacts([*rows, {"id": ""}], strict=True)
        for strict in (False, True):
            points.watch(fail)
            with pytest.raises(StoreError):
                engine.load_contacts(rows, strict=strict)
            points.watch(None)
        assert len(engine) == MANY
        engine.delete_contacts(["c1"])
        assert engine.snapshot().clean
        _gone(path, "secret-id", "secret-town", "secret-note")


def test_a_withdrawn_events_words_go_with_the_next_erasure(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        engine.load_contacts([{"id": "a"}, {"id": "b"}])
        row = {"contact_id": "a", "kind": "open", "at": NOW, "event_id": "e", "url": "secret-url"}
        engine.load_events([row, {**row, "event_id": "e2", "url": "kept-url"}])
        engine.snapshot()
        engine.withdraw_events(["e"])
        assert where_in_memory(engine, "secret-url") == []
        assert where_in_memory(engine, "kept-url") == ["url"]
        engine.delete_contacts(["b"])
        engine.snapshot()
        _gone(path, "secret-url")


def test_expired_events_words_are_not_kept_in_memory() -> None:
    clock = Clock()
    engine = Engine(clock=clock, retention_days=1)
    engine.load_contacts([{"id": "a"}])
    engine.load_events([{"contact_id": "a", "kind": "open", "at": clock.ms, "url": "secret-url"}])
    clock.ms += 3 * 86_400_000
    assert engine.drop_expired_events() == 1
    assert where_in_memory(engine, "secret-url") == []


def test_answers_and_lists_do_not_name_who_is_erased(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        _person(engine)
        engine.define_segment("s", ["secret-id"])
        once = Once("k", b"")
        engine.load_events([{"contact_id": "secret-id", "kind": "open", "at": "no"}], once=once)
        engine.delete_contacts(["secret-id"])
        engine.snapshot()
        _gone(path, *SECRETS)


def test_while_a_reader_holds_the_old_state_the_snapshot_says_that_it_is_not_clean(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        _person(engine)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal").fetchone()
        engine.delete_contacts(["secret-id"])
        assert not engine.snapshot().clean
        reader.close()
        assert engine.snapshot().clean
        _gone(path, *SECRETS)


def test_an_erasure_that_was_not_finished_goes_on_after_a_kill(tmp_path: Path) -> None:
    """After the switch the rows in tables are to go yet; whoever opens the file sees to it."""
    path = tmp_path / "a.db"
    with _open(path) as engine:
        _person(engine)
        engine.load_contacts([{"id": "b"}])
        engine.define_segment("s", ["secret-id", "b"])

        def fail(reached: str) -> None:
            if reached == "erase.begin":
                raise StoreError("no")

        engine.delete_contacts(["secret-id"])
        points.watch(fail)
        with pytest.raises(StoreError):
            engine.snapshot()
        points.watch(None)
    with _open(path) as engine:
        assert engine.count(all_of({"segment": "s"})) == 1
        store = engine._writes.store  # noqa: SLF001 - nothing public tells
        assert store._state.erased_at is not None  # type: ignore[attr-defined] # noqa: SLF001
        assert engine.snapshot().clean
        _gone(path, *SECRETS)


def test_the_bytes_are_overwritten_not_only_freed(tmp_path: Path) -> None:
    """Each connection that writes asks SQLite to overwrite what it frees."""
    database = Database(tmp_path / "a.db", "full")
    try:
        assert database.connection.execute("PRAGMA secure_delete").fetchone() == (1,)
    finally:
        database.close()


def test_the_list_is_there_when_a_snapshot_follows_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with _open(path) as engine:
        _person(engine)
        engine.backup(tmp_path / "b.db")
        engine.delete_contacts(["secret-id"])
        engine.snapshot()
        assert (tmp_path / "a.db-erasures").exists()
        done = bitseg.restore(tmp_path / "b.db", tmp_path / "c.db", tmp_path / "a.db-erasures")
    assert done.erased == 1


@pytest.mark.parametrize(
    "contact", ["an'n\"@secret", "back\\slash-secret", "zero\u200bwidth-secret"]
)
def test_answers_say_nothing_of_rejected_rows_once_somebody_is_erased(
    contact: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    rows = [{"id": contact, "city": "x"}, {"id": "other", "lead_score": "secret-value"}]
    with _open(path) as engine:
        engine.load_contacts(rows, once=Once(f"key of {contact}", b"asked"))
        event = {"contact_id": contact, "kind": "open", "at": "secret-date"}
        engine.load_events([event], once=Once("events", b"asked"))
        engine.delete_contacts([contact])
        engine.snapshot()
        again = engine.load_events([event], once=Once("events", b"asked"))
        assert again.rejected_count == 1
        assert again.rejected[0].errors[0].message == "(erased)"
    _gone(path, "secret-value", "secret-date", contact)


def test_what_an_old_reader_keeps_is_not_tried_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, taken = Clock(), []
    engine = bitseg.open(tmp_path / "a.db", clock=clock)
    store: Any = engine._writes.store  # noqa: SLF001 - what its keeper does at each look
    store._keeper.stop()  # noqa: SLF001 - likewise
    _person(engine)
    reader = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM journal").fetchone()
    engine.delete_contacts(["secret-id"])
    assert not engine.snapshot().clean
    monkeypatch.setattr(store, "snapshot_beside", lambda: taken.append(clock.ms))
    store._look_after()  # noqa: SLF001 - likewise
    assert taken == []
    clock.ms += 61_000
    store._look_after()  # noqa: SLF001 - likewise
    assert taken == [clock.ms]
    reader.close()
    engine.close()


def test_the_list_is_written_once_for_each_erasure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    monkeypatch.setattr(erasures, "to_file", lambda listed, _: written.append(len(listed.erased)))
    engine = bitseg.open(tmp_path / "a.db", clock=Clock())
    store: Any = engine._writes.store  # noqa: SLF001 - likewise
    store._keeper.stop()  # noqa: SLF001 - likewise
    engine.load_contacts([{"id": "a"}, {"id": "b"}])
    for gone in ("a", "b"):
        engine.delete_contacts([gone])
        for _ in range(3):
            store._look_after()  # noqa: SLF001 - likewise
    assert written == [1, 2]
    engine.close()
    assert written == [1, 2]


def test_two_threads_that_write_the_list_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = bitseg.open(tmp_path / "a.db", clock=Clock())
    store: Any = engine._writes.store  # noqa: SLF001 - likewise
    engine.load_contacts([{"id": str(i)} for i in range(9)])
    within = []
    write = erasures.to_file

    def slowly(listed: erasures.ErasureList, path: Path) -> None:
        within.append(threading.get_ident())
        assert len(within) == 1
        time.sleep(0.02)
        write(listed, path)
        within.pop()

    monkeypatch.setattr(erasures, "to_file", slowly)
    for i in range(9):
        engine.delete_contacts([str(i)])
        looking = threading.Thread(target=store._listed.write)  # noqa: SLF001 - as the keeper does
        looking.start()
        engine.snapshot()
        looking.join()
    engine.close()
    assert len(erasures.from_file(tmp_path / "a.db-erasures").erased) == 9
