"""Rows are dicts, from a program or from JSON: absent keys, nulls and types stay apart.

A column whose values are of one type is an Arrow array of it; where types mix, see
``bitseg.formats.mixed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.errors import Fault, LoadError
from bitseg.formats.mixed import NO_CHILD, OTHER, mixed_column
from bitseg.formats.source import BATCH_ROWS, COLUMNS_MAX, BadRow, RawBatch
from bitseg.whole_text import is_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bitseg.formats.cells import Int64s
    from bitseg.formats.source import Wanted

_NULL, _TEXT, _INTEGER, _NUMBER, _BOOLEAN, _MOMENT, _WALL, _DAY, _LIST, _OTHER = range(10)
_TYPES: Final[dict[int, tuple[str, pa.DataType]]] = {
    _TEXT: ("text", pa.large_string()),
    _INTEGER: ("integer", pa.int64()),
    _NUMBER: ("number", pa.float64()),
    _BOOLEAN: ("boolean", pa.bool_()),
    _MOMENT: ("moment", pa.timestamp("us", tz="UTC")),
    _WALL: ("wall", pa.timestamp("us")),
    _DAY: ("day", pa.date32()),
    _LIST: ("list", pa.large_list(pa.large_string())),
    _OTHER: (OTHER, pa.large_string()),
}
_UNFIT: Final = (pa.ArrowException, TypeError, ValueError, OverflowError)


class _Codes(dict[type, int]):
    """The code of a value by its Python type; subclasses are looked up once."""

    def __missing__(self, kind: type) -> int:
        code = self[kind] = next((code for base, code in _BASES if issubclass(kind, base)), _OTHER)
        return code


_BASES: Final[tuple[tuple[type | tuple[type, ...], int], ...]] = (
    (type(None), _NULL),
    (str, _TEXT),
    ((bool, np.bool_), _BOOLEAN),
    ((int, np.integer), _INTEGER),
    ((float, np.floating, Decimal), _NUMBER),
    (datetime, _WALL),
    (date, _DAY),
    ((list, tuple), _LIST),
)
_CODES: Final = _Codes()


class RowsSource:
    """A list of dicts in memory."""

    in_memory = True
    textual = False
    keyed = True
    exact = True
    columns: tuple[str, ...] = ()

    def __init__(self, rows: Sequence[Any]) -> None:
        """Take the rows; they are not copied and must stay as they are."""
        self._rows = rows
        self._whole: RawBatch | None = None
        self.total: int | None = len(rows)

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows; see ``Source``. A short list is turned into columns only once."""
        del wanted
        if self._whole is not None:
            yield self._whole
            return
        for start in range(0, len(self._rows), BATCH_ROWS):
            rows = list(self._rows[start : start + BATCH_ROWS])
            end = start + len(rows)
            batch = batch_of(rows, np.arange(start, end), None, (), end)
            if end - start == len(self._rows):
                self._whole = batch
            yield batch

    def close(self) -> None:
        """Do nothing: there is no file."""


def batch_of(
    rows: list[Any],
    index: Int64s,
    lines: Int64s | None,
    faults: tuple[BadRow, ...],
    read: int,
) -> RawBatch:
    """Return rows as columns; rows that are no dicts with text for keys become faults.

    Args:
        rows: n values that should be dicts.
        index: int64[n], each one's place in the source.
        lines: int64[n], each one's line, or None.
        faults: rows that were found bad before.
        read: as in ``RawBatch``.

    Raises:
        LoadError: the rows have too many different keys.
    """
    bad = [place for place, row in enumerate(rows) if not _is_row(row)] if _any_bad(rows) else []
    if bad:
        faults = (*faults, *(_refused(rows, place, index, lines) for place in bad))
        good = np.delete(np.arange(len(rows)), bad)
        rows = [dict(rows[place]) for place in good.tolist()]
        index, lines = index[good], None if lines is None else lines[good]
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    if len(names) > COLUMNS_MAX:
        raise LoadError(f"Expected at most {COLUMNS_MAX} different keys in rows, got {len(names)}")
    columns = [column_of([row.get(name) for row in rows]) for name in names]
    given = _given(rows, names)
    table = pa.RecordBatch.from_arrays(columns, names)
    return RawBatch(table, index, lines, given, faults, read)


