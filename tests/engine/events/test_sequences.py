"""A sequence is done if any choice of events does it, as brute force finds."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bitseg.clock import Now
from bitseg.events.sequences import SequenceTally
from bitseg.zones import get_zone
from tests.engine.events.logging import Event, log_of
from tests.engine.making import all_of, engine_of, found, record

STEPS = ("a", "b", "c")


def _brute(history: list[tuple[str, int]], steps: list[str], gap: int | None) -> bool:
    times = [[at for kind, at in history if kind == step] for step in steps]
    return any(
        all(j > i and (gap is None or j - i <= gap) for i, j in pairwise(one))
        for one in product(*times)
    )


@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), max_size=9),
    st.lists(st.sampled_from(STEPS), min_size=2, max_size=5),
    st.sampled_from((None, 1, 2, 5)),
)
@example([("a", 0), ("b", 5), ("a", 4), ("c", 6)], ["a", "b", "c"], 1)
@example([("a", 1), ("a", 1), ("a", 2)], ["a", "a", "a"], None)
def test_done_is_what_brute_force_finds(
    history: list[tuple[str, int]], steps: list[str], gap: int | None
) -> None:
    logs = {
        kind: log_of(*([Event(2, at)] for one, at in history if one == kind))
        for kind in dict.fromkeys(steps)
    }
    tally = SequenceTally(
        logs, tuple((step, None) for step in steps), gap, lambda now: (0, now.at + 1)
    )
    tally.settle(Now(100, get_zone("UTC")), 4)
    assert tally.value_at(2) is _brute(history, steps, gap)
    assert tally.value_at(3) is False


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ({}, ["quick", "slow", "twice"]),
        ({"gap": "1h"}, ["quick", "twice"]),
        ({"gap": "3599s"}, ["twice"]),
        ({"gap": "1h", "operator": "did_not"}, ["backwards", "none", "once", "slow"]),
        ({"since": "2026-03-02"}, ["slow"]),
        ({"until": "2026-03-01T10:30:00Z"}, ["twice"]),
        ({"since": "2026-04-01"}, []),
    ],
)
def test_steps_follow_each_other_inside_the_window(rule: dict[str, Any], who: list[str]) -> None:
    names = ("backwards", "none", "once", "quick", "slow", "twice")
    engine = engine_of(*names)
    record(
        engine,
        ("quick", "sent", "2026-03-01T10:00Z"),
        ("quick", "open", "2026-03-01T11:00Z"),
        ("slow", "sent", "2026-03-02T10:00Z"),
        ("slow", "open", "2026-03-02T11:00:00.001Z"),
        ("backwards", "open", "2026-03-01T10:00Z"),
        ("backwards", "sent", "2026-03-01T10:00Z"),
        ("once", "sent", "2026-03-01T10:00Z"),
        ("twice", "sent", "2026-03-01T08:00Z"),
        ("twice", "sent", "2026-03-01T10:00Z"),
        ("twice", "open", "2026-03-01T10:00Z"),
        ("twice", "open", "2026-03-01T10:00:00.001Z"),
    )
    steps = [{"event": "sent"}, {"event": "open"}]
    assert found(engine, all_of({"sequence": steps, **rule})) == who


def test_one_event_does_not_do_two_steps() -> None:
    engine = engine_of("once", "twice")
    record(
        engine,
        ("once", "open", "2026-03-01"),
        ("twice", "open", "2026-03-01"),
        ("twice", "open", "2026-03-02"),
    )
    assert found(engine, all_of({"sequence": [{"event": "open"}] * 2})) == ["twice"]
