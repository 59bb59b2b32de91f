"""What tenants, jobs, imports and streams are at is looked at when metrics are read, not before."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bitseg import StoreError
from server.errors import NotReadyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from bitseg import Engine, Figures
    from server.jobs import Jobs
    from server.leases import Engines
    from server.loads import Loads
    from server.streams import Streams
    from server.webhooks import Deliveries

WAIT_S: Final = 0.5
"""So long all tenants together are waited for whose data others hold."""

_log = logging.getLogger("bitseg.server")


class Inside(Collector):
    """Looks at what there is; from any thread."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that is looked at
        self,
        engines: Engines,
        jobs: Jobs,
        loads: Loads,
        streams: Streams,
        deliveries: Deliveries,
        now: Callable[[], int],
    ) -> None:
        """Take what is looked at, and the clock (ms since 1970 UTC)."""
        self._engines = engines
        self._jobs = jobs
        self._loads = loads
        self._streams = streams
        self._deliveries = deliveries
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield all of it."""
        yield from self._of_tenants()
        yield from self._of_jobs()
        imports = GaugeMetricFamily(
            "bitseg_imports", "Imports that are under way.", labels=("state",)
        )
        _fill(imports, self._loads.under_way())
        ended = CounterMetricFamily(
            "bitseg_imports_ended", "Imports that ended.", labels=("state",)
        )
        _fill(ended, self._loads.ended)
        yield from (imports, ended)
        yield GaugeMetricFamily(
            "bitseg_streams", "Streams of changes that are open.", value=self._streams.open
        )
        yield CounterMetricFamily(
            "bitseg_stream_changes", "Changes that streams told.", value=self._streams.sent
        )
        yield from self._of_webhooks()

    def _of_tenants(self) -> Iterator[Metric]:
        families = {name: _family(name, text) for name, text in TENANT.items()}
        memory = GaugeMetricFamily(
            "bitseg_memory_bytes", "Bytes held, by what for.", labels=("tenant", "part")
        )
        until = monotonic() + WAIT_S
        with ExitStack() as held:
            try:
                leases = self._engines.check()
            except NotReadyError:
                leases = {}
            asked = {tenant: held.enter_context(lease) for tenant, lease in leases.items()}
            for tenant, engine in asked.items():
                figures = engine.figures(until - monotonic())
                families["bitseg_tenant_busy"].add_metric((tenant,), figures is None)
                if figures is None:
                    continue
                for name, number in self._numbers(engine, figures).items():
                    families[name].add_metric((tenant,), number)
                for part, size in figures.memory.items():
                    memory.add_metric((tenant, part), size)
        yield GaugeMetricFamily("bitseg_tenants_open", "Tenants in memory.", value=len(asked))
        yield from families.values()
        yield memory

    def _numbers(self, engine: Engine, figures: Figures) -> dict[str, float]:
        """Return what is told of a tenant, by name; without what there is not."""
        now = self._now()
        numbers: dict[str, float] = {
            "bitseg_contacts": figures.contacts,
            "bitseg_events": figures.events,
            "bitseg_segments": figures.segments,
            "bitseg_leaves_kept": figures.kept,
            "bitseg_corrections": figures.corrections,
            "bitseg_storage_failing": engine.failure is not None,
        }
        if figures.journal is not None:
            numbers["bitseg_journal_changes"] = figures.journal.changes
            numbers["bitseg_journal_bytes"] = figures.journal.nbytes
            if figures.journal.snapshot_at is not None:
                age = now - figures.journal.snapshot_at
                numbers["bitseg_snapshot_age_seconds"] = max(age, 0) / 1_000
        try:
            backup_at = engine.backup_at
        except StoreError:
            _log.exception("when a file was last backed up cannot be read")
        else:
            if backup_at is not None:
                age = now - round(backup_at.timestamp() * 1_000)
                numbers["bitseg_backup_age_seconds"] = max(age, 0) / 1_000
        return numbers

    def _of_jobs(self) -> Iterator[Metric]:
        counts = self._jobs.counts
        for name, text in (
            ("runs", "Runs of jobs that began."),
            ("failures", "Runs of jobs that failed."),
            ("corrections", "Memberships that jobs found not to be as recorded, and corrected."),
        ):
            family = CounterMetricFamily(f"bitseg_job_{name}", text, labels=("job",))
            _fill(family, {job: getattr(count, name) for job, count in counts.items()})
            yield family
        success = GaugeMetricFamily(
            "bitseg_job_last_success_timestamp_seconds",
            "When a run of the job last went well, since 1970.",
            labels=("job",),
        )
        ended = {job: count.last_success_at for job, count in counts.items()}
        _fill(success, {job: at / 1_000 for job, at in ended.items() if at is not None})
        yield success

    def _of_webhooks(self) -> Iterator[Metric]:
        counts = self._deliveries.counts
        for name, text, number in (
            ("sent", "Bodies that webhooks took.", counts.ok),
            ("failed", "Bodies that they did not take, each time.", counts.failed),
            ("dead", "Bodies that were given up.", counts.dead),
            ("changes", "Changes that webhooks took.", counts.changes),
        ):
            yield CounterMetricFamily(f"bitseg_webhook_{name}", text, value=number)
        yield GaugeMetricFamily(
            "bitseg_webhook_changes_waiting", "Changes that webhooks have yet to take.", counts.lag
        )


TENANT: Final = {
    "bitseg_contacts": "Contacts.",
    "bitseg_events": "Events.",
    "bitseg_segments": "Saved segments.",
    "bitseg_leaves_kept": "Answers that queries built and that are kept: leaves, and joins.",
    "bitseg_corrections": "Memberships found not to be as recorded, since the tenant was opened.",
    "bitseg_journal_changes": "Changes behind the newest snapshot.",
    "bitseg_journal_bytes": "Bytes of these changes, about.",
    "bitseg_snapshot_age_seconds": "Seconds since the newest snapshot was taken.",
    "bitseg_backup_age_seconds": "Seconds since the last backup of the file.",
    "bitseg_storage_failing": "1 while snapshots, or anything, cannot be written.",
    "bitseg_tenant_busy": "1 where others held the data so long that nothing else is told.",
}
"""What is told of each tenant, by name."""

_COUNTED: Final = {"bitseg_corrections"}


def _family(name: str, text: str) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if name in _COUNTED else GaugeMetricFamily
    return kind(name, text, labels=("tenant",))


def _fill(family: CounterMetricFamily | GaugeMetricFamily, numbers: Mapping[str, float]) -> None:
    for label, number in numbers.items():
        family.add_metric((label,), number)
