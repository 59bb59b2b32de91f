"""A preview at once: as ``preview`` has it, or nothing where it may take long."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from bitseg import Engine, Preview, RuleError
from bitseg.counting import QUICK_MS
from bitseg.engine import AT_ONCE_TEXT

START = 1_750_000_000_000
MINUTE = 60_000


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        """Return the instant."""
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Engine:
    engine = Engine(clock=clock)
    engine.load_contacts(
        [
            {"id": f"c{n}", "lead_score": n, "email": f"{n}@example.com", "bounced": n == 3}
            for n in range(10)
        ]
    )
    engine.load_events([{"contact_id": "c1", "kind": "open", "at": "2025-06-15T14:00:00Z"}])
    return engine


def _text(*conditions: dict[str, Any]) -> bytes:
    group = {"match": "all", "conditions": list(conditions)}
    return msgspec.json.encode({"match": "all", "groups": [group]})


def _without_time(preview: Preview | None) -> Preview:
    assert preview is not None
    return msgspec.structs.replace(preview, took_us=0)


SCORED = {"field": "contact.lead_score", "operator": "greater_or_equal", "value": 2}
OPENED = {"event": "open", "within": "30d"}
SEARCHED = {"field": "contact.email", "operator": "contains", "value": "@ex"}


def _warm(engine: Engine) -> None:
    """Let the suppression be kept, whose event rules are long to make."""
    engine.preview(_text())


def test_it_says_what_preview_says(engine: Engine) -> None:
    text = _text(SCORED, OPENED)
    expected = engine.preview(text)

    assert _without_time(engine.preview_at_once(text)) == _without_time(expected)


def test_a_condition_on_a_small_column_is_looked_up_at_once(engine: Engine) -> None:
    _warm(engine)

    found = engine.preview_at_once(_text(SCORED))

    assert found is not None
    assert (found.count, found.reachable) == (8, 7)


@pytest.mark.parametrize("condition", [OPENED, SEARCHED], ids=["events", "texts"])
def test_what_passes_over_events_or_texts_is_not_made_at_once(
    engine: Engine, condition: dict[str, Any]
) -> None:
    _warm(engine)
    text = _text(condition)

    assert engine.preview_at_once(text) is None
    expected = engine.preview(text)
    assert _without_time(engine.preview_at_once(text)) == _without_time(expected)


def test_the_suppression_counts_as_well(engine: Engine) -> None:
    assert engine.preview_at_once(_text(SCORED)) is None


def test_what_was_dropped_is_not_made_at_once(engine: Engine) -> None:
    text = _text(OPENED)
    engine.preview(text)
    assert engine.preview_at_once(text) is not None

    engine.drop_kept()

    assert engine.preview_at_once(text) is None


def test_a_window_that_was_not_looked_at_for_long_is_not_moved_at_once(
    engine: Engine, clock: Clock
) -> None:
    text = _text(OPENED)
    engine.preview(text)

    clock.at += MINUTE
    assert engine.preview_at_once(text) is not None
    clock.at += MINUTE + 1
    assert engine.preview_at_once(text) is None


def test_that_it_is_quick_is_found_out_again_in_time(engine: Engine, clock: Clock) -> None:
    text = _text(OPENED)
    engine.preview(text)
    for _ in range(3):
        assert engine.preview_at_once(text) is not None
        clock.at += QUICK_MS

    clock.at += MINUTE
    assert engine.preview_at_once(text) is None


def test_it_sees_what_was_written_since(engine: Engine) -> None:
    text = _text(SCORED, OPENED)
    engine.preview(text)
    before = engine.preview_at_once(text)

    engine.load_events([{"contact_id": "c5", "kind": "open", "at": "2025-06-15T14:30:00Z"}])
    after = engine.preview_at_once(text)

    assert before is not None
    assert after is not None
    assert (before.count, after.count) == (0, 1)


def test_a_definition_that_is_long_to_read_is_not_read(engine: Engine) -> None:
    _warm(engine)
    text = _text(SCORED)
    assert engine.preview_at_once(text + b" " * (AT_ONCE_TEXT - len(text))) is not None
    assert engine.preview_at_once(text + b" " * (AT_ONCE_TEXT + 1 - len(text))) is None


def test_it_does_not_wait_for_who_holds_the_data(engine: Engine) -> None:
    text = _text(SCORED)
    engine.preview(text)
    answers: list[Preview | None] = []

    with engine._lock:  # noqa: SLF001 - as a write or an evaluation does
        asking = threading.Thread(target=lambda: answers.append(engine.preview_at_once(text)))
        asking.start()
        asking.join()

    assert answers == [None]
    assert engine.preview_at_once(text) is not None


def test_faults_are_told_as_preview_tells_them(engine: Engine) -> None:
    text = _text({"field": "contact.nothing", "operator": "equals", "value": 1})

    with pytest.raises(RuleError) as expected:
        engine.preview(text)
    with pytest.raises(RuleError) as found:
        engine.preview_at_once(text)
    assert found.value.faults == expected.value.faults
    assert engine._lock.acquire(blocking=False)  # noqa: SLF001 - it was let go of
    engine._lock.release()  # noqa: SLF001 - likewise


def test_events_that_a_window_reaches_are_counted_whenever_it_is_asked(
    engine: Engine, clock: Clock
) -> None:
    clock.at = START
    ahead = [{"contact_id": f"c{n}", "kind": "click", "at": _iso(START + n * 10)} for n in (2, 4)]
    engine.load_events(ahead)
    text = _text({"event": "click", "within": "1s"})
    engine.preview(text)
    counts = []
    for at in (0, 19, 20, 21, 39, 40, 1_019, 1_020, 1_039, 1_040, 20, 0):
        clock.at = START + at
        counts.append(engine.preview(text).count)

    # An event counts from its instant on, and for less than a second behind it.
    assert counts == [0, 0, 1, 1, 1, 2, 2, 1, 1, 0, 1, 0]


def test_events_recorded_into_a_calm_stretch_are_not_passed_over(
    engine: Engine, clock: Clock
) -> None:
    text = _text({"event": "click", "within": "1h"})
    engine.preview(text)
    clock.at += 5
    engine.preview(text)  # from here on no event is known ahead
    engine.load_events(
        [{"contact_id": "c2", "kind": "click", "at": _iso(START + n)} for n in (3, 50)]
    )
    counts = []
    for at in (5, 49, 50):
        clock.at = START + at
        counts.append(engine.count(text))
    engine.load_events([{"contact_id": "c4", "kind": "click", "at": _iso(START + 60)}])
    for at in (59, 60):
        clock.at = START + at
        counts.append(engine.count(text))

    assert counts == [1, 1, 1, 1, 2]


def _iso(at: int) -> str:
    from bitseg.clock import show_instant  # noqa: PLC0415 - only here

    return show_instant(at)
