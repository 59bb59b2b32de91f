"""A funnel is what follows from one wave: sent, delivered, opened, clicked, converted.

The number of each is fixed by the wave's share; who is drawn by the contacts' traits. Each step
draws from the events of the step before, so that a click has its open and an open its delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bitseg.synthetic import draws, words
from bitseg.synthetic.draws import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from bitseg.synthetic.audience import Audience

SENT_SHARE: Final = 0.31
BOUNCED: Final = 0.02
"""Of the messages sent."""
_AFTER: Final = {
    words.CLICK: 0.235, words.CONVERSION: 0.04, words.UNSUBSCRIBE: 0.008, words.COMPLAINT: 0.003,
}  # fmt: skip
"""Of what is neither sent, delivered nor bounced; the rest are opens."""

_SPREAD: Final = 90 * MINUTE
_URL_WHEEL: Final = draws.wheel([share for _, share in words.URLS])
_AMOUNT_MISSING: Final = 0.04
_NOTHING: Final = -1
_WEEK, _EPOCH_WEEKDAY, _SATURDAY = 7, 3, 5
"""Weekdays from Monday = 0; 1970 began on a Thursday."""

Column = npt.NDArray[Any]
Instants = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]


class Happened(NamedTuple):
    """Events as columns.

    Attributes:
        at: int64[n], ms since 1970 UTC.
        row: int32[n], the contact's row.
        kind: int8[n], index into ``KINDS``.
        campaign: int16[n], number of the campaign, -1 where none.
        url: int8[n], index into ``URLS``, -1 where none.
        device: int8[n], index into ``DEVICES``, -1 where none.
        amount: float64[n], NaN where none.
    """

    at: Column
    row: Column
    kind: Column
    campaign: Column
    url: Column
    device: Column
    amount: Column

    def take(self, places: npt.NDArray[Any] | slice) -> Happened:
        """Return the events at these places, in this order."""
        return Happened(*(column[places] for column in self))


def joined(parts: list[Happened]) -> Happened:
    """Return all events of some parts (at least one), in order of the parts."""
    return Happened(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def unfold(
    rng: np.random.Generator, audience: Audience, at: int, ago: int, n_events: int
) -> Happened:
    """Draw the n events of one wave that starts at an instant, ``ago`` ms before now.

    Those who leave or bounce for good are struck off the audience. The campaign is left to the
    caller; the order is by kind, not by time.
    """
    rows = audience.recipients(rng, ago, max(1, round(n_events * SENT_SHARE)))
    sent = _plain(words.SENT, rows, at + rng.integers(0, _SPREAD, len(rows)))
    bounced, through = _bounces(rng, audience, rows, n_events - len(rows))
    bounces = _plain(words.BOUNCE, rows[bounced], sent.at[bounced] + 2 * SECOND)
    arrived_at = sent.at[through] + draws.delays(rng, len(through), 4 * SECOND, 1.0, 2 * HOUR)
    delivered = _plain(words.DELIVERED, rows[through], arrived_at)
    counts = _counts(rng, n_events - len(rows) - len(bounced) - len(through))
    opens = _opens(rng, audience, delivered, ago, counts[words.OPEN])
    clicks = _clicks(rng, audience, opens, counts[words.CLICK])
    conversions = _conversions(rng, audience, clicks, counts[words.CONVERSION])
    departures = _departures(rng, audience, opens, counts)
    return joined([sent, delivered, bounces, opens, clicks, conversions, *departures])


def _bounces(
    rng: np.random.Generator, audience: Audience, rows: Rows, room: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the places of the recipients that bounced, and of those delivered; at most room.

    One is always delivered, so that there is someone to open what is left.
    """
    n = int(len(rows) * BOUNCED + rng.random())
    hits = draws.allotted(audience.bounce_weight(rows), n, rng.random()) > 0
    bounced = np.flatnonzero(hits)[: max(0, min(room, len(rows)) - 1)]
    audience.strike_bounced(rows[bounced])
    return bounced, np.setdiff1d(np.arange(len(rows)), bounced)[: room - len(bounced)]


