"""A stream tells of a segment's changes as they come, from a number on, for as long as it is read.

What is told is read from the segment's history by number, a page at a time and the next when the
last was taken: nothing is kept for a reader, however slow, and none is missed or told twice.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec
from litestar.exceptions import TooManyRequestsException

from bitseg import BitsegError, Engine, UnknownSegmentError
from server.hearing import woken_within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from litestar import Litestar

    from bitseg import MemberChange, SegmentHistory
    from server.allowances import Allowance
    from server.hearing import Hearing
    from server.settings import Settings

    Reason: TypeAlias = Literal["deleted", "failed", "refused", "stopping"]
    Still: TypeAlias = Callable[[], Awaitable[bool]]

PAGE: Final = 500
"""Changes that are read, and sent, at a time."""

LEAST_S: Final = 0.05
"""Changes that come sooner after the last are read together."""

RETRY_MS: Final = 2_000
"""After so long a client is to come again."""

FULL_S: Final = 5
"""Who has too many streams is told to come again after this."""

READERS: Final = 2
"""So many histories are read at once."""

_log = logging.getLogger("bitseg.server")


class View:
    """One stream: of which segment, from which number on, and what wakes it.

    Attributes:
        after: the number of the last change that was told.
        woken: set when there may be more.
    """

    def __init__(self, engine: Engine, segment: str, after: int) -> None:
        """Take what is told."""
        self.engine = engine
        self.segment = segment
        self.after = after
        self.woken = asyncio.Event()


class Streams:
    """The streams of a process; for one event loop.

    Attributes:
        open: how many there are.
        sent: how many changes they told.
    """

    def __init__(self, hearing: Hearing, settings: Settings) -> None:
        """Take who tells of changes, and limits."""
        self.open = 0
        self.sent = 0
        self._hearing = hearing
        self._settings = settings
        self._views: set[View] = set()
        self._is_stopping = False
        self._readers = ThreadPoolExecutor(READERS, "bitseg-live")

    @asynccontextmanager
    async def __call__(self, _app: Litestar) -> AsyncIterator[None]:
        """Be there for the length of an app's life."""
        yield
        self.stop()
        self._readers.shutdown(wait=False)

    @contextmanager
    def place(self, allowance: Allowance, view: View) -> Iterator[None]:
        """Have a stream be one of those of a caller, and of all, for the length of the block.

        Raises:
            TooManyRequestsException: there are too many.
        """
        if self.open >= self._settings.streams:
            raise _too_many(self._settings.streams, "")
        if allowance.streams >= self._settings.streams_a_key:
            raise _too_many(self._settings.streams_a_key, " of a key")
        with self._hearing.waking(view.engine, view.segment, view.woken):
            self.open += 1
            allowance.streams += 1
            self._views.add(view)
            try:
                yield
            finally:
                self.open -= 1
                allowance.streams -= 1
                self._views.discard(view)

    def stop(self) -> None:
        """Let all streams end."""
        self._is_stopping = True
        for view in self._views:
            view.woken.set()

    async def told(self, view: View, still: Still) -> AsyncIterator[bytes]:
        """Yield what is sent, to the end of the stream.

        Args:
            view: the stream, which has a place.
            still: whether the caller still may read it.
        """
        loop, every = asyncio.get_running_loop(), self._settings.heartbeat_seconds
        yield f"retry: {RETRY_MS}\n: behind {view.after}\n\n".encode()
        judged_at = loop.time()
        while True:
            view.woken.clear()
            page = await self._page(view)
            if not isinstance(page, tuple):
                yield _end(page)
                return
            if page:
                yield b"".join(map(_shown, page))
                view.after = page[-1].seq
                self.sent += len(page)
            if loop.time() - judged_at >= every:
                if not await still():
                    yield _end("refused")
                    return
                judged_at = loop.time()
                if not page:
                    yield b":\n\n"
            if page:
                await asyncio.sleep(0 if len(page) == PAGE else LEAST_S)
            else:
                await woken_within(view.woken, judged_at + every - loop.time())

    async def last(self, engine: Engine, segment: str) -> int:
        """Return the number of a segment's last change.

        Raises:
            UnknownSegmentError: there is no such segment.
        """
        return (await self._read(engine, segment, 0, 0)).last_seq

    async def _page(self, view: View) -> tuple[MemberChange, ...] | Reason:
        """Return the next changes, none where there are no more; or why the stream ends."""
        if self._is_stopping:
            return "stopping"
        try:
            return (await self._read(view.engine, view.segment, view.after, PAGE)).items
        except UnknownSegmentError:
            return "deleted"
        except BitsegError:
            _log.exception("a stream ends, as its segment's history cannot be read")
            return "failed"

    async def _read(self, engine: Engine, segment: str, after: int, most: int) -> SegmentHistory:
        read = partial(engine.segments.history, segment, after=after, limit=most)
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)


def _shown(change: MemberChange) -> bytes:
    data = msgspec.json.encode(
        {"contact_id": change.contact_id, "at": change.at, "seq": change.seq}
    )
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (change.seq, change.change.encode(), data)


def _end(reason: Reason) -> bytes:
    return b"event: end\ndata: " + msgspec.json.encode({"reason": reason}) + b"\n\n"


def _too_many(most: int, whose: str) -> TooManyRequestsException:
    return TooManyRequestsException(
        f"Expected at most {most} streams{whose} at a time; end one first.",
        headers={"Retry-After": str(FULL_S)},
    )
