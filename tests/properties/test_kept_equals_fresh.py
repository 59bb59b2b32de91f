"""What is kept through writes and time equals what is made anew, at a thousand contacts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bitseg import Engine
from tests.oracle.profile import first_seed, profile
from tests.properties.kept_scenes import EPOCH, START, Json, Scene, field

CI_STEPS = 1_000
LONG_STEPS = 25_000
STEPS = LONG_STEPS if profile().name == "long" else CI_STEPS


@pytest.mark.parametrize(
    ("contacts", "keep_bytes", "retention"),
    [(1_010, 2**30, None), (1_010, 20_000, None), (1_010, 2**30, 3)],
    ids=["all is kept", "little is kept", "events expire"],
)
def test_kept_answers_equal_fresh_ones(
    contacts: int, keep_bytes: int, retention: int | None
) -> None:
    seed = first_seed()
    scene = Scene(seed, contacts, keep_bytes, retention)
    for step in range(STEPS):
        scene.step()
        for rules in scene.questions():
            kept, fresh = scene.answers(rules)
            assert kept == fresh, f"BITSEG_SEED={seed}, step {step}: {rules}"


def _only(condition: Json) -> Json:
    return {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}


@pytest.mark.parametrize(
    ("unasked", "asked"),
    [
        ({"event": "open", "within": "30d"}, {"event": "open", "within": "30d", "value": 2}),
        (
            field("engagement.last_opened_at", "is_not_empty"),
            field("engagement.last_opened_at", "within_last", "1d"),
        ),
    ],
    ids=["counts", "lasts"],
)
def test_rows_to_look_at_again_outlive_a_late_event_merged_over_them(
    unasked: Json, asked: Json
) -> None:
    engine = Engine(clock=lambda: START)
    engine.load_contacts([{"id": f"c{i}"} for i in range(1_000)])
    opens = [
        {"contact_id": f"c{i % 500}", "kind": "open", "at": START - 10_000_000 + i * 10}
        for i in range(2_000)
    ]
    engine.load_events(opens)
    engine.count(_only({"event": "open"}))
    engine.load_events([{"contact_id": "c900", "kind": "open", "at": START + 1_000}])
    assert (engine.count(_only(unasked)), engine.count(_only(asked))) == (500, 500)
    later = EPOCH + timedelta(milliseconds=START + 2_000)

    engine.count(_only(asked), later)  # c900 is to be looked at again for the other leaf too
    engine.load_events([{"contact_id": "c2", "kind": "open", "at": START - 9_000_000}])
    engine.count(_only(asked), later)
    engine.memory()

    assert engine.count(_only(unasked), later) == 501


def test_a_contact_newer_than_the_index_of_dates_takes_nobody_elses_place_in_it() -> None:
    engine = Engine(clock=lambda: START)
    engine.define_field("customField.due", "date")
    rows = [{"id": f"c{i}", "due": START + 10_000 + i * 2} for i in range(1_000)]
    rows[0]["due"] = START + 1_001
    rows[1]["due"] = START
    engine.load_contacts(rows)
    rules = _only(field("customField.due", "less_or_equal", "now"))
    for passed in (500, 600):  # the second makes the index
        engine.count(rules, EPOCH + timedelta(milliseconds=START + passed))

    engine.load_contacts([{"id": f"n{i}"} for i in range(30)])
    engine.load_contacts([{"id": "n24", "due": START + 1_000}])
    engine.load_contacts([{"id": "n24", "due": START + 500_000}])

    assert engine.count(rules, EPOCH + timedelta(milliseconds=START + 1_500)) == 2
