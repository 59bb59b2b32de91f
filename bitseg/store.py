"""A store keeps changes before anyone sees them, and the answers of writes that may be repeated."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from bitseg.errors import RepeatError, StoreError
from bitseg.zones import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bitseg.results import Journal, Snapshot

KEY_MOST: Final = 255
ANSWERS_KEPT: Final = DAY
"""Answers are kept this long, ms."""


class Once(msgspec.Struct, frozen=True):
    """What tells a write that is sent again from a new one.

    Attributes:
        key: the sender's own, 1 to 255 characters.
        request: what was asked, in any form that equal requests share; only its hash is kept.
    """

    key: str
    request: bytes

    @property
    def digest(self) -> bytes:
        """The hash of the request."""
        return hashlib.blake2b(self.request, digest_size=16).digest()


class Answer(msgspec.Struct, frozen=True):
    """What a write that is sent again is answered with.

    Attributes:
        key: the write's key.
        digest: the hash of its request.
        body: the answer, as MessagePack.
        at: when it was given, ms.
    """

    key: str
    digest: bytes
    body: bytes
    at: int


class Store(Protocol):
    """Where changes go before they are applied."""

    @property
    def durable(self) -> bool:
        """Whether changes outlive the process."""
        ...

    def commit(
        self, changes: Sequence[Any], answers: Sequence[Answer], at: int, *, synced: bool = True
    ) -> None:
        """Keep changes, parked or not, and answers, all or none; then they are kept.

        Args:
            changes: what is kept, in order.
            answers: what is kept with it.
            at: the instant of it, ms.
            synced: False leaves reaching the disk to the next commit.

        Raises:
            StoreError: nothing was kept, unless the error says that it is unknown.
        """
        ...

    def park(self, change: Any) -> Any:
        """Put a change aside, out of memory where there is a file; it is not kept yet.

        Raises:
            StoreError: it could not be put aside.
        """
        ...

    def unpark(self, parked: Any) -> Any:
        """Return a change that was put aside.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    def discard(self, parked: Sequence[Any]) -> None:
        """Give up changes that were put aside."""
        ...

    def published(self, change: Any, first_row: int, parked: Any = None) -> None:
        """Hear that a change was applied, and from which row on contacts are new by it.

        Args:
            change: what was applied.
            first_row: the first row that is new by it.
            parked: what it was while it was put aside.
        """
        ...

    def recall(self, key: str) -> Answer | None:
        """Return the answer to an earlier write with a key, or None."""
        ...

    def records(self, segment: str, *, after: int = 0, newest_first: bool = False) -> Iterator[Any]:
        """Yield the records of a segment that hold changes behind a number.

        Raises:
            StoreError: they cannot be read.
        """
        ...

    def snapshot(self) -> Snapshot:
        """Write a snapshot now.

        Raises:
            StoreError: it was not written, or there is no file.
        """
        ...

    def backup(self, destination: Path) -> None:
        """Copy everything as it is now into a file.

        Raises:
            StoreError: it could not be copied, or there is no file.
        """
        ...

    def backup_at(self) -> int | None:
        """Return when the last backup was made, ms; None = never."""
        ...

    @property
    def journal(self) -> Journal | None:
        """What the next start would replay; None where there is no file."""
        ...

    @property
    def failure(self) -> StoreError | None:
        """Why the last snapshot or checkpoint could not be made; None where it could."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class NoStore:
    """The store of an engine that lives in memory: it keeps answers, and no changes."""

    durable = False
    failure: StoreError | None = None
    journal: Journal | None = None

    def __init__(self) -> None:
        """Begin without answers."""
        self._answers: dict[str, Answer] = {}

    def commit(
        self, changes: Sequence[Any], answers: Sequence[Answer], at: int, *, synced: bool = True
    ) -> None:
        """Keep the answers."""
        del changes, synced
        for answer in answers:
            for key in [k for k, old in self._answers.items() if old.at < at - ANSWERS_KEPT]:
                del self._answers[key]
            self._answers[answer.key] = answer

    def park(self, change: Any) -> Any:
        """Return the change: memory is where it stays."""
        return change

    def unpark(self, parked: Any) -> Any:
        """Return a change that was put aside."""
        return parked

    def discard(self, parked: Sequence[Any]) -> None:
        """Do nothing."""

    def published(self, change: Any, first_row: int, parked: Any = None) -> None:
        """Do nothing."""

    def recall(self, key: str) -> Answer | None:
        """Return the answer to an earlier write with a key, or None."""
        return self._answers.get(key)

    def records(self, segment: str, *, after: int = 0, newest_first: bool = False) -> Iterator[Any]:
        """Refuse: they are kept beside the members."""
        del after, newest_first
        raise StoreError(f"Expected an engine with a file, to read the records of {segment!r}")

    def snapshot(self) -> Snapshot:
        """Refuse: there is no file."""
        raise StoreError("Expected an engine with a file, as bitseg.open makes, for a snapshot")

    def backup(self, destination: Path) -> None:
        """Refuse: there is no file."""
        message = f"Expected an engine with a file, as bitseg.open makes, to copy to {destination}"
        raise StoreError(message)

    def backup_at(self) -> int | None:
        """Return None: there is nothing to copy."""
        return None

    def close(self) -> None:
        """Do nothing."""


def recalled(store: Store, once: Once) -> bytes | None:
    """Return the answer that a write was given before, or None where it is new.

    Raises:
        RepeatError: the key may not be so, or stood for another request.
    """
    if not 0 < len(once.key) <= KEY_MOST:
        raise RepeatError(f"Expected a key of 1 to {KEY_MOST} characters, got {once.key!r}")
    known = store.recall(once.key)
    if known is None:
        return None
    if known.digest != once.digest:
        raise RepeatError(f"Expected a new key for a new request, got {once.key!r} again")
    return known.body
