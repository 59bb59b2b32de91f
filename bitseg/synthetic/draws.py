"""A draw is one random choice; here they are made by the million, each from a named seed.

Every part of the data draws from a generator of its own, so that no part depends on how, or
whether, another was made: the same seed gives the same data, however it is cut into batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Sequence

Codes = npt.NDArray[np.int16]
Mask = npt.NDArray[np.bool_]

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

INSTANT: Final = pa.timestamp("ms", tz="UTC")
_SLOTS: Final = 1 << 16


def generator(seed: int, stream: str, part: int = 0) -> np.random.Generator:
    """Return the generator of one part of one stream of the data of a seed.

    Raises:
        FieldError: the seed is negative.
    """
    if seed < 0:
        raise FieldError(f"Expected a seed of 0 or more, got {seed}.")
    sequence = np.random.SeedSequence([seed, crc32(stream.encode()), part])
    return np.random.Generator(np.random.SFC64(sequence))


def wheel(weights: Sequence[float]) -> Codes:
    """Return int16[65536] in which each code fills its share of the slots, at least one each."""
    ends = np.rint(np.cumsum(weights) / np.sum(weights) * (_SLOTS - len(weights))).astype(np.int64)
    sizes = np.diff(ends, prepend=0) + 1
    return np.repeat(np.arange(len(weights), dtype=np.int16), sizes)


def spin(rng: np.random.Generator, turned: Codes, n: int) -> Codes:
    """Draw n codes from a wheel: int16[n]."""
    return turned[rng.integers(0, _SLOTS, n, dtype=np.uint16)]


def chance(rng: np.random.Generator, share: float, n: int) -> Mask:
    """Draw bool[n], True for about this share, to the 65,536th."""
    return rng.integers(0, _SLOTS, n, dtype=np.uint16) < share * _SLOTS


def allotted(weights: npt.NDArray[Any], total: int, offset: float) -> npt.NDArray[np.int64]:
    """Divide a total into whole numbers by weight: int64[n] that sums to the total exactly.

    Systematic sampling: each number is its expected value rounded down or up, and with
    ``offset`` (0 ≤ offset < 1) drawn at random each is right on average. Without any weight
    the parts are equal; without any part nothing is allotted.
    """
    if not len(weights):
        return np.zeros(0, dtype=np.int64)
    reached = np.cumsum(weights, dtype=np.float64)
    if not reached[-1] > 0:
        reached = np.arange(1, len(weights) + 1, dtype=np.float64)
    marks = np.floor(reached * (total / reached[-1]) + offset).astype(np.int64)
    marks[-1] = total
    np.minimum(marks, total, out=marks)
    sizes: npt.NDArray[np.int64] = np.diff(marks, prepend=0)
    return sizes


def delays(
    rng: np.random.Generator, n: int, median: int, spread: float, longest: int
) -> npt.NDArray[np.int64]:
    """Draw n waiting times, log-normal around a median and cut at the longest: int64[n], ms."""
    drawn = np.exp(rng.standard_normal(n, dtype=np.float32) * np.float32(spread))
    cut = np.minimum(drawn * np.float32(median), np.float32(longest))
    waits: npt.NDArray[np.int64] = cut.astype(np.int64) + 1
    return waits


def encoded(codes: npt.NDArray[Any], words: Sequence[str], missing: Mask | None = None) -> pa.Array:
    """Return codes as a dictionary array of words, null where missing."""
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=missing), pa.array(words))


_FOUR: Final = np.array([f"{n:04d}".encode() for n in range(10_000)]).view(np.uint8).reshape(-1, 4)


def numbered(prefix: str, numbers: npt.NDArray[np.int64], quads: int) -> pa.StringArray:
    """Return string[n]: an ASCII prefix and each number, padded to four times ``quads`` digits."""
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    width = len(head) + 4 * quads
    text = np.empty((len(numbers), width), dtype=np.uint8)
    text[:, : len(head)] = head
    rest = numbers
    for end in range(width, len(head), -4):
        rest, quad = np.divmod(rest, 10_000)
        text[:, end - 4 : end] = _FOUR[quad]
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))
