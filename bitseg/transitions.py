"""A transition is an instant at which a timezone's offset from UTC changes.

They are read from the TZif files (RFC 9636) of the ``tzdata`` package, so that every machine has
the same ones. The rule that such a file gives for the time after its last entry is spelled out:
the calendar repeats every 400 years, so one such cycle is searched and then laid end to end.
"""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

_HEADER: Final = struct.Struct(">4s16x6I")
_DAY: Final = 86_400
_CYCLE: Final = 146_097 * _DAY
_PROBE: Final = 7 * _DAY
"""No rule changes the offset twice within a week, so a weekly look misses nothing."""
_END: Final = 253_402_300_800 + 366 * _DAY
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def zone_keys() -> frozenset[str]:
    """Return the names of all timezones, as in ``Europe/Berlin``."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("ascii").split())


def read_transitions(key: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return when a zone's offset changes, and to what.

    Args:
        key: one of ``zone_keys``.

    Returns:
        ``instants`` int64[k], ascending, ms since 1970 UTC, to the end of year 9999, and
        ``offsets`` int64[k + 1], ms east of UTC: ``offsets[i]`` holds until ``instants[i]``.
    """
    data = resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes()
    instants, offsets, yearly = _read_tzif(data)
    if yearly:
        zone = ZoneInfo.from_file(io.BytesIO(data), key=key)
        changes = _search(zone, instants[-1], instants[-1] + _CYCLE)
        for shift in range(0, _END - instants[-1], _CYCLE):
            instants += [at + shift for at, _ in changes]
            offsets += [offset for _, offset in changes]
    at, to = np.array(instants, np.int64), np.array(offsets, np.int64)
    changed = to[1:] != to[:-1]  # some entries change the abbreviation only
    return at[changed] * 1_000, np.concatenate([to[:1], to[1:][changed]]) * 1_000


def _read_tzif(data: bytes) -> tuple[list[int], list[int], bool]:
    """Return a file's transitions (s), their offsets (one more), and if a yearly rule follows."""
    isutc, isstd, leaps, times, types, chars = _HEADER.unpack_from(data)[1:]
    # The first block, with 32-bit times, is there for old readers only.
    start = _HEADER.size + 5 * times + 6 * types + chars + 8 * leaps + isstd + isutc
    times, types = _HEADER.unpack_from(data, start)[4:6]
    start += _HEADER.size
    instants = list(struct.unpack_from(f">{times}q", data, start))
    kinds = data[start + 8 * times : start + 9 * times]
    start += 9 * times
    offsets = [struct.unpack_from(">i", data, start + 6 * kind)[0] for kind in range(types)]
    rule = data.removesuffix(b"\n").rpartition(b"\n")[2]
    return instants, [offsets[0], *(offsets[kind] for kind in kinds)], b"," in rule


def _search(zone: ZoneInfo, start: int, stop: int) -> list[tuple[int, int]]:
    """Return ``(second, new offset)`` of every change in ``(start, stop]``, by bisection."""
    found = []
    before = _offset(zone, start)
    for probe in range(start, stop, _PROBE):
        low, high = probe, min(probe + _PROBE, stop)
        after = _offset(zone, high)
        if after != before:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            found.append((high, after))
            before = after
    return found


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return offset // timedelta(seconds=1) if offset is not None else 0
