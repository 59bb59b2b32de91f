"""A trait is what makes a contact behave as it does; contacts and events both follow from it.

Rows are in order of creation, and the list has grown: the share q of it was there after the share
q ** (1 / GROWTH) of its age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import numpy.typing as npt

from bitseg.synthetic import draws
from bitseg.synthetic.draws import DAY
from bitseg.synthetic.places import OFFSETS, PLACE_WHEEL

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 1 << 18
"""Contacts drawn together; part of what the data is, so changing it changes the data."""

LIST_AGE: Final = 3 * 365 * DAY
GROWTH: Final = 1.8

_MOBILE: Final = np.array([3, 40, 128, 215, 253], dtype=np.uint8)
_MOBILE_WHEEL: Final = draws.wheel([30, 15, 10, 15, 30])
_HOURS: Final = draws.wheel(
    [1, 1, 1, 1, 1, 3, 9, 18, 26, 30, 27, 20, 16, 16, 15, 14, 12, 11, 10, 12, 14, 11, 6, 3]
)


class Traits(msgspec.Struct, frozen=True):
    """The traits of consecutive contacts, an array each.

    Attributes:
        zeal: float32, the standard normal behind engagement, lead score and worth.
        reach: float32, relative number of messages sent to the contact.
        openness: float32, relative number of opens a message; 0 for those who never open.
        clicking: float32, relative number of clicks an open.
        buying: bool, converts now and then; the others hardly ever do.
        lapse: float32, days before now at which interest ended; 0 where it has not.
        mobile: uint8, chance of opening on a mobile, of 255.
        place: int16, index into ``PLACES``.
        hour: int16, the UTC hour at which the contact likes to read.
        leaving: bool, has unsubscribed, or is about to.
        bouncing: bool, has an address that does not work.
    """

    zeal: npt.NDArray[np.float32]
    reach: npt.NDArray[np.float32]
    openness: npt.NDArray[np.float32]
    clicking: npt.NDArray[np.float32]
    buying: npt.NDArray[np.bool_]
    lapse: npt.NDArray[np.float32]
    mobile: npt.NDArray[np.uint8]
    place: npt.NDArray[np.int16]
    hour: npt.NDArray[np.int16]
    leaving: npt.NDArray[np.bool_]
    bouncing: npt.NDArray[np.bool_]


def blocks(n: int) -> Iterator[tuple[int, int, int]]:
    """Yield (block, first row, rows) for n contacts."""
    for block, start in enumerate(range(0, n, BLOCK)):
        yield block, start, min(BLOCK, n - start)


def age(n: int, start: int, jitter: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return how long before now rows from ``start`` on, of n, were created: int64, ms."""
    share = (np.arange(start, start + len(jitter)) + jitter.astype(np.float64)) / n
    return ((1 - share ** (1 / GROWTH)) * LIST_AGE).astype(np.int64)


def created_before(n: int, ago: int) -> int:
    """Return how many of n contacts were surely there this many ms before now."""
    return int(n * max(0.0, min(1.0, 1 - ago / LIST_AGE)) ** GROWTH)


def traits(seed: int, block: int, n: int) -> Traits:
    """Draw the traits of a block of n contacts."""
    rng = draws.generator(seed, "traits", block)
    zeal, reach, clicking = rng.standard_normal((3, n), dtype=np.float32)
    place = draws.spin(rng, PLACE_WHEEL, n)
    lapse = rng.random(n, dtype=np.float32) * np.float32(600) + np.float32(5)
    lapse[draws.chance(rng, 0.55, n)] = 0
    openness = np.minimum(np.exp(zeal), np.float32(40))
    openness[draws.chance(rng, 0.22, n)] = 0
    return Traits(
        zeal=zeal,
        reach=np.minimum(np.exp(np.float32(0.7) * reach + np.float32(0.5) * zeal), np.float32(12)),
        openness=openness,
        clicking=np.exp(np.float32(0.8) * clicking),
        buying=draws.chance(rng, 0.35, n),
        lapse=lapse,
        mobile=_MOBILE[draws.spin(rng, _MOBILE_WHEEL, n)],
        place=place,
        hour=(draws.spin(rng, _HOURS, n) - OFFSETS[place]) % 24,
        leaving=draws.chance(rng, 0.07, n),
        bouncing=draws.chance(rng, 0.025, n),
    )
