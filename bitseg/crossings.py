"""A crossing is the instant at which a bound that moves with time comes to lie beyond a value.

Bounds are those of windows and of relative dates. Between two instants at which the calendar may
jump they never fall, so that the first instant of a crossing can be found by halving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bitseg.clock import FIRST_INSTANT, LAST_INSTANT, Now
from bitseg.zones import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bitseg.zones import Zone

    Bounds = Callable[[Now], tuple[int, ...]]
    NextFrom = Callable[[int], int | None]

QUARTER: Final = 900_000
"""All of today's clocks jump at whole quarters of an hour of UTC, and days begin at them, ms."""


def horizon(now: Now, bounds: Iterable[int]) -> int:
    """Return how far bounds that rest on a calendar can be followed from now without falling.

    They jump at the starts of days, and where clocks do, here or there.

    Args:
        now: the instant.
        bounds: what they are by now, ms.
    """
    if any(_is_shifting(now.zone, at) for at in (now.at, *bounds)):
        return now.at - now.at % QUARTER + QUARTER
    return now.zone.day_start(now.day + 1)


def _is_shifting(zone: Zone, at: int) -> bool:
    """Whether clocks are set within some days of an instant."""
    early, late = (min(max(at + days * DAY, FIRST_INSTANT), LAST_INSTANT) for days in (-2, 2))
    return zone.wall_at(early) - early != zone.wall_at(late) - late


def next_crossing(bounds: Bounds, next_from: NextFrom, now: Now, until: int) -> int | None:
    """Return the first instant behind now at which some bound lies beyond some value.

    Args:
        bounds: returns the bounds at an instant, as many each time.
        next_from: returns the first value at or behind an instant, or an earlier one; None = none.
        now: where to begin.
        until: where to end; bounds do not fall on the way.

    Returns:
        The instant, ms; None where none is found up to ``until``.
    """
    found: int | None = None
    last = bounds(Now(until, now.zone))
    for i, bound in enumerate(bounds(now)):
        if last[i] <= bound:  # it does not move
            continue
        value = next_from(bound)
        if value is None or last[i] <= value:
            continue
        value = max(value, bound)
        at = _first_beyond(bounds, i, value, now, until, now.at + value - bound + 1)
        found = at if found is None else min(found, at)
    return found


def _first_beyond(  # noqa: PLR0913, PLR0917 - where to look for what
    bounds: Bounds, i: int, value: int, now: Now, until: int, guess: int
) -> int:
    """Return the first instant up to ``until`` at which bound i lies beyond a value.

    Bounds that move as time does are beyond it at the guess, and not before.
    """
    low, high = now.at, until
    if low < guess <= until and bounds(Now(guess, now.zone))[i] > value:
        if bounds(Now(guess - 1, now.zone))[i] <= value:
            return guess
        high = guess - 1
    while high - low > 1:
        middle = (low + high) // 2
        if bounds(Now(middle, now.zone))[i] > value:
            high = middle
        else:
            low = middle
    return high
