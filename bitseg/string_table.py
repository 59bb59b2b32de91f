"""The string table finds a string's code by its bytes: an open-addressed hash of uint32 slots.

A slot is 0 when free; else its low ``bits`` bits are a code + 1 and the bits above a tag, so that
most strangers are told apart without touching their bytes. There are ``2 ** bits`` slots and at
most three in four are taken, so a code always fits. The hash is SipHash-1-3 under a key drawn for
the process: nobody can prepare strings that all land in one place.
"""

# ruff: noqa: PLR0913, PLR0917 - a kernel takes each array by itself
from __future__ import annotations

import secrets
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel

Bytes: TypeAlias = npt.NDArray[np.uint8]
Ends: TypeAlias = npt.NDArray[np.uint32] | npt.NDArray[np.int64]
Offsets: TypeAlias = npt.NDArray[np.int64]
Slots: TypeAlias = npt.NDArray[np.uint32]
Place: TypeAlias = int | np.int64
Key: TypeAlias = npt.NDArray[np.uint64]

KEY: Final[Key] = np.array([secrets.randbits(64), secrets.randbits(64)], np.uint64)

BLOCK: Final = 512
"""Strings that are hashed before the first of them is sought."""

FORGOTTEN: Final = 0xFF
"""The first byte of a forgotten string: no UTF-8 text holds it, so none equals such a string."""


@kernel
def _turn(value: np.uint64, by: int) -> np.uint64:
    return (value << np.uint64(by)) | (value >> np.uint64(64 - by))


@kernel
def _round(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    a += b
    b = _turn(b, 13) ^ a
    a = _turn(a, 32)
    c += d
    d = _turn(d, 16) ^ c
    a += d
    d = _turn(d, 21) ^ a
    c += b
    b = _turn(b, 17) ^ c
    c = _turn(c, 32)
    return a, b, c, d


@kernel
def _word(data: Bytes, at: Place) -> np.uint64:
    word = np.uint64(data[at])
    for i in range(1, 8):
        word |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return word


@kernel
def hashed(data: Bytes, start: Place, end: Place, key: Key) -> np.uint64:
    """Return SipHash-1-3 of ``data[start:end]``.

    https://www.aumasson.jp/siphash/siphash.pdf; one round a word and three to finish are what
    Python and Rust use for their own tables.
    """
    a = key[0] ^ np.uint64(0x736F6D6570736575)
    b = key[1] ^ np.uint64(0x646F72616E646F6D)
    c = key[0] ^ np.uint64(0x6C7967656E657261)
    d = key[1] ^ np.uint64(0x7465646279746573)
    at = start
    while at + 8 <= end:
        word = _word(data, at)
        d ^= word
        a, b, c, d = _round(a, b, c, d)
        a ^= word
        at += 8
    word = np.uint64((end - start) & 255) << np.uint64(56)
    for i in range(end - at):
        word |= np.uint64(data[at + i]) << np.uint64(8 * i)
    d ^= word
    a, b, c, d = _round(a, b, c, d)
    a ^= word
    c ^= np.uint64(0xFF)
    for _ in range(3):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


@kernel
def _equal(left: Bytes, left_at: Place, right: Bytes, right_at: Place, size: Place) -> bool:
    for i in range(size):  # noqa: SIM110 - numba compiles no all()
        if left[left_at + i] != right[right_at + i]:
            return False
    return True


@kernel
def _mark(
    data: Bytes,
    offsets: Offsets,
    base: int,
    slots: Slots,
    mask: int,
    key: Key,
    marks: npt.NDArray[np.uint64],
    firsts: Slots,
) -> None:
    """Hash the strings from ``base`` on, and read the slot each begins at.

    The reads of a block do not wait for each other, which fetches all its slots from memory in
    the time of a few: interning a million new strings went from 130 to 74 ms.
    """
    size = min(marks.size, offsets.size - 1 - base)
    for i in range(size):
        marks[i] = hashed(data, offsets[base + i], offsets[base + i + 1], key)
    for i in range(size):
        firsts[i] = slots[np.int64(marks[i] & np.uint64(mask))]


@kernel
def _seek(
    mark: np.uint64,
    data: Bytes,
    start: Place,
    size: Place,
    arena: Bytes,
    ends: Ends,
    slots: Slots,
    bits: int,
) -> tuple[Place, Place]:
    """Return where a string's slot is or would be, and its code or -1."""
    mask = np.int64((1 << bits) - 1)
    tag = np.uint32(mark >> np.uint64(32 + bits))
    at = np.int64(mark & np.uint64(mask))
    slot = slots[at]
    while slot != 0:
        if slot >> np.uint32(bits) == tag:
            code = np.int64(slot & np.uint32(mask)) - 1
            begin = np.int64(ends[code])
            if np.int64(ends[code + 1]) - begin == size and _equal(arena, begin, data, start, size):
                return at, code
        at = (at + 1) & mask
        slot = slots[at]
    return at, -1


@kernel
def find(
    data: Bytes, offsets: Offsets, arena: Bytes, ends: Ends, slots: Slots, bits: int, key: Key
) -> npt.NDArray[np.int64]:
    """Return int64[n]: the code of each string, -1 where it has none."""
    out = np.empty(offsets.size - 1, np.int64)
    marks, firsts = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint32)
    for base in range(0, out.size, BLOCK):
        _mark(data, offsets, base, slots, (1 << bits) - 1, key, marks, firsts)
        for i in range(base, min(base + BLOCK, out.size)):
            start = offsets[i]
            size = offsets[i + 1] - start
            out[i] = _seek(marks[i - base], data, start, size, arena, ends, slots, bits)[1]
    return out


