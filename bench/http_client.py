"""The client asks over connections that stay open, in one thread, and notes how long each took.

It is our own because what is timed is microseconds: a general client takes several times what the
server does. It waits in ``select``, whose time-outs are in microseconds; those of epoll are in ms.
"""

from __future__ import annotations

import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Self

import msgspec
import numpy as np
import numpy.typing as npt

from bench.http_answers import Answer, answer_in

SECONDS_MOST: Final = 20.0
"""How long answers are waited for when no more is asked."""

_CHUNK: Final = 262_144


class Target(msgspec.Struct, frozen=True):
    """What is asked, and where.

    Attributes:
        host: of the server.
        port: likewise.
        key: the API key.
        path: of the call.
        method: likewise.
        media_type: of bodies.
    """

    host: str
    port: int
    key: str
    path: str
    method: str = "POST"
    media_type: str = "application/json"

    def request(self, body: bytes) -> bytes:
        """Return a request with a body."""
        head = (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: {self.media_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def requests(self, bodies: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a request for each body."""
        return map(self.request, bodies)


class Asked(msgspec.Struct, frozen=True):
    """How a lane asks.

    Attributes:
        target: where.
        requests: yields them.
        connections: how many requests may be under way.
        a_second: how many are due; 0 = each connection asks again when it is answered.
        note: is told every answer; None = only that its status was 200 is looked at.
    """

    target: Target
    requests: Iterator[bytes]
    connections: int
    a_second: float = 0.0
    note: Callable[[Answer], None] | None = None


class Taken(msgspec.Struct, frozen=True):
    """What a lane's requests took.

    Attributes:
        seconds: of each that was answered, from when it was due; without a rate, when it was sent.
        wall: seconds in which requests were given out.
        statuses: how often each status was answered.
        received: bytes of all answers.
    """

    seconds: npt.NDArray[np.float64]
    wall: float
    statuses: dict[int, int]
    received: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.seconds.size / self.wall

    @property
    def errors(self) -> int:
        """Answers that were not 200."""
        return self.seconds.size - self.statuses.get(200, 0)


class Due:
    """When requests at a fixed rate are due: the n-th n periods after the first, come what may."""

    def __init__(self, began: float, a_second: float) -> None:
        self._began = began
        self._a_second = a_second
        self._given = 0

    @property
    def at(self) -> float:
        """When the next one is due."""
        return self._began + self._given / self._a_second

    def take(self, now: float, until: float) -> Iterator[float]:
        """Yield when those were due that are due by now, and before the end."""
        while (at := self.at) <= now and at < until:
            self._given += 1
            yield at


class _Line:
    """One connection, and the request that is under way on it."""

    def __init__(self, lane: _Lane, target: Target) -> None:
        self.lane = lane
        self._socket = socket.create_connection((target.host, target.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)  # noqa: FBT003 - that is its only argument
        self._received = bytearray()
        self._unsent = memoryview(b"")
        self._since = 0.0

    def fileno(self) -> int:
        """Return what ``select`` waits for."""
        return self._socket.fileno()

    def ask(self, request: bytes, since: float) -> None:
        """Begin to send a request."""
        self._since = since
        self._unsent = memoryview(request)
        self.send()

    @property
    def is_sending(self) -> bool:
        """Whether some of the request is to be sent."""
        return bool(self._unsent)

    def send(self) -> None:
        """Send what the socket takes."""
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            return

    def receive(self) -> tuple[Answer, float] | None:
        """Take in what has come; return the answer, and since when it is waited for."""
        part = self._socket.recv(_CHUNK)
        if not part:
            raise ConnectionError("The server closed a connection.")
        self._received += part
        answer = answer_in(self._received)
        if answer is None:
            return None
        del self._received[: answer.size]
        return answer, self._since

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class _Lane:
    """Connections that ask the same kind of thing."""

    def __init__(self, asked: Asked, began: float, seconds: float) -> None:
        self._asked = asked
        self._until = began + seconds
        self._wall = seconds
        self._due = Due(began, asked.a_second) if asked.a_second else None
        self._waiting: deque[float] = deque()
        self._seconds = array("d")
        self._statuses: dict[int, int] = {}
        self._bytes = 0
        self.lines = [_Line(self, asked.target) for _ in range(asked.connections)]
        self._free = deque(self.lines)

    def give(self, now: float) -> float:
        """Let free connections ask what is due; return when to come again."""
        if self._due is None:
            while self._free and now < self._until:
                self._ask(now)
            return self._until
        self._waiting.extend(self._due.take(now, self._until))
        while self._free and self._waiting:
            self._ask(self._waiting.popleft())
        return min(self._due.at, self._until)

    @property
    def is_done(self) -> bool:
        """Whether everything was answered."""
        return len(self._free) == len(self.lines) and not self._waiting

    def answered(self, line: _Line, answer: Answer, since: float) -> None:
        """Note an answer; its connection is free."""
        self._seconds.append(time.perf_counter() - since)
        self._statuses[answer.status] = self._statuses.get(answer.status, 0) + 1
        self._bytes += answer.size
        if self._asked.note is not None:
            self._asked.note(answer)
        self._free.append(line)

    def taken(self) -> Taken:
        """Return what was noted."""
        return Taken(np.array(self._seconds), self._wall, self._statuses, self._bytes)

    def _ask(self, since: float) -> None:
        request = next(self._asked.requests)
        line = self._free.popleft()
        line.ask(request, since if self._due is not None else time.perf_counter())


class _Lanes:
    """Lanes for the length of a block; their connections are closed behind it."""

    def __init__(self, asked: tuple[Asked, ...], seconds: float) -> None:
        began = time.perf_counter() + 0.05
        self._until = began + seconds
        self.lanes = [_Lane(one, began, seconds) for one in asked]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for lane in self.lanes:
            for line in lane.lines:
                line.close()

    def run(self) -> None:
        """Ask until the time is over, and wait for what was asked."""
        lines = [line for lane in self.lanes for line in lane.lines]
        while True:
            now = time.perf_counter()
            again = min(lane.give(now) for lane in self.lanes)
            if now >= self._until:
                if all(lane.is_done for lane in self.lanes):
                    return
                if now > self._until + SECONDS_MOST:
                    raise TimeoutError("Requests were not answered.")
                again = now + 1.0
            sending = [line for line in lines if line.is_sending]
            wait = max(0.0, again - time.perf_counter())
            readable, writable, _ = select.select(lines, sending, (), wait)
            for line in writable:
                line.send()
            for line in readable:
                found = line.receive()
                if found is not None:
                    line.lane.answered(line, *found)


def asking(target: Target, bodies: Iterable[bytes], connections: int, **more: Any) -> Asked:
    """Return a lane that sends bodies to one call."""
    return Asked(target, target.requests(bodies), connections, **more)


def run(seconds: float, *asked: Asked) -> list[Taken]:
    """Ask in several lanes at once; return what each took.

    Raises:
        ConnectionError: the server closed a connection.
        TimeoutError: requests were not answered.
    """
    with _Lanes(asked, seconds) as lanes:
        lanes.run()
        return [lane.taken() for lane in lanes.lanes]
