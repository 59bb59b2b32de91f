"""JSON values are read where they lie: by the grammar of RFC 8259, to the letter.

What nests is only measured, by its brackets; a JSON decoder has to read it later.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel

Bytes: TypeAlias = npt.NDArray[np.uint8]
Int32s: TypeAlias = npt.NDArray[np.int32]
Int64s: TypeAlias = npt.NDArray[np.int64]

NULL: Final = 0
TEXT: Final = 1
ESCAPED: Final = 2
"""Text with backslashes in it."""
INTEGER: Final = 3
NUMBER: Final = 4
TRUE: Final = 5
FALSE: Final = 6
LIST: Final = 7
OBJECT: Final = 8

_QUOTE, _MINUS, _DOT, _BACKSLASH = 34, 45, 46, 92
_OPEN_LIST, _CLOSE_LIST, _OPEN_OBJECT, _CLOSE_OBJECT = 91, 93, 123, 125
_LARGEST_INTEGER: Final = np.uint64(2**63 - 1)
_INTEGER_DIGITS: Final = 19


@kernel
def read_value(  # noqa: PLR0911 - a way a kind
    data: Bytes, at: int, end: int
) -> tuple[int, int, int, int]:
    """Read one value.

    Returns:
        Its kind (-1 if it is none), its first byte, the one behind it, and where to go on.
    """
    if at == end:
        return -1, at, at, at
    byte = data[at]
    if byte == _QUOTE:
        close, escaped = read_text(data, at + 1, end)
        kind = -1 if close < 0 else ESCAPED if escaped else TEXT
        return kind, at + 1, close, close + 1
    if byte == _MINUS or 48 <= byte <= 57:
        kind, behind = _number(data, at, end)
        return kind, at, behind, behind
    if byte in (_OPEN_LIST, _OPEN_OBJECT):
        behind = _nested(data, at, end)
        kind = LIST if byte == _OPEN_LIST else OBJECT
        return kind if behind > 0 else -1, at, behind, behind
    if _is(data, at, end, 116, 114, 117, 101):
        return TRUE, at, at + 4, at + 4
    if _is(data, at, end, 110, 117, 108, 108):
        return NULL, at, at + 4, at + 4
    if byte == 102 and _is(data, at + 1, end, 97, 108, 115, 101):
        return FALSE, at, at + 5, at + 5
    return -1, at, at, at


@kernel
def _is(  # noqa: PLR0913, PLR0917 - four bytes to compare with
    data: Bytes, at: int, end: int, a: int, b: int, c: int, d: int
) -> bool:
    if at + 4 > end:
        return False
    return bool(data[at] == a and data[at + 1] == b and data[at + 2] == c and data[at + 3] == d)


@kernel
def read_text(data: Bytes, at: int, end: int) -> tuple[int, bool]:
    """Return the place of the quote that closes a text (-1 if it is none); are there escapes?"""
    escaped = False
    while at < end and data[at] != _QUOTE:
        if data[at] < 32:
            return -1, escaped
        if data[at] != _BACKSLASH:
            at += 1
            continue
        escaped = True
        at = _escape(data, at, end)
        if at < 0:
            return -1, escaped
    return (at if at < end else -1), escaped


@kernel
def _escape(data: Bytes, at: int, end: int) -> int:
    """Return the place behind an escape, -1 if it is none; half a surrogate pair is none."""
    if at + 1 >= end:
        return -1
    byte = data[at + 1]
    if byte != 117:
        simple = byte in (34, 92, 47, 98, 102, 110, 114, 116)
        return at + 2 if simple else -1
    unit = _unit(data, at, end)
    if unit < 0 or 0xDC00 <= unit <= 0xDFFF:
        return -1
    if unit < 0xD800 or unit > 0xDFFF:
        return at + 6
    low = _unit(data, at + 6, end)
    return at + 12 if 0xDC00 <= low <= 0xDFFF else -1


@kernel
def _unit(data: Bytes, at: int, end: int) -> int:
    """Return the UTF-16 unit that a backslash, ``u`` and four digits stand for, or -1."""
    if at + 6 > end or data[at] != _BACKSLASH or data[at + 1] != 117:
        return -1
    unit = 0
    for k in range(at + 2, at + 6):
        byte = int(data[k])
        if 48 <= byte <= 57:
            unit = unit * 16 + byte - 48
        elif 97 <= byte | 32 <= 102:
            unit = unit * 16 + (byte | 32) - 87
        else:
            return -1
    return unit


@kernel
def _number(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Read a JSON number: ``INTEGER`` if it is one of 64 bits, ``NUMBER``, or -1; and its end."""
    negative = data[at] == _MINUS
    at += negative
    first = at
    value = np.uint64(0)
    while at < end and 48 <= data[at] <= 57:
        value = value * np.uint64(10) + np.uint64(data[at] - 48)
        at += 1
    digits = at - first
    if digits == 0 or (digits > 1 and data[first] == 48):
        return -1, at
    small = digits <= _INTEGER_DIGITS and value <= _LARGEST_INTEGER
    kind = INTEGER if small else NUMBER
    if at < end and data[at] == _DOT:
        kind = NUMBER
        first = at + 1
        at = _digits(data, first, end)
        if at == first:
            return -1, at
    if at < end and data[at] | 32 == 101:
        kind = NUMBER
        at += 1
        if at < end and (data[at] == 43 or data[at] == _MINUS):
            at += 1
        first = at
        at = _digits(data, first, end)
        if at == first:
            return -1, at
    return kind, at


