"""A lease is an engine in use: it is not closed before whoever has it lets go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, Final, TypeVar

from litestar import Request
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware

from bitseg import Engine
from server.auth import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp, Receive, Send
    from litestar.types import Scope as Connection

    from server.starting import Starting

T = TypeVar("T")

_HELD: Final = "bitseg_leases"


class Lease:
    """The use of an engine for the length of a block; ``engine`` is the same engine."""

    def __init__(self, engine: Engine, release: Callable[[], None]) -> None:
        """Take the engine and what to call when it is used no more."""
        self.engine = engine
        self._release = release

    def __enter__(self) -> Engine:
        """Return the engine."""
        return self.engine

    def __exit__(self, *_: object) -> None:
        """Let go."""
        self._release()


class Engines(ABC):
    """Where the engines of tenants are."""

    @abstractmethod
    def hold(self, tenant_id: str, *, used: bool = True) -> Lease:
        """Return a lease of a tenant's engine, at once; for a thread that works beside requests.

        Args:
            tenant_id: whose.
            used: whether that counts as use, so that the engine stays open for a while; a job
                leaves it as it finds it.

        Raises:
            NotReadyError: it is not open yet; it is being opened from now on.
        """

    @abstractmethod
    async def lease(self, tenant_id: str) -> Lease:
        """Return the same, for a request: what is opened in a moment is waited for."""

    @abstractmethod
    def check(self) -> dict[str, Lease]:
        """Return leases of all engines that are open, by tenant; they do not count as use.

        Raises:
            NotReadyError: none can be asked yet.
        """

    @abstractmethod
    def sweep(self) -> None:
        """Close what nobody needs; a worker's work."""


class Sole(Engines):
    """The engine of a process that serves one tenant, whoever asks."""

    def __init__(self, starting: Starting, tenant_id: str) -> None:
        """Take the engine, or one on its way, and its tenant's id."""
        self._starting = starting
        self._tenant_id = tenant_id

    def hold(self, _tenant_id: str, *, used: bool = True) -> Lease:
        """Return a lease that never ends anything."""
        del used
        return Lease(self._starting.engine(), lambda: None)

    async def lease(self, tenant_id: str) -> Lease:
        """Return the same."""
        return self.hold(tenant_id)

    def check(self) -> dict[str, Lease]:
        """Return a lease of the one engine."""
        return {self._tenant_id: self.hold(self._tenant_id)}

    def sweep(self) -> None:
        """Leave it open."""


class Leases(ASGIMiddleware):
    """Lets go of a request's leases when its answer is sent, to the last byte, or cannot be."""

    scopes = (ScopeType.HTTP,)

    async def handle(
        self, scope: Connection, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        """Answer a request, and let go."""
        with ExitStack() as held:
            scope["state"][_HELD] = held
            await next_app(scope, receive, send)


async def provide_engine(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller]
) -> Engine:
    """Return the engine of the caller's tenant, which stays open until the answer is sent.

    It is asked for behind the caller, as Litestar starts a task for each of two dependencies that
    do not rest on each other: 0.1 ms.
    """
    return await engine_of(request, caller)


async def engine_of(request: Request[Any, Any, Any], caller: Caller) -> Engine:
    """Return the same, without Litestar's machinery."""
    engines: Engines = request.app.state.engines
    lease: Lease = await engines.lease(caller.tenant_id)
    return hold(request, lease)


def hold(request: Request[Any, Any, Any], what: AbstractContextManager[T]) -> T:
    """Enter a block that ends when the answer is sent, to the last byte, or cannot be."""
    held: ExitStack = request.scope["state"][_HELD]
    return held.enter_context(what)


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """Return who makes the call."""
    caller: Caller = request.state.caller
    return caller
