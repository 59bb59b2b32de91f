"""A scene is a random history that two engines live through, and questions on the way.

It is larger than the oracle's worlds: with a thousand contacts and small writes, answers that are
kept are patched, not made anew, and buffers have room behind them that late events are merged into.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bitseg import Engine

Json = dict[str, Any]

START = 1_700_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def field(path: str, operator: str, *value: Any) -> Json:
    """Return a rule about a field."""
    return {"field": path, "operator": operator} | ({"value": value[0]} if value else {})


def where(match: str, *conditions: Json) -> Json:
    """Return a group of conditions."""
    return {"match": match, "conditions": list(conditions)}


CONDITIONS: tuple[Json, ...] = (
    field("contact.city", "equals", "t7"),
    field("contact.city", "not_in", [f"t{i}" for i in range(0, 400, 3)]),
    field("contact.city", "contains", "9"),
    field("contact.email", "starts_with", "c1"),
    field("contact.id", "contains", "77"),
    field("contact.lead_score", "between", [3, 60]),
    field("contact.lead_score", "in", list(range(0, 90, 2))),
    field("customField.share", "greater_than", 0.5),
    field("contact.tags", "contains_any", ["g1", "g2"]),
    field("contact.tags", "contains_all", ["g1", "h"]),
    field("contact.tags", "is_empty"),
    field("customField.due", "less_or_equal", "now"),
    field("customField.due", "within_last", "2h"),
    field("customField.due", "more_than_ahead", "1d"),
    field("customField.due", "anniversary", "3d"),
    field("customField.due", "equals", "today"),
    field("contact.updated_at", "within_last", "1h"),
    field("contact.created_at", "more_than_ago", "2h"),
    field("engagement.total_opens", "greater_than", 0),
    field("engagement.total_opens", "greater_than", 9),
    field("engagement.revenue", "greater_than", 50),
    field("engagement.last_opened_at", "within_last", "1d"),
    field("engagement.last_opened_at", "is_not_empty"),
    field("engagement.last_activity_at", "more_than_ago", "12h"),
    field("engagement.last_opened_device", "contains", "1"),
    field("engagement.preferred_open_hour", "less_than", 9),
    field("engagement.opened_last_email", "equals", *[True]),
    {"event": "open"},
    {"event": "open", "within": "2d"},
    {"event": "open", "within": "2d", "value": 2},
    {"event": "open", "within": "7h", "operator": "equals", "value": 0},
    {"event": "open", "since": "today-1d", "until": "now-1h"},
    {"event": "open", "within": "3d", "where": where("all", field("url", "contains", "9"))},
    {
        "event": "open",
        "within": "3d",
        "value": 2,
        "where": where("none", field("url", "equals", "u5"), field("hour", "less_than", 8)),
    },
    {"event": "conversion", "within": "2d", "measure": {"sum": "amount"}, "value": 30},
    {"event": "open", "measure": {"distinct": "url"}, "value": 3},
    {"sequence": [{"event": "sent"}, {"event": "open"}], "gap": "5h", "within": "4d"},
    {"sequence": [{"event": "open"}, {"event": "open"}, {"event": "click"}]},
    {"sample": 33.3, "seed": "q"},
    {"event": "click", "operator": "less_than", "value": 2},
)


class Scene:
    """Two engines with one history: one keeps what it built, one forgets before each question."""

    def __init__(self, seed: int, contacts: int, keep_bytes: int, retention: int | None) -> None:
        """Load both with contacts and events drawn from the seed."""
        self._random = Random(seed)  # noqa: S311 - a seed replays it
        self._now = START
        self._next = contacts
        self.keeping, self.forgetting = (
            Engine(
                "Europe/Berlin",
                clock=lambda: self._now,
                keep_bytes=keep,
                retention_days=retention,
            )
            for keep in (keep_bytes, 2**30)
        )
        self._both(lambda engine: engine.define_field("customField.due", "date"))
        self._both(lambda engine: engine.define_field("customField.share", "number"))
        self._load(self._rows(range(contacts)))
        self._record(self._events(contacts * 3, 5 * DAY))

    def step(self) -> None:
        """Write something, or let time pass, now and then backwards."""
        draw = self._random
        one = draw.randrange(12)
        if one < 2:
            known = [draw.randrange(self._next) for _ in range(draw.choice([1, 3, 40]))]
            self._load(self._rows(known))
        elif one < 3:
            more = draw.choice([1, 40, 70])
            self._load(self._rows(range(self._next, self._next + more)))
            self._next += more
        elif one < 6:
            spread = draw.choice([10, 5_000, DAY, 4 * DAY])
            self._record(self._events(draw.choice([1, 2, 50]), spread))
        elif one < 7:
            gone = [f"c{draw.randrange(self._next)}" for _ in range(draw.choice([1, 1, 20]))]
            self._both(lambda engine: engine.delete_contacts(gone))
        elif one < 8:
            ids = [f"e{draw.randrange(100_000)}" for _ in range(30)]
            self._both(lambda engine: engine.withdraw_events(ids))
        elif one < 11:
            self._now += draw.choice([1, 2, 10, 1_000, 60_000, HOUR, 5 * HOUR])
        else:
            self._now -= draw.choice([1, 5, 1_000, HOUR])

    def questions(self) -> list[Json]:
        """Draw a few definitions: never all, so that answers are kept for many steps unasked."""
        draw = self._random
        asked = [where("all", one) for one in draw.sample(CONDITIONS, draw.choice([1, 2, 8]))]
        if draw.random() < 0.2:
            asked.append(where(draw.choice(["all", "any", "none"]), *draw.sample(CONDITIONS, 3)))
        return [{"match": "all", "groups": [group]} for group in asked]

    def answers(self, rules: Json) -> tuple[list[str], list[str]]:
        """Return the members that the keeping and the forgetting engine name."""
        now = EPOCH + timedelta(milliseconds=self._now)
        self.forgetting.drop_kept()
        kept = list(self.keeping.select(rules, now).ids())
        return kept, list(self.forgetting.select(rules, now).ids())

    def _both(self, write: Callable[[Engine], object]) -> None:
        write(self.keeping)
        write(self.forgetting)

    def _load(self, rows: list[Json]) -> None:
        self._both(lambda engine: engine.load_contacts(rows))

    def _record(self, events: list[Json]) -> None:
        self._both(lambda engine: engine.load_events(events))

    def _rows(self, numbers: range | list[int]) -> list[Json]:
        return [self._row(number) for number in numbers]

    def _row(self, number: int) -> Json:
        draw = self._random
        values: dict[str, tuple[float, list[Any]]] = {
            "city": (0.7, [None, f"t{draw.randrange(400)}"]),
            "email": (0.5, [f"c{draw.randrange(3_000)}@x", f"É{draw.randrange(300)}@x", None]),
            "lead_score": (0.5, [None, draw.randrange(100), draw.randrange(-5, 300)]),
            "share": (0.3, [draw.random()]),
            "tags": (
                0.3,
                [draw.sample(["g1", "g2", "g3", f"z{draw.randrange(500)}"], 2), ["g1", "h"]],
            ),
            "due": (
                0.5,
                [self._now + draw.randrange(-20, 20), self._now + draw.randrange(-DAY, DAY)],
            ),
            "total_opens": (0.1, [draw.randrange(10)]),
            "last_opened_at": (0.1, [self._now + draw.randrange(-2 * DAY, DAY)]),
            "revenue": (0.1, [draw.random() * 100]),
        }
        given = {
            key: draw.choice(of) for key, (share, of) in values.items() if draw.random() < share
        }
        return {"id": f"c{number}", **given}

    def _events(self, count: int, spread: int) -> list[Json]:
        return [self._event(spread) for _ in range(count)]

    def _event(self, spread: int) -> Json:
        draw = self._random
        kind = draw.choice(["open", "open", "click", "sent", "conversion"])
        properties: Json = {
            "url": f"u{draw.randrange(400)}",
            "device": f"d{draw.randrange(30)}",
            "campaign": f"k{draw.randrange(5)}",
            "event_id": f"e{draw.randrange(100_000)}",
        }
        return {
            "contact_id": f"c{draw.randrange(self._next + 3)}",
            "kind": kind,
            "at": self._now + draw.randrange(-spread, max(2, spread // 4)),
            **({"amount": draw.random() * 50} if kind == "conversion" else {}),
            **{key: value for key, value in properties.items() if draw.random() < 0.5},
        }
