"""A limit is what the questions of a block may cost: time, or nothing that is not kept.

It is looked at only where a leaf has to be built, so that it costs what is kept nothing. It holds
for the thread or task that enters the block, and for calls of ``asyncio.to_thread`` in it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING

from bitseg.errors import DeadlineError, NotKeptError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_limit: ContextVar[tuple[float, Callable[[], float]] | None] = ContextVar(
    "bitseg_limit", default=None
)
"""Until when leaves may be built, and the clock that says when it is; None = for ever."""


@contextmanager
def time_limit(seconds: float, clock: Callable[[], float] = monotonic) -> Iterator[None]:
    """Let questions begin nothing new when so many seconds have passed.

    One leaf is built to its end: a question may take as much longer as its slowest leaf.

    Args:
        seconds: for all questions of the block together.
        clock: returns seconds since whenever.

    Raises:
        DeadlineError: by a question that takes longer; what it built stays kept for the next.
    """
    token = _limit.set((clock() + seconds, clock))
    try:
        yield
    finally:
        _limit.reset(token)


@contextmanager
def kept_only() -> Iterator[None]:
    """Let questions build nothing: what is kept answers them, quickly.

    Raises:
        NotKeptError: by a question that something has to be built for.
    """
    token = _limit.set((0.0, _never))
    try:
        yield
    finally:
        _limit.reset(token)


@contextmanager
def no_limit() -> Iterator[None]:
    """Let what a block does cost what it costs, whoever asked for it: it is for all."""
    token = _limit.set(None)
    try:
        yield
    finally:
        _limit.reset(token)


def check_building() -> None:
    """Refuse to build a leaf beyond the limit.

    Raises:
        DeadlineError: the time is over.
        NotKeptError: nothing is to be built.
    """
    limit = _limit.get()
    if limit is None:
        return
    ends_at, clock = limit
    if clock is _never:
        raise NotKeptError("Something that answers this is not kept")
    if clock() >= ends_at:
        raise DeadlineError("This takes longer than it may; what was built of it is kept")


def _never() -> float:
    return 0.0
