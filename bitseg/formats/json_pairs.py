"""Pairs are the keys and values of JSON objects, one object a line, found in one pass.

A value stays where it lies until its column is built.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from bitseg.formats.json_values import read_text, read_value
from bitseg.formats.utf8 import is_utf8
from bitseg.kernel import kernel

Bytes: TypeAlias = npt.NDArray[np.uint8]
Int32s: TypeAlias = npt.NDArray[np.int32]
Int64s: TypeAlias = npt.NDArray[np.int64]

KEYS_MAX: Final = 1_000
"""Different keys that the lines of one pass may have."""

_SLOTS: Final = 4_096
_NONE: Final = -1
_LF, _CR, _QUOTE, _COMMA, _COLON = 10, 13, 34, 44, 58
_OPEN_OBJECT, _CLOSE_OBJECT = 123, 125


class Pairs(msgspec.Struct, frozen=True):
    """Room for the pairs of one pass, used again for the next.

    Attributes:
        bounds: int32[lines, 2]: a line's first byte, and the one behind it.
        numbers: int64[lines], its number, from 1.
        sound: bool[lines], whether it is a JSON object as far as the pass can see.
        places: int32[pairs, 5]: line, key, kind, the value's first byte and the one behind it;
            of text the quotes are left out.
        keys: int32[KEYS_MAX + 1, 2]: a key's first byte, and the one behind it, where first seen.
    """

    bounds: Int32s
    numbers: Int64s
    sound: npt.NDArray[np.bool_]
    places: Int32s
    keys: Int32s


class Stop(NamedTuple):
    """Where a pass stopped: what it found, the first byte that is not in it, and its line."""

    lines: int
    pairs: int
    keys: int
    at: int
    line: int


def make_pairs(lines: int, pairs: int) -> Pairs:
    """Return room for so many lines and pairs; memory is touched only where some are found."""
    return Pairs(
        bounds=np.empty((lines, 2), np.int32),
        numbers=np.empty(lines, np.int64),
        sound=np.empty(lines, np.bool_),
        places=np.empty((pairs, 5), np.int32),
        keys=np.empty((KEYS_MAX + 1, 2), np.int32),
    )


def first_lines(pairs: Pairs, lines: int) -> Pairs:
    """Return the same room for fewer lines."""
    cut = slice(lines)
    return Pairs(pairs.bounds[cut], pairs.numbers[cut], pairs.sound[cut], pairs.places, pairs.keys)


def find_pairs(data: Bytes, at: int, line: int, pairs: Pairs, *, last: bool) -> Stop:
    """Find the lines from a byte on that end in the data, and their pairs; not the blank ones.

    Args:
        data: uint8, UTF-8 text without BOM.
        at: a line's first byte.
        line: the number of that line.
        pairs: where to put what is found. A line that alone has no room there is not sound.
        last: whether the text ends with the data; otherwise its last line may go on.

    Returns:
        Where it stopped; ``keys`` is above ``KEYS_MAX`` where there were too many.
    """
    found = _find(
        data, at, line, last, pairs.bounds, pairs.numbers, pairs.sound, pairs.places, pairs.keys
    )
    return Stop(*found)


@kernel
def _find(  # noqa: PLR0913, PLR0917 - a kernel takes arrays, not structs
    data: Bytes,
    at: int,
    line: int,
    last: bool,  # noqa: FBT001 - a kernel's arguments go by position
    bounds: Int32s,
    numbers: Int64s,
    sound: npt.NDArray[np.bool_],
    places: Int32s,
    keys: Int32s,
) -> tuple[int, int, int, int, int]:
    slots = np.full(_SLOTS, _NONE, np.int32)
    known = np.zeros(1, np.int64)
    count = used = 0
    while at < len(data) and count < len(numbers):
        end = _line_end(data, at)
        begin, behind = at, end
        if end == len(data):
            if not last:
                break
        elif data[end] == _CR:
            if end + 1 == len(data) and not last:
                break
            behind += 2 if end + 1 < len(data) and data[end + 1] == _LF else 1
        else:
            behind += 1
        if _blanks(data, begin, end) < end:
            found = _object(data, begin, end, count, places, used, keys, slots, known)
            if found == len(places) + 1 - used and count > 0:
                break
            sound[count] = 0 <= found <= len(places) - used and is_utf8(data, begin, end)
            used += found if sound[count] else 0
            bounds[count, 0], bounds[count, 1] = begin, end
            numbers[count] = line
            count += 1
            if known[0] > KEYS_MAX:
                break
        line += 1
        at = behind
    return count, used, known[0], at, line


@kernel
def _line_end(data: Bytes, at: int) -> int:
    while at < len(data) and data[at] != _LF and data[at] != _CR:
        at += 1
    return at


@kernel
def _blanks(data: Bytes, at: int, end: int) -> int:
    """Return the place behind spaces and tabs."""
    while at < end and (data[at] == 32 or data[at] == 9):
        at += 1
    return at


@kernel
def _object(  # noqa: PLR0913, PLR0917, PLR0911 - a kernel takes arrays, and leaves at each fault
    data: Bytes,
    at: int,
    end: int,
    line: int,
    places: Int32s,
    used: int,
    keys: Int32s,
    slots: Int32s,
    known: Int64s,
) -> int:
    """Read one object: how many pairs it has, one more than there is room for, or -1."""
    at = _blanks(data, at, end)
    if data[at] != _OPEN_OBJECT:
        return -1
    at = _blanks(data, at + 1, end)
    count = 0
    if at < end and data[at] == _CLOSE_OBJECT:
        return 0 if _blanks(data, at + 1, end) == end else -1
    while at < end and data[at] == _QUOTE:
        if used + count == len(places):
            return count + 1
        close, _ = read_text(data, at + 1, end)
        if close < 0:
            return -1
        key = _key(data, at + 1, close, keys, slots, known)
        at = _blanks(data, close + 1, end)
        if at == end or data[at] != _COLON:
            return -1
        at = _blanks(data, at + 1, end)
        kind, first, behind, at = read_value(data, at, end)
        if kind < 0:
            return -1
        pair = places[used + count]
        pair[0], pair[1], pair[2], pair[3], pair[4] = line, key, kind, first, behind
        count += 1
        at = _blanks(data, at, end)
        if at < end and data[at] == _CLOSE_OBJECT:
            return count if _blanks(data, at + 1, end) == end else -1
        if at == end or data[at] != _COMMA:
            return -1
        at = _blanks(data, at + 1, end)
    return -1


@kernel
def _key(  # noqa: PLR0913, PLR0917 - a kernel takes arrays, not structs
    data: Bytes, begin: int, end: int, keys: Int32s, slots: Int32s, known: Int64s
) -> int:
    """Return the number of a key, by the order in which keys were first seen."""
    size = end - begin
    mark = np.uint64(14_695_981_039_346_656_037)
    for k in range(begin, end):
        mark = (mark ^ np.uint64(data[k])) * np.uint64(1_099_511_628_211)
    slot = np.int64(mark >> np.uint64(52))
    while slots[slot] != _NONE:
        key = slots[slot]
        if keys[key, 1] - keys[key, 0] == size:
            k = 0
            while k < size and data[keys[key, 0] + k] == data[begin + k]:
                k += 1
            if k == size:
                return int(key)
        slot = (slot + 1) % _SLOTS
    key = min(int(known[0]), KEYS_MAX)
    if known[0] <= KEYS_MAX:
        keys[key, 0], keys[key, 1] = begin, end
        slots[slot] = key
        known[0] += 1
    return key
