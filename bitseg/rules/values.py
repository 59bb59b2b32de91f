"""A value is what stands in a field rule behind its operator; its field's type says what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from bitseg.clock import Now
from bitseg.fields import DataType
from bitseg.operators import Operator
from bitseg.rules.literals import read_anniversary, read_date, read_duration
from bitseg.rules.messages import join
from bitseg.rules.moments import span
from bitseg.rules.nodes import DateValue, Day, Relative, Scalar, Value
from bitseg.rules.reading import Reading

MAX_LIST: Final = 10_000
"""The longest list of values in a rule."""


def read_value(
    reading: Reading, path: str, raw: Mapping[str, Any], operator: Operator, data_type: DataType
) -> Value:
    """Read the ``value`` of a rule at a path, as its operator and type want it.

    Returns:
        What ``FieldRule.value`` says; None also stands in for a value that is faulty.
    """
    at = join(path, "value")
    if operator.arity == "none":
        if raw.get("value") is not None:
            reading.expected(at, f"no value for {operator.key}", raw["value"])
        return None
    if not reading.required(path, raw, "value", f"a value for {operator.key}"):
        return None
    value = raw["value"]
    if operator.arity == "duration":
        return read_duration(reading, at, value)
    if operator.arity == "anniversary":
        return read_anniversary(reading, at, value)
    if operator.arity == "one":
        return _scalar(reading, at, value, data_type)
    return _several(reading, at, value, operator, data_type)


def read_pair(reading: Reading, path: str, raw: object) -> tuple[float, float] | None:
    """Read the two ends of a ``between`` of numbers."""
    ends = _ends(reading, path, raw)
    if ends is None:
        return None
    first = reading.number(f"{path}[0]", ends[0])
    last = reading.number(f"{path}[1]", ends[1])
    if first is None or last is None:
        return None
    if first > last:
        reading.fault(path, f"Expected a pair in order, got {first:g} before {last:g}", "crossed")
    return first, last


def _scalar(reading: Reading, path: str, raw: object, data_type: DataType) -> Scalar | None:
    """Read one value of a type; of an array, one element."""
    if data_type == "number":
        return reading.number(path, raw)
    if data_type == "date":
        return read_date(reading, path, raw)
    if data_type == "boolean":
        if isinstance(raw, bool):
            return raw
        reading.expected(path, "true or false", raw)
        return None
    return reading.text(path, raw, "a string")


def _several(
    reading: Reading, path: str, raw: object, operator: Operator, data_type: DataType
) -> Value:
    """Read the value of ``between`` or of an operator that takes a list."""
    if operator.arity == "list":
        return _list(reading, path, raw, data_type)
    return _date_pair(reading, path, raw) if data_type == "date" else read_pair(reading, path, raw)


def _list(reading: Reading, path: str, raw: object, data_type: DataType) -> Value:
    """Read a list of values; those that stand twice count once."""
    if not isinstance(raw, list | tuple):
        reading.expected(path, "a list", raw)
    elif not raw:
        reading.fault(path, "Expected a list of at least one value, got an empty list", "empty")
    elif len(raw) > MAX_LIST:
        message = f"Expected at most {MAX_LIST:,} values, got {len(raw):,}"
        reading.fault(path, message, "too_long")
    else:
        values = (_scalar(reading, f"{path}[{i}]", each, data_type) for i, each in enumerate(raw))
        return cast("Value", tuple(dict.fromkeys(values)))
    return None


def _ends(reading: Reading, path: str, raw: object) -> tuple[object, object] | None:
    if isinstance(raw, list | tuple) and len(raw) == 2:
        return raw[0], raw[1]
    reading.expected(path, "a list of two values", raw)
    return None


def _date_pair(reading: Reading, path: str, raw: object) -> tuple[DateValue, DateValue] | None:
    ends = _ends(reading, path, raw)
    if ends is None:
        return None
    first = read_date(reading, f"{path}[0]", ends[0])
    last = read_date(reading, f"{path}[1]", ends[1])
    if first is None or last is None:
        return None
    if _is_crossed(reading, first, last):
        reading.fault(path, "Expected two dates in order, got the later one first", "crossed")
    return first, last


def _is_crossed(reading: Reading, first: DateValue, last: DateValue) -> bool:
    """Whether two literal dates are out of order; relative ones may become so and are not."""
    if isinstance(first, Relative) or isinstance(last, Relative):
        return False
    if isinstance(first, Day) and isinstance(last, Day):
        return first.day > last.day  # a day that the zone skips is in order with itself
    any_time = Now(0, reading.schema.zone)
    return span(first, any_time).start >= span(last, any_time).end