def _counts(rng: np.random.Generator, n: int) -> dict[int, int]:
    """Divide what follows deliveries among its kinds; what would have no cause becomes an open."""
    counts = {kind: int(n * share + rng.random()) for kind, share in _AFTER.items()}
    if not counts[words.CLICK]:
        counts[words.CONVERSION] = 0
    if sum(counts.values()) >= n:
        counts = dict.fromkeys(_AFTER, 0)
    return counts | {words.OPEN: n - sum(counts.values())}


def _opens(
    rng: np.random.Generator, audience: Audience, delivered: Happened, ago: int, n: int
) -> Happened:
    times = draws.allotted(audience.open_weight(rng, delivered.row, ago), n, rng.random())
    who = np.repeat(delivered.row, times)
    base = np.repeat(delivered.at, times)
    soon = base + draws.delays(rng, n, 95 * MINUTE, 1.3, 3 * DAY)
    opened_at = np.where(draws.chance(rng, 0.45, n), soon, _later(rng, audience.hour[who], base))
    mobile = rng.integers(0, 256, n, dtype=np.uint8) < audience.mobile[who]
    device = np.where(mobile, np.int8(words.MOBILE), np.int8(words.DESKTOP))
    device[draws.chance(rng, 0.02, n)] = words.TABLET
    device[draws.chance(rng, 0.03, n)] = _NOTHING
    return _plain(words.OPEN, who, opened_at)._replace(device=device)


def _later(rng: np.random.Generator, hour: npt.NDArray[np.int8], base: Instants) -> Instants:
    """Return a time at which each contact likes to read: soon or days later, seldom at weekends."""
    n = len(base)
    days = np.minimum(rng.geometric(0.6, n) - 1, 6)
    minutes = rng.normal(30, 40, n)
    at = (
        base - base % DAY + days * DAY + hour * np.int64(HOUR) + (minutes * MINUTE).astype(np.int64)
    )
    at += DAY * (at <= base)
    weekday = (at // DAY + _EPOCH_WEEKDAY) % _WEEK
    put_off = (weekday >= _SATURDAY) & draws.chance(rng, 0.6, n)
    at += put_off * (_WEEK - weekday) * DAY
    later: Instants = np.maximum(at, base + SECOND)
    return later


def _clicks(rng: np.random.Generator, audience: Audience, opens: Happened, n: int) -> Happened:
    weight = audience.clicking[opens.row]
    which = np.repeat(np.arange(len(opens.at)), draws.allotted(weight, n, rng.random()))
    at = opens.at[which] + draws.delays(rng, n, 25 * SECOND, 1.0, HOUR)
    url = draws.spin(rng, _URL_WHEEL, n).astype(np.int8)
    return _plain(words.CLICK, opens.row[which], at)._replace(url=url, device=opens.device[which])


def _conversions(
    rng: np.random.Generator, audience: Audience, clicks: Happened, n: int
) -> Happened:
    weight = audience.buy_weight(clicks.row)
    which = np.repeat(np.arange(len(clicks.at)), draws.allotted(weight, n, rng.random()))
    at = clicks.at[which] + draws.delays(rng, n, 20 * MINUTE, 1.4, 2 * DAY)
    amount = np.round(np.exp(rng.normal(4.1, 0.9, n)), 2)
    amount[draws.chance(rng, _AMOUNT_MISSING, n)] = np.nan
    return _plain(words.CONVERSION, clicks.row[which], at)._replace(amount=amount)


def _departures(
    rng: np.random.Generator, audience: Audience, opens: Happened, counts: dict[int, int]
) -> list[Happened]:
    parts = []
    for kind in (words.UNSUBSCRIBE, words.COMPLAINT):
        weight = audience.leave_weight(opens.row)
        which = np.repeat(
            np.arange(len(opens.at)), draws.allotted(weight, counts[kind], rng.random())
        )
        at = opens.at[which] + draws.delays(rng, counts[kind], 40 * SECOND, 1.0, HOUR)
        parts.append(_plain(kind, opens.row[which], at))
        audience.strike_leaving(opens.row[which])
    return parts


def _plain(kind: int, rows: Rows, at: Instants) -> Happened:
    n = len(rows)
    return Happened(
        at=at,
        row=rows,
        kind=np.full(n, kind, dtype=np.int8),
        campaign=np.full(n, _NOTHING, dtype=np.int16),
        url=np.full(n, _NOTHING, dtype=np.int8),
        device=np.full(n, _NOTHING, dtype=np.int8),
        amount=np.full(n, np.nan),
    )
