"""Commits are how writes wait for each other: one at a time, those that can in one transaction.

One writer at a time. Whoever comes first writes for all who wait: their changes are kept in one
commit (group commit) and applied in one short step under the lock that every evaluation holds. A
write that rests on the contents of the data, and not only on its fields, is a group of its own.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import msgspec

from bitseg.clock import FIRST_INSTANT
from bitseg.errors import BudgetError, StoreError
from bitseg.limits import no_limit
from bitseg.store import Answer, NoStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import RLock

    from bitseg.changes import Change
    from bitseg.store import Store

T = TypeVar("T")

GROUP_MOST: Final = 1_000
"""Writes that are kept in one commit, at the most."""


class Staged(msgspec.Struct, Generic[T], frozen=True):
    """A write that was checked.

    Attributes:
        changes: what the store is to keep.
        publish: applies it, under the lock of evaluations.
        answer: what the write will say, where that is to be kept with it.
        sliced: whether ``publish`` takes the lock itself, again and again.
    """

    changes: tuple[Any, ...]
    publish: Callable[[], T]
    answer: Answer | None = None
    sliced: bool = False


class Follower(Protocol):
    """Who says what is written before and after each commit."""

    def ahead(self, at: int) -> Iterator[Staged[Any]]:
        """Yield what time alone asks for up to ms ``at``; each is kept before the next is asked."""
        ...

    def behind(self, changes: list[Change], at: int) -> Iterator[Staged[Any]]:
        """Yield what follows from changes that were applied at ms ``at``; likewise."""
        ...


class _Waiting(Generic[T]):
    """A write in the queue, and what became of it."""

    __slots__ = ("alone", "done", "error", "outcome", "stage")

    def __init__(self, stage: Callable[[], Staged[T]], *, alone: bool) -> None:
        self.stage = stage
        self.alone = alone
        self.done = False
        self.error: BaseException | None = None
        self.outcome: T | None = None


class Commits:
    """The queue of writes.

    Attributes:
        store: keeps changes before they are applied.
        lock: held by evaluations, and while a change is applied.
        instant: that of the commit that is being made, ms; it never falls.
        published: how many writes were applied so far, or tried.
    """

    def __init__(self, lock: RLock, clock: Callable[[], int], follower: Follower) -> None:
        """Take the lock of evaluations, the clock, and who says what goes ahead and follows.

        Args:
            lock: held by evaluations.
            clock: returns ms since 1970 UTC.
            follower: asked before and after each commit.
        """
        self.store: Store = NoStore()
        self.lock = lock
        self.published = 0
        self._clock = clock
        self._follower = follower
        self.instant = FIRST_INSTANT
        self._writer = Lock()
        self._queue: deque[_Waiting[Any]] = deque()
        self._broken: BaseException | None = None

    def submit(self, stage: Callable[[], Staged[T]], *, alone: bool = False) -> T:
        """Check, keep and apply a write; returns when it is done.

        Args:
            stage: checks it, while no other write runs; raises what is to be raised.
            alone: whether the check looks at more than fields, so that the write can share a
                commit with no other.

        Raises:
            StoreError: the store could not keep it, or can keep nothing any more.
        """
        waiting = _Waiting(stage, alone=alone)
        self._queue.append(waiting)
        with self._writer, no_limit():  # it writes for others, too, and what follows from it
            while not waiting.done:
                self._write(self._group())
        if waiting.error is not None:
            raise waiting.error
        return waiting.outcome  # type: ignore[return-value] # it is done, so it is there

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep all writes waiting while the block runs."""
        with self._writer:
            yield

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Hold the lock of evaluations while the block applies something, and count that."""
        with self.lock:
            self.published += 1
            yield

    def check_whole(self) -> None:
        """Refuse to answer when memory may not be what the file says.

        Raises:
            StoreError: it may not.
        """
        if self._broken is not None:
            raise StoreError(
                "A change that was kept could not be applied, so memory no longer agrees with the "
                f"file; nothing was lost: close it and open it again ({self._broken!r})"
            ) from self._broken

    def _group(self) -> list[_Waiting[Any]]:
        """Take the writes that the next commit is for."""
        group = [self._queue.popleft()]
        while (
            not group[0].alone
            and self._queue
            and not self._queue[0].alone
            and len(group) < GROUP_MOST
        ):
            group.append(self._queue.popleft())
        return group

    def _write(self, group: list[_Waiting[Any]]) -> None:
        self.instant = max(self.instant, self._clock())
        self._follow(self._follower.ahead(self.instant))
        ready: list[tuple[_Waiting[Any], Staged[Any]]] = []
        for one in group:
            try:
                self.check_whole()
                ready.append((one, one.stage()))
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                one.error, one.done = error, True
        try:
            self._keep([staged for _, staged in ready])
        except BaseException as error:  # noqa: BLE001 - likewise
            for one, _ in ready:
                one.error, one.done = error, True
            return
        for one, staged in ready:
            self._publish(one, staged)
        changes = [change for _, staged in ready for change in staged.changes]
        self._follow(self._follower.behind(changes, self.instant))

    def _keep(self, staged: list[Staged[Any]], *, synced: bool = True) -> None:
        changes = [change for one in staged for change in one.changes]
        answers = [one.answer for one in staged if one.answer is not None]
        if not changes and not answers:
            return
        try:
            self.store.commit(changes, answers, self.instant, synced=synced)
        except StoreError:
            raise  # nothing was kept, or nothing more will be
        except BaseException as error:
            self._break(error)  # it may have been kept
            raise

    def _publish(self, one: _Waiting[Any], staged: Staged[Any]) -> None:
        try:
            self.check_whole()
            with nullcontext() if staged.sliced else self.publishing():
                one.outcome = staged.publish()
        except BaseException as error:  # noqa: BLE001 - likewise
            if staged.changes:
                self._break(error)
            one.error = error
        one.done = True

    def _follow(self, following: Iterator[Staged[Any]]) -> None:
        """Write what follows from time or from changes; if it fails, it is asked for again.

        It reaches the disk with the next write: lost, it would follow once more.
        """
        if self._broken is not None:
            return
        try:
            for staged in following:
                self._keep([staged], synced=False)
                self._publish(_Waiting(lambda: staged, alone=True), staged)  # noqa: B023 - at once
        except (StoreError, BudgetError):
            return
        except BaseException as error:
            self._break(error)
            if not self.store.durable:  # there is no file to open again: whoever writes hears of it
                raise

    def _break(self, error: BaseException) -> None:
        """Note that memory may no longer be what the file says."""
        if self.store.durable:
            self._broken = self._broken or error
