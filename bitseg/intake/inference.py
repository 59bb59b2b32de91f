"""Inference finds the data type of columns that nobody declared, from all of their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.errors import LoadError
from bitseg.fields import DATA_TYPES, DataType
from bitseg.formats.source import COLUMNS_MAX
from bitseg.instants import BAD, parse_texts
from bitseg.intake.lists import read_json_lists
from bitseg.intake.raw import Form, children, form_of, plain
from bitseg.intake.text import PLAIN_NUMBER, number_forms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bitseg.formats import Source

_HEAD: Final = 64
"""Cells tried before a whole column is; most guesses fail here."""

_TYPES: Final[dict[Form, DataType]] = {
    "text": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "moment": "date",
    "wall": "date",
    "day": "date",
    "list": "array",
}


class Evidence:
    """What the cells of one column have been so far.

    In CSV everything is text: a column is a boolean, number, date or array when every cell can be
    read as one, else a string. Elsewhere cells have types: text that is always an ISO date is a
    date, and where types mix, the one that most cells have holds (the others' rows are refused).
    """

    def __init__(self, allowed: Collection[DataType], *, textual: bool) -> None:
        """Begin with no cell seen.

        Args:
            allowed: types the column may have.
            textual: as in ``Source``.
        """
        self._allowed = allowed
        readings: tuple[DataType, ...] = ("boolean", "number", "date", "array")
        self._readings = [
            reading for reading in (readings if textual else ("date",)) if reading in allowed
        ]
        self._counts: dict[DataType, int] = dict.fromkeys(DATA_TYPES, 0)

    def look(self, raw: pa.Array, form: Form | None = None) -> None:
        """Take more cells of the column into account."""
        form = form or form_of(raw.type)
        if form == "mixed":
            for part_form, part in children(raw):
                self.look(part, part_form)
        elif form in _TYPES:
            cells = plain(raw)
            count = len(cells) - cells.null_count
            if form == "text":
                cells = cells.filter(pc.greater(pc.binary_length(cells), 0))
                count = len(cells)
                self._readings = [name for name in self._readings if _reads(name, cells)]
            self._counts[_TYPES[form]] += count

    def add(self, other: Evidence) -> None:
        """Take the cells of another column of the same meaning into account."""
        self._readings = [name for name in self._readings if name in other._readings]
        for data_type, count in other._counts.items():
            self._counts[data_type] += count

    def verdict(self) -> DataType | None:
        """Return the column's type, or None where it has no cell with a value."""
        counts = dict(self._counts)
        if counts["string"] and self._readings:
            counts[self._readings[0]] += counts["string"]
            counts["string"] = 0
        if not any(counts.values()):
            return None
        known = [data_type for data_type in DATA_TYPES if data_type in self._allowed]
        best = max(known, key=lambda data_type: counts[data_type])
        return best if counts[best] else "string"


def gather_evidence(
    source: Source,
    wanted: Callable[[str], bool],
    allowed: Collection[DataType],
    note: Callable[[int], None] | None = None,
) -> dict[str, Evidence | None]:
    """Read a whole source and return the evidence by column, in order of appearance.

    Args:
        source: what to read.
        wanted: whether a column's type is to be inferred; None stands for the evidence of others.
        allowed: types that a column may have.
        note: told how much of the source was read.
    """
    found: dict[str, Evidence | None] = {}
    for batch in source.batches(wanted):
        for name in batch.rows.schema.names:
            if name not in found:
                known = not wanted(name)
                found[name] = None if known else Evidence(allowed, textual=source.textual)
            evidence = found[name]
            if evidence is not None:
                evidence.look(batch.rows.column(name))
        if len(found) > COLUMNS_MAX:
            raise LoadError(f"Expected at most {COLUMNS_MAX} different keys, got {len(found)}")
        if note is not None:
            note(batch.read)
    return found


def _reads(reading: DataType, cells: pa.LargeStringArray) -> bool:
    """Return whether every cell can be read as a type; the first few are tried before the rest."""
    test = _TESTS[reading]
    return test(cells.slice(0, _HEAD)) and (len(cells) <= _HEAD or test(cells))


def _are_booleans(cells: pa.LargeStringArray) -> bool:
    known = pa.array(("true", "false"), pa.large_string())
    return bool(pc.all(pc.is_in(pc.utf8_lower(cells), known), min_count=0).as_py())


def _are_numbers(cells: pa.LargeStringArray) -> bool:
    if bool((number_forms(cells) < PLAIN_NUMBER).any()):
        return False
    return bool(np.isfinite(cells.cast(pa.float64()).to_numpy()).all())


def _are_dates(cells: pa.LargeStringArray) -> bool:
    return not bool((parse_texts(cells).kinds == BAD).any())


def _are_lists(cells: pa.LargeStringArray) -> bool:
    starts = pc.all(pc.starts_with(cells, "["), min_count=0).as_py()
    return bool(starts) and not bool(read_json_lists(cells)[1].any())


_TESTS: Final[dict[DataType, Callable[[pa.LargeStringArray], bool]]] = {
    "boolean": _are_booleans,
    "number": _are_numbers,
    "date": _are_dates,
    "array": _are_lists,
}