@kernel
def intern(
    data: Bytes,
    offsets: Offsets,
    done: int,
    codes: Slots,
    arena: Bytes,
    ends: Ends,
    slots: Slots,
    bits: int,
    key: Key,
    count: int,
) -> tuple[int, int]:
    """Fill ``codes`` from place ``done`` on and give new strings the next codes.

    Returns:
        How many strings are done and how many codes there are. It stops short of a string
        for which the arena, the ends or the slots have no room.
    """
    limit = min(ends.size - 1, (3 << bits) >> 2)
    marks, firsts = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint32)
    for base in range(done, codes.size, BLOCK):
        _mark(data, offsets, base, slots, (1 << bits) - 1, key, marks, firsts)
        for i in range(base, min(base + BLOCK, codes.size)):
            start = offsets[i]
            size = offsets[i + 1] - start
            at, code = _seek(marks[i - base], data, start, size, arena, ends, slots, bits)
            if code < 0:
                used = np.int64(ends[count])
                if count >= limit or used + size > arena.size:
                    return i, count
                for k in range(size):
                    arena[used + k] = data[start + k]
                ends[count + 1] = used + size
                code = count
                count += 1
                tag = np.uint32(marks[i - base] >> np.uint64(32 + bits))
                slots[at] = (tag << np.uint32(bits)) | np.uint32(count)
            codes[i] = code
    return codes.size, count


@kernel
def fill(
    arena: Bytes, ends: Ends, first: int, count: int, slots: Slots, bits: int, key: Key
) -> None:
    """Enter the distinct strings from ``first`` up to ``count``, without forgotten ones.

    None of them may be there already.
    """
    mask = np.int64((1 << bits) - 1)
    for code in range(first, count):
        start, end = np.int64(ends[code]), np.int64(ends[code + 1])
        if start < end and arena[start] == FORGOTTEN:
            continue
        mark = hashed(arena, start, end, key)
        at = np.int64(mark & np.uint64(mask))
        while slots[at] != 0:
            at = (at + 1) & mask
        tag = np.uint32(mark >> np.uint64(32 + bits))
        slots[at] = (tag << np.uint32(bits)) | np.uint32(code + 1)


@kernel
def place(
    wanted: Slots, places: Slots, arena: Bytes, ends: Ends
) -> tuple[Slots, npt.NDArray[np.int32]]:
    """Find the strings that places in ``wanted``, codes + 1 or 0 for none, mean.

    Returns:
        uint32[m], the codes that are meant and not forgotten; int32[n], the place among these of
        each of n places, -1 for none.
    """
    table = np.zeros(wanted.size, np.int32)
    for place in places:
        table[place] = 1
    codes = np.empty(wanted.size, np.uint32)
    size = 0
    for i in range(wanted.size):
        meant, table[i] = table[i] == 1 and wanted[i] > 0, -1
        if meant:
            code = np.int64(wanted[i]) - 1
            start = np.int64(ends[code])
            if start == np.int64(ends[code + 1]) or arena[start] != FORGOTTEN:
                codes[size], table[i] = code, size
                size += 1
    found = np.empty(places.size, np.int32)
    for i in range(places.size):
        found[i] = table[places[i]]
    return codes[:size].copy(), found
