"""Time passing is recorded when it happens, whoever asks, of every tenant that is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from litestar.testing import TestClient

from bitseg import Engine, StoreError
from server import Settings, create_app
from server.leases import Engines, Lease
from server.ticking import EVERY_NS, Ticker
from tests.engine.making import Clock, all_of, engine_of, record
from tests.server.conftest import KEY, Two
from tests.server.working import open_in

LONG_S = 60.0
RECENT = all_of({"event": "open", "within": "1d"})


class Some(Engines):
    """Engines that are open, and how many leases of each are out."""

    def __init__(self, **engines: Any) -> None:
        self.engines = engines
        self.out = dict.fromkeys(engines, 0)

    def check(self) -> dict[str, Lease]:
        return {tenant: self._lease(tenant) for tenant in self.engines}

    def hold(self, tenant_id: str, *, used: bool = True) -> Lease:
        raise AssertionError(tenant_id, used)  # it would count as use, or open one

    async def lease(self, tenant_id: str) -> Lease:
        raise AssertionError(tenant_id)

    def sweep(self) -> None:
        raise AssertionError

    def _lease(self, tenant_id: str) -> Lease:
        self.out[tenant_id] += 1

        def release() -> None:
            self.out[tenant_id] -= 1

        return Lease(self.engines[tenant_id], release)


class Asked:
    """What stands in for an engine: says when it was asked, and what it answers."""

    def __init__(self, answer: Callable[[], Any] = lambda: None) -> None:
        self.segments = self
        self.times = 0
        self.asked = Event()
        self._answer = answer

    def advance(self) -> Any:
        self.times += 1
        self.asked.set()
        return self._answer()


class Steady:
    """A clock of ns that stands until it is moved."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


def _at_noon() -> tuple[Engine, Clock]:
    clock = Clock("2026-03-15T12:00:00Z")
    engine = engine_of("ann", clock=clock)
    engine.define_segment("recent", RECENT)
    record(engine, ("ann", "open", "2026-03-15T12:00:00Z"))
    return engine, clock


def test_what_time_changes_is_recorded_though_nobody_asks() -> None:
    engine, clock = _at_noon()
    heard: list[tuple[str, int]] = []
    came = Event()

    def listener(segment: str, last: int) -> None:
        heard.append((segment, last))
        came.set()

    engine.segments.listen(listener)
    with TestClient(create_app(engine, Settings(KEY), now=clock)):
        clock.set("2026-03-17T00:00:00Z")
        assert came.wait(LONG_S)

    assert heard == [("recent", 2)]
    assert engine.segments.history("recent").items[-1].at == "2026-03-16T12:00:00.000Z"


def test_one_that_fails_or_waits_stops_no_other() -> None:
    def fail() -> None:
        raise StoreError("no disk")

    go_on = Event()
    waiting = Asked(lambda: go_on.wait(LONG_S) and None)
    failing, good, steady = Asked(fail), Asked(), Steady()
    engines = Some(failing=failing, waiting=waiting, good=good)
    ticker = Ticker(engines, Clock(), steady)

    for _ in range(3):
        for one in (failing, good):
            one.asked.clear()
        ticker.tick()
        assert good.asked.wait(LONG_S)
        assert failing.asked.wait(LONG_S)
        _settle(ticker, but="waiting")
        steady.ns += EVERY_NS
    go_on.set()
    _settle(ticker)

    assert waiting.times == 1
    assert (failing.times, good.times) == (3, 3)
    assert engines.out == {"failing": 0, "waiting": 0, "good": 0}


@pytest.mark.parametrize(
    ("due_in_ms", "after_ms"),
    [(None, 1_000), (5_000, 1_000), (1_001, 1_000), (999, 999), (500, 500), (0, 20), (-9_000, 20)],
)
def test_an_engine_is_asked_again_when_it_says_and_every_second(
    due_in_ms: int | None, after_ms: int
) -> None:
    engine, clock = _at_noon()
    due = None if due_in_ms is None else engine.segments.advance()
    if due is not None and due_in_ms is not None:
        clock.ms = round(due.timestamp() * 1_000) - due_in_ms
    asked, steady = Asked(lambda: due), Steady()
    ticker = Ticker(Some(acme=asked), clock, steady)
    ticker.tick()
    _settle(ticker)
    steady.ns = after_ms * 1_000_000 - 1
    ticker.tick()
    _settle(ticker)
    assert asked.times == 1
    steady.ns += 1
    ticker.tick()
    _settle(ticker)
    assert asked.times == 2


def test_it_keeps_no_engine_from_being_put_away(tmp_path: Path) -> None:
    two = Two(tmp_path / "data")  # its app does not run, or its own ticker would ask as well
    with asyncio.run(two.tenants.lease("acme")):
        pass
    ticker = Ticker(two.tenants, two.clock, Steady())
    assert open_in(two.tenants) == ["acme"]
    two.clock.at += 60_000
    ticker.tick()
    _settle(ticker)

    two.tenants.sweep()

    assert open_in(two.tenants) == []
    two.close()


def test_a_ticker_that_ends_begins_nothing_more() -> None:
    asked = Asked()
    ticker = Ticker(Some(acme=asked), Clock(), Steady())

    async def life() -> None:
        async with ticker(None):  # type: ignore[arg-type] # it asks nothing of the app
            assert await asyncio.to_thread(asked.asked.wait, LONG_S)

    asyncio.run(life())
    times = asked.times
    ticker.tick()

    assert asked.times == times


def _settle(ticker: Ticker, but: str = "") -> None:
    """Wait until nobody is being asked but one."""
    with ticker._changed:  # noqa: SLF001 - nobody else needs to know
        assert ticker._changed.wait_for(lambda: not ticker._busy - {but}, LONG_S)  # noqa: SLF001
