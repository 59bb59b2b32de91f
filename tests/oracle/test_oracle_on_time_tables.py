"""The oracle gives the answers of the time tables, which were worked out by hand."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.oracle.dates import Moment as At
from tests.oracle.dates import day_start, read, resolve, to_ms, wall
from tests.oracle.evaluate import members
from tests.oracle.world import World
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


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def _world(zone: str, row: dict[str, Any], events: list[dict[str, Any]]) -> World:
    world = World(zone)
    world.define_field(RENEWAL, "date")
    world.define_field("customField.birthday", "date")
    assert world.load_contacts([{"id": "c", **row}]).created == 1
    assert world.load_events([{"contact_id": "c", **one} for one in events]).rejected == []
    return world


def _is_in(world: World, rule: dict[str, Any], now: str) -> bool:
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [rule]}]}
    return members(world, rules, _ms(now)) == ["c"]


@pytest.mark.parametrize("row", EDGES, ids=str)
def test_a_date_rule_changes_its_answer_at_its_edge(row: Edge) -> None:
    rule = {"field": RENEWAL, "operator": row.operator, "value": row.value}
    worlds = [_world(row.zone, {RENEWAL: _ms(row.edge) + side}, []) for side in SIDES]
    assert "".join("-x"[_is_in(world, rule, row.now)] for world in worlds) == row.answers


@pytest.mark.parametrize("row", EVENT_EDGES, ids=str)
def test_an_event_rule_changes_its_answer_at_its_edge(row: EventEdge) -> None:
    rule = {"event": "open", **row.rule}
    worlds = [
        _world(row.zone, {}, [{"kind": "open", "at": _ms(row.edge) + side}]) for side in SIDES
    ]
    assert "".join("-x"[_is_in(world, rule, row.now)] for world in worlds) == row.answers


@pytest.mark.parametrize("row", ANNIVERSARIES, ids=str)
def test_an_anniversary_is_a_month_and_a_day(row: Anniversary) -> None:
    rule = {"field": RENEWAL, "operator": "anniversary", "value": row.value}
    assert _is_in(_world(row.zone, {RENEWAL: row.data}, []), rule, row.now) is (row.answer == "yes")


@pytest.mark.parametrize("row", SHOWN, ids=str)
def test_the_wall_clock_shows_the_hour_and_weekday(row: Shown) -> None:
    shown = wall(_ms(row.at), row.zone)
    assert (shown.hour, shown.isoweekday()) == (row.hour, row.weekday)


@pytest.mark.parametrize("row", PASSING, ids=lambda row: row.name)
def test_a_contact_comes_and_goes_though_nothing_happens(row: Passing) -> None:
    contact = {
        RENEWAL: "2024-03-10T10:00:00Z",
        "customField.birthday": "2000-02-29",
        "engagement.last_clicked_at": "2024-03-12T10:00:00Z",
    }
    sent = {"kind": "sent", "at": "2024-03-20T10:00:00Z", "campaign": "spring"}
    world = _world("UTC", contact, [{"kind": "open", "at": "2024-03-10T10:00:00Z"}, sent])
    for now, answer in row.answers:
        assert _is_in(world, row.rule, now) is answer, now


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Apia", "America/Havana"])
def test_whole_days_follow_each_other_without_a_gap(zone: str) -> None:
    at = At(read("2011-12-20T12:00", zone), zone)
    spans = [resolve(f"today+{ahead}d", at) for ahead in range(1, 400)]
    assert all(one.end == two.start for one, two in pairwise(spans))
    assert resolve("today+400d", at).start == spans[-1].end


def test_a_day_that_starts_inside_a_gap_starts_where_the_gap_ends() -> None:
    # Toronto, 1919: 23:30 of 30 March -> 00:30 of 31 March.
    start = day_start(datetime.fromisoformat("1919-03-31T00:00").date(), "America/Toronto")
    assert start == _ms("1919-03-31T04:30:00Z")
