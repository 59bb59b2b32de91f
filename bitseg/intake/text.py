"""Text tests look at every string of a column at once: is it a number, is it sound, does it fit?"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.formats.utf8 import is_utf8
from bitseg.kernel import kernel

Bytes: TypeAlias = npt.NDArray[np.uint8]
Int64s: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

NO_NUMBER: Final = 0
LOOSE_NUMBER: Final = 1
"""A number only where one is expected: with a plus, leading zeros or a bare dot, or an integer of
more digits than a float64 keeps. A phone number, a zip code or a long key looks like this."""
PLAIN_NUMBER: Final = 2
LONG_INTEGER: Final = 3
"""A plain integer of 9 digits or more: in a date column, ms since 1970."""

SOUND: Final = 0
TOO_LONG: Final = 1
CONTROL: Final = 2
NOT_UTF8: Final = 3
EMPTY: Final = 4

VALUE_BYTES_MAX: Final = 65_536
ID_CHARS_MAX: Final = 255

_EXACT_DIGITS: Final = 15
_LONG_DIGITS: Final = 9


def buffers(texts: pa.LargeStringArray) -> tuple[Bytes, Int64s]:
    """Return the bytes of n strings and int64[n + 1], where each begins; nulls have any bytes."""
    size = len(texts)
    if size == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + size + 1]
    return np.frombuffer(data or b"", np.uint8), starts


def number_forms(texts: pa.LargeStringArray) -> Bytes:
    """Return uint8[n]: how much each string looks like a number; what a null does is undefined."""
    return _number_forms(*buffers(texts))


def value_states(texts: pa.LargeStringArray) -> Bytes:
    """Return uint8[n]: is each string ``SOUND`` as a value, ``TOO_LONG`` or ``NOT_UTF8``?"""
    return _value_states(*buffers(texts))


def id_states(texts: pa.LargeStringArray) -> Bytes:
    """Return uint8[n]: is each string ``SOUND`` as an id, or why not?"""
    return _id_states(*buffers(texts))


@kernel
def _digits(data: Bytes, at: int, end: int) -> int:
    """Return the place behind a run of digits."""
    while at < end and 48 <= data[at] <= 57:
        at += 1
    return at


@kernel
def _number_form(  # noqa: C901, PLR0911, PLR0912 - a grammar
    data: Bytes, at: int, end: int
) -> int:
    """Read ``[+-]digits[.digits][e[+-]digits]``, with digits before or behind the dot."""
    form = PLAIN_NUMBER
    if at < end and (data[at] == 43 or data[at] == 45):
        if data[at] == 43:
            form = LOOSE_NUMBER
        at += 1
    first = at
    at = _digits(data, at, end)
    whole = at - first
    if whole == 0 or (whole > 1 and data[first] == 48):
        form = LOOSE_NUMBER
    if at == end:
        if whole == 0:
            return NO_NUMBER
        if whole > _EXACT_DIGITS:
            return LOOSE_NUMBER
        return LONG_INTEGER if form == PLAIN_NUMBER and whole >= _LONG_DIGITS else form
    if data[at] == 46:
        dot = at
        at = _digits(data, at + 1, end)
        if at == dot + 1:
            form = LOOSE_NUMBER
        if at - dot - 1 + whole == 0:
            return NO_NUMBER
    elif whole == 0:
        return NO_NUMBER
    if at < end and (data[at] == 101 or data[at] == 69):
        at += 1
        if at < end and (data[at] == 43 or data[at] == 45):
            at += 1
        first = at
        at = _digits(data, at, end)
        if at == first:
            return NO_NUMBER
    return form if at == end else NO_NUMBER


@kernel
def _number_forms(data: Bytes, starts: Int64s) -> Bytes:
    forms = np.empty(len(starts) - 1, np.uint8)
    for i in range(len(forms)):
        forms[i] = _number_form(data, starts[i], starts[i + 1])
    return forms


@kernel
def _has_high(data: Bytes, start: int, end: int) -> bool:
    high = np.uint8(0)
    for at in range(start, end):
        high |= data[at]
    return bool(high >= 0x80)


@kernel
def _value_states(data: Bytes, starts: Int64s) -> Bytes:
    states = np.zeros(len(starts) - 1, np.uint8)
    for i in range(len(states)):
        start, end = starts[i], starts[i + 1]
        if end - start > VALUE_BYTES_MAX:
            states[i] = TOO_LONG
        elif _has_high(data, start, end) and not is_utf8(data, start, end):
            states[i] = NOT_UTF8
    return states


@kernel
def _id_states(data: Bytes, starts: Int64s) -> Bytes:
    """Control characters are U+0000 to U+001F, U+007F and U+0080 to U+009F (Unicode's Cc)."""
    states = np.zeros(len(starts) - 1, np.uint8)
    for i in range(len(states)):
        start, end = starts[i], starts[i + 1]
        if start == end:
            states[i] = EMPTY
        elif _has_high(data, start, end) and not is_utf8(data, start, end):
            states[i] = NOT_UTF8
        else:
            chars = 0
            for at in range(start, end):
                byte = data[at]
                chars += byte & 0xC0 != 0x80
                if byte < 32 or byte == 127 or (byte == 0xC2 and data[at + 1] < 0xA0):
                    states[i] = CONTROL
            if chars > ID_CHARS_MAX:
                states[i] = TOO_LONG
    return states
