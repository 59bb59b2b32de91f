"""Answers that are kept stay true, whatever is written and however time moves.

An engine that keeps everything, one that keeps nothing and one that forgets before each question
agree. There are enough contacts that a small write is patched into kept answers instead of making
them anew.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.engine.making import Clock, Json, all_of, any_of, at, engine_of, field, group, ms

START = ms("2026-03-28T12:00:00Z")
"""The day before Berlin's clocks go forward."""
HOUR = 3_600_000
DAY = 24 * HOUR
PEOPLE = 640
CITIES = ("Rome", "Oslo", "Bonn", None)
PLAN = "customField.plan"
DUE = "customField.due"

CONDITIONS: tuple[Json, ...] = (
    field("contact.city", "equals", "Rome"),
    field("contact.city", "not_in", ["Oslo", "Bonn"]),
    field("contact.city", "contains", "o"),
    field("contact.city", "is_empty"),
    field("contact.id", "ends_with", "7"),
    field("contact.id", "in", ["c1", "c2", "n1", "n2", "n3"]),
    field("contact.lead_score", "between", [3, 6]),
    field("contact.lead_score", "not_equals", 5),
    field("contact.bounced", "equals", value=True),
    field("contact.tags", "contains_all", ["a", "b"]),
    field("contact.tags", "contains_none", ["b"]),
    field(PLAN, "starts_with", "p"),
    field(DUE, "within_next", "2d"),
    field(DUE, "more_than_ago", "36h"),
    field(DUE, "equals", "today"),
    field(DUE, "anniversary", "3d"),
    field(DUE, "not_between", ["today-1d", "now+5h"]),
    field(DUE, "in", ["today", "today+2d", "2026-03-30"]),
    field("contact.created_at", "within_last", "5h"),
    field("contact.updated_at", "greater_than", "now-2h"),
    field("engagement.total_opens", "greater_or_equal", 2),
    field("engagement.total_clicks", "equals", 0),
    field("engagement.revenue", "between", [0.3, 20]),
    field("engagement.revenue", "less_or_equal", 0),
    field("engagement.last_opened_at", "within_last", "1d"),
    field("engagement.last_clicked_at", "is_empty"),
    field("engagement.last_activity_at", "more_than_ago", "6h"),
    field("engagement.last_opened_device", "is_not_empty"),
    field("engagement.last_opened_device", "equals", "ios"),
    field("engagement.preferred_open_hour", "less_than", 12),
    field("engagement.preferred_open_weekday", "equals", 7),
    field("engagement.opened_last_email", "equals", value=True),
    field("engagement.opened_last_email", "is_empty"),
    {"event": "open"},
    {"event": "open", "within": "1d", "operator": "greater_or_equal", "value": 2},
    {"event": "open", "within": "6h", "operator": "equals", "value": 0},
    {"event": "open", "since": "today", "where": group("all", field("device", "not_in", ["web"]))},
    {"event": "click", "until": "now-3h", "where": group("any", field("hour", "less_than", 10))},
    {"event": "conversion", "within": "2d", "measure": {"sum": "amount"}, "value": 0.3},
    {
        "event": "open",
        "within": "3d",
        "measure": {"distinct": "campaign"},
        "operator": "between",
        "value": [1, 2],
    },
    {"sequence": [{"event": "sent"}, {"event": "open"}], "gap": "5h", "within": "2d"},
    {"sequence": [{"event": "open"}, {"event": "click"}], "operator": "did_not"},
    {"sample": 25, "seed": "x"},
    {"segment": "live"},
    {"segment": "fixed", "operator": "not_in"},
    field("engagement.last_opened_at", "anniversary", "3d"),
    field("engagement.last_activity_at", "not_in", ["today", "today-2d"]),
    {"event": "sent", "within": "1M", "where": group("none", field("campaign", "is_empty"))},
)
JOINS: tuple[Json, ...] = (
    all_of(*CONDITIONS[0:2], CONDITIONS[20], CONDITIONS[33]),
    any_of(CONDITIONS[12], CONDITIONS[36], CONDITIONS[22]),
    all_of(CONDITIONS[7], CONDITIONS[41], CONDITIONS[10]),
    all_of(CONDITIONS[24], exclusions=(CONDITIONS[33], CONDITIONS[0])),
    all_of(group("none", *CONDITIONS[40:43]), group("any", *CONDITIONS[18:20])),
)
DEFINITIONS = (*(all_of(one) for one in CONDITIONS), *JOINS)


def _person(name: str, draw: Random) -> Json:
    """Return a row with some fields given, some of them as null."""
    choices: Json = {
        "city": draw.choice(CITIES),
        "lead_score": draw.choice((None, draw.randrange(9))),
        "bounced": draw.choice((None, True, False)),
        "tags": draw.choice((None, ["a"], ["a", "b"], ["b", "c"])),
        PLAN: draw.choice((None, "pro", "Plus", "free")),
        DUE: draw.choice((None, _instant(draw))),
    }
    return {"id": name, **{key: v for key, v in choices.items() if draw.random() < 0.6}}


def _baseline(name: str, draw: Random) -> Json:
    choices: Json = {
        "total_opens": draw.choice((None, 1, 3)),
        "total_clicks": draw.choice((None, 2)),
        "revenue": draw.choice((None, 0.1, 0.2, 1e16)),
        "last_opened_at": draw.choice((None, _instant(draw))),
        "last_converted_at": draw.choice((None, _instant(draw))),
        "last_activity_at": draw.choice((None, _instant(draw))),
    }
    return {"id": name, **{key: v for key, v in choices.items() if draw.random() < 0.5}}


