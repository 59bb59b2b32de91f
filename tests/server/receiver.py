"""A receiver listens on this machine, notes what it is sent, and answers as it is told."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Condition, Thread
from typing import Final, Self

import msgspec

LONG_S: Final = 60.0
GOOD: Final = b"HTTP/1.1 204 No Content\r\n\r\n"

Answer = Callable[["Sent"], bytes | None]


class Sent(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        head: its line and headers, as they came.
        headers: those by name, in lower case.
        body: what followed.
    """

    head: bytes
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Takes one connection after the other, each on a thread.

    Attributes:
        port: where it listens.
        sent: what it was sent.
    """

    def __init__(self, answer: Answer = lambda _: GOOD, *, holds: bool = False) -> None:
        """Begin to listen.

        Args:
            answer: what is answered; None = nothing.
            holds: whether the connection stays until the other side ends it.
        """
        self._answer = answer
        self._holds = holds
        self.sent: list[Sent] = []
        self._came = Condition()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [Thread(target=self._listen)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(LONG_S)

    def wait(self, is_so: Callable[[list[Sent]], bool]) -> list[Sent]:
        """Return what was sent when something is so of it."""
        with self._came:
            assert self._came.wait_for(lambda: is_so(self.sent), LONG_S), self.sent
            return list(self.sent)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._threads.append(Thread(target=self._take, args=(connection,)))
            self._threads[-1].start()

    def _take(self, connection: socket.socket) -> None:
        with connection:
            sent = _read(connection)
            answer = self._answer(sent)
            with self._came:
                self.sent.append(sent)
                self._came.notify_all()
            connection.sendall(answer or b"")
            while (answer is None or self._holds) and connection.recv(4_096):
                pass


def _read(connection: socket.socket) -> Sent:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return Sent(data, {}, b"")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    return Sent(head, headers, body)
