"""A repeat is a write that is sent again: it does nothing, and is answered as it was before.

The answer is kept in the write's own transaction, so that there is never one without the other.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from bitseg import RepeatError
from server.control import rows
from server.control.model import DAY_MS, Repeat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitseg import Once
    from server.control.connection import Connections

T = TypeVar("T")


class Repeats:
    """Which writes with a key run, and what those of the last 24 hours were answered with."""

    def __init__(self, connections: Connections, now: Callable[[], int]) -> None:
        """Take where answers are kept, and the clock."""
        self._connections = connections
        self._now = now
        self._running: set[str] = set()
        self._one = Lock()

    def once(self, tenant_id: str, once: Once | None, kind: Any, write: Callable[[], T]) -> T:
        """Run a write of this store, or give the answer that it was given when it ran before.

        Args:
            tenant_id: whose write it is; another's keys are apart.
            once: the sender's key, and what was asked; None = run it.
            kind: the type of what the write returns, as msgspec reads it.
            write: changes this store and nothing else; None = it did nothing, which is not kept.

        Raises:
            RepeatError: the key stands for another request, or its write still runs.
        """
        if once is None:
            return write()
        row_id = f"{tenant_id}/{once.key}"
        with self._alone(row_id, once), self._connections.transaction() as connection:
            now = self._now()
            connection.execute("DELETE FROM repeats WHERE created_at <= ?", (now - DAY_MS,))
            known = rows.find(
                self._connections, Repeat, "id = ? AND created_at > ?", row_id, now - DAY_MS
            )
            if known is not None:
                answered: T = _answer(once, known, kind)
                return answered
            said = write()
            if said is not None:
                answer = msgspec.msgpack.encode(said)
                rows.write(connection, Repeat(row_id, tenant_id, now, once.digest, answer))
        return said

    @contextmanager
    def _alone(self, row_id: str, once: Once) -> Iterator[None]:
        with self._one:
            if row_id in self._running:
                raise RepeatError(f"The write with the key {once.key!r} still runs", running=True)
            self._running.add(row_id)
        try:
            yield
        finally:
            self._running.discard(row_id)


def _answer(once: Once, known: Repeat, kind: Any) -> Any:
    if known.request != once.digest:
        raise RepeatError(f"Expected a new key for a new request, got {once.key!r} again")
    return msgspec.msgpack.decode(known.answer, type=kind)
