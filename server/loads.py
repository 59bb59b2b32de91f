"""A load takes a file in that was sent: some run beside requests, and the others wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, RLock
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar.exceptions import TooManyRequestsException

from bitseg import BudgetError, Engine, LoadReport, NoRoomError, RepeatError, Source, StoreError
from server.control import DAY_MS, Import
from server.errors import NotReadyError, problem_of
from server.logs import about
from server.spool import REJECTS_MOST, Spool

if TYPE_CHECKING:
    from litestar import Litestar

    from server.control import Control
    from server.leases import Engines, Lease

RUNNING_MOST: Final = 2
"""So many run at once, and of each tenant one."""

UNFINISHED_MOST: Final = 10
"""So many imports of a tenant may be under way: sent, waiting, and running."""

KEPT_MS: Final = 7 * DAY_MS
"""What became of an import, and the rows that it rejected, are kept this long."""

STOP_S: Final = 5.0
"""So long a stopping server waits for loads to come to the end of a batch."""

ENDS: Final = ("done", "failed", "cancelled", "interrupted")
"""How an import ends."""

_AGAIN_S: Final = 0.2
_AFTER_S: Final = 10

_log = logging.getLogger("bitseg.server")


class _EndedError(Exception):
    """A load ends before its file does, because somebody said so."""


class Load:
    """An import that waits or runs.

    Attributes:
        record: what is known of it.
        path: where the file is.
        source: the file, open.
        cancelled: whether it is to end.
        progress: how much of all reading is done, and how much there is; (0, None) = none yet.
    """

    def __init__(self, record: Import, path: Path, source: Source) -> None:
        """Take what it is of."""
        self.record = record
        self.path = path
        self.source = source
        self.cancelled = False
        self.progress: tuple[int, int | None] = (0, None)


class Loads:
    """The imports of this process; from any thread. As a lifespan it runs for as long as the app.

    Whatever a record says is in the tenant's file first. So a record may be behind by a batch where
    the process was killed, and is never ahead.

    Attributes:
        ended: how many ended in this process, by how.
        stopping: set when no load begins any more, and those that run end.
        now: returns ms since 1970 UTC.
    """

    def __init__(
        self, control: Control, engines: Engines, spool: Spool, now: Callable[[], int]
    ) -> None:
        """Take where records are, where tenants are, where files are, and the clock (ms)."""
        self.ended = dict.fromkeys(ENDS, 0)
        self._control = control
        self._engines = engines
        self._spool = spool
        self.now = now
        self._lock = RLock()
        self.stopping = Event()
        self._sending: dict[str, int] = {}
        self._keys: set[tuple[str, str]] = set()
        self._unnoted: dict[str, Load] = {}
        self._waiting: list[Load] = []
        self._running: list[Load] = []
        self._pool = ThreadPoolExecutor(RUNNING_MOST, "bitseg-import")

    @asynccontextmanager
    async def __call__(self, _app: Litestar) -> AsyncIterator[None]:
        """Run beside the block; behind it, end all loads at the end of a batch."""
        await asyncio.to_thread(self._begin)
        try:
            yield
        finally:
            self.stopping.set()
            with self._lock:
                waiting = list(self._waiting)
                self._waiting.clear()
            for load in waiting:
                self._finish(load, "interrupted")
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(self._pool.shutdown), STOP_S)
            self._spool.close()

    def _begin(self) -> None:
        self._spool.open()
        try:
            self._control.imports.interrupt(self.now())
            self.sweep()
        except StoreError:
            _log.exception("what became of earlier imports could not be noted")

    def under_way(self) -> dict[str, int]:
        """Return how many wait, and how many run."""
        return {"waiting": len(self._waiting), "running": len(self._running)}

    def sweep(self) -> None:
        """Forget what ended long ago.

        Raises:
            StoreError: it could not be forgotten.
        """
        for one in self._control.imports.forget(self.now() - KEPT_MS):
            self._spool.rejects(one.tenant_id, one.id).unlink(missing_ok=True)

    @contextmanager
    def place(self, tenant_id: str, key: str | None) -> Iterator[None]:
        """Have room for one more import of a tenant while it is sent, under a key or none.

        Raises:
            TooManyRequestsException: so many are under way that there is none.
            RepeatError: another is being sent under the key.
        """
        marks = set() if key is None else {(tenant_id, key)}
        with self._lock:
            busy = sum(one.record.tenant_id == tenant_id for one in self._all())
            sending = self._sending.get(tenant_id, 0)
            if busy + sending >= UNFINISHED_MOST:
                message = (
                    f"{UNFINISHED_MOST} imports are under way; send more when some have ended."
                )
                raise TooManyRequestsException(message, headers={"Retry-After": str(_AFTER_S)})
            if marks & self._keys:
                raise RepeatError(f"The import with the key {key!r} is being sent", running=True)
            self._sending[tenant_id] = sending + 1
            self._keys |= marks
        try:
            yield
        finally:
            with self._lock:
                self._keys -= marks
                self._sending[tenant_id] -= 1
                if not self._sending[tenant_id]:
                    del self._sending[tenant_id]

    def sent_before(self, tenant_id: str, key: str) -> Import | None:
        """Return the import that was sent with a key within 24 hours, or None."""
        return self._control.imports.once(tenant_id, key, self.now() - DAY_MS)

    def add(self, record: Import, path: Path, source: Source) -> Load:
        """Take an import in; it runs when its turn comes.

        Args:
            record: what it is, ``queued``.
            path: where the file is; deleted in the end.
            source: the file, open; closed in the end.

        Raises:
            StoreError: it could not be noted, and is not taken in.
        """
        self._control.imports.add(record)
        load = Load(record, path, source)
        with self._lock:
            if not self.stopping.is_set():
                self._waiting.append(load)
                self._start()
                return load
        self._finish(load, "interrupted")
        return load

    def find(self, tenant_id: str, import_id: str) -> Load | Import | None:
        """Return an import of a tenant's, as a load where it waits or runs; None: there is none."""
        load = self._here().get(import_id)
        if load is not None and load.record.tenant_id == tenant_id:
            return load
        return self._control.imports.find(tenant_id, import_id)

    def of(self, tenant_id: str, offset: int, limit: int) -> tuple[list[Load | Import], int]:
        """Return some of a tenant's imports, the newest first, and how many there are."""
        found, total = self._control.imports.of(tenant_id, offset, limit)
        loads = self._here()
        return [loads.get(one.id, one) for one in found], total

    def cancel(self, load: Load) -> None:
        """Let a load end: at once where it waits, otherwise at the end of its batch."""
        with self._lock:
            load.cancelled = True
            waits = load in self._waiting
            if waits:
                self._waiting.remove(load)
        if waits:
            self._finish(load, "cancelled")

    def rejects(self, record: Import) -> Path:
        """Return where the rows lie that an import rejected; there is no file where none were."""
        return self._spool.rejects(record.tenant_id, record.id)

    def _here(self) -> dict[str, Load]:
        """Return what is known here that records may not say yet, by id."""
        with self._lock:
            for import_id, load in list(self._unnoted.items()):
                if self._note(load):
                    del self._unnoted[import_id]
            return self._unnoted | {load.record.id: load for load in self._all()}

    def _all(self) -> list[Load]:
        return [*self._waiting, *self._running]

    def _start(self) -> None:
        """Start what can be started; under the lock."""
        for load in list(self._waiting):
            busy = {one.record.tenant_id for one in self._running}
            if len(self._running) >= RUNNING_MOST or self.stopping.is_set():
                return
            if load.record.tenant_id not in busy:
                self._waiting.remove(load)
                self._running.append(load)
                self._pool.submit(self._run, load)

    def _run(self, load: Load) -> None:
        """Take a file in; a worker's work."""
        self._note(load, state="running", started_at=self.now())
        with suppress(StoreError):  # it is tried again with the next
            self.sweep()
        try:
            with self._lease(load) as engine:
                report = _loader(engine, load.record)(
                    load.source,
                    strict=bool(load.record.strict),
                    rejects=self.rejects(load.record),
                    rejects_most=REJECTS_MOST,
                    progress=partial(self._told, load),
                    committed=partial(self._committed, load),
                )
            self._finish(load, "done", **_counts(report))
        except _EndedError:
            self._finish(load, "cancelled" if load.cancelled else "interrupted")
        except Exception as error:  # noqa: BLE001 - it is told to whoever asks for the import
            self._finish(load, "failed", error=_said(error, load))

    def _lease(self, load: Load) -> Lease:
        """Return the engine of a load's tenant; wait where it is out."""
        while True:
            try:
                return self._engines.hold(load.record.tenant_id)
            except NotReadyError as error:
                self._check(load)
                if error.retry_after is None:
                    raise
                self.stopping.wait(_AGAIN_S)

    def _told(self, load: Load, done: int, total: int | None) -> None:
        load.progress = (done, total)
        self._check(load)

    def _committed(self, load: Load, report: LoadReport, rows: int) -> None:
        self._note(load, rows=rows, **_counts(report))

    def _check(self, load: Load) -> None:
        if load.cancelled or self.stopping.is_set():
            raise _EndedError

    def _note(self, load: Load, **news: Any) -> bool:
        """Write down what is new; where that fails, it is known here and no more than logged."""
        load.record = msgspec.structs.replace(load.record, **news)
        try:
            self._control.imports.change(load.record)
        except StoreError:
            _log.exception("what became of an import could not be noted", extra=_about(load))
            return False
        return True

    def _finish(self, load: Load, state: str, **news: Any) -> None:
        """Note the end of a load, however it came, and start what waits for it."""
        with closing(load.source):
            load.path.unlink(missing_ok=True)
        _log.info("an import ended", extra=_about(load, state=state))
        noted = self._note(load, state=state, finished_at=self.now(), **news)
        with self._lock:
            self.ended[state] += 1
            if not noted:
                self._unnoted[load.record.id] = load
            if load in self._running:
                self._running.remove(load)
            self._start()


