"""ISO 8601 texts as instants: whole columns of them, or one, by the same kernel.

The form is ``YYYY-MM-DD``, then optionally ``T`` (or ``t``, or a space) and ``HH:MM[:SS[.digits]]``,
and behind a time optionally ``Z`` (or ``z``), ``±HH``, ``±HH:MM`` or ``±HHMM``. Nothing else is
taken: no other calendars, no leap second, no 24:00, no blanks around. What is finer than a
millisecond is cut off. Dates and the instants they mean lie in the years 1 to 9999.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.clock import FIRST_INSTANT, LAST_INSTANT
from bitseg.kernel import kernel
from bitseg.zones import DAY, Zone

BAD: Final = 0
"""A text that is no date (or a null)."""
WHOLE_DAY: Final = 1
"""A text that is a date without a time."""
DATE_TIME: Final = 2
"""A text with a time."""

NO_OFFSET: Final = -(2**63)
"""In the place of an offset: the text gives none, so it is the tenant's wall time."""
NO_INSTANT: Final = -(2**63)
"""In the place of an instant: there is none."""

_NO_DAY: Final = -(2**31)
_MARCH_OF_YEAR_0: Final = 719_468
"""Days from 0000-03-01 to 1970-01-01."""

Int64s: TypeAlias = npt.NDArray[np.int64]
Uint8s: TypeAlias = npt.NDArray[np.uint8]


class ParsedTexts(msgspec.Struct, frozen=True):
    """What n texts say, before a timezone is known.

    Attributes:
        walls: int64[n], the wall time written, ms; 0 where the text is bad.
        offsets: int64[n], ms east of UTC, or ``NO_OFFSET``.
        kinds: uint8[n], ``BAD``, ``WHOLE_DAY`` or ``DATE_TIME``.
    """

    walls: Int64s
    offsets: Int64s
    kinds: Uint8s


def parse_texts(texts: pa.LargeStringArray) -> ParsedTexts:
    """Read a column of texts; a null is ``BAD``."""
    _, offset_buffer, data_buffer = texts.buffers()
    size = len(texts)
    starts = np.zeros(1, np.int64)
    if size:
        starts = np.frombuffer(offset_buffer, np.int64)[texts.offset : texts.offset + size + 1]
    data = np.frombuffer(data_buffer or b"", np.uint8)
    parsed = ParsedTexts(*_parse(data, starts))
    if texts.null_count:
        parsed.kinds[texts.is_null().to_numpy(zero_copy_only=False)] = BAD
    return parsed


def parse_text(text: str) -> tuple[int, int, int]:
    """Return ``(wall, offset, kind)`` of one text, as ``ParsedTexts`` has them."""
    data = np.frombuffer(text.encode(errors="replace"), np.uint8)
    walls, offsets, kinds = _parse(data, np.array([0, len(data)], np.int64))
    return int(walls[0]), int(offsets[0]), int(kinds[0])


def to_instants(parsed: ParsedTexts, zone: Zone) -> Int64s:
    """Return the instants meant, int64[n] ms; a whole day is its start in the zone.

    Returns:
        ``NO_INSTANT`` for bad texts, and for those whose instant leaves the years 1 to 9999.
    """
    instants = parsed.walls - parsed.offsets
    dayless = (parsed.kinds == DATE_TIME) & (parsed.offsets == NO_OFFSET)
    instants[dayless] = zone.instants_at(parsed.walls[dayless])
    days = parsed.kinds == WHOLE_DAY
    instants[days] = zone.day_starts(parsed.walls[days] // DAY)
    outside = (instants < FIRST_INSTANT) | (instants > LAST_INSTANT)
    instants[outside | (parsed.kinds == BAD)] = NO_INSTANT
    return instants


@kernel
def _parse(data: Uint8s, starts: Int64s) -> tuple[Int64s, Int64s, Uint8s]:
    """Read the texts ``data[starts[i]:starts[i + 1]]``."""
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
    if end - at < 10 or data[at + 4] != 45 or data[at + 7] != 45:
        return nothing
    day = _day(_digits(data, at, 4), _digits(data, at + 5, 2), _digits(data, at + 8, 2))
    if day == _NO_DAY:
        return nothing
    if end - at == 10:
        return day * DAY, NO_OFFSET, WHOLE_DAY
    if data[at + 10] not in (84, 116, 32):  # T, t, blank
        return nothing
    time, at = _time(data, at + 11, end)
    if time < 0:
        return nothing
    if at == end:
        return day * DAY + time, NO_OFFSET, DATE_TIME
    offset = _offset(data, at, end)
    if offset == NO_OFFSET:
        return nothing
    return day * DAY + time, offset, DATE_TIME


@kernel
def _digits(data: Uint8s, at: int, count: int) -> int:
    """Return the number of ``count`` digits, or a large negative one if any is none."""
    number = 0
    for i in range(at, at + count):
        if data[i] < 48 or data[i] > 57:
            return -1_000_000
        number = number * 10 + data[i] - 48
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
    if end - at < 5 or data[at + 2] != 58:
        return -1, at
    hour, minute = _digits(data, at, 2), _digits(data, at + 3, 2)
    second, fraction = 0, 0
    at += 5
    if at < end and data[at] == 58:
        if end - at < 3:
            return -1, at
        second = _digits(data, at + 1, 2)
        at += 3
        if at < end and data[at] == 46:
            first = at + 1
            at = first
            while at < end and data[at] >= 48 and data[at] <= 57:
                if at < first + 3:
                    fraction = fraction * 10 + data[at] - 48
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
    if size == 1 and (data[at] == 90 or data[at] == 122):
        return 0
    if data[at] != 43 and data[at] != 45:
        return NO_OFFSET
    minutes = 0
    if size == 6 and data[at + 3] == 58:
        minutes = _digits(data, at + 4, 2)
    elif size == 5:
        minutes = _digits(data, at + 3, 2)
    elif size != 3:
        return NO_OFFSET
    hours = _digits(data, at + 1, 2)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return NO_OFFSET
    ms = (hours * 60 + minutes) * 60_000
    return -ms if data[at] == 45 else ms
