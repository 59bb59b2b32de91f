"""A habit tally is what opens tell of a contact: device, usual hour and weekday, last mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa

from bitseg.columns.tests import AnyTest, BooleanIs, NumberIn, Present, StringIn, StringLike
from bitseg.events.answers import counts_in
from bitseg.events.recomputed import RecomputedTally, grouped
from bitseg.events.where import local_time, string_table
from bitseg.kernel import kernel
from bitseg.strings import strings_used

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.events.log import KindLog
    from bitseg.events.properties import Dictionaries
    from bitseg.events.tally import Window
    from bitseg.zones import Zone

UNKNOWN: Final = 255
"""The mark of "no opens" in usual hours and weekdays."""

_FALSE: Final = 1
_TRUE: Final = 2


@kernel
def _most_common(
    values: npt.NDArray[np.int64], edges: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint8]:
    """Return each stretch's most common value, of values below 24; the smallest of equals."""
    out = np.empty(edges.size - 1, np.uint8)
    counts = np.empty(24, np.int64)
    for group in range(edges.size - 1):
        counts[:] = 0
        for i in range(edges[group], edges[group + 1]):
            counts[values[i]] += 1
        out[group] = np.argmax(counts)
    return out


class UsualTimeTally(RecomputedTally):
    """The hour (0–23) or weekday (1–7) on the tenant's clock at which a contact mostly opens."""

    dtype = np.uint8
    fill = UNKNOWN

    def __init__(
        self, what: str, opens: KindLog, zone: Zone, window: Callable[[Now], Window]
    ) -> None:
        """Take ``hour`` or ``weekday`` and the log of opens."""
        super().__init__({"open": opens}, window)
        self._what = what
        self._opens = opens
        self._zone = zone

    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        found = grouped(self._opens, window, None, rows, self._values.size)
        times = local_time(self._what, found.events, self._zone)
        return found.rows, _most_common(times, found.edges)

    def _pass(self, values: npt.NDArray[Any], test: AnyTest) -> Mask:
        if isinstance(test, Present):
            return cast("Mask", values != UNKNOWN)
        mask = counts_in(values, cast("NumberIn", test).intervals)
        mask &= values != UNKNOWN
        return mask

    def value_at(self, row: int) -> int | None:
        """Return one row's usual time."""
        value = int(self._values.values[row])
        return None if value == UNKNOWN else value

    def _shown(self, values: npt.NDArray[Any]) -> pa.Array:
        return pa.array(values.astype(np.float64), mask=values == UNKNOWN)


class LastDeviceTally(RecomputedTally):
    """The device of each contact's latest open, as a code of the device pool; 0 where none."""

    dtype = np.uint32
    fill = 0

    def __init__(
        self, opens: KindLog, dictionaries: Dictionaries, window: Callable[[Now], Window]
    ) -> None:
        """Take the log of opens and the pools."""
        super().__init__({"open": opens}, window)
        self._opens = opens
        self._dictionaries = dictionaries

    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        found = grouped(self._opens, window, None, rows, self._values.size)
        devices = found.events.property("device")
        if devices is None:
            return found.rows, np.zeros(found.rows.size, np.uint32)
        return found.rows, devices[found.edges[1:] - 1]

    def _pass(self, values: npt.NDArray[Any], test: AnyTest) -> Mask:
        if isinstance(test, Present):
            return cast("Mask", values != 0)
        pool = self._dictionaries.pool("device")
        if isinstance(test, StringIn):
            return cast("Mask", string_table(pool, "in", test.values)[values])
        like = cast("StringLike", test)
        return cast("Mask", string_table(pool, like.how, like.needle)[values])

    def value_at(self, row: int) -> str | None:
        """Return one row's device."""
        code = int(self._values.values[row])
        device = self._dictionaries.decode("device", "string", code)
        return cast("str | None", device)

    def _shown(self, values: npt.NDArray[Any]) -> pa.Array:
        used, places = strings_used(values, self._dictionaries.pool("device"))
        return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32(), mask=places < 0), used)


@kernel
def _opened(
    campaigns: npt.NDArray[np.int64],
    sent_edges: npt.NDArray[np.int64],
    opened: npt.NDArray[np.int64],
    firsts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
) -> npt.NDArray[np.uint8]:
    """Return whether each contact opened the campaign of its last stretch of ``campaigns``."""
    out = np.zeros(firsts.size, np.uint8)
    for i in range(firsts.size):
        last = campaigns[sent_edges[i + 1] - 1]
        if last == 0:
            continue
        out[i] = _FALSE
        for j in range(firsts[i], ends[i]):
            if opened[j] == last:
                out[i] = _TRUE
                break
    return out


class OpenedLastTally(RecomputedTally):
    """Whether a contact opened the campaign it was last sent: 2 yes, 1 no, 0 missing."""

    dtype = np.uint8
    fill = 0

    def __init__(self, sent: KindLog, opens: KindLog, window: Callable[[Now], Window]) -> None:
        """Take the logs of sent and opened mail."""
        super().__init__({"sent": sent, "open": opens}, window)
        self._sent = sent
        self._opens = opens

    def _make(self, window: Window, rows: Rows | None) -> tuple[Rows, npt.NDArray[Any]]:
        n = self._values.size
        sent = grouped(self._sent, window, None, rows, n)
        opens = grouped(self._opens, window, None, rows, n)
        campaigns = sent.events.property("campaign")
        if campaigns is None:
            return sent.rows, np.zeros(sent.rows.size, np.uint8)
        opened = opens.events.property("campaign")
        if opened is None:
            opened = np.zeros(len(opens.events), np.uint8)
        firsts = np.searchsorted(opens.events.rows, sent.rows, side="left")
        ends = np.searchsorted(opens.events.rows, sent.rows, side="right")
        return sent.rows, _opened(
            campaigns.astype(np.int64), sent.edges, opened.astype(np.int64), firsts, ends
        )

    def _pass(self, values: npt.NDArray[Any], test: AnyTest) -> Mask:
        if isinstance(test, Present):
            return cast("Mask", values != 0)
        return cast("Mask", values == (_TRUE if cast("BooleanIs", test).value else _FALSE))

    def value_at(self, row: int) -> bool | None:
        """Return one row's answer."""
        value = int(self._values.values[row])
        return None if value == 0 else value == _TRUE

    def _shown(self, values: npt.NDArray[Any]) -> pa.Array:
        return pa.array(values == _TRUE, mask=values == 0)
