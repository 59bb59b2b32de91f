"""A text scan tests many strings for a piece of text, caseless, in one pass over their bytes.

The bytes may be as they came or already folded: ASCII letters are folded on the way, so text of
ASCII only needs no folded copy. Non-ASCII text must be folded beforehand (``bitseg.casefold``).
"""

# ruff: noqa: PLR0913, PLR0917 - a kernel takes each array by itself
from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel

How: TypeAlias = Literal["contains", "starts_with", "ends_with"]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Ends: TypeAlias = npt.NDArray[np.uint32] | npt.NDArray[np.int64]
Place: TypeAlias = int | np.int64
Mask: TypeAlias = npt.NDArray[np.bool_]

BLOCK: Final = 4096
"""Places whose two telling bytes are compared before any of them is looked at closely."""

_SAMPLE: Final = 65_536


def scan(how: How, data: Bytes, ends: Ends, needle: Bytes) -> Mask:
    """Return bool[n]: which of n strings hold, begin with or end with the needle.

    Args:
        how: an operator's key.
        data: uint8, UTF-8 text, non-ASCII strings casefolded; ``ends`` begins at its byte 0.
        ends: where each string begins, n + 1 of them; the last is the end of the last.
        needle: uint8, casefolded UTF-8, not empty.
    """
    out = np.zeros(ends.size - 1, np.bool_)
    case = np.where((needle >= ord("a")) & (needle <= ord("z")), 32, 0).astype(np.uint8)
    if how == "contains":
        first, second = _telling(data[: int(ends[-1])], needle)
        _contains(data, ends, needle, case, first, second, out)
    else:
        _at_edge(data, ends, needle, case, how == "ends_with", out)
    return out


def _telling(data: Bytes, needle: Bytes) -> tuple[int, int]:
    """Return the places of the needle's two bytes that are rarest at the start of the data."""
    seen = np.bincount(data[:_SAMPLE], minlength=256)
    seen[ord("a") : ord("z") + 1] += seen[ord("A") : ord("Z") + 1]
    order = np.argsort(seen[needle], kind="stable")
    return int(order[0]), int(order[min(1, order.size - 1)])


@kernel
def _same(data: Bytes, at: Place, needle: Bytes, case: Bytes) -> bool:
    for i in range(needle.size):  # noqa: SIM110 - numba compiles no all()
        if data[at + i] | case[i] != needle[i]:
            return False
    return True


@kernel
def _contains(
    data: Bytes, ends: Ends, needle: Bytes, case: Bytes, first: int, second: int, out: Mask
) -> None:
    """Look for the needle in all strings at once, as if they were one text.

    Two bytes of the needle are compared at every place, in a loop the compiler turns into vector
    code; only places where both agree are compared in full and mapped to their string.
    """
    a, b, a_case, b_case = needle[first], needle[second], case[first], case[second]
    ones = np.uint64(0x0101010101010101)
    flags = np.zeros(BLOCK, np.uint8)
    words = flags.view(np.uint64)
    places = max(np.int64(0), np.int64(ends[ends.size - 1]) - np.int64(needle.size - 1))
    lefts, rights = data[first : first + places], data[second : second + places]
    string = 0
    settled = np.int64(0)
    for base in range(0, places, BLOCK):
        left, right = lefts[base : base + BLOCK], rights[base : base + BLOCK]
        for i in range(left.size):
            flags[i] = ((left[i] | a_case) == a) & ((right[i] | b_case) == b)
        flags[left.size :] = 0
        for w in range(BLOCK // 8):
            word = words[w]
            while word != 0:
                low = word & (~word + np.uint64(1))
                word ^= low
                below = (low - np.uint64(1)) & ones
                at = base + 8 * w + np.int64((below * ones) >> np.uint64(56))
                if at < settled:
                    continue
                while ends[string + 1] <= at:
                    string += 1
                end = np.int64(ends[string + 1])
                if at + needle.size <= end and _same(data, at, needle, case):
                    out[string] = True
                    settled = end


@kernel
def _at_edge(data: Bytes, ends: Ends, needle: Bytes, case: Bytes, at_end: bool, out: Mask) -> None:  # noqa: FBT001
    for i in range(out.size):
        start, end = np.int64(ends[i]), np.int64(ends[i + 1])
        if end - start >= needle.size:
            out[i] = _same(data, end - needle.size if at_end else start, needle, case)
