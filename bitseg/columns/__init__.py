"""Columns: the values of fields, a kind a file, and the tests they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bitseg.columns.array_column import ArrayColumn
from bitseg.columns.boolean_column import BooleanColumn
from bitseg.columns.date_column import DateColumn
from bitseg.columns.number_column import NumberColumn
from bitseg.columns.protocol import Column, Value
from bitseg.columns.string_column import StringColumn
from bitseg.columns.tests import (
    AnyTest,
    ArrayHas,
    BooleanIs,
    DateIn,
    NumberIn,
    Present,
    StringIn,
    StringLike,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.fields import DataType

__all__ = [
    "AnyTest",
    "ArrayColumn",
    "ArrayHas",
    "BooleanColumn",
    "BooleanIs",
    "Column",
    "DateColumn",
    "DateIn",
    "NumberColumn",
    "NumberIn",
    "Present",
    "StringColumn",
    "StringIn",
    "StringLike",
    "Value",
    "make_column",
]

_KINDS: Final[dict[DataType, Callable[[], Column]]] = {
    "string": StringColumn,
    "number": NumberColumn,
    "boolean": BooleanColumn,
    "date": DateColumn,
    "array": ArrayColumn,
}


def make_column(data_type: DataType) -> Column:
    """Return an empty column for a data type."""
    return _KINDS[data_type]()
