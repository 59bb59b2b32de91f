"""Inference finds the data type of columns that nobody declared, from all of their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

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
    from collections.abc import Callable, Collection, Mapping

    import numpy.typing as npt

    from bitseg.formats import RawBatch, Source

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

    Attributes:
        kind: the Arrow type of the cells seen last, None before any.
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
        self._odd = 0
        self.kind: pa.DataType | None = None

    def look(self, raw: pa.Array, form: Form | None = None) -> None:
        """Take more cells of the column into account."""
        if form is None:
            form = form_of(raw.type)
            self.kind = raw.type
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
        else:
            self._odd += len(raw) - raw.null_count

    def add(self, other: Evidence) -> None:
        """Take the cells of another column of the same meaning into account."""
        self._readings = [name for name in self._readings if name in other._readings]
        for data_type, count in other._counts.items():
            self._counts[data_type] += count
        self._odd += other._odd

    @property
    def unfit(self) -> bool:
        """Whether there are cells with a value, and none of a type that the column may have."""
        if any(self._counts[data_type] for data_type in self._allowed):
            return False
        return self._odd > 0 or any(self._counts.values())

    def verdict(self) -> DataType | None:
        """Return the column's type, or None where it has no cell with a value.

        Cells that no field can hold make text of a column that has no others: it has to have some
        type for them to be refused.
        """
        counts = dict(self._counts)
        if counts["string"] and self._readings:
            counts[self._readings[0]] += counts["string"]
            counts["string"] = 0
        if self.unfit:
            return "string"
        if not any(counts.values()):
            return None
        known = [data_type for data_type in DATA_TYPES if data_type in self._allowed]
        return max(known, key=lambda data_type: counts[data_type])


class Voters(NamedTuple):
    """Tells the rows whose cells count.

    Attributes:
        needed: whether a column must be looked at for that.
        refused: the rows of a batch, bool[n], that do not count, as they will not go in.
    """

    needed: Callable[[str], bool]
    refused: Callable[[RawBatch], npt.NDArray[np.bool_]]


def gather_evidence(
    source: Source,
    wanted: Callable[[str], bool],
    allowed: Collection[DataType],
    voters: Voters,
    note: Callable[[int], None] | None = None,
) -> dict[str, Evidence | None]:
    """Read a whole source and return the evidence by column, in order of appearance.

    Args:
        source: what to read.
        wanted: whether a column's type is to be inferred; None stands for the evidence of others.
        allowed: types that a column may have.
        voters: the rows that count.
        note: told how much of the source was read.
    """
    found: dict[str, Evidence | None] = {}
    for batch in source.batches(lambda name: wanted(name) or voters.needed(name)):
        for name in batch.rows.schema.names:
            if name not in found:
                known = not wanted(name)
                found[name] = None if known else Evidence(allowed, textual=source.textual)
        _look(batch, found, voters)
        if len(found) > COLUMNS_MAX:
            raise LoadError(f"Expected at most {COLUMNS_MAX} different keys, got {len(found)}")
        if note is not None:
            note(batch.read)
    return found


def _look(batch: RawBatch, found: Mapping[str, Evidence | None], voters: Voters) -> None:
    """Take a batch into account; which rows count is only asked where some column is inferred."""
    judged = [(name, found[name]) for name in batch.rows.schema.names]
    if not any(evidence for _, evidence in judged):
        return
    refused = voters.refused(batch)
    counting = pa.array(~refused) if refused.any() else None
    for name, evidence in judged:
        if evidence is not None:
            raw = batch.rows.column(name)
            evidence.look(raw if counting is None else plain(raw).filter(counting))


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
