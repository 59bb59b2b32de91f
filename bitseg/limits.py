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
    from contextlib import AbstractContextManager

_refuse: ContextVar[Callable[[], None] | None] = ContextVar("bitseg_limit", default=None)
"""Called before a leaf is built, and may refuse; None = all may be."""


@contextmanager
def _within(refuse: Callable[[], None] | None) -> Iterator[None]:
    token = _refuse.set(refuse)
    try:
        yield
    finally:
        _refuse.reset(token)


def time_limit(
    seconds: float, clock: Callable[[], float] = monotonic
) -> AbstractContextManager[None]:
    """Let questions begin nothing new when so many seconds have passed.

    One leaf is built to its end: a question may take as much longer as its slowest leaf.

    Args:
        seconds: for all questions of the block together.
        clock: returns seconds since whenever.

    Raises:
        DeadlineError: by a question that takes longer; what it built stays kept for the next.
    """
    ends_at = clock() + seconds

    def refuse() -> None:
        if clock() >= ends_at:
            raise DeadlineError("This takes longer than it may; what was built of it is kept")

    return _within(refuse)


def kept_only() -> AbstractContextManager[None]:
    """Let questions build nothing: what is kept answers them, quickly.

    Raises:
        NotKeptError: by a question that something has to be built for.
    """

    def refuse() -> None:
        raise NotKeptError("Something that answers this is not kept")

    return _within(refuse)


def no_limit() -> AbstractContextManager[None]:
    """Let what a block does cost what it costs, whoever asked for it: it is for all."""
    return _within(None)


def check_building() -> None:
    """Refuse to build a leaf beyond the limit.

    Raises:
        DeadlineError: the time is over.
        NotKeptError: nothing is to be built.
    """
    refuse = _refuse.get()
    if refuse is not None:
        refuse()
