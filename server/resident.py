"""A resident is a tenant whose engine is in memory, on its way there, or on its way out."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from server.starting import Starting, not_ready

if TYPE_CHECKING:
    from bitseg import Engine


class Resident:
    """One tenant's engine and who uses it; changed only under the lock of ``Tenants``.

    Attributes:
        tenant_id: whose it is.
        starting: the engine, or how far opening has come.
        job: what opens it.
        opened: done when opening has ended, well or not.
        closed: done when it is out; None while nobody closes it.
        leases: how many use it.
        used_at: when it was last lent, ms since 1970 UTC; while it opens, when that began.
        failed_at: when opening failed; None where it did not.
        is_asked_for: whether a caller wanted it, and not only jobs.
    """

    def __init__(self, tenant_id: str, now: int) -> None:
        """Begin without an engine."""
        self.tenant_id = tenant_id
        self.starting = Starting(tells_why=False)
        self.job: Future[None] | None = None
        self.opened: Future[None] = Future()
        self.closed: Future[None] | None = None
        self.leases = 0
        self.used_at = now
        self.failed_at: int | None = None
        self.is_asked_for = False
        self._engine: Engine | None = None

    def lent(self) -> Engine:
        """Return the engine, to somebody who counts as a lease from now on.

        Raises:
            NotReadyError: it is not open; says how far that has come.
        """
        if self.closed is not None:
            said = "The data were not used for a while, and are being put away."
            raise not_ready("stopping", said)
        engine = self.starting.engine()
        self.leases += 1
        return engine

    def take(self, engine: Engine, now: int) -> None:
        """Take the engine, which is open."""
        self._engine = engine
        self.used_at = now
        self.starting.loaded(engine)
        self.starting.ready()

    def close(self) -> None:
        """Close the engine."""
        if self._engine is not None:
            self._engine.close()

    @property
    def engine(self) -> Engine | None:
        """The engine where it is open and stays so."""
        return self._engine if self.closed is None else None

    @property
    def is_idle(self) -> bool:
        """Whether it is open and nobody uses it."""
        return self.engine is not None and self.leases == 0

    @property
    def moving(self) -> Future[None] | None:
        """What is done when it has been opened or closed; None where it stays."""
        if self.closed is not None:
            return self.closed
        return None if self.opened.done() else self.opened
