"""The grammar of ISO 8601 as bitseg takes it, as a loop over bytes: millions of texts a second.

Useful for ``bitseg.instants``, which says what is taken and is how everybody else gets here.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel
from bitseg.zones import DAY

BAD: Final = 0
"""A text that is no date (or a null)."""
WHOLE_DAY: Final = 1
"""A text that is a date without a time."""
DATE_TIME: Final = 2
"""A text with a time."""

NO_OFFSET: Final = -(2**63)
"""In the place of an offset: the text gives none, so it is the tenant's wall time."""

_NO_DAY: Final = -(2**31)
_NO_NUMBER: Final = -1_000_000
_MARCH_OF_YEAR_0: Final = 719_468
"""Days from 0000-03-01 to 1970-01-01."""

_PLUS: Final = ord("+")
_MINUS: Final = ord("-")
_COLON: Final = ord(":")
_POINT: Final = ord(".")
_BLANK: Final = ord(" ")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_T: Final = ord("T")
_SMALL_T: Final = ord("t")
_Z: Final = ord("Z")
_SMALL_Z: Final = ord("z")

Int64s: TypeAlias = npt.NDArray[np.int64]
Uint8s: TypeAlias = npt.NDArray[np.uint8]


@kernel
def parse(data: Uint8s, starts: Int64s) -> tuple[Int64s, Int64s, Uint8s]:
    """Read the texts ``data[starts[i]:starts[i + 1]]``: walls, offsets and kinds of each."""
    size = len(starts) - 1
    walls = np.zeros(size, np.int64)
    offsets = np.full(size, NO_OFFSET, np.int64)
    kinds = np.zeros(size, np.uint8)
    for i in range(size):
        walls[i], offsets[i], kinds[i] = _read(data, starts[i], starts[i + 1])
    return walls, offsets, kinds


@kernel
def _read(data: Uint8s, at: int, end: int) -> tuple[int, int, int]:
    """Read one text: ``(wall, offset, kind)``."""
    nothing = (0, NO_OFFSET, BAD)
    if end - at < 10 or data[at + 4] != _MINUS or data[at + 7] != _MINUS:
        return nothing
    day = _day(_digits(data, at, 4), _digits(data, at + 5, 2), _digits(data, at + 8, 2))
    if day == _NO_DAY:
        return nothing
    if end - at == 10:
        return day * DAY, NO_OFFSET, WHOLE_DAY
    if data[at + 10] not in (_T, _SMALL_T, _BLANK):
        return nothing
    time, at = _time(data, at + 11, end)
    offset = NO_OFFSET if at == end else _offset(data, at, end)
    if time < 0 or (at < end and offset == NO_OFFSET):
        return nothing
    return day * DAY + time, offset, DATE_TIME


@kernel
def _digits(data: Uint8s, at: int, count: int) -> int:
    """Return the number of ``count`` digits, or a large negative one if any is none."""
    number = 0
    for i in range(at, at + count):
        if data[i] < _ZERO or data[i] > _NINE:
            return _NO_NUMBER
        number = number * 10 + data[i] - _ZERO
    return number


@kernel
def _day(year: int, month: int, day: int) -> int:
    """Return days since 1970-01-01, or ``_NO_DAY`` if there is no such date."""
    if year < 1 or month < 1 or month > 12 or day < 1:
        return _NO_DAY
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = 30 + ((month + month // 8) & 1) if month != 2 else 28 + leap
    if day > length:
        return _NO_DAY
    # Count years from March, so that the leap day is the last of its year.
    years = year - 1 if month < 3 else year
    months = month + 9 if month < 3 else month - 3
    return (
        years * 365 + years // 4 - years // 100 + years // 400
        + (153 * months + 2) // 5 + day - 1 - _MARCH_OF_YEAR_0
    )  # fmt: skip


@kernel
def _time(data: Uint8s, at: int, end: int) -> tuple[int, int]:
    """Read ``HH:MM[:SS[.digits]]``: ms of the day, -1 if it is none, and where it ended."""
    if end - at < 5 or data[at + 2] != _COLON:
        return -1, at
    hour, minute = _digits(data, at, 2), _digits(data, at + 3, 2)
    second, fraction = 0, 0
    at += 5
    if at < end and data[at] == _COLON:
        if end - at < 3:
            return -1, at
        second = _digits(data, at + 1, 2)
        at += 3
        if at < end and data[at] == _POINT:
            first = at + 1
            at = first
            while at < end and data[at] >= _ZERO and data[at] <= _NINE:
                if at < first + 3:
                    fraction = fraction * 10 + data[at] - _ZERO
                at += 1
            if at == first:
                return -1, at
            for _ in range(at, first + 3):
                fraction *= 10
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return -1, at
    return ((hour * 60 + minute) * 60 + second) * 1_000 + fraction, at


@kernel
def _offset(data: Uint8s, at: int, end: int) -> int:
    """Read ``Z``, ``±HH``, ``±HH:MM`` or ``±HHMM`` to the end; ms, or ``NO_OFFSET`` if none."""
    size = end - at
    if size == 1 and (data[at] == _Z or data[at] == _SMALL_Z):
        return 0
    if data[at] != _PLUS and data[at] != _MINUS:
        return NO_OFFSET
    minutes = 0
    if size == 6 and data[at + 3] == _COLON:
        minutes = _digits(data, at + 4, 2)
    elif size == 5:
        minutes = _digits(data, at + 3, 2)
    elif size != 3:
        return NO_OFFSET
    hours = _digits(data, at + 1, 2)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return NO_OFFSET
    ms = (hours * 60 + minutes) * 60_000
    return -ms if data[at] == _MINUS else ms
