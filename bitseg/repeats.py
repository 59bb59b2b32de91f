"""A repeat is a write that is sent again: it does nothing, and is answered as it was before."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from bitseg.errors import RepeatError
from bitseg.store import Answer, recalled

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.store import Once, Store

T = TypeVar("T")
Said = TypeVar("Said")

Answering: TypeAlias = "Callable[[T], Answer] | None"
"""Makes of what a write will say the answer that is kept with it."""


def answering_of(answering: Answering[Said], say: Callable[[T], Said]) -> Answering[T]:
    """Return what makes the answer of what a write did, where what it says is made of that."""
    return None if answering is None else lambda done: answering(say(done))


class Repeats:
    """Which writes with a key run, and what those that ran were answered with."""

    def __init__(self, store: Callable[[], Store], now: Callable[[], int]) -> None:
        """Take where answers are kept, and the clock."""
        self._store = store
        self._now = now
        self._running: set[str] = set()
        self._one = Lock()

    def once(self, once: Once | None, kind: type[T], run: Callable[[Answering[T]], T]) -> T:
        """Run a write, or give the answer that it was given when it ran before.

        Raises:
            RepeatError: the key stands for another request, or its write still runs.
        """
        if once is None:
            return run(None)
        with self._one:
            if once.key in self._running:
                raise RepeatError(f"The write with the key {once.key!r} still runs", running=True)
            self._running.add(once.key)
        try:
            known = recalled(self._store(), once)
            if known is not None:
                return msgspec.msgpack.decode(known, type=kind)
            return run(
                lambda said: Answer(
                    once.key, once.digest, msgspec.msgpack.encode(said), self._now()
                )
            )
        finally:
            self._running.discard(once.key)
