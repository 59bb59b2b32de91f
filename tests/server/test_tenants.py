"""Engines of tenants: opened when asked for, shared, lent, and closed when nobody needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest

import bitseg
from bitseg import Engine, FieldError, InUseError
from bitseg.cli import Told
from server import tenants as tenants_module
from server.errors import NotReadyError
from server.leases import Lease
from server.starting import NotReady
from server.tenants import AGAIN_MS, Tenants, path_of
from tests.server.control import Clock

IDLE_MS = 60_000
NAMES = ("a", "b", "c")


class House:
    """A data directory of three tenants whose engines say what they hold, and how they close."""

    def __init__(self, directory: Path, budget: int = 1_000) -> None:
        self.clock = Clock()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.before_open: Callable[[str, Told], None] = lambda _tenant, _told: None
        self.before_close: Callable[[str], None] = lambda _tenant: None
        (directory / "tenants").mkdir(parents=True)
        for name in NAMES:
            path_of(directory, name).touch()
        self.tenants = Tenants(directory, budget, IDLE_MS, self.clock, self._open)
        self.tenants.ready()

    def _open(self, path: Path, told: Told) -> Engine:
        house, tenant = self, path.stem

        class Said(Engine):
            def memory(self) -> dict[str, int]:
                return {"data": 400, "kept": 50}

            def close(self) -> None:
                house.before_close(tenant)
                house.closed.append(tenant)

        self.opened.append(tenant)
        self.before_open(tenant, told)
        return Said()

    def use(self, tenant: str) -> Engine:
        """Use an engine for a moment."""
        with self.lend(tenant) as engine:
            return engine

    def lend(self, tenant: str) -> Lease:
        """Return a lease, waiting for it."""
        return asyncio.run(self.tenants.lease(tenant))

    def closes(self, *tenants: str) -> bool:
        """Return whether these are closed, in this order, and no others; some threads may do it."""
        for _ in range(500):
            if len(self.closed) >= len(tenants):
                break
            sleep(0.01)
        return self.closed == list(tenants)

    def problem(self, tenant: str) -> NotReady:
        """Return why there is no lease."""
        with pytest.raises(NotReadyError) as caught:
            self.lend(tenant)
        assert isinstance(caught.value.problem, NotReady)
        return caught.value.problem


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.tenants.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants_module, "GRACE_S", 0.05)
    monkeypatch.setattr(tenants_module, "LAST_S", 0.2)


@pytest.mark.parametrize("tenant_id", ["../a", "a/b", "", "A", "a.db", "a\x00", "a\n", "%2e%2e"])
def test_no_file_is_named_by_what_is_no_tenants_id(tmp_path: Path, tenant_id: str) -> None:
    with pytest.raises(FieldError, match="Expected a tenant's id"):
        path_of(tmp_path, tenant_id)


def test_an_engine_is_opened_when_it_is_asked_for_and_stays(house: House) -> None:
    assert house.opened == []
    first = house.use("a")

    assert house.use("a") is first
    assert house.use("b") is not first
    assert house.opened == ["a", "b"]


def test_requests_at_once_share_one_opening(house: House) -> None:
    go_on = Event()
    house.before_open = lambda _tenant, _told: (go_on.wait(10), None)[1]

    async def ask_at_once() -> list[Lease]:
        asked = [asyncio.create_task(house.tenants.lease("a")) for _ in range(20)]
        await asyncio.sleep(0.05)
        go_on.set()
        return await asyncio.gather(*asked)

    leases = asyncio.run(ask_at_once())

    assert len({id(lease.engine) for lease in leases}) == 1
    assert house.opened == ["a"]
    for lease in leases:
        lease.__exit__()


@pytest.mark.usefixtures("quick")
def test_while_it_opens_it_says_how_far_it_has_come(house: House) -> None:
    told_of, go_on = Event(), Event()

    def opening(_tenant: str, told: Told) -> None:
        told(12, 90)
        told_of.set()
        go_on.wait(10)

    house.before_open = opening
    with pytest.raises(NotReadyError):
        house.tenants.hold("a")
    assert told_of.wait(10)

    problem = house.problem("a")
    go_on.set()

    assert (problem.status, problem.state) == (503, "loading")
    assert (problem.done, problem.total) == (12, 90)


def test_one_that_opens_holds_up_no_other(house: House) -> None:
    go_on = Event()
    house.before_open = lambda tenant, _told: (tenant == "a" and go_on.wait(10), None)[1]
    with pytest.raises(NotReadyError):
        house.tenants.hold("a")

    assert house.use("b") is not None
    go_on.set()


def test_one_that_cannot_be_opened_is_tried_again_later(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(_tenant: str, _told: Told) -> None:
        raise InUseError("/a/path is open in process 7")

    house.before_open = failing
    first, second = house.problem("a"), house.problem("a")
    opened = list(house.opened)
    house.before_open = lambda _tenant, _told: None
    house.clock.at += AGAIN_MS

    assert (first.state, second.state) == ("failed", "failed")
    assert first.detail == "The data could not be loaded: the log says why"
    assert "/a/path is open in process 7" in caplog.text
    assert opened == ["a"]
    assert house.use("a") is not None


def test_a_file_that_is_gone_is_not_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tenants = Tenants(tmp_path, 1, 1, Clock())

    with pytest.raises(NotReadyError):
        asyncio.run(tenants.lease("a"))

    assert "The tenant's file is not there" in caplog.text
    assert list(tmp_path.rglob("*.db")) == []
    tenants.close()


def test_one_that_was_not_used_for_a_while_is_closed(house: House) -> None:
    house.use("a")
    house.clock.at += IDLE_MS - 1
    house.use("b")
    house.tenants.sweep()
    assert house.closed == []

    house.clock.at += 1
    house.tenants.sweep()

    assert house.closed == ["a"]
    assert house.use("a") is not None
    assert house.opened == ["a", "b", "a"]


def test_beyond_the_budget_the_least_recently_used_is_closed(house: House) -> None:
    for tenant in ("a", "b", "a"):
        house.clock.at += 1
        house.use(tenant)
    house.clock.at += 1

    house.use("c")  # 3 x 450 > 1,000

    assert house.closes("b")


def test_one_in_use_is_never_closed(house: House) -> None:
    with house.lend("a"):
        house.clock.at += IDLE_MS
        for tenant in ("b", "c"):
            house.clock.at += 1
            house.use(tenant)
        house.clock.at += 2 * IDLE_MS
        house.tenants.sweep()
        assert house.closes("b", "c")
    house.clock.at += IDLE_MS
    house.tenants.sweep()

    assert house.closed[-1] == "a"


def test_the_one_used_last_stays_whatever_it_holds(tmp_path: Path) -> None:
    house = House(tmp_path, budget=1)
    for tenant in ("a", "b"):
        house.clock.at += 1
        house.use(tenant)
    house.tenants.sweep()

    assert house.closes("a")
    assert house.use("b") is not None
    assert house.opened == ["a", "b"]
    house.tenants.close()


def test_whoever_has_two_leases_may_let_go_of_one(house: House) -> None:
    with house.lend("a"):
        house.use("a")
        house.clock.at += IDLE_MS
        house.tenants.sweep()

    assert house.closed == []


@pytest.mark.usefixtures("quick")
def test_one_that_is_being_closed_is_waited_for_and_opened_again(house: House) -> None:
    closing, go_on = Event(), Event()

    def close(_tenant: str) -> None:
        closing.set()
        go_on.wait(10)

    house.before_close = close
    house.use("a")
    house.clock.at += IDLE_MS
    sweeping = Thread(target=house.tenants.sweep)
    sweeping.start()
    assert closing.wait(10)

    problem = house.problem("a")
    go_on.set()
    sweeping.join()

    assert (problem.status, problem.state) == (503, "stopping")
    assert house.use("a") is not None
    assert house.opened == ["a", "a"]


def test_looking_at_the_open_ones_is_no_use_but_keeps_them_open(house: House) -> None:
    house.use("a")
    house.clock.at += IDLE_MS
    leases = house.tenants.check()
    house.tenants.sweep()
    assert (list(leases), house.closed) == (["a"], [])

    leases["a"].__exit__()
    house.tenants.sweep()

    assert house.closed == ["a"]


def test_stopping_closes_all_and_opens_none(house: House) -> None:
    for tenant in ("b", "a"):
        house.clock.at += 1
        house.use(tenant)

    house.tenants.close()

    assert house.closed == ["b", "a"]
    assert house.problem("a").state == "stopping"
    with pytest.raises(NotReadyError):
        house.tenants.check()


def test_one_that_cannot_be_closed_keeps_no_other_open(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(tenant: str) -> None:
        if tenant == "a":
            raise RuntimeError("the disk is gone")

    house.before_close = failing
    for tenant in ("a", "b"):
        house.clock.at += 1
        house.use(tenant)

    house.tenants.close()

    assert house.closed == ["b"]
    assert "a tenant could not be closed in order" in caplog.text


def test_stopping_waits_for_who_still_uses_one(house: House) -> None:
    lease = house.lend("a")
    stopping = Thread(target=house.tenants.close)
    stopping.start()
    stopping.join(0.1)
    assert stopping.is_alive()
    assert house.closed == []

    lease.__exit__()
    stopping.join(10)

    assert house.closed == ["a"]


@pytest.mark.usefixtures("quick")
def test_stopping_does_not_wait_for_ever(house: House) -> None:
    house.lend("a")

    house.tenants.close()

    assert house.closed == ["a"]


def test_stopping_ends_an_opening(house: House) -> None:
    begun = Event()

    def opening(_tenant: str, told: Told) -> None:
        begun.set()
        while True:
            told(1, 2)

    house.before_open = opening
    with pytest.raises(NotReadyError):
        house.tenants.hold("a")
    assert begun.wait(10)

    house.tenants.close()

    assert house.closed == []


@pytest.mark.usefixtures("quick")
def test_one_that_is_opened_too_late_is_closed_at_once(house: House) -> None:
    go_on = Event()
    house.before_open = lambda _tenant, _told: (go_on.wait(10), None)[1]
    with pytest.raises(NotReadyError):
        house.tenants.hold("a")
    house.tenants.close()
    assert house.closed == []

    go_on.set()
    house.tenants._openers.shutdown()  # noqa: SLF001 - to wait for its thread

    assert house.closed == ["a"]


def test_files_are_closed_in_order_and_can_be_opened_by_others(tmp_path: Path) -> None:
    path = path_of(tmp_path, "a")
    path.parent.mkdir()
    bitseg.open(path).close()
    clock = Clock()
    tenants = Tenants(tmp_path, 1, IDLE_MS, clock)
    with asyncio.run(tenants.lease("a")) as engine:
        engine.load_contacts([{"id": "ann"}])
    clock.at += IDLE_MS

    tenants.sweep()

    assert not path.with_name("a.db-wal").exists()
    with bitseg.open(path) as engine:
        assert len(engine) == 1
    tenants.close()


class Comings:
    """Four tenants of 1 to 4 contacts, of whom only one at a time is to be in memory."""

    def __init__(self, directory: Path) -> None:
        self.opened = 0
        self.wrong: list[object] = []
        (directory / "tenants").mkdir()
        for number in range(4):
            with bitseg.open(path_of(directory, f"t{number}")) as engine:
                engine.load_contacts([{"id": str(one)} for one in range(number + 1)])
        ticks = count()
        self.tenants = Tenants(directory, 1, IDLE_MS, lambda: next(ticks), self._open)

    def _open(self, path: Path, told: Told) -> Engine:
        self.opened += 1
        return bitseg.open(path, progress=told)

    def ask(self, seed: int) -> None:
        """Ask for one after another; note whatever is wrong."""
        for turn in range(30):
            number = (seed * 7 + turn * turn) % 4
            try:
                with asyncio.run(self.tenants.lease(f"t{number}")) as engine:
                    if engine.count({"match": "all", "groups": []}) != number + 1:
                        self.wrong.append(number)
            except NotReadyError:
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, it is wrong
                self.wrong.append(error)

    def sweep_until(self, done: Event) -> None:
        """Close what can be closed, again and again."""
        while not done.wait(0.001):
            self.tenants.sweep()


def test_everybody_gets_their_own_engine_while_engines_come_and_go(tmp_path: Path) -> None:
    comings, done = Comings(tmp_path), Event()
    sweeping = Thread(target=comings.sweep_until, args=(done,))
    asking = [Thread(target=comings.ask, args=(seed,)) for seed in range(6)]

    for thread in (sweeping, *asking):
        thread.start()
    for thread in asking:
        thread.join()
    done.set()
    sweeping.join()
    comings.tenants.close()

    assert comings.wrong == []
    assert comings.opened > 20


@pytest.mark.parametrize(("used", "closed"), [(False, ["a"]), (True, [])], ids=["job", "caller"])
def test_what_only_jobs_use_does_not_stay_open(
    house: House, *, used: bool, closed: list[str]
) -> None:
    house.use("a")
    house.clock.at += IDLE_MS - 1
    with house.tenants.hold("a", used=used):
        house.tenants.sweep()
        assert house.closed == []
    house.clock.at += 1

    house.tenants.sweep()

    assert house.closed == closed
