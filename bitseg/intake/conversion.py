"""Conversion makes raw cells the typed values of a field, a column at a time (SPEC sections 2, 4).

Every converter takes a column in one form and answers with an array of the field's
``ARROW_TYPES``, null where there is no value, and with which cells could not be one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.changes import ARROW_TYPES
from bitseg.clock import FIRST_INSTANT, LAST_INSTANT
from bitseg.instants import NO_INSTANT, parse_texts, to_instants
from bitseg.intake.lists import clean_lists, read_lists
from bitseg.intake.raw import (
    Form,
    child_places,
    children,
    form_of,
    plain,
    present_cells,
    true_cells,
)
from bitseg.intake.text import (
    CONTROL,
    EMPTY,
    ID_CHARS_MAX,
    LONG_INTEGER,
    NO_NUMBER,
    NOT_UTF8,
    TOO_LONG,
    VALUE_BYTES_MAX,
    id_states,
    number_forms,
    value_states,
)
from bitseg.zones import DAY

if TYPE_CHECKING:
    from bitseg.fields import DataType
    from bitseg.zones import Zone

Mask: TypeAlias = npt.NDArray[np.bool_]
Int64s: TypeAlias = npt.NDArray[np.int64]

TRUE_TEXTS: Final = ("true", "1", "yes")
FALSE_TEXTS: Final = ("false", "0", "no")

_EXPECTED: Final[dict[DataType, str]] = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "date": "an ISO 8601 date or date-time of the years 1 to 9999, or ms since 1970",
    "array": "a list of texts",
}
_ID: Final = "an id, which is text or an integer of 64 bits"
_TOO_LONG: Final = f"at most {VALUE_BYTES_MAX} bytes of text"
_UNITS: Final = {"s": (1_000, 1), "ms": (1, 1), "us": (1, 1_000), "ns": (1, 1_000_000)}
_FAR: Final = 10**15
"""More seconds than any date has; what is beyond would overflow as ms."""


class Problem(NamedTuple):
    """Cells that are not what they should be: bool[n], and words for that."""

    cells: Mask
    expected: str


class Converted(NamedTuple):
    """Typed values, and what was wrong with cells; these have no value."""

    values: pa.Array
    problems: tuple[Problem, ...] = ()


def convert(  # noqa: PLR0911 - a way a type
    raw: pa.Array, data_type: DataType, zone: Zone, *, textual: bool
) -> Converted:
    """Make a column of raw cells values of a data type.

    Args:
        raw: any Arrow array.
        data_type: what they are to be.
        zone: the tenant's timezone, for dates and times without an offset.
        textual: whether text stands for everything, as in CSV; otherwise text is only text, a
            date, or nothing. Empty text is no value of any type.
    """
    form = form_of(raw.type)
    if form == "nothing":
        return Converted(pa.nulls(len(raw), ARROW_TYPES[data_type]))
    if form == "mixed":
        parts = [
            _unfit(part, data_type) if form == "other"
            else convert(part, data_type, zone, textual=False)
            for form, part in children(raw)
        ]  # fmt: skip
        return _joined(raw, parts)
    if form == "other":
        return _unfit(raw, data_type)
    raw = plain(raw)
    if form == "text":
        raw = _without(raw, true_cells(pc.equal(pc.binary_length(raw), 0)))
    if data_type == "string":
        return _strings(raw) if form == "text" else _unfit(raw, data_type)
    if data_type == "number":
        return _numbers(raw, form, textual=textual)
    if data_type == "boolean":
        return _booleans(raw, form, textual=textual)
    if data_type == "date":
        return _dates(raw, form, zone, textual=textual)
    return _arrays(raw, form, textual=textual)


def convert_ids(raw: pa.Array) -> Converted:
    """Make a column of raw cells ids: text, or integers as their decimal text; null stays null."""
    form = form_of(raw.type)
    if form == "mixed":
        return _joined(raw, [
            _unfit(part, "string", _ID) if form == "other" else convert_ids(part)
            for form, part in children(raw)
        ])  # fmt: skip
    if form == "nothing":
        return Converted(pa.nulls(len(raw), pa.large_string()))
    if form not in ("text", "integer"):
        return _unfit(raw, "string", _ID)
    texts = plain(raw).cast(pa.large_string())
    states = id_states(texts)
    present = present_cells(texts)
    problems = _problems(
        states,
        present,
        {
            EMPTY: f"an id of 1 to {ID_CHARS_MAX} characters",
            TOO_LONG: f"an id of 1 to {ID_CHARS_MAX} characters",
            CONTROL: "an id without control characters",
            NOT_UTF8: "UTF-8",
        },
    )
    return Converted(_without(texts, states != 0), problems)


def _joined(raw: pa.UnionArray, parts: list[Converted]) -> Converted:
    """Put the converted children of a union back in the order of its rows."""
    starts = np.cumsum([0, *(len(part.values) for part in parts)])
    numbers, offsets = child_places(raw)
    places = starts[numbers] + offsets
    values = pa.concat_arrays([part.values for part in parts]).take(pa.array(places))
    problems = []
    for start, part in zip(starts[:-1].tolist(), parts, strict=True):
        for problem in part.problems:
            cells = np.zeros(starts[-1], np.bool_)
            cells[start : start + len(part.values)] = problem.cells
            problems.append(Problem(cells[places], problem.expected))
    return Converted(values, tuple(problems))


def _unfit(raw: pa.Array, data_type: DataType, expected: str | None = None) -> Converted:
    """No cell of this form can be a value of the type."""
    values = pa.nulls(len(raw), ARROW_TYPES[data_type])
    present = present_cells(raw)
    problem = Problem(present, expected or _EXPECTED[data_type])
    return Converted(values, (problem,) if present.any() else ())


def _strings(raw: pa.LargeStringArray) -> Converted:
    states = value_states(raw)
    present = present_cells(raw)
    problems = _problems(states, present, {TOO_LONG: _TOO_LONG, NOT_UTF8: "UTF-8"})
    return Converted(_without(raw, states != 0), problems)


def _numbers(raw: pa.Array, form: Form, *, textual: bool) -> Converted:
    problems = []
    if form == "text" and textual:
        wrong = (number_forms(raw) == NO_NUMBER) & present_cells(raw)
        if wrong.any():
            problems.append(Problem(wrong, _EXPECTED["number"]))
            raw = _without(raw, wrong)
        values = raw.cast(pa.float64())
    elif form in ("integer", "number"):
        values = raw.cast(pa.float64(), safe=False)
    else:
        return _unfit(raw, "number")
    endless = true_cells(pc.invert(pc.is_finite(values)))
    if endless.any():
        problems.append(Problem(endless, "a finite number"))
        values = _without(values, endless)
    return Converted(values, tuple(problems))


def _booleans(raw: pa.Array, form: Form, *, textual: bool) -> Converted:
    if form == "boolean":
        return Converted(raw)
    if form != "text" or not textual:
        return _unfit(raw, "boolean")
    lower = pc.utf8_lower(raw)
    true = pc.is_in(lower, pa.array(TRUE_TEXTS, pa.large_string()))
    false = pc.is_in(lower, pa.array(FALSE_TEXTS, pa.large_string()))
    known = pc.or_(true, false)
    wrong = ~true_cells(known) & present_cells(raw)
    problems = (Problem(wrong, f"one of {', '.join(TRUE_TEXTS + FALSE_TEXTS)}"),)
    return Converted(pc.if_else(known, true, None), problems if wrong.any() else ())


def _dates(raw: pa.Array, form: Form, zone: Zone, *, textual: bool) -> Converted:
    present = present_cells(raw)
    if form == "text":
        instants = to_instants(parse_texts(raw), zone)
        if textual and bool((present & (instants == NO_INSTANT)).any()):
            instants = _with_counts(raw, instants)
    elif form in ("integer", "number"):
        instants = _counted(raw)
    elif form == "moment":
        instants = _ticks(raw)
    elif form == "wall":
        instants = zone.instants_at(_ticks(raw))
    elif form == "day":
        instants = zone.day_starts(_days(raw))
    else:
        return _unfit(raw, "date")
    wrong = present & ((instants < FIRST_INSTANT) | (instants > LAST_INSTANT))
    values = pa.array(instants, mask=~present | wrong)
    return Converted(values, (Problem(wrong, _EXPECTED["date"]),) if wrong.any() else ())


def _with_counts(raw: pa.LargeStringArray, instants: Int64s) -> Int64s:
    """Read long integers among texts that are no dates as ms since 1970."""
    counts = (number_forms(raw) == LONG_INTEGER) & (instants == NO_INSTANT) & present_cells(raw)
    read = pc.if_else(pa.array(counts), raw, None).cast(pa.int64()).fill_null(0).to_numpy()
    return np.where(counts, read, instants)


def _counted(raw: pa.Array) -> Int64s:
    """Return numbers of ms since 1970 as instants, floored; far ones and NaN as none."""
    if pa.types.is_integer(raw.type) and raw.type != pa.uint64():
        return np.asarray(raw.cast(pa.int64()).fill_null(0).to_numpy())
    numbers = raw.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy()
    near = np.abs(numbers) < _FAR
    return np.where(near, np.floor(np.where(near, numbers, 0)), NO_INSTANT).astype(np.int64)


def _ticks(raw: pa.Array) -> Int64s:
    """Return timestamps in ms, floored."""
    times, parts = _UNITS[raw.type.unit]
    ticks = np.asarray(raw.cast(pa.int64()).fill_null(0).to_numpy())
    whole = ticks // parts
    near = (whole > -_FAR) & (whole < _FAR)
    return np.where(near, whole * times, LAST_INSTANT + DAY * 2)


def _days(raw: pa.Array) -> Int64s:
    """Return dates as days since 1970; ones outside the years 1 to 9999 as the day behind them."""
    days = np.asarray(raw.cast(pa.date32(), safe=False).cast(pa.int32()).fill_null(0).to_numpy())
    outside = (days < FIRST_INSTANT // DAY) | (days > LAST_INSTANT // DAY)
    return np.where(outside, LAST_INSTANT // DAY + 2, days.astype(np.int64))


def _arrays(raw: pa.Array, form: Form, *, textual: bool) -> Converted:
    problems = []
    if form == "text" and textual:
        raw, wrong = read_lists(raw)
        if wrong.any():
            problems.append(Problem(wrong, "a JSON list of texts, or texts with ; between them"))
    elif form != "list":
        return _unfit(raw, "array")
    values, unsound = clean_lists(raw)
    if unsound.any():
        words = f"a list of texts in UTF-8, each of at most {VALUE_BYTES_MAX} bytes"
        problems.append(Problem(unsound, words))
    return Converted(values, tuple(problems))


def _without(values: pa.Array, gone: Mask) -> pa.Array:
    """Return the values with nulls where they are gone."""
    return pc.if_else(pa.array(~gone), values, None) if gone.any() else values


def _problems(
    states: npt.NDArray[np.uint8], present: Mask, expected: dict[int, str]
) -> tuple[Problem, ...]:
    """Return what the states of present cells say, other than that all is well."""
    if not states.any():
        return ()
    found = (Problem((states == state) & present, words) for state, words in expected.items())
    return tuple(problem for problem in found if problem.cells.any())
