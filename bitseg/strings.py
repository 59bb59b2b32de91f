"""A string pool is a set of distinct strings, each with a dense code, without Python objects.

The text lies end to end in one arena of UTF-8 bytes, ``ends`` says where each string stops, and a
string table (``bitseg.string_table``) finds a code by bytes. A million e-mail addresses take
their own bytes and about 14 more each, where a Python dict takes over 100.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg import string_table
from bitseg.casefold import fold
from bitseg.kernel import kernel
from bitseg.text_scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitseg.string_table import Ends
    from bitseg.text_scan import Bytes, How, Mask

    Codes = npt.NDArray[np.uint32]
    Offsets = npt.NDArray[np.int64]

NARROW: Final = 2**32 - 1
"""Up to so many bytes of text ``ends`` are uint32, past it int64."""

_FIRST_BITS: Final = 4
_FIRST_BYTES: Final = 256
_DENSE: Final = 4
"""Up to so many strings a cell, looking at all strings is cheaper than telling cells apart."""
_TELLING: Final = 1024
"""After so many strings of a batch, the share of new ones foretells the rest."""


class StringPool:
    """Distinct strings and their codes: 0, 1, 2, … in the order they were first interned.

    Strings are equal when their UTF-8 bytes are: by code point, untrimmed, unnormalised.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._count = 0
        self._arena: Bytes = np.empty(_FIRST_BYTES, np.uint8)
        self._ends: Ends = np.zeros(_FIRST_BYTES // 16, np.uint32)
        self._bits = _FIRST_BITS
        self._slots: Codes = np.zeros(1 << _FIRST_BITS, np.uint32)
        self._folded: _Folded | None = None

    def __len__(self) -> int:
        """Return how many codes there are, those of forgotten strings included."""
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow included."""
        folded = 0 if self._folded is None else self._folded.nbytes
        return self._arena.nbytes + self._ends.nbytes + self._slots.nbytes + folded

    def intern(self, strings: pa.LargeStringArray) -> Codes:
        """Return uint32[n], the code of each of n strings, none null; new ones get new codes."""
        data, offsets = buffers(strings)
        codes = np.empty(len(strings), np.uint32)
        before, done = self._count, 0
        while done < codes.size:
            done, self._count = string_table.intern(
                data,
                offsets,
                done,
                codes,
                self._arena,
                self._ends,
                self._slots,
                self._bits,
                string_table.KEY,
                self._count,
            )
            if done < codes.size:
                rate = (self._count - before) / done if done >= _TELLING else 0.0
                self._make_room(
                    int(offsets[done + 1] - offsets[done]),
                    int(rate * (codes.size - done)),
                    int(rate * int(offsets[-1] - offsets[done])),
                )
        return codes

    def find(self, strings: pa.LargeStringArray) -> Offsets:
        """Return int64[n], the code of each of n strings, none null; -1 for unknown ones."""
        data, offsets = buffers(strings)
        return string_table.find(
            data, offsets, self._arena, self._ends, self._slots, self._bits, string_table.KEY
        )

    def codes_of(self, texts: Iterable[str]) -> Codes:
        """Return the codes of those of the texts that are known, ascending and distinct."""
        known = self.find(large_strings(texts))
        return np.unique(known[known >= 0]).astype(np.uint32)

    def extend(self, strings: pa.LargeStringArray) -> None:
        """Give strings that are distinct and new the next codes; a null is a forgotten one.

        It is how a pool is read back: without looking up, which takes most of ``intern``.
        """
        forgotten = pa.scalar(bytes((string_table.FORGOTTEN,)), pa.large_binary())
        texts = strings.cast(pa.large_binary()).fill_null(forgotten)
        _, ends, text = texts.buffers()
        offsets = np.frombuffer(ends, np.int64)[texts.offset : texts.offset + len(texts) + 1]
        first, used = self._count, int(self._ends[self._count])
        size = int(offsets[-1] - offsets[0])
        if used + size > self._arena.size:
            self._arena = _longer(self._arena, _room(self._arena.size, used + size, 0))
        if self._arena.size > NARROW:
            self._ends = self._ends.astype(np.int64, copy=False)
        if first + len(texts) >= self._ends.size:
            self._ends = _longer(self._ends, _room(self._ends.size, first + len(texts) + 1, 0))
        data = np.frombuffer(text, np.uint8)[offsets[0] : offsets[-1]] if size else b""
        self._arena[used : used + size] = data if size else 0
        self._ends[first + 1 : first + 1 + len(texts)] = offsets[1:] - offsets[0] + used
        self._count += len(texts)
        if self._count > (3 << self._bits) >> 2:
            self._bits = (self._count * 4 // 3).bit_length()
            self._slots = np.zeros(1 << self._bits, np.uint32)
            first = 0
        string_table.fill(
            self._arena, self._ends, first, self._count, self._slots, self._bits, string_table.KEY
        )

    def view(self) -> StringPool:
        """Return a pool of the strings there are now, which later ones do not change.

        It shares their bytes, and is only to be read: what is forgotten later is forgotten there.
        """
        view = StringPool()
        view._count, view._arena, view._ends = self._count, self._arena, self._ends
        return view

    def stretch(self, start: int, stop: int) -> pa.LargeStringArray:
        """Return the strings of codes [start, stop), which later changes do not touch."""
        ends = self._ends[start : stop + 1].astype(np.int64)
        data = self._arena[ends[0] : ends[-1]].copy()
        return _as_strings(data, ends - ends[0])

    def get(self, code: int) -> str:
        """Return one string."""
        start, end = int(self._ends[code]), int(self._ends[code + 1])
        return bytes(self._arena[start:end]).decode()

    def take(self, codes: Codes) -> pa.LargeStringArray:
        """Return the strings of uint32[n] codes, in their order."""
        return _as_strings(*self._gather(codes))

    def known(self, codes: Codes) -> Mask:
        """Return bool[n]: which of uint32[n] codes' strings are not forgotten."""
        starts = self._ends[codes]
        there = np.ones(codes.size, np.bool_)
        full = starts < self._ends[codes.astype(np.int64) + 1]
        there[full] = self._arena[starts[full]] != string_table.FORGOTTEN
        return there

    def placed(
        self, wanted: Codes, places: Codes
    ) -> tuple[pa.LargeStringArray, npt.NDArray[np.int32]]:
        """Return the distinct strings that n places mean, and each one's place among these.

        Args:
            wanted: uint32[k], distinct codes + 1, 0 for none.
            places: uint32[n], each a place in ``wanted``.

        Returns:
            The strings in the order of ``wanted``; int32[n], -1 for none or a forgotten one.
        """
        codes, found = string_table.place(wanted, places, self._arena, self._ends)
        return self.take(codes), found

    def matching(self, how: How, needle: str) -> Mask:
        """Return bool[len(self)]: which strings hold, begin with or end with a text, caseless.

        Both sides are casefolded as ``str.casefold`` does. What is said of a forgotten string
        means nothing.

        Args:
            how: an operator's key.
            needle: not empty.
        """
        piece = _needle(needle)
        if piece.max() < 128:
            out = scan(how, self._arena, self._ends[: self._count + 1], piece)
        else:
            out = np.zeros(self._count, np.bool_)
        folded = self._fold_new()
        if folded.codes.size:
            out[folded.codes] = scan(how, folded.data, folded.ends, piece)
        return out

    def matching_of(self, how: How, needle: str, codes: Codes) -> Mask:
        """Return bool[n]: ``matching`` for uint32[n] codes only, at the cost of these."""
        return _matching(how, needle, *self._gather(codes))

    def forget(self, codes: Codes) -> None:
        """Overwrite the bytes of strings: they are never found again, their codes not reused.

        The empty string holds nothing that could be forgotten, and stays.
        """
        _wipe(self._arena, self._ends, codes)
        if self._folded is not None:
            at = np.searchsorted(self._folded.codes, codes)
            at[at == self._folded.codes.size] = 0
            if self._folded.codes.size:
                at = at[self._folded.codes[at] == codes]
                _wipe(self._folded.data, self._folded.ends, at.astype(np.uint32))

    def _gather(self, codes: Codes) -> tuple[Bytes, Offsets]:
        """Return the bytes of n strings end to end and int64[n + 1] offsets."""
        offsets = np.zeros(codes.size + 1, np.int64)
        _measure(self._ends, codes, offsets)
        data = np.empty(int(offsets[-1]), np.uint8)
        _copy(self._arena, self._ends, codes, data, offsets)
        return data, offsets

    def _make_room(self, size: int, more: int, more_bytes: int) -> None:
        """Grow whatever has no room for one more string of ``size`` bytes.

        ``more`` strings of ``more_bytes`` in all are expected, going by the batch so far.
        """
        used = int(self._ends[self._count])
        if used + size > self._arena.size:
            self._arena = _longer(self._arena, _room(self._arena.size, used + size, more_bytes))
        if self._arena.size > NARROW:
            self._ends = self._ends.astype(np.int64, copy=False)
        if self._count + 1 >= self._ends.size:
            self._ends = _longer(self._ends, _room(self._ends.size, self._count + 2, more))
        if self._count >= (3 << self._bits) >> 2:
            wanted = _room(1 << self._bits, 2 << self._bits, more * 4 // 3)
            self._bits = (wanted - 1).bit_length()
            self._slots = np.zeros(1 << self._bits, np.uint32)
            string_table.fill(
                self._arena, self._ends, 0, self._count, self._slots, self._bits, string_table.KEY
            )

    def _fold_new(self) -> _Folded:
        """Fold the non-ASCII strings that came since the last time."""
        folded = self._folded = self._folded or _Folded()
        if folded.seen < self._count:
            codes = _beyond_ascii(self._arena, self._ends, folded.seen, self._count)
            folded.extend(codes, *fold(*self._gather(codes)))
            folded.seen = self._count
        return folded


class _Folded:
    """The casefolded text of a pool's non-ASCII strings, and which codes these are, ascending."""

    def __init__(self) -> None:
        self.seen = 0
        self.codes: Codes = np.empty(0, np.uint32)
        self.data: Bytes = np.empty(0, np.uint8)
        self.ends: Offsets = np.zeros(1, np.int64)

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + self.data.nbytes + self.ends.nbytes

    def extend(self, codes: Codes, data: Bytes, ends: Offsets) -> None:
        if codes.size:
            self.codes = np.concatenate((self.codes, codes))
            self.ends = np.concatenate((self.ends, ends[1:] + self.ends[-1]))
            self.data = np.concatenate((self.data, data))


def codes_in(pool: StringPool, strings: pa.Array) -> Codes:
    """Return uint32[n], the codes of n strings, none null, dictionary-encoded or not.

    Of a dictionary only the strings that are used become the pool's.
    """
    if not pa.types.is_dictionary(strings.type):
        return pool.intern(strings)
    places = strings.indices.to_numpy(zero_copy_only=False)
    used = np.bincount(places, minlength=len(strings.dictionary)) > 0
    table = np.zeros(used.size, np.uint32)
    table[used] = pool.intern(strings.dictionary.filter(pa.array(used)))
    codes: Codes = table[places]
    return codes


def strings_used(
    cells: npt.NDArray[Any], pool: StringPool
) -> tuple[pa.LargeStringArray, npt.NDArray[np.int32]]:
    """Return the distinct strings of cells (codes + 1, 0 for none), and each cell's place there.

    The place is -1 for a cell without a string, or with one that was forgotten.
    """
    cells = cells.astype(np.uint32, copy=False)
    if len(pool) <= _DENSE * cells.size:
        wanted, places = np.arange(len(pool) + 1, dtype=np.uint32), cells
    else:
        distinct = pa.array(cells).dictionary_encode()  # a sort would hold up other threads
        wanted = distinct.dictionary.to_numpy()
        places = distinct.indices.to_numpy().view(np.uint32)
    return pool.placed(wanted, places)


def matching(how: How, needle: str, strings: pa.LargeStringArray) -> Mask:
    """Return bool[n]: ``StringPool.matching`` for n strings, none null."""
    data, offsets = buffers(strings)
    return _matching(how, needle, data[offsets[0] : offsets[-1]], offsets - offsets[0])


def buffers(strings: pa.LargeStringArray) -> tuple[Bytes, Offsets]:
    """Return the uint8 text and the int64[n + 1] offsets of an array without copying."""
    if len(strings) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, ends, text = strings.buffers()
    offsets = np.frombuffer(ends, np.int64)[strings.offset : strings.offset + len(strings) + 1]
    data = np.empty(0, np.uint8) if text is None else np.frombuffer(text, np.uint8)
    return data, offsets


def _as_strings(data: Bytes, offsets: Offsets) -> pa.LargeStringArray:
    return pa.LargeStringArray.from_buffers(
        offsets.size - 1, pa.py_buffer(offsets), pa.py_buffer(data)
    )


def large_strings(texts: Iterable[str]) -> pa.LargeStringArray:
    """Return texts as Arrow; a lone surrogate, which no UTF-8 text holds, equals nothing."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return pa.LargeStringArray.from_buffers(
        len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))
    )


def _matching(how: How, needle: str, data: Bytes, offsets: Offsets) -> Mask:
    if data.size and data.max() >= 128:
        data, offsets = fold(data, offsets)
    return scan(how, data, offsets, _needle(needle))


def _needle(text: str) -> Bytes:
    return np.array(bytearray(text.casefold().encode("utf-8", "surrogatepass")), np.uint8)


def _room(size: int, needed: int, more: int) -> int:
    """Return the next size: what is expected, in steps of a quarter to four times."""
    return max(needed, min(needed + more, 4 * size), size + size // 4)


def _longer(values: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    out = np.empty(size, values.dtype)
    out[: values.size] = values
    return out


@kernel
def _wipe(arena: Bytes, ends: Ends, codes: Codes) -> None:
    for code in codes:
        start, end = np.int64(ends[code]), np.int64(ends[np.int64(code) + 1])
        arena[start:end] = 0
        if start < end:
            arena[start] = string_table.FORGOTTEN


@kernel
def _measure(ends: Ends, codes: Codes, offsets: Offsets) -> None:
    for i in range(codes.size):
        code = np.int64(codes[i])
        offsets[i + 1] = offsets[i] + np.int64(ends[code + 1]) - np.int64(ends[code])


@kernel
def _copy(arena: Bytes, ends: Ends, codes: Codes, data: Bytes, offsets: Offsets) -> None:
    for i in range(codes.size):
        start = np.int64(ends[codes[i]])
        for k in range(offsets[i + 1] - offsets[i]):
            data[offsets[i] + k] = arena[start + k]


@kernel
def _beyond_ascii(arena: Bytes, ends: Ends, first: int, count: int) -> Codes:
    """Return the codes from ``first`` on whose strings have a byte past ASCII."""
    out = np.empty(count - first, np.uint32)
    size = 0
    for code in range(first, count):
        high = np.uint8(0)
        for i in range(np.int64(ends[code]), np.int64(ends[code + 1])):
            high |= arena[i]
        if high & 0x80:
            out[size] = code
            size += 1
    return out[:size].copy()
