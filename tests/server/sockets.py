"""A server in a process of its own, spoken to byte by byte, as no client of a library would."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from server.keys import make_key

LONG_S: Final = 60
"""Whatever takes as long as this has gone wrong."""


class Answer:
    """What came back until the server closed, or a whole answer of known length.

    Attributes:
        status: the HTTP status; 0 where nothing came.
        headers: by name in small letters.
        body: what came of it.
    """

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1]) if first else 0
        self.headers = {
            name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
        }

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Server:
    """A server that runs.

    Attributes:
        key: opens its one tenant.
        port: where it listens.
        pid: of its process.
    """

    def __init__(self, key: str, port: int, pid: int) -> None:
        self.key = key
        self.port = port
        self.pid = pid

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """Return a connection."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(LONG_S)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def head(self, method: str, path: str, *headers: str) -> bytes:
        """Return the head of a request with the key."""
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {self.key}",
            *headers,
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def ask(self, method: str, path: str, body: bytes = b"", *headers: str) -> Answer:
        """Make a call; the connection ends with it."""
        length = f"Content-Length: {len(body)}"
        return self.send(self.head(method, path, "Connection: close", length, *headers) + body)

    def send(self, *parts: bytes) -> Answer:
        """Send bytes and return what comes back until the server closes."""
        with closing(self.connect()) as connection:
            return Answer(said(connection, *parts))

    def works(self) -> bool:
        """Return whether it answers another client."""
        body = b'{"rules": {"match": "all", "groups": []}}'
        return self.ask("POST", "/api/segments/preview", body).status == 200

    def resident(self) -> int:
        """Return how many bytes of memory its process has."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1_024


def said(connection: socket.socket, *parts: bytes) -> bytes:
    """Send bytes, as far as they are taken, and return what comes until the end."""
    received = b""
    try:
        for part in parts:
            connection.sendall(part)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has answered and hung up
    try:
        while more := connection.recv(65_536):
            received += more
    except ConnectionResetError:
        pass
    return received


@contextmanager
def serving(*arguments: str) -> Iterator[Server]:
    """Start a server over no more than a few contacts, and end it."""
    key = make_key()
    command = [sys.executable, "-m", "bitseg.cli", "serve", "--port", "0", *arguments]
    environment = {**os.environ, "BITSEG_KEY": key}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        url = next(
            found for line in lines if (found := re.search(r"curl -s http://\S+?:(\d+)", line))
        )
        try:
            yield Server(key, int(url[1]), process.pid)
        finally:
            process.terminate()
            assert process.wait(LONG_S) == 0
