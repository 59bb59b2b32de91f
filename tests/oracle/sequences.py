"""A sequence is found by trying every choice of events, one a step."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle.dates import elapsed


def follows(steps: Sequence[Sequence[int]], gap: str | None) -> bool:
    """Say whether one instant can be taken from each step, each later than the one before.

    Args:
        steps: For each step, the instants of all events that would do for it.
        gap: The longest time from each step to the next, or None for any time.
    """
    longest = None if gap is None else elapsed(gap)

    def goes_on(index: int, previous: int) -> bool:
        if index == len(steps):
            return True
        return any(
            goes_on(index + 1, at)
            for at in set(steps[index])
            if at > previous and (longest is None or at - previous <= longest)
        )

    return any(goes_on(1, at) for at in set(steps[0]))
