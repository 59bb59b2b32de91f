"""Posting sends a body to a URL, and tells what became of it; nothing of an answer but its status.

httpcore and not httpx: it has a seam for the network, so that the address that was judged is the
one that is connected to, with the name in ``Host`` and in TLS; and it follows no redirect, takes no
proxy from the environment and keeps no cookie, as it knows of none.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic_ns
from typing import Any, Final, TypeAlias

import httpcore
import msgspec

from server.webhooks.addresses import RefusedError, Target, check_public, read

TOTAL_S: Final = 15.0
"""So long an attempt may take, from looking the name up to the answer's status."""

CONNECT_S: Final = 5.0
"""So long connecting to one address may take, of several that a name means."""

RESOLVERS: Final = 8
"""So many names are looked up at once."""

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]


class Outcome(msgspec.Struct, frozen=True):
    """What became of a body that was sent.

    Attributes:
        status: the HTTP status of the answer; None where there was none.
        took_ms: how long it took.
        error: why it was not taken; None where it was.
    """

    status: int | None
    took_ms: int
    error: str | None


class Names:
    """Looks names up, on threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVERS, "bitseg-names")

    async def __call__(self, host: str, port: int) -> list[str]:
        """Return the IP addresses of a host.

        Raises:
            OSError: it has none.
        """
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return list(dict.fromkeys(str(one[4][0]) for one in found))


class _Network(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that were judged."""

    def __init__(self, resolve: Resolve, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the seam has it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the addresses of a host, all of which may be connected to."""
        addresses = await self._resolve(host, port)
        if not self._allow_private:
            for address in addresses:
                check_public(address)
        failure: Exception = RefusedError("The name has no address.")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - likewise
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse."""
        del timeout, socket_options
        raise RefusedError(path)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Poster:
    """Sends bodies; for one event loop."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        """Say how.

        Args:
            allow_private: whether addresses may be connected to that are not public.
            resolve: looks a host up; None = as the system does.
            trust: whose certificates are good; None = as the system has it.
            total_s: how long one attempt may take.
        """
        self._total_s = total_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            max_connections=None,
            max_keepalive_connections=0,  # each attempt looks the name up, and judges it, anew
            network_backend=_Network(resolve or Names(), allow_private=allow_private),
        )

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """Send a body to a URL; whatever goes wrong is told."""
        began = monotonic_ns()
        try:
            target = read(url)
            async with asyncio.timeout(self._total_s):
                status = await self._send(target, body, headers)
        except Exception as error:  # noqa: BLE001 - whatever a receiver does is its own affair
            return Outcome(None, _since(began), _said(error))
        if 200 <= status < 300:
            return Outcome(status, _since(began), None)
        return Outcome(status, _since(began), f"It was answered with {status}.")

    async def close(self) -> None:
        """Let go of connections."""
        await self._pool.aclose()

    async def _send(self, target: Target, body: bytes, headers: dict[str, str]) -> int:
        where = httpcore.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.target
        )
        sent = {"Host": target.authority, **headers, "Content-Length": str(len(body))}
        waits = {"connect": CONNECT_S, "read": self._total_s, "write": self._total_s}
        async with self._pool.stream(
            "POST", where, headers=list(sent.items()), content=body, extensions={"timeout": waits}
        ) as response:
            return response.status


def _since(began: int) -> int:
    return (monotonic_ns() - began) // 1_000_000


def _said(error: Exception) -> str:
    """Return what a tenant is told; nothing of what is inside of this machine or its network."""
    if isinstance(error, RefusedError):
        return str(error)
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return "There was no answer in time."
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "The connection could not be made secure."
    if isinstance(error, OSError):
        return "The name of the host has no address."
    if isinstance(error, httpcore.ConnectError):
        return "It could not be connected to."
    return "The connection ended, or what was answered was not HTTP."
