"""Reading event and sequence rules: kinds, windows, ``where`` and measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypedDict, cast

from bitseg.fields import NAME
from bitseg.operators import MEASURE_OPERATORS, OPERATORS
from bitseg.rules.field_rules import read_property, read_property_rule
from bitseg.rules.groups import read_group
from bitseg.rules.literals import read_date, read_duration, read_gap
from bitseg.rules.messages import join, quoted
from bitseg.rules.nodes import (
    DateValue,
    Duration,
    EventRule,
    Group,
    Measure,
    SequenceRule,
    SequenceStep,
)
from bitseg.rules.reading import Reading
from bitseg.rules.values import read_pair

_WINDOW_KEYS: Final = ("within", "since", "until")
_EVENT_KEYS: Final = ("event", *_WINDOW_KEYS, "where", "measure", "operator", "value")
_SEQUENCE_KEYS: Final = ("sequence", "gap", *_WINDOW_KEYS, "operator")
_MIN_STEPS: Final = 2
_MAX_STEPS: Final = 5
_MEASURE_FORM: Final = '\'count\', {"sum": property} or {"distinct": property}'


class _Window(TypedDict):
    within: Duration | None
    since: DateValue | None
    until: DateValue | None


def read_event_rule(
    reading: Reading, path: str, raw: Mapping[str, Any], depth: int
) -> EventRule | None:
    """Read an event rule; its measure, operator and value have defaults, each on its own."""
    reading.mapping(path, raw, "an event rule", _EVENT_KEYS)
    kind = _read_kind(reading, join(path, "event"), raw["event"])
    window = _read_window(reading, path, raw)
    where = _read_where(reading, path, raw, depth)
    measure = _read_measure(reading, join(path, "measure"), raw.get("measure", "count"))
    operator = reading.word(
        join(path, "operator"),
        raw.get("operator", "greater_or_equal"),
        "an operator for a measure",
        MEASURE_OPERATORS,
    )
    if operator is None or kind is None or measure is None:
        return None
    value = _read_threshold(reading, path, raw, operator)
    if value is None:
        return None
    return EventRule(kind, **window, where=where, measure=measure, operator=operator, value=value)


def read_sequence_rule(
    reading: Reading, path: str, raw: Mapping[str, Any], depth: int
) -> SequenceRule | None:
    """Read a sequence rule of two to five steps."""
    reading.mapping(path, raw, "a sequence rule", _SEQUENCE_KEYS)
    steps = _read_steps(reading, join(path, "sequence"), raw["sequence"], depth)
    gap = read_gap(reading, join(path, "gap"), raw["gap"]) if "gap" in raw else None
    window = _read_window(reading, path, raw)
    did = ("did", "did_not")
    operator = reading.word(
        join(path, "operator"), raw.get("operator", "did"), "did or did_not", did
    )
    return SequenceRule(
        steps, gap, **window, operator=cast("Literal['did', 'did_not']", operator or "did")
    )


def _read_kind(reading: Reading, path: str, raw: object) -> str | None:
    kind = reading.text(path, raw, "a kind of event")
    if kind is None or NAME.fullmatch(kind):
        return kind
    message = f"Expected a kind of event like [a-z][a-z0-9_]{{0,62}}, got {quoted(kind)}"
    reading.fault(path, message, "invalid_name")
    return None


def _read_window(reading: Reading, path: str, raw: Mapping[str, Any]) -> _Window:
    def part(key: str) -> DateValue | None:
        return read_date(reading, join(path, key), raw[key]) if key in raw else None

    within = None
    if "within" in raw:
        within = read_duration(reading, join(path, "within"), raw["within"])
    return {"within": within, "since": part("since"), "until": part("until")}


def _read_where(reading: Reading, path: str, raw: Mapping[str, Any], depth: int) -> Group | None:
    if "where" not in raw:
        return None
    leaves = {"field": read_property_rule}
    return read_group(reading, join(path, "where"), raw["where"], depth + 1, leaves)


def _read_measure(reading: Reading, path: str, raw: object) -> Measure | None:
    if raw == "count":
        return Measure()
    if not isinstance(raw, dict) or not raw.keys() & {"sum", "distinct"}:
        reading.expected(path, _MEASURE_FORM, raw)
        return None
    reading.mapping(path, raw, "a measure", ("sum", "distinct"))
    if len(raw) > 1:
        reading.fault(path, f"Expected {_MEASURE_FORM}, got more than one key")
        return None
    kind: Literal["sum", "distinct"] = "sum" if "sum" in raw else "distinct"
    at = join(path, kind)
    name = read_property(reading, at, raw[kind], measured=True)
    if name is None:
        return None
    data_type = reading.schema.property_type(name)
    if kind == "sum" and data_type not in ("number", None):
        message = f"Expected a number property to sum, got {quoted(name)}, a {data_type}"
        reading.fault(at, message, "wrong_type")
    return Measure(kind, name)


def _read_threshold(
    reading: Reading, path: str, raw: Mapping[str, Any], operator: str
) -> float | tuple[float, float] | None:
    value, at = raw.get("value", 1), join(path, "value")
    if OPERATORS[operator].arity == "pair":
        return read_pair(reading, at, value)
    return reading.number(at, value)


def _read_steps(reading: Reading, path: str, raw: object, depth: int) -> tuple[SequenceStep, ...]:
    what = f"a list of {_MIN_STEPS} to {_MAX_STEPS} steps"
    if not isinstance(raw, list | tuple) or not _MIN_STEPS <= len(raw) <= _MAX_STEPS:
        reading.expected(path, what, raw)
        return ()
    steps = []
    for i, each in enumerate(raw):
        at = f"{path}[{i}]"
        step = reading.mapping(at, each, "a step of a sequence", ("event", "where"))
        if step is None or not reading.required(at, step, "event", "a kind of event"):
            continue
        kind = _read_kind(reading, join(at, "event"), step["event"])
        where = _read_where(reading, at, step, depth)
        steps.append(SequenceStep(kind or "", where))
    return tuple(steps)
