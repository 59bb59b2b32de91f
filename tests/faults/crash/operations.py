"""An operation is one call of a writer, drawn from a seed and its number alone.

Whoever knows seed and number knows the call: the writer draws it to make it, the parent to know
what was to come of it. Operations come in rounds. In a round together each lane is a thread and
keeps to its own contacts, event ids, fields and segments, so that no order among threads matters
to what comes of it; a round alone has one operation, which may touch everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeAlias

from tests.faults.crash.rows import DAY, HOUR, Rows, day_of, lane_ids

Json: TypeAlias = dict[str, Any]

T0: Final = 1_772_366_400_000
"""Noon of 1 March 2026, when every history begins, ms."""

STEP: Final = 250
"""From the instant of one operation's number to the next one's, ms."""

LANES: Final = 3
PER_ROUND: Final = 100
PER_LANE: Final = 10

BULK_ROWS: Final = (4_150, 4_400)
"""A load of so many rows is put aside in parts before it is committed (from 4,097 on)."""


@dataclass(frozen=True)
class Operation:
    """One call, its arguments, and its place in the history."""

    number: int
    name: str
    given: Json

    @property
    def may_be_sent_again(self) -> bool:
        """Whether it has a key, so that sending it again does nothing twice."""
        return bool(self.given.get("once"))

    @property
    def at(self) -> int:
        """The clock's instant while it runs, ms."""
        return T0 + self.number * STEP

    def __str__(self) -> str:
        """The call as a failure shows it."""
        shown = repr(self.given)
        return f"{self.number} {self.name} {shown if len(shown) < 600 else shown[:600] + ' …'}"


Round: TypeAlias = list[list[Operation]]


@dataclass(frozen=True)
class Shape:
    """What is fixed for one history, by its seed.

    Attributes:
        seed: of everything drawn.
        tour: whether rounds go through all that a store does, in turn, and not at random.
    """

    seed: int
    tour: bool = False

    @property
    def retention_days(self) -> int | None:
        """For how long events are kept; None = for ever."""
        return (None, 100, None)[self.seed % 3]

    @property
    def bulk_contacts(self) -> bool:
        """Whether thousands of contacts come at once now and then."""
        return self.seed % 4 == 1


TOUR: Final = (
    "together", "bulk", "delete_contacts", "snapshot", "together",
    "backup", "refresh_segments", "with_snapshot", "reopen",
)  # fmt: skip
"""The rounds of a tour: all points of a store lie on it."""

WEIGHTS: Final = {
    "together": 46,
    "with_snapshot": 10,
    "load_contacts": 6,
    "load_events": 6,
    "delete_contacts": 5,
    "withdraw_events": 2,
    "refresh_segments": 6,
    "snapshot": 4,
    "backup": 3,
    "drop_expired_events": 4,
    "bulk": 5,
    "define_field": 2,
    "reopen": 1,
}


def round_of(shape: Shape, number: int) -> Round:
    """Return the operations of a round, by lane."""
    draw = Random(f"{shape.seed}:{number}")  # noqa: S311 - a seed replays it
    if shape.tour:
        kind = TOUR[number % len(TOUR)]
    else:
        kind = draw.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    drawer = _Drawer(shape, draw, number)
    if kind not in {"together", "with_snapshot"}:
        return [[drawer.alone(kind)]]
    lanes = [drawer.lane(lane) for lane in range(draw.randint(2, LANES))]
    if kind == "with_snapshot":
        lanes.append([Operation(number * PER_ROUND + LANES * PER_LANE, "snapshot", {})])
    return lanes


