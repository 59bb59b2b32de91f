"""An evaluation answers a question: at once from what is kept, or in its turn, and for so long."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from bitseg import NotKeptError, kept_only, time_limit
from server.errors import NotReadyError, Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

T = TypeVar("T")

RETRY_AFTER: Final = 1
"""Seconds after which to ask again."""


class Evaluations:
    """The evaluations of a process. What is kept is asked at once; building takes turns."""

    def __init__(self, at_once: int, seconds: float) -> None:
        """Take how many build at once, and for how long one may wait, and then build."""
        self._seconds = seconds
        self._turns = asyncio.Semaphore(at_once)

    async def run(self, ask: Callable[[], T]) -> T:
        """Return what a question is answered with, by a thread.

        Args:
            ask: asks an engine; asked again where it needs something that is not kept.

        Raises:
            NotReadyError: others build for as long as one waits.
            DeadlineError: the question takes too long.
        """
        try:
            return await asyncio.to_thread(_kept, ask)
        except NotKeptError:
            pass  # beside the handler, so that what goes wrong below is not told as its consequence
        async with self._turn():
            return await asyncio.to_thread(self._built, ask)

    def _built(self, ask: Callable[[], T]) -> T:
        with time_limit(self._seconds):
            return ask()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds):
                await self._turns.acquire()
        except TimeoutError:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            detail = "Too many questions that are new are being answered; ask again."
            raise NotReadyError(Problem(status.phrase, status, detail), RETRY_AFTER) from None
        try:
            yield
        finally:
            self._turns.release()


def _kept(ask: Callable[[], T]) -> T:
    with kept_only():
        return ask()
