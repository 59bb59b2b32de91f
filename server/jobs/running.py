"""Running is doing every tenant's jobs when they are due, each apart from all others.

What is known of a job is in the timetable before and after each run, so that whoever comes next, a
person or a process, sees how it stands: a run that was missed, or cut short, is past due, and
happens once.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING, Final

import msgspec

from bitseg import BitsegError, StoreError
from server.control import JobRecord, Tenant, job_id
from server.errors import NotReadyError
from server.jobs.counts import Count
from server.jobs.cron import next_after
from server.jobs.kinds import JOBS
from server.logs import about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bitseg import Engine, Once
    from server.control import Control
    from server.jobs.kinds import Job
    from server.jobs.waking import Waking
    from server.leases import Engines

LOOK_S: Final = 60
"""How often tenants are looked for that came or went."""

RETRY_MS: Final = 60_000
"""After how long a run that failed is tried again; twice that after the next, and so on."""

RETRY_MOST_MS: Final = 3_600_000

LAST_S: Final = 2.0
"""How long stopping waits for runs to end, before it hands them back."""

UNKNOWN_ZONE: Final = "UTC"
"""The timezone of a tenant whose file was not looked at yet."""

_CUT_SHORT: Final = "The server ended before the run did."
_NO_FILE: Final = "A file cannot be used now; the log says why."
_SOMETHING: Final = "Something went wrong; it was logged."

_log = logging.getLogger("bitseg.server")


class Jobs:
    """The jobs of all tenants; from any thread.

    Attributes:
        counts: what came of the runs in this process, by job.
    """

    def __init__(
        self,
        control: Control,
        engines: Engines,
        now: Callable[[], int],
        waking: Waking,
        jobs: Iterable[Job] = JOBS,
    ) -> None:
        """Take what is worked on, and who calls when a job is due.

        Args:
            control: holds the timetable.
            engines: those of the tenants.
            now: returns ms since 1970 UTC.
            waking: calls.
            jobs: what there is to do.
        """
        self._control = control
        self._timetable = control.timetable
        self._engines = engines
        self._now = now
        self._waking = waking
        self._jobs = {job.name: job for job in jobs}
        self.counts = {name: Count() for name in self._jobs}
        self._changed = Condition()
        self._running: set[str] = set()
        self._awaited: dict[str, int] = {}
        self._stopping = False

    # As long as the server runs

    def start(self) -> None:
        """Take up what was cut short or missed, and wait for the rest."""
        for record in self._timetable.all():
            if record.state == "running":
                self._hand_back(record)
        self.look()
        self._waking.start(self.look, LOOK_S)

    def look(self) -> None:
        """See which tenants there are, and wait for their jobs."""
        try:
            self._note_timezones()
            tenants = self._control.tenants()
        except StoreError:
            _log.exception("the tenants could not be looked at; it is tried again")
            return
        for tenant in tenants:
            try:
                for record in self._known(tenant):
                    self._await(record)
            except Exception:  # noqa: BLE001 - the others' jobs are to go on
                _log.exception("jobs could not be planned", extra=about(tenant=tenant.id))
        there = {job_id(tenant.id, name) for tenant in tenants for name in self._jobs}
        for key in self._awaited.keys() - there:
            self._forget(key)

    def stop(self, last_s: float = LAST_S) -> None:
        """Begin nothing more; what does not end in some seconds is handed back."""
        with self._changed:
            self._stopping = True
        self._waking.stop()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, last_s)
            left = sorted(self._running)
        for key in left:
            tenant_id, _, name = key.rpartition("/")
            try:
                record = self._timetable.find(tenant_id, name)
                if record is not None:
                    self._hand_back(record)
            except StoreError:  # it is found running at the next start, which is the same
                _log.exception(
                    "that a job was cut short could not be noted",
                    extra=about(tenant=tenant_id, job=name),
                )

    # Of one tenant

    def of(self, tenant_id: str) -> list[tuple[JobRecord, str]]:
        """Return what is known of a tenant's jobs, each with its cron text.

        Raises:
            StoreError: the timetable cannot be read.
        """
        records = self._known(self._control.there(tenant_id))
        return [(record, self._cron(record)) for record in records]

    def names(self) -> tuple[str, ...]:
        """Return what jobs there are."""
        return tuple(self._jobs)

    def ask(
        self, tenant_id: str, name: str, once: Once | None = None
    ) -> tuple[JobRecord, str] | None:
        """Let a job run now; return what is known of it, or None where there is no such job.

        One that runs already goes on, and does not run again.

        Args:
            tenant_id: whose job it is.
            name: the job's.
            once: asked again with the same, it does not run again; None = it does.

        Raises:
            RepeatError: the key stands for another request, or that still runs.
            StoreError: that could not be noted.
        """
        if name not in self._jobs:
            return None
        self._known(self._control.there(tenant_id))
        noted = partial(self._note_asked, tenant_id, name)
        record = self._control.repeats.once(tenant_id, once, JobRecord, noted)
        if record is None:
            return None
        self._await(self._timetable.find(tenant_id, name) or record)
        return record, self._cron(record)

    def _note_asked(self, tenant_id: str, name: str) -> JobRecord | None:
        """Note that a job is due now, unless it runs; return what is known of it."""
        with self._changed:
            running = job_id(tenant_id, name) in self._running
        if running:
            return self._timetable.find(tenant_id, name)
        now = self._now()
        return self._timetable.change(
            tenant_id, name, lambda one: msgspec.structs.replace(one, due_at=now)
        )

    def planned(
        self, tenant_id: str, crons: Mapping[str, str | None], timezone: str
    ) -> list[JobRecord]:
        """Return what a tenant's jobs are to be by other cron texts; None = as jobs of the name do.

        They hold from when the control store has them and ``expect`` is told.
        """
        found = []
        for record, _ in self.of(tenant_id):
            if record.name in crons:
                wanted = msgspec.structs.replace(record, cron=crons[record.name])
                found.append(self._planned(wanted, timezone))
        return found

    def expect(self, tenant_id: str, timezone: str) -> None:
        """Hear what a tenant's timezone is, and that its jobs may have been planned anew.

        Raises:
            StoreError: that could not be noted.
        """
        tenant = self._control.there(tenant_id)
        if tenant.timezone != timezone:
            self._control.note_timezone(tenant_id, timezone)
            for record in self._timetable.of(tenant_id):
                if record.name in self._jobs and record.due_at > self._now():
                    self._timetable.change(
                        tenant_id, record.name, partial(self._planned, timezone=timezone)
                    )
        for record in self._known(self._control.there(tenant_id)):
            self._await(record)

    # One run

    def run(self, tenant_id: str, name: str) -> None:
        """Run a job if it is due; what goes wrong is noted, and stops nothing else."""
        key = job_id(tenant_id, name)
        with self._changed:
            if self._stopping or key in self._running:
                return
            self._running.add(key)
        again: int | None = RETRY_MS
        try:
            again = self._run(tenant_id, self._jobs[name])
        except Exception:  # noqa: BLE001 - other jobs are to go on
            _log.exception(
                "how a job went could not be noted; it is tried again",
                extra=about(tenant=tenant_id, job=name),
            )
        finally:
            with self._changed:
                self._running.discard(key)
                self._changed.notify_all()
        if again is None:
            self._forget(key)
        else:
            self._wake(tenant_id, name, again)

    def _run(self, tenant_id: str, job: Job) -> int | None:
        """Run a job if it is due; return in how many ms to look again, None = never."""
        record = self._timetable.find(tenant_id, job.name)
        if record is None:
            return None
        early = record.due_at - self._now()
        if early > 0:
            return early
        error: str | None = None
        try:
            with self._engines.hold(tenant_id, used=False) as engine:
                if not self._begin(tenant_id, job):
                    return None
                self.expect(tenant_id, engine.timezone)
                error = self._do(tenant_id, job, engine)
        except NotReadyError as not_ready:
            if not_ready.retry_after is not None:
                return not_ready.retry_after * 1_000
            if not self._begin(tenant_id, job):
                return None
            error = not_ready.problem.detail
        return self._end(tenant_id, job, error)

    def _begin(self, tenant_id: str, job: Job) -> bool:
        """Note that a run begins; return whether the tenant is there."""
        now = self._now()
        self.counts[job.name].runs += 1
        return None is not self._timetable.change(
            tenant_id,
            job.name,
            lambda one: msgspec.structs.replace(
                one, state="running", last_run=now, attempts=one.attempts + 1
            ),
        )

    def _do(self, tenant_id: str, job: Job, engine: Engine) -> str | None:
        """Do a job; return what went wrong, None = nothing."""
        try:
            self.counts[job.name].corrections += job.run(engine)
        except Exception as error:  # noqa: BLE001 - it is shown, and other jobs are to go on
            _log.exception("a job failed", extra=about(tenant=tenant_id, job=job.name))
            return _told(error)
        return None

    def _end(self, tenant_id: str, job: Job, error: str | None) -> int | None:
        """Note how a run ended; return in how many ms the next one is due, None = never."""
        now, zone = self._now(), self._timezone(tenant_id)
        _log.info(
            "a job ended", extra=about(tenant=tenant_id, job=job.name, failed=error is not None)
        )
        count = self.counts[job.name]
        if error is None:
            count.last_success_at = now
        else:
            count.failures += 1

        def ended(one: JobRecord) -> JobRecord | None:
            if one.state != "running":
                return None  # it was handed back meanwhile
            planned = self._planned(one, zone)
            if error is None:
                return msgspec.structs.replace(
                    planned, state="ok", last_success=now, attempts=0, error=None
                )
            retry = now + min(RETRY_MS * 2 ** min(one.attempts - 1, 10), RETRY_MOST_MS)
            return msgspec.structs.replace(
                planned, state="failed", error=error, due_at=min(retry, planned.due_at)
            )

        record = self._timetable.change(tenant_id, job.name, ended)
        return None if record is None else record.due_at - now

    # What is known

    def _known(self, tenant: Tenant) -> list[JobRecord]:
        """Return a tenant's jobs, in their order; those that are new are noted."""
        found = {record.name: record for record in self._timetable.of(tenant.id)}
        for name in self._jobs.keys() - found.keys():
            now = self._now()
            new = JobRecord(job_id(tenant.id, name), tenant.id, name, now, now)
            found[name] = self._planned(new, tenant.timezone or UNKNOWN_ZONE)
            self._timetable.add(found[name])
        return [found[name] for name in self._jobs]

    def _planned(self, record: JobRecord, timezone: str) -> JobRecord:
        """Return a job as it is to be when its next run is planned now."""
        due_at = next_after(self._cron(record), timezone, self._now())
        return msgspec.structs.replace(record, due_at=due_at)

    def _cron(self, record: JobRecord) -> str:
        return record.cron or self._jobs[record.name].cron

    def _timezone(self, tenant_id: str) -> str:
        tenant = self._control.tenant(tenant_id)
        return UNKNOWN_ZONE if tenant is None or tenant.timezone is None else tenant.timezone

    def _note_timezones(self) -> None:
        """Note the timezones of the tenants whose engines are open."""
        with ExitStack() as held:
            try:
                leases = self._engines.check()
            except NotReadyError:
                return
            zones = {one: held.enter_context(lease).timezone for one, lease in leases.items()}
        for tenant_id, timezone in zones.items():
            if self._control.tenant(tenant_id) is not None:
                self.expect(tenant_id, timezone)

    def _hand_back(self, record: JobRecord) -> None:
        """Note that a run was cut short, and that it is due again."""
        now = self._now()

        def interrupted(one: JobRecord) -> JobRecord | None:
            if one.state != "running":
                return None
            return msgspec.structs.replace(one, state="interrupted", error=_CUT_SHORT, due_at=now)

        self._timetable.change(record.tenant_id, record.name, interrupted)

    # Waiting

    def _await(self, record: JobRecord) -> None:
        """Wait for a job's next run, unless that is waited for already."""
        with self._changed:
            if self._awaited.get(record.id) == record.due_at:
                return
            self._awaited[record.id] = record.due_at
        self._wake(record.tenant_id, record.name, record.due_at - self._now())

    def _wake(self, tenant_id: str, name: str, in_ms: int) -> None:
        if self._stopping:
            return
        call = partial(self.run, tenant_id, name)
        self._waking.wake(job_id(tenant_id, name), in_ms, call)

    def _forget(self, key: str) -> None:
        with self._changed:
            self._awaited.pop(key, None)
        self._waking.forget(key)


def _told(error: Exception) -> str:
    """Return what a tenant is told of an error; the words of a store name files."""
    if isinstance(error, StoreError):
        return _NO_FILE
    return str(error) if isinstance(error, BitsegError) else _SOMETHING
