"""Reading field rules: on a contact's field, or, inside ``where``, on an event's property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bitseg.fields import (
    DATA_TYPES,
    NAME,
    PROPERTY_TYPES,
    RESERVED_PROPERTIES,
    TIME_PROPERTIES,
    DataType,
)
from bitseg.operators import OPERATORS, Operator, operators_for
from bitseg.rules.messages import join, quoted
from bitseg.rules.nodes import FieldRule
from bitseg.rules.reading import Reading
from bitseg.rules.values import read_value

_KEYS: Final = ("field", "operator", "value", "dataType")


def read_field_rule(
    reading: Reading, path: str, raw: Mapping[str, Any], _depth: int
) -> FieldRule | None:
    """Read a rule on a contact's field; the field must be in the schema."""
    reading.mapping(path, raw, "a field rule", _KEYS)
    name = reading.text(join(path, "field"), raw["field"], "a field")
    field = None if name is None else reading.schema.field(name)
    if name is not None and field is None:
        near = _near_field(reading, name)
        message = f"Expected a field, got {quoted(name)}{near}"
        reading.fault(join(path, "field"), message, "unknown_field")
    data_type = _agreed_type(reading, path, raw, field.data_type if field else None, DATA_TYPES)
    if data_type is None or field is None:
        _read_operator(reading, path, raw, OPERATORS)
        return None
    operator = _read_operator(reading, path, raw, operators_for(data_type), data_type)
    if operator is None:
        return None
    value = read_value(reading, path, raw, operator, data_type)
    return FieldRule(field.path, operator.key, value, data_type)


def read_property_rule(
    reading: Reading, path: str, raw: Mapping[str, Any], _depth: int
) -> FieldRule | None:
    """Read a rule on an event's property; one never seen is not a fault."""
    reading.mapping(path, raw, "a field rule", _KEYS)
    name = read_property(reading, join(path, "field"), raw["field"])
    known = None if name is None else reading.schema.property_type(name)
    data_type = _agreed_type(reading, path, raw, known, PROPERTY_TYPES)
    if data_type is None and "dataType" not in raw:
        data_type = _implied_type(raw)
    allowed: Iterable[str] = operators_for(data_type) if data_type else _PROPERTY_OPERATORS
    operator = _read_operator(reading, path, raw, allowed, data_type)
    if name is None or data_type is None or operator is None:
        return None
    value = read_value(reading, path, raw, operator, data_type)
    return FieldRule(name, operator.key, value, data_type)


def read_property(
    reading: Reading, path: str, raw: object, *, measured: bool = False
) -> str | None:
    """Read the name of an event's property; ``hour`` and ``weekday`` cannot be measured."""
    name = reading.text(path, raw, "an event property")
    if name is None:
        return None
    if name in RESERVED_PROPERTIES and (measured or name not in TIME_PROPERTIES):
        verb = "cannot be measured" if name in TIME_PROPERTIES else "is no property of events"
        reading.fault(path, f"Expected an event property; {quoted(name)} {verb}", "reserved_name")
        return None
    if not NAME.fullmatch(name):
        near = reading.suggest(name.rpartition(".")[2], reading.schema.property_names())
        message = f"Expected a property name like [a-z][a-z0-9_]{{0,62}}, got {quoted(name)}{near}"
        reading.fault(path, message, "invalid_name")
        return None
    return name


def _near_field(reading: Reading, name: str) -> str:
    """Suggest a field: a name without a dot is compared with names without their prefix."""
    paths = reading.schema.field_paths()
    if "." in name:
        return reading.suggest(name, paths)
    by_name = {path.partition(".")[2]: path for path in paths}
    return reading.suggest(name, by_name, by_name)


def _agreed_type(
    reading: Reading,
    path: str,
    raw: Mapping[str, Any],
    known: DataType | None,
    types: tuple[DataType, ...],
) -> DataType | None:
    """Return the type that the schema and the rule agree on; None if neither says one."""
    if "dataType" not in raw:
        return known
    at = join(path, "dataType")
    given = reading.word(at, raw["dataType"], "a data type", types)
    if given is not None and known is not None and given != known:
        message = f"Expected {known}, the field's type, got {given}"
        reading.fault(at, message, "wrong_data_type", (known,))
    return known or given


def _implied_type(raw: Mapping[str, Any]) -> DataType:
    """Return the type that a rule's value implies for a property never seen.

    Where value and operator do not go together, the operator decides, and the value is found
    to be of the wrong type.
    """
    value = raw.get("value")
    if isinstance(value, list | tuple) and value:
        value = value[0]
    implied: DataType = "number"
    if isinstance(value, bool):
        implied = "boolean"
    elif isinstance(value, str):
        implied = "string"
    fitting = [kind for kind in PROPERTY_TYPES if raw.get("operator") in operators_for(kind)]
    return implied if implied in fitting or not fitting else fitting[0]


def _read_operator(
    reading: Reading,
    path: str,
    raw: Mapping[str, Any],
    allowed: Iterable[str],
    data_type: DataType | None = None,
) -> Operator | None:
    of_type = f" for {data_type}" if data_type else ""
    if not reading.required(path, raw, "operator", f"an operator{of_type}"):
        return None
    key = reading.word(join(path, "operator"), raw["operator"], f"an operator{of_type}", allowed)
    return None if key is None else OPERATORS[key]


_PROPERTY_OPERATORS: Final = tuple(
    key for key, operator in OPERATORS.items() if set(PROPERTY_TYPES) & set(operator.types)
)
