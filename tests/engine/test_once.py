"""A write sent again with its key does nothing and says what it said, also after a restart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import Engine, Field, LoadError, Once, RepeatError
from bitseg.zones import DAY
from tests.engine.making import Clock, all_of, field

CANADA = all_of(field("contact.country", "equals", "Canada"))


@pytest.fixture(params=["in memory", "in a file"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Engine | None], Engine]:
    """Return what opens an engine, or closes one and opens it again where it has a file."""
    clock = Clock()

    def again(engine: Engine | None) -> Engine:
        if request.param == "in memory":
            return engine or Engine(clock=clock)
        if engine is not None:
            engine.close()
        return bitseg.open(tmp_path / "a.db", clock=clock)

    return again


WRITES: dict[str, Callable[[Engine, Once | None], Any]] = {
    "contacts": lambda engine, once: engine.load_contacts(
        [{"id": "new"}, {"id": "ann", "plan": "x"}, {"id": ""}], once=once
    ),
    "contacts, none good": lambda engine, once: engine.load_contacts([{"id": ""}], once=once),
    "no contacts": lambda engine, once: engine.load_contacts([], once=once),
    "events": lambda engine, once: engine.load_events(
        [
            {"contact_id": "ann", "kind": "open", "at": 0},
            {"contact_id": "ann", "kind": "open", "at": 0, "event_id": "e"},
            {"contact_id": "ann", "kind": "open", "at": 0, "event_id": "e"},
            {"contact_id": "nobody", "kind": "open", "at": 0},
        ],
        once=once,
    ),
    "strict events": lambda engine, once: engine.load_events(
        [{"contact_id": "eve", "kind": "open", "at": 0}],
        create_contacts=True,
        strict=True,
        once=once,
    ),
    "deleting": lambda engine, once: engine.delete_contacts(["ann", "nobody"], once=once),
    "withdrawing": lambda engine, once: engine.withdraw_events(["e0", "no"], once=once),
    "a field": lambda engine, once: engine.define_field(
        "customField.size", "number", "Size", once=once
    ),
    "words": lambda engine, once: engine.describe_field(
        "customField.old", description="Of old.", once=once
    ),
    "a segment": lambda engine, once: engine.define_segment("canada", CANADA, once=once),
    "a list": lambda engine, once: engine.define_segment("some", ["ann", "bob"], once=once),
    "removing": lambda engine, once: engine.remove_segment("old", once=once),
}


def _filled(engine: Engine) -> Engine:
    engine.load_contacts([{"id": "ann", "country": "Canada"}, {"id": "bob"}])
    engine.load_events([{"contact_id": "ann", "kind": "click", "at": 0, "event_id": "e0"}])
    engine.define_segment("old", CANADA)
    engine.define_field("customField.old", "string")
    return engine


def _state(engine: Engine) -> Any:
    return len(engine), engine.event_count, tuple(engine.segments), sorted(engine.fields)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_sent_again_says_the_same_and_does_nothing(
    name: str, reopened: Callable[[Engine | None], Engine]
) -> None:
    once = Once("key", b"the request")
    expected = WRITES[name](_filled(Engine(clock=Clock())), None)
    engine = _filled(reopened(None))
    assert WRITES[name](engine, once) == expected
    engine.load_contacts([{"id": "later"}])
    state = _state(engine)
    assert WRITES[name](engine, once) == expected
    engine = reopened(engine)
    assert WRITES[name](engine, once) == expected
    assert _state(engine) == state
    engine.close()


def test_a_key_that_stood_for_another_request_is_refused(
    reopened: Callable[[Engine | None], Engine],
) -> None:
    engine = reopened(None)
    engine.load_contacts([{"id": "a"}], once=Once("key", b"one"))
    engine = reopened(engine)
    with pytest.raises(RepeatError, match="Expected a new key for a new request") as caught:
        engine.load_contacts([{"id": "b"}], once=Once("key", b"another"))
    assert not caught.value.running
    assert len(engine) == 1
    engine.close()


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(key: str) -> None:
    with pytest.raises(RepeatError, match="1 to 255 characters"):
        Engine().load_contacts([], once=Once(key, b""))


def test_a_write_that_failed_does_not_use_up_its_key(
    reopened: Callable[[Engine | None], Engine],
) -> None:
    engine = reopened(None)
    once = Once("key", b"one")
    with pytest.raises(LoadError):
        engine.load_contacts([{"id": ""}], strict=True, once=once)
    assert engine.load_contacts([{"id": "a"}], strict=True, once=once).created == 1
    engine.close()


def test_a_key_is_free_again_after_a_day(reopened: Callable[[Engine | None], Engine]) -> None:
    engine = reopened(None)
    clock: Any = engine._writes.now  # noqa: SLF001 - the clock that the fixture stands
    once = Once("key", b"one")
    assert engine.load_contacts([{"id": "a"}], once=once).created == 1
    clock.ms += DAY + 1
    engine.load_contacts([], once=Once("other", b"one"))
    assert engine.load_contacts([{"id": "a"}], once=once).updated == 1
    engine.close()


def test_more_rows_than_one_transaction_takes_are_refused_whole() -> None:
    engine = Engine()
    with pytest.raises(LoadError, match="at most 65,536 rows"):
        engine.load_contacts([{"id": f"c{i}"} for i in range(65_537)], once=Once("key", b""))
    assert len(engine) == 0


def test_of_writes_with_one_key_at_one_time_only_one_runs() -> None:
    engine = Engine()
    barrier = threading.Barrier(8)

    def write() -> Any:
        barrier.wait()
        try:
            return engine.load_contacts([{"id": "a"}], once=Once("key", b"")).created
        except RepeatError as error:
            return "running" if error.running else "another"

    with ThreadPoolExecutor(8) as pool:
        said = [one.result() for one in [pool.submit(write) for _ in range(8)]]
    assert set(said) <= {1, "running"}
    assert 1 in said
    assert engine.contact("a")["contact.id"] == "a"
    assert engine.load_contacts([{"id": "a"}]).updated == 1


def test_an_answer_no_longer_names_who_was_erased(tmp_path: Path) -> None:
    with bitseg.open(tmp_path / "a.db") as engine:
        engine.load_contacts([{"id": "someone special"}])
        once = Once("key", b"")
        rows = [{"contact_id": "someone special", "kind": "open", "at": "never"}]
        before = engine.load_events(rows, once=once)
        assert before.rejected_count == 1
        engine.delete_contacts(["someone special"])
        engine.snapshot()
        again = engine.load_events(rows, once=once)
        assert again.rejected_count == 1
    assert bitseg.verify(tmp_path / "a.db", absent=("someone special",)).ok


def test_a_field_that_is_kept_with_a_key_is_the_field(tmp_path: Path) -> None:
    with bitseg.open(tmp_path / "a.db") as engine:
        made = engine.define_field("customField.plan", "string", once=Once("key", b""))
        assert made == engine.define_field("customField.plan", "string", once=Once("key", b""))
        assert isinstance(made, Field)
