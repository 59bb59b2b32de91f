"""An attempt is one body that was sent to a webhook; the last of each are remembered."""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

REMEMBERED: Final = 100
"""Attempts of a webhook that this process remembers."""


class Attempt(msgspec.Struct, frozen=True):
    """One body that was sent, or tried to be; instants are ms since 1970 UTC.

    Attributes:
        at: when.
        segment_id: whose changes.
        first: the number of the first change; as those that are not asked for are left out, of
            the first that was looked at.
        last: the number of the last.
        changes: how many there were in it.
        status: the HTTP status of the answer; None where there was none.
        took_ms: how long it took.
        error: why it was not taken; None where it was.
        next_at: when it is tried again; None = it is not.
        is_dead: whether it was given up.
    """

    at: int
    segment_id: str
    first: int
    last: int
    changes: int
    status: int | None
    took_ms: int
    error: str | None
    next_at: int | None = None
    is_dead: bool = False


class Counts(msgspec.Struct):
    """What became of all that was sent since the process began: for metrics.

    Attributes:
        changes: how many were taken.
        ok: bodies that were taken.
        failed: that were not, and may be tried again.
        dead: that were given up.
        behind: changes that wait, by webhook and segment, as they were last looked at.
    """

    changes: int = 0
    ok: int = 0
    failed: int = 0
    dead: int = 0
    behind: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def lag(self) -> int:
        """How many changes wait to be taken, of all webhooks."""
        return sum(list(self.behind.values()))  # others may change it meanwhile


class Remembered:
    """The last attempts of each webhook, the newest first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._of: dict[str, deque[Attempt]] = {}

    def add(self, webhook_id: str, attempt: Attempt) -> None:
        """Remember one."""
        self._of.setdefault(webhook_id, deque(maxlen=REMEMBERED)).appendleft(attempt)

    def of(self, webhook_id: str) -> list[Attempt]:
        """Return those of a webhook."""
        return list(self._of.get(webhook_id, ()))

    def keep(self, webhook_ids: set[str]) -> None:
        """Forget those of all other webhooks."""
        for one in self._of.keys() - webhook_ids:
            del self._of[one]