def _given(rows: list[dict[str, Any]], names: list[str]) -> dict[str, npt.NDArray[np.bool_]]:
    if sum(map(len, rows)) == len(rows) * len(names):
        return {}
    masks = {
        name: np.fromiter((name in row for row in rows), np.bool_, len(rows)) for name in names
    }
    return {name: mask for name, mask in masks.items() if not mask.all()}


def _any_bad(rows: list[Any]) -> bool:
    """Return whether some row is no plain dict, or some key no plain text."""
    if set(map(type, rows)) - {dict}:
        return True
    return not all(map(_is_key, set(chain.from_iterable(rows))))


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and all(map(_is_key, row))


def _is_key(key: Any) -> bool:
    return is_text(key)


def _refused(rows: list[Any], place: int, index: Int64s, lines: Int64s | None) -> BadRow:
    row = rows[place]
    got = "keys that are no text" if isinstance(row, Mapping) else f"a {type(row).__name__}"
    fault = Fault("", f"Expected an object with text for keys, got {got}", code="bad_row")
    line = 0 if lines is None else int(lines[place])
    return BadRow(int(index[place]), line, (fault,), repr(row))


def column_of(values: list[Any]) -> pa.Array:
    """Return Python values as an array of their type, or as a union of their types."""
    kinds = set(map(type, values))
    if np.datetime64 in kinds:
        values = [_plain_moment(value) for value in values]
        kinds = set(map(type, values))
    codes = {_CODES[kind] for kind in kinds} - {_NULL}
    if not codes:
        return pa.nulls(len(values))
    if len(codes) == 1 and (code := codes.pop()) not in (_WALL, _OTHER):
        try:
            return pa.array(values, _TYPES[code][1])
        except _UNFIT:
            pass  # some values do not fit the type after all; the union tells which
    return _union(values)


def _plain_moment(value: Any) -> Any:
    """Return numpy's date-time as Python's, NaT as None; one that Python has none for stays."""
    if type(value) is not np.datetime64:
        return value
    moment = value.astype("datetime64[us]").item()
    return value if isinstance(moment, int) else moment


def _union(values: list[Any]) -> pa.Array:
    """Return values of several types, or values that do not fit their type, as a mixed column."""
    values = list(values)
    codes = np.fromiter(map(_CODES.__getitem__, map(type, values)), np.int8, len(values))
    _tell_moments(values, codes)
    _sort_out(values, codes)
    order = [code for code in np.unique(codes).tolist() if code != _NULL]
    children = []
    for code in order:
        part: list[Any] = [values[place] for place in np.flatnonzero(codes == code).tolist()]
        if code == _OTHER:
            part = [_described(value) for value in part]
        children.append(pa.array(part, _TYPES[code][1]))
    choices = np.where(codes == _NULL, NO_CHILD, np.searchsorted(order, codes)).astype(np.int8)
    return mixed_column(choices, children, [_TYPES[code][0] for code in order])


def _tell_moments(values: list[Any], codes: npt.NDArray[np.int8]) -> None:
    """Mark the date-times that carry their offset from UTC."""
    for place in np.flatnonzero(codes == _WALL).tolist():
        try:
            aware = values[place].utcoffset() is not None
        except Exception:  # noqa: BLE001 - a tzinfo is anyone's code
            codes[place] = _OTHER
        else:
            codes[place] = _MOMENT if aware else _WALL


def _sort_out(values: list[Any], codes: npt.NDArray[np.int8]) -> None:
    """Make numbers floats where their type does not hold them, and the rest of misfits others."""
    for code in np.unique(codes[(codes != _NULL) & (codes != _OTHER)]).tolist():
        places = np.flatnonzero(codes == code).tolist()
        if _fits([values[place] for place in places], code):
            continue
        for place in places:
            if _fits([values[place]], code):
                continue
            codes[place] = _OTHER
            if code in (_INTEGER, _NUMBER):
                with suppress(OverflowError, ValueError):
                    values[place] = float(values[place])
                    codes[place] = _NUMBER


def _fits(part: list[Any], code: int) -> bool:
    try:
        pa.array(part, _TYPES[code][1])
    except _UNFIT:
        return False
    return True


def _described(value: Any) -> str:
    """Return words for a value that no field can have."""
    if isinstance(value, str):
        return "text with half a surrogate pair"
    if isinstance(value, int):
        return "an integer too large for any number"
    if isinstance(value, list | tuple):
        return "a list with something else than text in it"
    if isinstance(value, datetime):
        return "a date-time whose timezone fails, or beyond the years of UTC"
    return f"a {type(value).__name__}"
