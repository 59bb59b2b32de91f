"""Tenants have an engine and a file each: opened when asked for, closed when nobody needs them."""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, Final, TypeAlias

import bitseg
from bitseg import Engine, FieldError, StoreError
from server.control import SLUG
from server.errors import NotReadyError
from server.leases import Engines, Lease
from server.logs import about
from server.memory import MemoryLimits
from server.resident import Resident
from server.starting import State, StoppedError, not_ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.cli import Told

    Open: TypeAlias = Callable[[Path, Told], Engine]

DIRECTORY: Final = "tenants"
"""Where the tenants' files are, within the data directory."""

GRACE_S: Final = 1.0
"""So long a request waits for an engine that is being opened or closed, before it is told."""

AGAIN_MS: Final = 10_000
"""A tenant that could not be opened is tried again after this."""

UNASKED_MS: Final = 60_000
"""So long an engine that nobody but jobs had stays open, in which a job takes it."""

LAST_S: Final = 3.0
"""How long closing waits for whoever still uses an engine or opens one."""

OPENERS: Final = 2
"""So many tenants are opened at once; the others wait."""

_log = logging.getLogger("bitseg.server")


def path_of(directory: Path, tenant_id: str) -> Path:
    """Return a tenant's file in a data directory.

    Raises:
        FieldError: that is no tenant's id.
    """
    if re.fullmatch(SLUG, tenant_id) is None:
        raise FieldError(f"Expected a tenant's id like {SLUG}, got {tenant_id!r}")
    return directory / DIRECTORY / f"{tenant_id}.db"


