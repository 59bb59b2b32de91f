"""At every boundary of time the engine gives the answer that was worked out by hand.

The tables run twice: against the engine here, and against the oracle in `tests/oracle`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import bitseg
from tests.properties.time_edges import INSTANTS, MONTH_ENDS, WHOLE_DAYS, WINDOWS, Edge
from tests.properties.time_moves import (
    ANNIVERSARIES,
    EVENT_EDGES,
    SHOWN,
    Anniversary,
    EventEdge,
    Shown,
)
from tests.properties.time_passing import PASSING, Passing
from tests.properties.zone_edges import JUMPS, MIDNIGHTS, OFFSETS

EDGES = (*WINDOWS, *WHOLE_DAYS, *INSTANTS, *MONTH_ENDS, *OFFSETS, *JUMPS, *MIDNIGHTS)
SIDES = (-1, 0, 1)
RENEWAL = "customField.renewal"


def _named(row: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in row)


def _engine(zone: str) -> Any:
    engine = bitseg.Engine(timezone=zone, clock=lambda: 0)
    engine.define_field(RENEWAL, "date")
    return engine


def _near(edge: str, side: int) -> datetime:
    return datetime.fromisoformat(edge) + timedelta(milliseconds=side)


def _is_in(engine: Any, rule: dict[str, Any], now: str) -> bool:
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [rule]}]}
    at = datetime.fromisoformat(now)
    assert engine.count(rules, now=at) == len(engine.select(rules, now=at))
    return "c" in engine.select(rules, now=at)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("row", EDGES, ids=_named)
def test_a_date_rule_changes_its_answer_at_its_edge(row: Edge, side: int) -> None:
    engine = _engine(row.zone)
    engine.load_contacts([{"id": "c", RENEWAL: _near(row.edge, side)}])
    rule = {"field": RENEWAL, "operator": row.operator, "value": row.value}
    assert _is_in(engine, rule, row.now) is (row.answers[side + 1] == "x")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("row", EVENT_EDGES, ids=_named)
def test_an_event_rule_changes_its_answer_at_its_edge(row: EventEdge, side: int) -> None:
    engine = _engine(row.zone)
    engine.load_contacts([{"id": "c"}])
    engine.load_events([{"contact_id": "c", "kind": "open", "at": _near(row.edge, side)}])
    rule = {"event": "open", **row.rule}
    assert _is_in(engine, rule, row.now) is (row.answers[side + 1] == "x")


@pytest.mark.parametrize("row", ANNIVERSARIES, ids=_named)
def test_an_anniversary_is_a_month_and_a_day(row: Anniversary) -> None:
    engine = _engine(row.zone)
    engine.load_contacts([{"id": "c", RENEWAL: row.data}])
    rule = {"field": RENEWAL, "operator": "anniversary", "value": row.value}
    assert _is_in(engine, rule, row.now) is (row.answer == "yes")


@pytest.mark.parametrize("row", SHOWN, ids=_named)
def test_an_event_has_the_hour_and_weekday_of_the_tenants_clock(row: Shown) -> None:
    engine = _engine(row.zone)
    engine.load_contacts([{"id": "c"}])
    engine.load_events([{"contact_id": "c", "kind": "open", "at": row.at}])
    now = "2030-01-01T00:00:00Z"
    for name, shown in (("hour", row.hour), ("weekday", row.weekday)):
        for asked in (shown - 1, shown, shown + 1):
            condition = {"field": name, "operator": "equals", "value": asked}
            where = {"match": "all", "conditions": [condition]}
            assert _is_in(engine, {"event": "open", "where": where}, now) is (asked == shown)
            path = f"engagement.preferred_open_{name}"
            assert _is_in(engine, {**condition, "field": path}, now) is (asked == shown)


def _quiet_contact() -> Any:
    engine = _engine("UTC")
    engine.define_field("customField.birthday", "date")
    engine.load_contacts(
        [
            {
                "id": "c",
                RENEWAL: "2024-03-10T10:00:00Z",
                "customField.birthday": "2000-02-29",
                "engagement.last_clicked_at": "2024-03-12T10:00:00Z",
            }
        ]
    )
    sent = {"contact_id": "c", "kind": "sent", "at": "2024-03-20T10:00:00Z", "campaign": "spring"}
    engine.load_events([{"contact_id": "c", "kind": "open", "at": "2024-03-10T10:00:00Z"}, sent])
    return engine


@pytest.mark.parametrize(
    "turn", [list, lambda answers: list(reversed(answers))], ids=["on", "back"]
)
@pytest.mark.parametrize("row", PASSING, ids=lambda row: row.name)
def test_a_contact_comes_and_goes_though_nothing_happens(
    row: Passing, turn: Callable[[Any], list[tuple[str, bool]]]
) -> None:
    engine = _quiet_contact()
    for now, answer in turn(row.answers):
        assert _is_in(engine, row.rule, now) is answer, now


@pytest.mark.parametrize(
    ("later", "gap", "answer"),
    [
        (0, "1h", False),
        (1, "1h", True),
        (3_599_999, "1h", True),
        (3_600_000, "1h", True),
        (3_600_001, "1h", False),
        (86_400_000, "1d", True),
        (86_400_001, "1d", False),
        (-1, "1d", False),
    ],
)
def test_a_step_comes_after_the_one_before_and_within_the_gap(
    later: int,
    gap: str,
    answer: bool,  # noqa: FBT001
) -> None:
    engine = _engine("Europe/Berlin")
    engine.load_contacts([{"id": "c"}])
    start = datetime(2024, 3, 30, 12, tzinfo=UTC)
    click = start + timedelta(milliseconds=later)
    engine.load_events([{"contact_id": "c", "kind": "open", "at": start}])
    engine.load_events([{"contact_id": "c", "kind": "click", "at": click}])
    rule = {"sequence": [{"event": "open"}, {"event": "click"}], "gap": gap}
    now = "2024-04-01T00:00:00Z"
    assert _is_in(engine, rule, now) is answer
    assert _is_in(engine, {**rule, "operator": "did_not"}, now) is not answer
