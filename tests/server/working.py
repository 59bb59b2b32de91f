"""Jobs driven by hand: a clock that a test moves, and engines that are there or not as it says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path

from bitseg import Engine
from server.control import Control, JobRecord
from server.errors import NotReadyError
from server.jobs import JOBS, Job, Jobs, Waking
from server.leases import Engines, Lease
from server.starting import NotReady
from tests.server.control import NOW, Clock, with_tenants

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


class ByHand(Waking):
    """Calls nothing by itself.

    Attributes:
        due: when what is called, by key.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.due: dict[str, tuple[int, Callable[[], None]]] = {}
        self.look: Callable[[], None] = lambda: None
        self.stopped = False

    def start(self, look: Callable[[], None], every_s: float) -> None:
        assert every_s > 0
        self.look = look

    def wake(self, key: str, in_ms: int, call: Callable[[], None]) -> None:
        self.due[key] = (self._clock.at + max(in_ms, 0), call)

    def forget(self, key: str) -> None:
        self.due.pop(key, None)

    def stop(self) -> None:
        self.stopped = True
        self.due.clear()

    def until(self, at: int) -> None:
        """Let the time pass up to an instant, and call whatever comes due on the way, in order."""
        while waiting := [(when, key) for key, (when, _) in self.due.items() if when <= at]:
            when, key = min(waiting)
            self._clock.at = max(self._clock.at, when)
            _, call = self.due.pop(key)
            call()
        self._clock.at = at


class Some(Engines):
    """Engines in memory.

    Attributes:
        there: by tenant.
        refusals: by tenant, what is raised before its engine is lent.
        lent: how many leases are out.
        asked: (tenant, whether that counts as use) of every lease that was asked for.
    """

    def __init__(self, **there: Engine) -> None:
        self.there = there
        self.refusals: dict[str, deque[NotReadyError]] = {}
        self.lent = 0
        self.asked: list[tuple[str, bool]] = []

    def hold(self, tenant_id: str, *, used: bool = True) -> Lease:
        self.asked.append((tenant_id, used))
        if self.refusals.get(tenant_id):
            raise self.refusals[tenant_id].popleft()
        self.lent += 1
        return Lease(self.there[tenant_id], self._release)

    async def lease(self, tenant_id: str) -> Lease:
        return self.hold(tenant_id)

    def check(self) -> dict[str, Lease]:
        self.lent += len(self.there)
        return {name: Lease(engine, self._release) for name, engine in self.there.items()}

    def sweep(self) -> None:
        pass

    def _release(self) -> None:
        self.lent -= 1


def not_ready(detail: str, retry_after: int | None) -> NotReadyError:
    """Return why there is no engine."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return NotReadyError(NotReady(status.phrase, status, detail), retry_after)


class Work:
    """A control store in a file, engines, and jobs that are driven by hand.

    Attributes:
        ran: (tenant's timezone, instant) of every run of ``noting``.
    """

    def __init__(self, directory: Path, **zones: str) -> None:
        self.path = directory / "control.db"
        self.clock = Clock()
        self.engines = Some(**{name: Engine(zone) for name, zone in zones.items()})
        self.control = with_tenants(Control(self.path, self.clock), *zones)
        for name, zone in zones.items():
            self.control.note_timezone(name, zone)
        self.ran: list[tuple[str, int]] = []
        self.begin()

    def begin(self, *jobs: Job) -> None:
        """Make the jobs anew, as a process that starts does."""
        self.waking = ByHand(self.clock)
        kinds: Iterable[Job] = jobs or JOBS
        self.jobs = Jobs(self.control, self.engines, self.clock, self.waking, kinds)

    def noting(self, name: str = "noting", cron: str = "*/30 * * * *") -> Job:
        """Return a job that notes when it ran."""

        def note(engine: Engine) -> int:
            self.ran.append((engine.timezone, self.clock.at))
            return 0

        return Job(name, cron, note)

    def reopen(self) -> None:
        """Close the store and open it again."""
        self.control.close()
        self.control = Control(self.path, self.clock)

    def found(self, tenant: str = "acme", name: str | None = None) -> JobRecord:
        """Return what is known of a tenant's job, of its one job if none is named."""
        records = self.control.timetable.of(tenant)
        (record,) = [one for one in records if name in {None, one.name}]
        return record

    def runs_at(self) -> list[int]:
        """Return the minutes after the beginning at which ``noting`` ran."""
        return [(at - NOW) // MINUTE for _, at in self.ran]


def open_in(engines: Engines) -> list[str]:
    """Return whose engines are open."""
    leases = engines.check()
    for lease in leases.values():
        with lease:
            pass
    return list(leases)
