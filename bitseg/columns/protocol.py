"""A column is one field's values, one for each row, and answers which of them pass a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from bitseg.bitmap import RowSet
    from bitseg.columns.tests import AnyTest
    from bitseg.fields import DataType
    from bitseg.strings import StringPool

Rows: TypeAlias = npt.NDArray[np.uint32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.uint64]
Uses: TypeAlias = "tuple[StringPool, Callable[[], npt.NDArray[np.integer[Any]]]]"
"""Strings, and what counts how many rows have each: integers, one a code."""
Value: TypeAlias = str | float | bool | int | list[str] | None


class Column(Protocol):
    """What every kind of column can do; rows are 0 to n - 1 and begin without a value.

    Values go in and out as Arrow arrays of the data type's ``bitseg.changes.ARROW_TYPES``, where
    null is "no value".
    """

    @property
    def data_type(self) -> DataType:
        """The type of its values."""
        ...

    @property
    def n(self) -> int:
        """How many rows there are."""
        ...

    @property
    def held(self) -> int:
        """How many rows have a value."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow included."""
        ...

    def grow(self, n: int) -> None:
        """Let there be n rows; fewer than now changes nothing."""
        ...

    def write(self, rows: Rows, values: pa.Array) -> None:
        """Set the values of uint32[k] distinct rows; null takes a row's value away."""
        ...

    def erase(self, rows: Rows) -> None:
        """Take away the values of uint32[k] distinct rows, and forget those no other row has."""
        ...

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose values pass, as a set that nobody else holds.

        Raises:
            TypeError: the test is for another kind of column.
        """
        ...

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: whether the values of uint32[k] rows pass, as ``matches`` would say."""
        ...

    def value_at(self, row: int) -> Value:
        """Return one row's value, a date as ms since 1970 UTC, or None."""
        ...

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the values of uint32[k] rows, in their order."""
        ...

    def freeze(self, start: int, stop: int) -> Callable[[], pa.Array]:
        """Take the values of rows [start, stop) as they are now, quickly; they are read later.

        What is returned gives them as an array, strings perhaps dictionary-encoded, whatever was
        written since; a string that no row has any more by then is null.
        """
        ...
