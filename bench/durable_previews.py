"""Previews beside writing: how long counting takes while snapshots run and events arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any, Final, Literal

import msgspec

from bench import data, durable_file
from bench.data import FOUR_LEAVES, Clock
from bench.durable_report import Figure, Setting, at_most, middle, spread
from bench.durable_requests import Requests
from bench.durable_stream import Stream
from bench.durable_watch import Watch, Window
from bitseg import EVENT_KINDS, Engine, Snapshot

PART: Final = "previews"
TIMES_QUIET: Final = 2.0
SECONDS: Final = 2.0
"""What a round of a case without snapshots takes."""
ENOUGH: Final = 2_000
"""Previews that a round of a case with snapshots waits for."""
MOST: Final = 20
"""Snapshots in a round."""
STRETCH: Final = 65_536
A_SECOND: Final = 500
"""Previews that are due at fixed moments, where they do not follow each other at once."""
LATE: Final = 200
"""Late events of each kind, two years apart in all: one in each part, or nearly."""

Stale = Literal["", "columns", "all"]


class Case(msgspec.Struct, frozen=True):
    """What runs beside the previews.

    Attributes:
        name: says so.
        durable: whether the engine has a file.
        events: whether events arrive.
        stale: what snapshots must write anew; none run where it is empty.
        asked: whether somebody waits for the snapshots, or the keeper takes its time.
        beside: the case whose p99 is looked at as quiet; empty for none.
        most: how many times that p99 is wanted; 0 = nothing is.
    """

    name: str
    durable: bool = True
    events: bool = False
    stale: Stale = ""
    asked: bool = False
    beside: str = ""
    most: float = 0.0


CASES: Final = (
    Case("quiet, in memory", durable=False),
    Case("quiet"),
    Case("snapshots of all columns", stale="columns", beside="quiet", most=TIMES_QUIET),
    Case("snapshots of everything", stale="all", beside="quiet", most=TIMES_QUIET),
    Case(
        "snapshots asked for, all columns",
        stale="columns",
        asked=True,
        beside="quiet",
        most=TIMES_QUIET,
    ),
    Case(
        "snapshots asked for, everything", stale="all", asked=True, beside="quiet", most=TIMES_QUIET
    ),
    Case("10,000 events/s, in memory", durable=False, events=True, beside="quiet"),
    Case("10,000 events/s", events=True, beside="quiet"),
    Case("10,000 events/s and snapshots", events=True, stale="columns", beside="10,000 events/s"),
)


class Tenant:
    """An engine, the clock that it goes by, and what it is sent."""

    def __init__(self, engine: Engine, clock: Clock, contacts: int) -> None:
        self.engine = engine
        self.clock = clock
        self.requests = Requests(contacts, clock)

    def make_stale(self, stale: Stale) -> None:
        """Write to each stretch of each column, and between the events of each kind."""
        self.engine.load_contacts(self.requests.everywhere(STRETCH))
        if stale == "all":
            for kind in EVENT_KINDS:
                self.engine.load_events(self.requests.late(kind, LATE))

    def snapshot(self, *, asked: bool) -> Snapshot:
        """Write a snapshot, as ``Engine.snapshot`` does or as the keeper does."""
        if asked:
            return self.engine.snapshot()
        store: Any = self.engine._writes.store  # noqa: SLF001 - the keeper would choose the moment
        taken: Snapshot = store.snapshot_beside()
        return taken

    def count(self) -> object:
        """Count, as a person who edits a rule does."""
        return self.engine.count(FOUR_LEAVES)

    def preview(self) -> object:
        """Ask for all that the page shows of a rule at once."""
        return self.engine.preview(FOUR_LEAVES)


class Way(msgspec.Struct, frozen=True):
    """How previews are asked.

    Attributes:
        name: says so.
        verb: the method of ``Tenant``.
        a_second: how many; 0 = one right after another.
    """

    name: str
    verb: Literal["count", "preview"]
    a_second: int = 0

    def of(self, tenant: Tenant) -> Callable[[], object]:
        """Return what asks a tenant."""
        ask: Callable[[], object] = getattr(tenant, self.verb)
        return ask


WAYS: Final = (
    Way("count", "count"),
    Way("preview", "preview"),
    Way(f"count {A_SECOND}/s", "count", A_SECOND),
)


def measure(setting: Setting) -> list[Figure]:
    """Measure all cases, of each way to ask."""
    with _tenants(setting) as tenants:
        durable, memory = tenants
        assert durable.count() == memory.count(), "they do not hold the same"
        return [figure for way in WAYS for figure in _measured(setting, way, tenants)]


@contextmanager
def _tenants(setting: Setting) -> Iterator[tuple[Tenant, Tenant]]:
    """Yield the same tenant on a file and in memory."""
    clock = Clock()
    with ExitStack() as stack:
        path = stack.enter_context(durable_file.working_copy(durable_file.closed(setting)))
        engine = stack.enter_context(durable_file.opened(path, clock))
        memory_clock = Clock()
        memory = data.filled(setting.contacts, setting.events, memory_clock)
        yield (
            Tenant(engine, clock, setting.contacts),
            Tenant(memory, memory_clock, setting.contacts),
        )


def _measured(setting: Setting, way: Way, tenants: tuple[Tenant, Tenant]) -> Iterator[Figure]:
    rounds: dict[str, list[dict[str, float]]] = {case.name: [] for case in CASES}
    for _ in range(setting.rounds):
        for case in CASES:
            tenant = tenants[0 if case.durable else 1]
            rounds[case.name].append(_round(case, tenant, way))
    found = {name: middle(numbers) for name, numbers in rounds.items()}
    for case in CASES:
        values, name = found[case.name], f"{way.name}, {case.name}"
        beside = found[case.beside or case.name]
        values = {**values, "times": values["p99 ms"] / beside["p99 ms"]}
        if case.most:
            yield at_most(PART, name, values, "times", case.most)
        else:
            yield Figure(PART, name, values)


def _round(case: Case, tenant: Tenant, way: Way) -> dict[str, float]:
    stream = Stream(tenant.engine, tenant.requests)
    with Watch(way.of(tenant), tenant.clock, way.a_second) as watch:
        watch.settle()
        with ExitStack() as stack:
            if case.events:
                stack.enter_context(stream)
                time.sleep(SECONDS / 10)
            windows, snapshots = _snapshots(case, tenant, watch) if case.stale else _quiet()
        taken = watch.within(windows)
    return {**spread(taken), **_snapshot_numbers(snapshots), **_stream_numbers(stream)}


def _quiet() -> tuple[list[Window], list[Snapshot]]:
    began = time.perf_counter()
    time.sleep(SECONDS)
    return [Window(began, time.perf_counter())], []


def _snapshots(case: Case, tenant: Tenant, watch: Watch) -> tuple[list[Window], list[Snapshot]]:
    """Take snapshots that have much to write, until enough previews fell inside."""
    windows: list[Window] = []
    snapshots: list[Snapshot] = []
    while len(snapshots) < MOST and watch.within(windows).size < ENOUGH:
        tenant.make_stale(case.stale)
        watch.settle()
        began = time.perf_counter()
        snapshots.append(tenant.snapshot(asked=case.asked))
        windows.append(Window(began, time.perf_counter()))
    return windows, snapshots


def _snapshot_numbers(snapshots: list[Snapshot]) -> dict[str, float]:
    if not snapshots:
        return {"snap MB": 0, "snap s": 0}
    return {
        "snap MB": median(one.written for one in snapshots) / 1e6,
        "snap s": median(one.seconds for one in snapshots),
    }


def _stream_numbers(stream: Stream) -> dict[str, float]:
    if not stream.taken:
        return {"events/s": 0, "ack p50": 0, "ack p99": 0}
    taken = spread(stream.taken)
    return {"events/s": stream.rate, "ack p50": taken["p50 ms"], "ack p99": taken["p99 ms"]}
