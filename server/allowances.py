"""An allowance is what one caller may do: so many calls a second, and so many exports at once.

It is arithmetic on one number, so that asking for it costs next to nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from litestar.exceptions import TooManyRequestsException

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from litestar.types import Message, Scope

SECOND_NS: Final = 1_000_000_000
BURST_S: Final = 2
"""Who did not call for so long may call at once as often as in so many seconds."""

EXPORTS_MOST: Final = 2
"""So many exports of one caller run at once."""

AFTER_EXPORTS_S: Final = 5
"""Who has so many is told to come again after this."""

CALLERS_MOST: Final = 10_000
"""So many callers are counted at once; beyond them those that did not call are forgotten first."""

_TOLD: Final = "bitseg_allowance"


class Allowance:
    """What one caller may still do; for one thread.

    Calls are counted by the instant at which nothing is left to pay for: each moves it by the time
    that one call stands for, and it may lie ahead by no more than a burst.

    Attributes:
        rate: calls a second.
        exports: how many of its exports run.
        streams: how many streams it has.
    """

    __slots__ = ("_paid_at", "exports", "rate", "streams")

    def __init__(self, rate: int) -> None:
        """Begin with a full burst."""
        self.rate = rate
        self.exports = 0
        self.streams = 0
        self._paid_at = 0

    def take(self, now: int) -> int:
        """Count a call at an instant, monotonic ns; return 0, or after how many seconds to call.

        A call that is told to wait does not count.
        """
        paid_at = max(self._paid_at, now) + SECOND_NS // self.rate
        too_far = paid_at - now - self._ahead
        if too_far > 0:
            return -(-too_far // SECOND_NS)
        self._paid_at = paid_at
        return 0

    def left(self, now: int) -> int:
        """Return how many calls may be made at once."""
        return (self._ahead - max(self._paid_at - now, 0)) // (SECOND_NS // self.rate)

    def is_full(self, now: int) -> bool:
        """Return whether nothing is counted any more, so that it may be forgotten."""
        return self._paid_at <= now and not self.exports and not self.streams

    @contextmanager
    def exporting(self) -> Iterator[None]:
        """Count an export for the length of the block.

        Raises:
            TooManyRequestsException: too many run.
        """
        if self.exports >= EXPORTS_MOST:
            raise TooManyRequestsException(
                f"Expected at most {EXPORTS_MOST} exports at a time; wait until one has ended.",
                headers={"Retry-After": str(AFTER_EXPORTS_S)},
            )
        self.exports += 1
        try:
            yield
        finally:
            self.exports -= 1

    def headers(self, now: int) -> list[tuple[bytes, bytes]]:
        """Return what tells the caller: its burst, what is left, and in how many seconds all is."""
        reset = -(-max(self._paid_at - now, 0) // SECOND_NS)
        return [
            (b"ratelimit-limit", b"%d" % (BURST_S * self.rate)),
            (b"ratelimit-remaining", b"%d" % self.left(now)),
            (b"ratelimit-reset", b"%d" % reset),
        ]

    @property
    def _ahead(self) -> int:
        return BURST_S * self.rate * (SECOND_NS // self.rate)


class Allowances:
    """The allowances of all who call; for one thread.

    Attributes:
        rate: calls a second of who has no rate of its own.
        now: returns monotonic ns.
    """

    def __init__(self, rate: int, now: Callable[[], int]) -> None:
        """Begin without callers."""
        self.rate = rate
        self.now = now
        self._of: OrderedDict[Hashable, Allowance] = OrderedDict()

    def of(self, who: Hashable, rate: int | None) -> Allowance:
        """Return the one allowance of a caller, whose rate may have changed; None = the default."""
        found = self._of.get(who)
        if found is None:
            self._make_room()
            found = self._of[who] = Allowance(rate or self.rate)
        found.rate = rate or self.rate
        self._of.move_to_end(who)
        return found

    def _make_room(self) -> None:
        if len(self._of) < CALLERS_MOST:
            return
        now = self.now()
        for who in [who for who, one in self._of.items() if one.is_full(now)]:
            del self._of[who]
        if len(self._of) >= CALLERS_MOST:
            self._of.popitem(last=False)


def note(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    """Let the answer to a request have headers."""
    scope["state"][_TOLD] = headers


async def tell(message: Message, scope: Scope) -> None:
    """Add what was noted to an answer that is being sent, whatever answer it is."""
    if message["type"] == "http.response.start":
        told = scope["state"].get(_TOLD)
        if told is not None:
            message["headers"] = [*message["headers"], *told]