class Tenants(Engines):
    """The engines of a data directory; from any thread."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands on, and what it is to hold to
        self,
        directory: Path,
        budget_bytes: int,
        idle_ms: int,
        now: Callable[[], int],
        open_file: Open | None = None,
        memory: MemoryLimits | None = None,
    ) -> None:
        """Begin with none open.

        Args:
            directory: the data directory.
            budget_bytes: what engines may hold together; beyond it those that nobody uses are
                closed, least recently used first, but never the one used last.
            idle_ms: one that was not used for so long is closed.
            now: returns ms since 1970 UTC.
            open_file: opens a file, told of progress; None = ``bitseg.open``.
            memory: what writes and questions may take; None = what they like.
        """
        self._directory = directory
        self._budget = budget_bytes
        self._idle = idle_ms
        self._now = now
        self._open_file = open_file or (lambda path, told: bitseg.open(path, progress=told))
        self._memory = memory
        self._residents: dict[str, Resident] = {}
        self._changed = Condition()
        self._openers = ThreadPoolExecutor(OPENERS, "bitseg-tenant")
        self._state: State | None = "warming"

    def ready(self) -> None:
        """Hear that answers are quick."""
        with self._changed:
            if self._state == "warming":
                self._state = None

    def hold(self, tenant_id: str, *, used: bool = True) -> Lease:
        """Return a lease of a tenant's engine, at once; for a thread that works beside requests.

        Args:
            tenant_id: whose.
            used: whether that counts as use; an engine that only jobs had is closed soon after.

        Raises:
            NotReadyError: it is not open yet; it is being opened from now on.
        """
        with self._changed:
            if self._state == "stopping":
                raise _not_ready(self._state)
            resident = self._resident(tenant_id)
            resident.is_asked_for |= used
            engine = resident.lent()
            if used:
                resident.used_at = self._now()
        return Lease(engine, partial(self._release, resident, used=used))

    async def lease(self, tenant_id: str) -> Lease:
        """Return the same, for a request: what is opened in a moment is waited for."""
        loop = asyncio.get_running_loop()
        until = loop.time() + GRACE_S
        while True:
            try:
                return self.hold(tenant_id)
            except NotReadyError as error:
                left = until - loop.time()
                if left <= 0 or self._state == "stopping" or error.retry_after is None:
                    raise
                moving = self._moving(tenant_id)
            if moving is not None:
                await asyncio.wait({asyncio.wrap_future(moving)}, timeout=left)

    def check(self) -> dict[str, Lease]:
        """Return leases of all engines that are open, by tenant; they do not count as use.

        Raises:
            NotReadyError: the server starts or stops.
        """
        with self._changed:
            if self._state is not None:
                raise _not_ready(self._state)
            there = [one for one in self._residents.values() if one.engine is not None]
            return {
                one.tenant_id: Lease(one.lent(), partial(self._release, one, used=False))
                for one in there
            }

    def sweep(self) -> None:
        """Close the engines that nobody uses: the idle, and the oldest beyond the budget."""
        held = {one: sum(engine.memory().values()) for one, engine in self._open_ones()}
        with self._changed:
            chosen = self._chosen(held)
            for resident in chosen:
                resident.closed = Future()
        for resident in chosen:
            self._put_away(resident)

    def stop(self) -> None:
        """Open and lend nothing more."""
        with self._changed:
            self._state = "stopping"
            for resident in self._residents.values():
                resident.starting.stop()

    def close(self) -> None:
        """Close all; who still uses one has some seconds to end."""
        self.stop()
        residents = list(self._residents.values())
        self._openers.shutdown(wait=False, cancel_futures=True)
        wait([resident.job for resident in residents if resident.job is not None], LAST_S)
        with self._changed:
            self._changed.wait_for(lambda: not any(one.leases for one in residents), LAST_S)
            last = [resident for resident, _ in self._open_ones()]
            for resident in last:
                resident.closed = Future()
        for resident in last:
            self._put_away(resident)

    def _open_ones(self) -> list[tuple[Resident, Engine]]:
        """Return what is open, the least recently used first."""
        with self._changed:
            found = [(one, one.engine) for one in self._residents.values() if one.engine]
        return sorted(found, key=lambda pair: pair[0].used_at)

    def _moving(self, tenant_id: str) -> Future[None] | None:
        with self._changed:
            resident = self._residents.get(tenant_id)
            return None if resident is None else resident.moving

    def _resident(self, tenant_id: str) -> Resident:
        """Return a tenant's; where it is out, or failed a while ago, open it."""
        now = self._now()
        resident = self._residents.get(tenant_id)
        if resident is not None and resident.failed_at is not None:
            resident = resident if now - resident.failed_at < AGAIN_MS else None
        if resident is None:
            resident = Resident(tenant_id, now)
            self._residents[tenant_id] = resident
            resident.job = self._openers.submit(self._open, resident)
        return resident

    def _open(self, resident: Resident) -> None:
        """Open a tenant's file, and then see what is to be closed for it; a worker's work."""
        try:
            engine = self._opened(resident)
            with self._changed:
                wanted = self._state != "stopping"
                if engine is not None and wanted:
                    resident.take(engine, self._now())
        finally:
            resident.opened.set_result(None)
        if wanted:
            self.sweep()
        elif engine is not None:
            engine.close()

    def _opened(self, resident: Resident) -> Engine | None:
        """Return the engine of a tenant's file; None where there is to be none, or can be none."""
        try:
            path = _there(path_of(self._directory, resident.tenant_id))
            engine = self._open_file(path, resident.starting.tell)
        except StoppedError:
            return None
        except Exception as error:  # noqa: BLE001 - it is told to whoever asks for the engine
            _log.error(
                "a tenant could not be opened",
                exc_info=error,
                extra=about(tenant=resident.tenant_id),
            )
            resident.failed_at = self._now()
            resident.starting.fail(error)
            return None
        if self._memory is not None:
            engine.memory_budget = partial(self._room, self._memory, resident)
        _log.info("a tenant was opened", extra=about(tenant=resident.tenant_id))
        return engine

    def _room(self, memory: MemoryLimits, resident: Resident) -> int:
        """Return how many bytes a tenant may hold beside the others."""
        others = [one.engine for one in list(self._residents.values()) if one is not resident]
        return memory.room(sum(engine.held for engine in others if engine is not None))

    def _chosen(self, held: dict[Resident, int]) -> list[Resident]:
        now, over = self._now(), sum(held.values()) - self._budget
        newest = max((one.used_at for one in held), default=0)
        chosen = []
        for resident in sorted(held, key=lambda one: one.used_at):
            rest = self._idle if resident.is_asked_for else min(UNASKED_MS, self._idle)
            idle = now - resident.used_at >= rest
            if resident.is_idle and (idle or (over > 0 and resident.used_at < newest)):
                chosen.append(resident)
                over -= held[resident]
        return chosen

    def _put_away(self, resident: Resident) -> None:
        """Close an engine that was chosen, and let it be opened again."""
        try:
            resident.close()
        except Exception:  # noqa: BLE001 - the others are to be closed all the same
            _log.exception(
                "a tenant could not be closed in order", extra=about(tenant=resident.tenant_id)
            )
        finally:
            with self._changed:
                del self._residents[resident.tenant_id]
            if resident.closed is not None:
                resident.closed.set_result(None)

    def _release(self, resident: Resident, *, used: bool = True) -> None:
        with self._changed:
            resident.leases -= 1
            if used:
                resident.used_at = self._now()
            self._changed.notify_all()


def _there(path: Path) -> Path:
    """Refuse a file that is not there: opening would make it, and seem to have lost everything."""
    if not path.exists():
        raise StoreError(f"The tenant's file is not there: {path}")
    return path


def _not_ready(state: State) -> NotReadyError:
    return not_ready(state, _SAID[state])


_SAID: Final = {"warming": "Answers are being made quick.", "stopping": "The server stops."}
