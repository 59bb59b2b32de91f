"""The operator table: validator, compiler, docs and page all read this one (SPEC section 4)."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from bitseg.fields import DataType

Arity: TypeAlias = Literal["none", "one", "pair", "list", "duration", "anniversary"]


class Operator(msgspec.Struct, frozen=True):
    """One operator.

    Attributes:
        key: its name in a rule.
        types: the data types it is for.
        arity: what its value is.
        label: its name for people.
        phrase: an English phrase with ``{value}``, read behind the field's label.
        positive: for a negative operator, the key of the twin whose exact complement it is.
    """

    key: str
    types: tuple[DataType, ...]
    arity: Arity
    label: str
    phrase: str
    positive: str = ""


_ALL: Final[tuple[DataType, ...]] = ("string", "number", "boolean", "date", "array")
_ORDERED: Final[tuple[DataType, ...]] = ("number", "date")
_SCALAR: Final[tuple[DataType, ...]] = ("string", "number", "boolean", "date")
_LISTED: Final[tuple[DataType, ...]] = ("string", "number", "date")

OPERATORS: Final[dict[str, Operator]] = {
    op.key: op
    for op in (
        Operator("equals", _SCALAR, "one", "is", "is {value}"),
        Operator("not_equals", _SCALAR, "one", "is not", "is not {value}", "equals"),
        Operator("in", _LISTED, "list", "is one of", "is one of {value}"),
        Operator("not_in", _LISTED, "list", "is none of", "is none of {value}", "in"),
        Operator("contains", ("string", "array"), "one", "contains", "contains {value}"),
        Operator(
            "not_contains",
            ("string", "array"),
            "one",
            "does not contain",
            "does not contain {value}",
            "contains",
        ),
        Operator("starts_with", ("string",), "one", "starts with", "starts with {value}"),
        Operator("ends_with", ("string",), "one", "ends with", "ends with {value}"),
        Operator("greater_than", _ORDERED, "one", "is greater than", "is greater than {value}"),
        Operator("greater_or_equal", _ORDERED, "one", "is at least", "is at least {value}"),
        Operator("less_than", _ORDERED, "one", "is less than", "is less than {value}"),
        Operator("less_or_equal", _ORDERED, "one", "is at most", "is at most {value}"),
        Operator("between", _ORDERED, "pair", "is between", "is between {value}"),
        Operator(
            "not_between", _ORDERED, "pair", "is not between", "is not between {value}", "between"
        ),
        Operator("within_last", ("date",), "duration", "within the last", "is in the last {value}"),
        Operator("within_next", ("date",), "duration", "within the next", "is in the next {value}"),
        Operator(
            "more_than_ago", ("date",), "duration", "more than … ago", "is more than {value} ago"
        ),
        Operator(
            "more_than_ahead",
            ("date",),
            "duration",
            "more than … ahead",
            "is more than {value} ahead",
        ),
        Operator(
            "anniversary", ("date",), "anniversary", "anniversary", "has its anniversary {value}"
        ),
        Operator("contains_any", ("array",), "list", "contains any of", "contains any of {value}"),
        Operator("contains_all", ("array",), "list", "contains all of", "contains all of {value}"),
        Operator(
            "contains_none",
            ("array",),
            "list",
            "contains none of",
            "contains none of {value}",
            "contains_any",
        ),
        Operator("is_empty", _ALL, "none", "is empty", "is empty", "is_not_empty"),
        Operator("is_not_empty", _ALL, "none", "has a value", "has a value"),
    )
}

MEASURE_OPERATORS: Final[tuple[str, ...]] = (
    "equals", "not_equals", "greater_than", "greater_or_equal",
    "less_than", "less_or_equal", "between", "not_between",
)  # fmt: skip
"""The operators an EventRule may compare its measure with."""


def operators_for(data_type: DataType) -> tuple[str, ...]:
    """Return the keys of all operators for a data type, in the table's order."""
    return tuple(op.key for op in OPERATORS.values() if data_type in op.types)