@kernel
def _digits(data: Bytes, at: int, end: int) -> int:
    while at < end and 48 <= data[at] <= 57:
        at += 1
    return at


@kernel
def _nested(data: Bytes, at: int, end: int) -> int:
    """Return the place behind a list or object, found by its brackets, or -1."""
    depth = 0
    while at < end:
        byte = data[at]
        if byte == _QUOTE:
            at, _ = read_text(data, at + 1, end)
            if at < 0:
                return -1
        elif byte in (_OPEN_LIST, _OPEN_OBJECT):
            depth += 1
        elif byte in (_CLOSE_LIST, _CLOSE_OBJECT):
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return -1


@kernel
def gather_values(data: Bytes, places: Int32s) -> tuple[Int64s, Bytes]:
    """Return the values of k pairs as offsets int64[k + 1] and UTF-8 bytes, escapes undone."""
    offsets = np.zeros(len(places) + 1, np.int64)
    room = 0
    for i in range(len(places)):
        room += places[i, 4] - places[i, 3]
    out = np.empty(room, np.uint8)
    to = 0
    for i in range(len(places)):
        at, end = places[i, 3], places[i, 4]
        if places[i, 2] != ESCAPED:
            for k in range(at, end):
                out[to] = data[k]
                to += 1
        while places[i, 2] == ESCAPED and at < end:
            if data[at] == _BACKSLASH:
                at, to = _unescape(data, at, end, out, to)
            else:
                out[to] = data[at]
                at += 1
                to += 1
        offsets[i + 1] = to
    return offsets, out[:to]


@kernel
def _unescape(  # noqa: C901 - a way a letter
    data: Bytes, at: int, end: int, out: Bytes, to: int
) -> tuple[int, int]:
    """Write what an escape stands for; return the places behind it and behind that."""
    byte = data[at + 1]
    if byte != 117:
        plain = byte
        if byte == 98:
            plain = np.uint8(8)
        elif byte == 102:
            plain = np.uint8(12)
        elif byte == 110:
            plain = np.uint8(10)
        elif byte == 114:
            plain = np.uint8(13)
        elif byte == 116:
            plain = np.uint8(9)
        out[to] = plain
        return at + 2, to + 1
    point = _unit(data, at, end)
    at += 6
    if 0xD800 <= point <= 0xDBFF:
        point = 0x10000 + ((point - 0xD800) << 10) + _unit(data, at, end) - 0xDC00
        at += 6
    if point < 0x80:
        out[to] = point
        return at, to + 1
    if point < 0x800:
        out[to] = 0xC0 | (point >> 6)
        to += 1
    elif point < 0x10000:
        out[to] = 0xE0 | (point >> 12)
        out[to + 1] = 0x80 | ((point >> 6) & 0x3F)
        to += 2
    else:
        out[to] = 0xF0 | (point >> 18)
        out[to + 1] = 0x80 | ((point >> 12) & 0x3F)
        out[to + 2] = 0x80 | ((point >> 6) & 0x3F)
        to += 3
    out[to] = 0x80 | (point & 0x3F)
    return at, to + 1
