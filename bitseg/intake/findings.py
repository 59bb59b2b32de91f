"""Findings are what is wrong with the rows of one batch, collected a column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from bitseg.errors import Fault
from bitseg.formats import BadRow, RawBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from bitseg.intake.conversion import Problem

_SHOWN: Final = 40


class Findings:
    """The faults of a batch; words are made only for rows that someone will read.

    Attributes:
        bad: bool[n], the rows that may not go in.
    """

    def __init__(self, batch: RawBatch) -> None:
        """Begin with every row good."""
        self._batch = batch
        self.bad: npt.NDArray[np.bool_] = np.zeros(batch.rows.num_rows, np.bool_)
        self._blamed: dict[str, npt.NDArray[np.bool_]] = {}
        self._problems: list[tuple[str, Problem]] = []
        self._refused: list[tuple[npt.NDArray[np.bool_], Fault]] = []

    def blame(self, column: str, problems: Iterable[Problem]) -> None:
        """Note cells of a column that are not what they should be."""
        for problem in problems:
            self._problems.append((column, problem))
            self._blamed[column] = self.blamed(column) | problem.cells
            self.bad |= problem.cells

    def blamed(self, column: str) -> npt.NDArray[np.bool_]:
        """Return bool[n]: the rows whose cell of a column was blamed."""
        return self._blamed.get(column, np.zeros(self.bad.size, np.bool_))

    def refuse(self, rows: npt.NDArray[np.bool_], fault: Fault) -> None:
        """Note rows that have a fault which no one cell is to blame for."""
        if rows.any():
            self._refused.append((rows, fault))
            self.bad |= rows

    def bad_row(self, place: int, errors: tuple[Fault, ...] = ()) -> BadRow:
        """Return a row of the batch and everything that is wrong with it.

        Args:
            place: its place in the batch.
            errors: faults that were found elsewhere.
        """
        batch = self._batch
        found = [fault for rows, fault in self._refused if rows[place]]
        for column, problem in self._problems:
            if problem.cells[place]:
                got = _shown(_cell(batch.rows, column, place))
                message = f"Expected {problem.expected}, got {got}"
                found.append(Fault(column, message, code="bad_value"))
        row = {
            name: _cell(batch.rows, name, place)
            for name in batch.rows.schema.names
            if name not in batch.given or batch.given[name][place]
        }
        line = 0 if batch.lines is None else int(batch.lines[place])
        return BadRow(int(batch.index[place]), line, (*found, *errors), row)


def _cell(rows: pa.RecordBatch, column: str, place: int) -> Any:
    if column not in rows.schema.names:
        return None
    try:
        return rows.column(column)[place].as_py()
    except (UnicodeDecodeError, ValueError, OverflowError):
        return "(a value that cannot be shown)"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
