"""ISO 8601 texts as instants: whole columns of them, or one, by the same kernel.

The form is ``YYYY-MM-DD``, then optionally ``T`` (or ``t``, or a blank) and
``HH:MM[:SS[.digits]]``, and behind a time optionally ``Z`` (or ``z``), ``±HH``, ``±HH:MM`` or
``±HHMM``. Nothing else is taken: no other calendars, no leap second, no 24:00, no blanks around.
What is finer than a millisecond is cut off. Dates, and the instants they mean, lie in the years
1 to 9999.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.clock import FIRST_INSTANT, LAST_INSTANT
from bitseg.iso8601 import BAD, DATE_TIME, NO_OFFSET, WHOLE_DAY, parse
from bitseg.zones import DAY, Zone

__all__ = [
    "BAD", "DATE_TIME", "NO_INSTANT", "NO_OFFSET", "WHOLE_DAY", "ParsedTexts", "parse_text",
    "parse_texts", "to_instants",
]  # fmt: skip

NO_INSTANT: Final = -(2**63)
"""In the place of an instant: there is none."""

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
    parsed = ParsedTexts(*parse(data, starts))
    if texts.null_count:
        parsed.kinds[texts.is_null().to_numpy(zero_copy_only=False)] = BAD
    return parsed


def parse_text(text: str) -> tuple[int, int, int]:
    """Return ``(wall, offset, kind)`` of one text, as ``ParsedTexts`` has them."""
    data = np.frombuffer(text.encode(errors="replace"), np.uint8)
    walls, offsets, kinds = parse(data, np.array([0, len(data)], np.int64))
    return int(walls[0]), int(offsets[0]), int(kinds[0])


def to_instants(parsed: ParsedTexts, zone: Zone) -> Int64s:
    """Return the instants meant, int64[n] ms; a whole day is its start in the zone.

    Returns:
        ``NO_INSTANT`` for bad texts, and for those whose instant leaves the years 1 to 9999.
    """
    instants = parsed.walls - parsed.offsets
    local = (parsed.kinds == DATE_TIME) & (parsed.offsets == NO_OFFSET)
    instants[local] = zone.instants_at(parsed.walls[local])
    days = parsed.kinds == WHOLE_DAY
    instants[days] = zone.day_starts(parsed.walls[days] // DAY)
    outside = (instants < FIRST_INSTANT) | (instants > LAST_INSTANT)
    instants[outside | (parsed.kinds == BAD)] = NO_INSTANT
    return instants