class _Drawer:
    """Draws the operations of one round."""

    def __init__(self, shape: Shape, draw: Random, number: int) -> None:
        """Take the history's shape, the source of chance, and the round's number."""
        self._shape = shape
        self._draw = draw
        self._round = number
        self._rows = Rows(draw)

    def lane(self, lane: int) -> list[Operation]:
        """Return the operations of one thread."""
        first = self._round * PER_ROUND + lane * PER_LANE
        return [self._one(first + place, lane) for place in range(self._draw.randint(1, 5))]

    def alone(self, kind: str) -> Operation:
        """Return an operation that runs while nothing else does."""
        number = self._round * PER_ROUND
        lane = self._draw.randrange(LANES)
        if kind == "bulk":
            return self._bulk(number)
        if kind == "delete_contacts" and self._shape.bulk_contacts and self._draw.random() < 0.5:
            start = self._draw.randrange(0, 5_000, 500)
            ids = [f"b{k}" for k in range(start, start + self._draw.choice((300, 2_500)))]
            return Operation(number, kind, {"ids": ids})
        maker = getattr(self, f"_{kind}", None)
        if maker is None:
            return Operation(number, kind, {})
        return self._called(number, kind, maker(number, lane))

    def _one(self, number: int, lane: int) -> Operation:
        kind = self._draw.choices(
            (
                *("load_contacts", "load_events", "delete_contacts", "withdraw_events"),
                *("define_segment", "remove_segment", "define_field"),
            ),
            (30, 34, 6, 6, 12, 5, 4),
        )[0]
        return self._called(number, kind, getattr(self, f"_{kind}")(number, lane))

    def _called(self, number: int, kind: str, given: Json) -> Operation:
        """Return an operation, now and then with a key that makes it safe to send again."""
        return Operation(number, kind, {**given, "once": self._draw.random() < 0.35})

    def _load_contacts(self, number: int, lane: int) -> Json:
        rows = [self._rows.contact(lane, T0 + number * STEP) for _ in range(self._few())]
        if self._draw.random() < 0.2:
            rows.insert(self._draw.randint(0, len(rows)), self._rows.bad_contact(lane))
        return {"rows": rows, "strict": self._draw.random() < 0.3}

    def _load_events(self, number: int, lane: int) -> Json:
        at = T0 + number * STEP
        rows = [self._rows.event(lane, at, f"{number}-{k}") for k in range(self._few())]
        if self._draw.random() < 0.2:
            rows.insert(self._draw.randint(0, len(rows)), self._rows.bad_event(lane, at))
        return {
            "rows": rows,
            "create_contacts": self._draw.random() < 0.3,
            "strict": self._draw.random() < 0.2,
        }

    def _delete_contacts(self, number: int, lane: int) -> Json:
        del number
        ids = self._draw.sample(lane_ids(lane), self._draw.randint(1, 3))
        return {"ids": [*ids, "nobody"] if self._draw.random() < 0.3 else ids}

    def _withdraw_events(self, number: int, lane: int) -> Json:
        near = number - self._draw.randint(1, 3) * PER_ROUND
        ids = [f"e{lane}-{self._draw.randrange(40)}" for _ in range(3)]
        return {"ids": [*ids, *(f"e{lane}-{near + k}-0" for k in range(-5, 5))]}

    def _define_segment(self, number: int, lane: int) -> Json:
        segment = f"s{lane}-{self._draw.randrange(5)}"
        if self._draw.random() < 0.35:
            ids = self._draw.sample(lane_ids(lane), self._draw.randint(1, 6))
            return {"segment": segment, "ids": ids}
        return {"segment": segment, "rules": self._rules(segment, lane, T0 + number * STEP)}

    def _remove_segment(self, number: int, lane: int) -> Json:
        del number
        return {"segment": f"s{lane}-{self._draw.randrange(6)}"}

    def _define_field(self, number: int, lane: int) -> Json:
        path, data_type = self._draw.choice(
            (
                (f"customField.plan{lane}", "string"),
                (f"customField.score{lane}", "number"),
                (f"customField.likes{lane}", "array"),
                (f"customField.vip{lane}", "boolean"),
                (f"customField.plan{lane}", "words"),
                ("customField.lead_score", "number"),
                ("contact.new", "string"),
            )
        )
        return {"path": path, "data_type": data_type, "label": f"as of {number}"}

    def _bulk(self, number: int) -> Operation:
        at = T0 + number * STEP
        strict = self._draw.random() < 0.3
        if self._shape.bulk_contacts and self._draw.random() < 0.5:
            start = self._draw.randrange(0, 1_000, 250)
            rows = self._rows.many_contacts(start, self._draw.randint(*BULK_ROWS))
            return self._called(number, "load_contacts", {"rows": rows, "strict": strict})
        rows = self._rows.many_events(at, number, self._draw.randint(*BULK_ROWS))
        given = {"rows": rows, "create_contacts": self._draw.random() < 0.5, "strict": strict}
        return self._called(number, "load_events", given)

    def _rules(self, segment: str, lane: int, at: int) -> Json:
        """Return a definition, now and then one that is refused."""
        draw = self._draw
        place = int(segment.rpartition("-")[2])
        other = f"s{lane}-{draw.randrange(place)}" if place else "s-none"
        field = _field_rule
        conditions: list[Json] = [
            field("contact.country", "equals", draw.choice(("Canada", "Österreich"))),
            field("contact.lead_score", "greater_or_equal", draw.randrange(100)),
            field("contact.tags", "contains", draw.choice("abcd")),
            field("contact.bounced", "not_equals", draw.random() < 0.5),
            field(f"customField.plan{lane}", "equals", "pro"),
            field(f"customField.score{lane}", "less_than", 50),
            field("engagement.total_opens", "greater_or_equal", draw.randint(1, 9)),
            field("engagement.revenue", "greater_than", draw.randrange(300)),
            {"event": "click", "within": "20d", "value": draw.randint(1, 4)},
            {
                "event": "conversion",
                "since": day_of(at - 30 * DAY),
                "measure": {"sum": "amount"},
                "value": draw.randrange(200),
            },
            {
                "event": "visit",
                "within": f"{draw.randint(1, 400)}h",
                "where": {"match": "all", "conditions": [field("ok", "equals", value=True)]},
                "value": draw.randint(1, 3),
            },
            {"segment": other, "operator": draw.choice(("in", "not_in"))},
        ]
        chosen = draw.sample(conditions, draw.randint(1, 3))
        if draw.random() < 0.1:
            chosen = draw.choice(([], [field("customField.never", "equals", "x")]))
        ours = [field("contact.id", "starts_with", start) for start in (f"c{lane}-", f"ç{lane} ")]
        rules: Json = {
            "match": "all",
            "groups": [
                {"match": "any", "conditions": ours},
                {"match": draw.choice(("all", "any", "none")), "conditions": chosen},
            ],
        }
        if draw.random() < 0.2:
            rules["exclusions"] = [{"match": "all", "conditions": [draw.choice(conditions[:4])]}]
        return rules

    def _few(self) -> int:
        return self._draw.choice((1, 1, 2, 3, 5, 8, 13))


def _field_rule(path: str, operator: str, value: Any) -> Json:
    return {"field": path, "operator": operator, "value": value}


__all__ = ["DAY", "HOUR", "LANES", "STEP", "T0", "Operation", "Round", "Shape", "round_of"]
