"""A statement is a definition as one SELECT over contacts, written from the specification.

The tables are those of `tests.properties.sql.tables`. A positive operator is a condition that SQL
finds unknown where the value is NULL, made false; a negative one is its NOT.
"""

# ruff: noqa: S608 - of a rule only names and operators are in the text; values are bound

from __future__ import annotations

from typing import Any, Final

from tests.oracle.catalog import TWINS
from tests.properties.sql.dates import anniversary_days, interval, moved, span
from tests.properties.sql.derived import HOUR, MONTH_DAY, WEEKDAY, on_clock

Json = dict[str, Any]

_COMPARED: Final = {
    "equals": "=", "greater_than": ">", "greater_or_equal": ">=", "less_than": "<",
    "less_or_equal": "<=",
}  # fmt: skip


class Statement:
    """The SELECT of one definition at one instant, with the values it binds."""

    def __init__(
        self, people: str, types: dict[str, str], segments: dict[str, Json], now: int
    ) -> None:
        """Begin one.

        Args:
            people: the table of contacts with their derived fields as of the instant.
            types: the type of each field path and event property.
            segments: the definitions of the dynamic segments; others are static.
            now: the instant, ms.
        """
        self.people = people
        self.types = types
        self.segments = segments
        self.now = now
        self.values: dict[str, Any] = {}

    def select(self, definition: Json) -> str:
        """Return SQL for the members' ids in order of first load."""
        condition = self._definition(definition)
        return f"SELECT id FROM {self.people} AS c WHERE {condition} ORDER BY number"

    def _bound(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        self.values[name] = float(value) if is_number else value
        return f":{name}"

    def _instant(self, at: int) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = at
        return f":{name}"

    # Groups

    def _definition(self, definition: Json) -> str:
        included = _joined(definition["match"], [self._group(one) for one in definition["groups"]])
        excluded = [self._group(one) for one in definition.get("exclusions", [])]
        return f"({included} AND {_joined('none', excluded)})"

    def _group(self, group: Json) -> str:
        return _joined(group["match"], [self._condition(one) for one in group["conditions"]])

    def _condition(self, rule: Json) -> str:
        if "conditions" in rule:
            return self._group(rule)
        if "field" in rule:
            return self._field(rule)
        if "event" in rule:
            return self._event(rule)
        if "sequence" in rule:
            return self._sequence(rule)
        if "sample" in rule:
            return f"sampled(c.id, {self._bound(rule['seed'])}, {self._bound(str(rule['sample']))})"
        return self._segment(rule)

    def _segment(self, rule: Json) -> str:
        name = rule["segment"]
        if name in self.segments:
            inside = self._definition(self.segments[name])
        else:
            inside = (
                "EXISTS (SELECT 1 FROM listed AS l WHERE l.contact = c.number"
                f" AND l.segment = {self._bound(name)})"
            )
        return f"NOT {inside}" if rule.get("operator") == "not_in" else inside

    # Fields

    def _field(self, rule: Json) -> str:
        path, operator = rule["field"], rule["operator"]
        kind, value = self.types[path], rule.get("value")
        if kind == "array":
            return self._array(path, operator, value)
        return self._scalar(f'c."{path}"', kind, operator, value)

    def _array(self, path: str, operator: str, value: Any) -> str:
        if operator in TWINS:
            return f"NOT {self._array(path, TWINS[operator], value)}"
        held = (
            "EXISTS (SELECT 1 FROM elements AS x WHERE x.contact = c.number"
            f" AND x.path = {self._bound(path)}"
        )
        if operator == "is_not_empty":
            return f"{held})"
        if operator == "contains_all":
            every = [f"{held} AND x.element = {self._bound(one)})" for one in value]
            return _joined("all", every)
        wanted = [value] if operator == "contains" else value
        return f"{held} AND x.element IN ({self._list(wanted)}))"

    def _list(self, values: list[Any]) -> str:
        return ", ".join(self._bound(value) for value in values)

    def _scalar(self, x: str, kind: str, operator: str, value: Any) -> str:
        """Return the condition of a value that is SQL, of any type but array."""
        if operator in TWINS:
            return f"NOT {self._scalar(x, kind, TWINS[operator], value)}"
        if operator == "is_not_empty":
            return f"({x} IS NOT NULL)"
        positive = self._date if kind == "date" else self._plain
        return f"coalesce({positive(x, operator, value)}, 0)"

    def _plain(self, x: str, operator: str, value: Any) -> str:
        if operator in _COMPARED:
            return f"{x} {_COMPARED[operator]} {self._bound(value)}"
        if operator == "in":
            return f"{x} IN ({self._list(value)})"
        if operator == "between":
            return f"{x} BETWEEN {self._bound(value[0])} AND {self._bound(value[1])}"
        text, part = f"folded({x})", f"folded({self._bound(value)})"
        if operator == "contains":
            return f"instr({text}, {part}) > 0"
        start = "1" if operator == "starts_with" else f"-length({part})"
        return f"substr({text}, {start}, length({part})) = {part}"

    def _date(self, x: str, operator: str, value: Any) -> str:
        if operator == "anniversary":
            days = self._list(anniversary_days(value, self.now))
            return f"{on_clock(MONTH_DAY, x)} IN ({days})"
        if operator == "in":
            return _joined("any", [self._date(x, "equals", one) for one in value])
        start, end = interval(operator, value, self.now)
        return f"({x} >= {self._instant(start)} AND {x} < {self._instant(end)})"

    # Events

    def _happened(self, kind: str, rule: Json, alias: str) -> str:
        """Return the condition of the contact's events of a kind in a rule's window."""
        parts = [f"{alias}.contact = c.number", f"{alias}.kind = {self._bound(kind)}"]
        parts.append(f"{alias}.at <= {self._instant(self.now)}")
        if "within" in rule:
            parts.append(f"{alias}.at > {self._instant(moved(self.now, '-' + rule['within']))}")
        if "since" in rule:
            parts.append(f"{alias}.at >= {self._instant(span(rule['since'], self.now).start)}")
        if "until" in rule:
            parts.append(f"{alias}.at < {self._instant(span(rule['until'], self.now).end)}")
        return " AND ".join(parts)

    def _where(self, rule: Json | None, alias: str) -> str:
        if rule is None:
            return "1"
        if "conditions" in rule:
            return _joined(rule["match"], [self._where(one, alias) for one in rule["conditions"]])
        name = rule["field"]
        clocks = {"hour": HOUR, "weekday": WEEKDAY}
        x = on_clock(clocks[name], f"{alias}.at") if name in clocks else f"{alias}.{name}"
        return self._scalar(x, self.types[name], rule["operator"], rule.get("value"))

    def _event(self, rule: Json) -> str:
        measure = rule.get("measure", "count")
        if measure == "count":
            what = "count(*)"
        elif "sum" in measure:
            what = f"coalesce(fsum(e.{measure['sum']}), 0)"
        else:
            what = f"count(DISTINCT e.{measure['distinct']})"
        measured = (
            f"(SELECT {what} FROM events AS e WHERE {self._happened(rule['event'], rule, 'e')}"
            f" AND {self._where(rule.get('where'), 'e')})"
        )
        operator = rule.get("operator", "greater_or_equal")
        return self._scalar(measured, "number", operator, rule.get("value", 1))

    def _sequence(self, rule: Json) -> str:
        parts: list[str] = []
        for place, step in enumerate(rule["sequence"]):
            alias = f"s{place}"
            parts.append(self._happened(step["event"], rule, alias))
            parts.append(self._where(step.get("where"), alias))
            if place:
                parts.append(f"{alias}.at > s{place - 1}.at")
            if place and "gap" in rule:
                gap = self._instant(moved(0, "+" + rule["gap"]))
                parts.append(f"{alias}.at - s{place - 1}.at <= {gap}")
        tables = ", ".join(f"events AS s{place}" for place in range(len(rule["sequence"])))
        did = f"EXISTS (SELECT 1 FROM {tables} WHERE {' AND '.join(parts)})"
        return f"NOT {did}" if rule.get("operator") == "did_not" else did


def _joined(match: str, conditions: list[str]) -> str:
    """Join conditions: `all` of nothing is true, `any` of nothing is false."""
    if match == "all":
        return f"({' AND '.join(['1', *conditions])})"
    return f"{'NOT ' if match == 'none' else ''}({' OR '.join(['0', *conditions])})"
