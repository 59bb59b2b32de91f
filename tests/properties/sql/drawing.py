"""A definition is drawn: up to five levels of groups over rules of every type and operator."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, Final

from tests.oracle import values
from tests.oracle.catalog import KINDS, MEASURE_OPERATORS, OPERATORS
from tests.properties.sql.dates import DURATIONS, is_relative, moment, span
from tests.properties.sql.tenants import FIELDS, TYPES, Json, Tenant

Label = tuple[str, str, str]
DEPTH: Final = 5
_LISTS: Final = ("in", "not_in", "contains_any", "contains_all", "contains_none")
_PATHS: Final = {kind: [path for path, one in FIELDS.items() if one == kind] for kind in OPERATORS}
_STRINGS: Final[dict[str, tuple[str, ...]]] = {
    "campaign": values.CAMPAIGNS, "url": values.URLS, "device": values.DEVICES,
    "plan": values.PLANS, "contact.id": (*values.CONTACT_IDS, "c1", "c"),
    "engagement.last_opened_device": values.DEVICES,
}  # fmt: skip


class Drawing:
    """Definitions for one tenant, and how often each operator came up in them."""

    def __init__(self, random: Random, tenant: Tenant) -> None:
        """Begin, with two dynamic segments for the rules that refer to one."""
        self.random = random
        self.tenant = tenant
        self.used: Counter[Label] = Counter()
        for name in ("first", "second"):
            tenant.segments[name] = self._definition(empty=0.0)

    def definitions(self, count: int) -> list[tuple[Json, int]]:
        """Draw definitions, each with the instant it is asked at."""
        return [
            (self._definition(empty=0.02), self.random.choice(self.tenant.nows))
            for _ in range(count)
        ]

    def _definition(self, empty: float) -> Json:
        random = self.random
        drawn: Json = {
            "match": random.choice(("all", "any")),
            "groups": [self._group(DEPTH, empty) for _ in range(random.choice((1, 1, 2, 3)))],
        }
        if random.random() < 0.3:
            drawn["exclusions"] = [
                self._group(DEPTH, empty) for _ in range(random.choice((1, 1, 2)))
            ]
        return drawn

    def _group(self, depth: int, empty: float) -> Json:
        size = 0 if self.random.random() < empty else self.random.choice((1, 1, 2, 2, 3))
        return {
            "match": self.random.choice(("all", "any", "any", "none")),
            "conditions": [self._condition(depth, empty) for _ in range(size)],
        }

    def _condition(self, depth: int, empty: float) -> Json:
        chance = self.random.random()
        if chance < 0.25 and depth > 1:
            return self._group(depth - 1, empty)
        if chance < 0.65:
            return self._field_rule()
        if chance < 0.9:
            return self._event_rule()
        if chance < 0.95:
            return self._sequence_rule()
        return self._sample_rule() if chance < 0.97 else self._segment_rule()

    def _field_rule(self) -> Json:
        kind = self.random.choice(("string", "number", "boolean", "date", "date", "array"))
        rule = self._compared("field", self.random.choice(_PATHS[kind]), kind)
        return rule | ({"dataType": kind} if self.random.random() < 0.1 else {})

    def _compared(self, part: str, name: str, kind: str) -> Json:
        operator = self.random.choice(OPERATORS[kind])
        self.used[part, kind, operator] += 1
        rule: Json = {"field": name, "operator": operator}
        if operator in ("is_empty", "is_not_empty"):
            return rule
        return {**rule, "value": self._operand(name, kind, operator)}

    def _operand(self, name: str, kind: str, operator: str) -> Any:
        random = self.random
        if operator in DURATIONS:
            return random.choice(values.DURATIONS)
        if operator == "anniversary":
            return random.choice(values.ANNIVERSARIES)
        if operator in ("between", "not_between"):
            return self._dates() if kind == "date" else sorted(self._ones(name, kind, 2))
        if operator in _LISTS:
            return self._ones(name, kind, random.choice((1, 2, 3)))
        return self._ones(name, kind, 1)[0]

    def _ones(self, name: str, kind: str, count: int) -> list[Any]:
        random = self.random
        if kind == "date":
            return [self._date() for _ in range(count)]
        choices: tuple[Any, ...] = {
            "string": _STRINGS.get(name, values.STRINGS),
            "number": random.choice((values.NUMBERS, values.COUNTS, tuple(range(24)))),
            "boolean": (True, False),
            "array": values.TAGS,
        }[kind]
        return [random.choice(choices) for _ in range(count)]

    def _date(self) -> str:
        way = self.random.random()
        if way < 0.5:
            return self.random.choice(values.DATE_MATH)
        written = moment(self.random.choice(self.tenant.instants))
        if way < 0.7:
            return written.date().isoformat()
        text = written.isoformat(timespec="milliseconds")
        return text.replace("+00:00", self.random.choice(("Z", "+00:00", "")))

    def _dates(self) -> list[str]:
        first, last = self._date(), self._date()
        if not (is_relative(first) or is_relative(last)):
            # Literal ends must be in order; of a day and an instant inside it, take one twice.
            low, high = sorted((first, last), key=lambda text: span(text, 0))
            return [low, high if span(low, 0).end <= span(high, 0).start else low]
        return [first, last]

    def _event_rule(self) -> Json:
        random = self.random
        kinds = (*KINDS, "open", "click", "conversion", "webinar", "never_happened")
        rule: Json = {"event": random.choice(kinds), **self._window()}
        if random.random() < 0.5:
            rule["where"] = self._where(2)
        way = random.choice(("count", "count", "sum", "distinct"))
        if way != "count":
            names = [
                name
                for name, kind in TYPES.items()
                if name not in ("hour", "weekday") and (way == "distinct" or kind == "number")
            ]
            rule["measure"] = {way: random.choice(names)}
        elif random.random() < 0.5:
            rule["measure"] = way
        if random.random() < 0.8:
            rule["operator"] = random.choice(MEASURE_OPERATORS)
        operator = rule.get("operator", "greater_or_equal")
        self.used["event", way, operator] += 1
        if operator in ("between", "not_between") or random.random() < 0.8:
            choices = values.NUMBERS if way == "sum" else values.COUNTS
            two = sorted(random.choices(choices, k=2))
            rule["value"] = two if "between" in operator else two[0]
        return rule

    def _window(self) -> Json:
        window: Json = {}
        if self.random.random() < 0.4:
            window["within"] = self.random.choice(values.DURATIONS)
        for key in ("since", "until"):
            if self.random.random() < 0.25:
                window[key] = self._date()
        return window

    def _where(self, depth: int) -> Json:
        random = self.random
        conditions: list[Json] = []
        for _ in range(random.choice((1, 1, 2, 3))):
            if depth > 1 and random.random() < 0.15:
                conditions.append(self._where(depth - 1))
            else:
                name = random.choice(list(TYPES))
                conditions.append(self._compared("where", name, TYPES[name]))
        return {"match": random.choice(("all", "all", "any", "none")), "conditions": conditions}

    def _sequence_rule(self) -> Json:
        random = self.random
        steps: list[Json] = []
        for _ in range(random.choice((2, 2, 2, 3, 3, 4, 5))):
            step: Json = {"event": random.choice(("sent", "open", "click", "conversion"))}
            if random.random() < 0.3:
                step["where"] = self._where(1)
            steps.append(step)
        rule: Json = {"sequence": steps, **self._window()}
        if random.random() < 0.5:
            rule["gap"] = random.choice(values.GAPS)
        operator = random.choice(("did", "did_not"))
        self.used["sequence", "", operator] += 1
        return (
            rule if operator == "did" and random.random() < 0.5 else {**rule, "operator": operator}
        )

    def _sample_rule(self) -> Json:
        percent = self.random.choice((0, 100, 50, 10, 33.3, 0.1, 99.99, 12.5, 1e-7))
        self.used["sample", "", ""] += 1
        return {"sample": percent, "seed": self.random.choice(("a", "", "ß", "spring"))}

    def _segment_rule(self) -> Json:
        names = [*self.tenant.listed, *self.tenant.segments]
        operator = self.random.choice(("in", "not_in"))
        self.used["segment", "", operator] += 1
        return {"segment": self.random.choice(names), "operator": operator}


def expected_labels() -> set[Label]:
    """Give every operator of every part of a rule that a run must have asked with."""
    labels = {("field", kind, one) for kind, operators in OPERATORS.items() for one in operators}
    labels |= {
        ("where", kind, one) for kind in ("string", "number", "boolean") for one in OPERATORS[kind]
    }
    labels |= {
        ("event", way, one) for way in ("count", "sum", "distinct") for one in MEASURE_OPERATORS
    }
    labels |= {("sequence", "", "did"), ("sequence", "", "did_not"), ("sample", "", "")}
    return labels | {("segment", "", "in"), ("segment", "", "not_in")}