def _event(name: str, draw: Random, number: int) -> Json:
    kind = draw.choice(("sent", "open", "open", "click", "conversion"))
    row: Json = {"contact_id": name, "kind": kind, "at": _instant(draw), "event_id": f"e{number}"}
    if draw.random() < 0.7:
        row["campaign"] = draw.choice(("x", "y", "z"))
    if kind == "open" and draw.random() < 0.7:
        row["device"] = draw.choice(("ios", "web"))
    if kind == "conversion":
        row["amount"] = draw.choice((0.1, 0.2, -0.3, 1e16, -1e16, 5.0))
    return row


def _instant(draw: Random) -> int:
    """Return an instant near which the definitions change their answers, ms."""
    beside = draw.choice((0, 0, -1, 1, 7 * 60_000))
    return START + draw.randrange(-8, 9) * 6 * HOUR + beside


class KeptAnswers(RuleBasedStateMachine):
    """Three engines get the same writes; one of them drops what it kept before each question."""

    moves = st.sampled_from((0, 1, HOUR, 5 * HOUR, 6 * HOUR, DAY, 3 * DAY, -HOUR, -DAY))
    draws = st.integers(0, 10_000).map(Random)

    def __init__(self) -> None:
        """Load some hundred people and ask everything once."""
        super().__init__()
        self.clock = Clock()
        self.clock.ms = START
        self.events = 0
        self.written: list[tuple[int, str, tuple[Any, ...]]] = []
        self.people = [f"c{i}" for i in range(PEOPLE)]
        self.engines = {
            name: engine_of(clock=self.clock, timezone="Europe/Berlin", keep_bytes=keep)
            for name, keep in (("all", 2**30), ("few", 20_000), ("none", 1), ("cold", 2**30))
        }
        draw = Random(7)  # noqa: S311 - test data
        self.write("define_field", PLAN, "string")
        self.write("define_field", DUE, "date")
        self.write("load_contacts", [_person(name, draw) for name in self.people])
        self.write("load_events", [self._event(draw) for _ in range(900)])
        self.write("define_segment", "fixed", self.people[::3])
        self.write("define_segment", "live", DEFINITIONS[34])
        self.ask(0)

    def write(self, call: str, *arguments: Any) -> None:
        """Do one write to all engines, which have to report the same."""
        self.written.append((self.clock.ms, call, arguments))
        reports = [getattr(engine, call)(*arguments) for engine in self.engines.values()]
        assert all(report == reports[0] for report in reports)

    def _event(self, draw: Random) -> Json:
        self.events += 1
        return _event(draw.choice(self.people), draw, self.events)

    @rule(draw=draws, count=st.integers(1, 9))
    def upsert(self, draw: Random, count: int) -> None:
        self.write("load_contacts", [_person(draw.choice(self.people), draw) for _ in range(count)])

    @rule(draw=draws, count=st.integers(1, 9))
    def set_baselines(self, draw: Random, count: int) -> None:
        rows = [_baseline(draw.choice(self.people), draw) for _ in range(count)]
        self.write("load_contacts", rows)

    @rule(draw=draws, count=st.sampled_from((1, 2, 70)))
    def add(self, draw: Random, count: int) -> None:
        new = [f"n{len(self.people) + i}" for i in range(count)]
        self.people += new
        self.write("load_contacts", [_person(name, draw) for name in new])

    @rule(draw=draws, count=st.sampled_from((1, 5, 30, 300)))
    def record(self, draw: Random, count: int) -> None:
        self.write("load_events", [self._event(draw) for _ in range(count)])

    @rule(draw=draws, count=st.integers(1, 9))
    def withdraw(self, draw: Random, count: int) -> None:
        self.write("withdraw_events", [f"e{draw.randrange(self.events)}" for _ in range(count)])

    @rule(draw=draws, count=st.integers(1, 4))
    def erase(self, draw: Random, count: int) -> None:
        gone = {draw.choice(self.people) for _ in range(count)}
        self.people = [name for name in self.people if name not in gone]
        self.write("delete_contacts", sorted(gone))

    @rule(draw=draws)
    def redefine(self, draw: Random) -> None:
        what = draw.choice((DEFINITIONS[34], DEFINITIONS[0], draw.sample(self.people, 5)))
        self.write("define_segment", draw.choice(("fixed", "live")), what)

    @rule(move=moves)
    def ask(self, move: int) -> None:
        self.clock.ms += move
        self.engines["cold"].drop_kept()
        for definition in DEFINITIONS:
            want = self.engines["cold"].select(definition).rows
            for name, engine in self.engines.items():
                assert engine.select(definition).rows == want, (name, definition)
                assert engine.count(definition) == len(want), (name, definition)

    @rule(move=moves)
    def ask_of_another_instant(self, move: int) -> None:
        """Look back or ahead without moving the clock; the next question is of now again."""
        then = at("1970-01-01T00:00:00Z") + timedelta(milliseconds=self.clock.ms - 7 * move)
        self.engines["cold"].drop_kept()
        for definition in DEFINITIONS[::3]:
            want = self.engines["cold"].select(definition, now=then).rows
            for name, engine in self.engines.items():
                assert engine.select(definition, now=then).rows == want, (name, definition)

    def teardown(self) -> None:
        """Ask once more, and compare with an engine to which all was written without a question."""
        self.ask(0)
        then = Clock()
        fresh = engine_of(clock=then, timezone="Europe/Berlin")
        for then.ms, call, arguments in self.written:
            getattr(fresh, call)(*arguments)
        then.ms = self.clock.ms
        for definition in DEFINITIONS:
            want = self.engines["all"].select(definition).rows
            assert fresh.select(definition).rows == want, definition


KeptAnswers.TestCase.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
TestKeptAnswers = KeptAnswers.TestCase