def _loader(engine: Engine, record: Import) -> Callable[..., LoadReport]:
    if record.kind == "contacts":
        return engine.load_contacts
    return partial(engine.load_events, create_contacts=bool(record.create_contacts))


def _counts(report: LoadReport) -> dict[str, Any]:
    return {
        "created": report.created,
        "updated": report.updated,
        "accepted": report.accepted,
        "duplicate": report.duplicate,
        "rejected": report.rejected_count,
        "types": msgspec.json.encode(report.fields).decode(),
    }


def _about(load: Load, **more: str) -> dict[str, Any]:
    record = load.record
    return about(tenant=record.tenant_id, import_id=record.id, kind=record.kind, **more)


def _said(error: Exception, load: Load) -> str:
    """Return what is wrong, as JSON: the problem that a call would be answered with."""
    if isinstance(error, NotReadyError):
        problem = error.problem
    else:
        problem = problem_of(error, f"import {load.record.id}")
    if isinstance(error, NoRoomError):  # what was changed before is said beside it
        problem = msgspec.structs.replace(problem, detail="There is no room on the disk.")
    if isinstance(error, BudgetError):
        problem = msgspec.structs.replace(problem, detail="There is no room in memory.")
    return without_path(msgspec.json.encode(problem).decode(), load.path)


def without_path(text: str, path: Path) -> str:
    """Return a text that speaks of the file, and not of where it lies here."""
    return text.replace(str(path), "the file")
