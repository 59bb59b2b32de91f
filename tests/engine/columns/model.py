"""A column written the dumb way, as oracle: a dict from row to value, tested one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from bitseg.changes import ARROW_TYPES
from bitseg.columns import (
    AnyTest,
    ArrayHas,
    BooleanIs,
    Column,
    DateIn,
    NumberIn,
    Present,
    StringIn,
    StringLike,
    make_column,
)
from bitseg.fields import DataType


def rows_of(rows: list[int]) -> np.ndarray[Any, np.dtype[np.uint32]]:
    return np.array(rows, np.uint32)


def passes(test: AnyTest, value: Any) -> bool:  # noqa: PLR0911 - a return a kind of test
    """Test one value as SPEC section 4 words it."""
    if value is None:
        return False
    match test:
        case Present():
            return True
        case StringIn(values):
            return bool(value in values)
        case StringLike(how, needle):
            text, piece = value.casefold(), needle.casefold()
            found = {
                "contains": piece in text,
                "starts_with": text.startswith(piece),
                "ends_with": text.endswith(piece),
            }
            return bool(found[how])
        case NumberIn(intervals):
            return any(low <= value <= high for low, high in intervals)
        case DateIn(intervals):
            return any(low <= value < high for low, high in intervals)
        case BooleanIs(wanted):
            return bool(value == wanted)
        case ArrayHas(values, "any"):
            return any(element in value for element in values)
        case ArrayHas(values):
            return all(element in value for element in values)


class Pair:
    """A column and its dumb twin, always given the same."""

    def __init__(self, data_type: DataType) -> None:
        self.data_type: DataType = data_type
        self.column: Column = make_column(data_type)
        self.model: dict[int, Any] = {}

    def grow(self, n: int) -> None:
        self.column.grow(n)

    def write(self, changes: dict[int, Any]) -> None:
        values = pa.array(list(changes.values()), ARROW_TYPES[self.data_type])
        self.column.write(rows_of(list(changes)), values)
        self.model.update(changes)

    def erase(self, rows: list[int]) -> None:
        self.column.erase(rows_of(rows))
        self.model.update(dict.fromkeys(rows))

    def values(self) -> list[Any]:
        return [self.model.get(row) for row in range(self.column.n)]

    def check(self, *tests: AnyTest) -> None:
        """Compare everything the column can be asked."""
        values = self.values()
        column, every = self.column, np.arange(self.column.n, dtype=np.uint32)
        assert column.held == sum(value is not None for value in values)
        assert column.values_at(every).to_pylist() == values
        assert column.values_at(every).type == ARROW_TYPES[self.data_type]
        assert [column.value_at(row) for row in range(column.n)] == values
        odd = every[::-1][::2]
        for test in (Present(), *tests):
            truth = [passes(test, value) for value in values]
            found = column.matches(test)
            assert found.rows().tolist() == [row for row, true in enumerate(truth) if true], test
            assert (found.n, found.count) == (column.n, sum(truth))
            assert column.matches_at(test, every).tolist() == truth, test
            assert column.matches_at(test, odd).tolist() == truth[::-1][::2], test
