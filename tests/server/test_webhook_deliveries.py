"""Webhooks are told beside requests: none waits for another, each as long as it is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar

from bitseg import StoreError
from server.control import Control, Webhook
from server.hearing import Hearing
from server.leases import Engines
from server.webhooks import Deliveries, Outcome, Poster
from tests.engine.making import Clock, all_of, engine_of, field
from tests.server.conftest import Two
from tests.server.control import with_tenants
from tests.server.test_ticking import Some
from tests.server.working import open_in

LONG_S = 60.0
ROMANS = all_of(field("contact.city", "equals", "Rom"))


class Posts:
    """What stands in for the network: notes bodies by URL; some URLs never answer."""

    def __init__(self) -> None:
        self.seqs: dict[str, list[int]] = {}
        self.came = asyncio.Condition()
        self.closed = 0
        self.hangs: set[str] = set()

    async def post(self, url: str, body: bytes, _headers: dict[str, str]) -> Outcome:
        said = json.loads(body)
        async with self.came:
            key = f"{url}#{said['segment_id']}"
            self.seqs.setdefault(key, []).extend(one["seq"] for one in said["changes"])
            self.came.notify_all()
        if url in self.hangs:
            await asyncio.Event().wait()
        return Outcome(204, 1, None)

    async def close(self) -> None:
        self.closed += 1

    async def wait(self, key: str, seqs: list[int]) -> None:
        async with asyncio.timeout(LONG_S), self.came:
            await self.came.wait_for(lambda: self.seqs.get(key) == seqs)


class Open(Some):
    """Engines that are open, and may be held."""

    def hold(self, tenant_id: str, *, used: bool = True) -> Any:
        assert not used
        return self._lease(tenant_id)


class Scene:
    """A tenant with two segments, and webhooks."""

    def __init__(self) -> None:
        self.engine = engine_of("ann", "bob", "cid", clock=Clock())
        self.engine.define_segment("romans", ROMANS)
        self.engine.define_segment("others", all_of(field("contact.city", "equals", "Bern")))
        self.control = with_tenants(Control(None, Clock()), "acme")
        self.engines = Open(acme=self.engine)
        self.posts = Posts()
        self.deliveries = Deliveries(
            self.control,
            self.engines,
            Hearing(),
            lambda: cast("Poster", self.posts),
            Clock(),
        )

    def hook(self, name: str, *segments: str, revision: int = 1, is_active: int = 1) -> Webhook:
        """Write a webhook."""
        url = f"https://{name}.example/"
        hook = Webhook(name, "acme", url, "entered left", "s", None, 1, is_active, revision)
        self.control.webhooks.save(hook, dict.fromkeys(segments, 0), 1)
        return hook

    def move(self, contact: str, city: str) -> None:
        """Let a contact live elsewhere."""
        self.engine.load_contacts([{"id": contact, "city": city}])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run for the length of the block."""
        async with self.deliveries(cast("Litestar", None)):
            yield


async def _till(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG_S):
        while not is_so():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.005)


def test_changes_are_told_as_they_come_to_each_webhook_and_segment() -> None:
    async def scene() -> None:
        scene = Scene()
        scene.hook("a", "romans", "others")
        scene.hook("b", "romans")
        async with scene.running():
            await asyncio.to_thread(scene.move, "ann", "Rom")
            await scene.posts.wait("https://a.example/#romans", [1])
            await asyncio.to_thread(scene.move, "ann", "Bern")
            await scene.posts.wait("https://a.example/#romans", [1, 2])
            await scene.posts.wait("https://a.example/#others", [1])
            await scene.posts.wait("https://b.example/#romans", [1, 2])
        assert scene.posts.closed == 1
        assert scene.engines.out == {"acme": 0}

    asyncio.run(scene())


def test_one_that_never_answers_delays_no_other() -> None:
    async def scene() -> None:
        scene = Scene()
        scene.posts.hangs = {"https://dead.example/"}
        scene.hook("dead", "romans", "others")
        scene.hook("good", "romans")
        async with scene.running():
            for place, contact in enumerate(("ann", "bob", "cid"), 1):
                await asyncio.to_thread(scene.move, contact, "Rom")
                await scene.posts.wait("https://good.example/#romans", list(range(1, place + 1)))
            stuck = scene.posts.seqs["https://dead.example/#romans"]
            assert stuck == sorted(set(stuck))  # one body, as the next waits for its answer

    asyncio.run(scene())


def test_what_is_new_changed_or_gone_is_seen_at_once() -> None:
    async def scene() -> None:
        scene = Scene()
        async with scene.running():
            scene.hook("a", "romans")
            await scene.deliveries.look()
            await asyncio.to_thread(scene.move, "ann", "Rom")
            await scene.posts.wait("https://a.example/#romans", [1])
            await _till(lambda: scene.control.webhooks.cursors("a")[0].sent == 1)
            scene.hook("a", "romans", revision=2, is_active=0)
            await scene.deliveries.look()
            await _till(lambda: scene.engines.out == {"acme": 0})
            await asyncio.to_thread(scene.move, "bob", "Rom")
            assert scene.posts.seqs == {"https://a.example/#romans": [1]}
            scene.hook("a", "romans", revision=3)
            await scene.deliveries.look()
            await scene.posts.wait("https://a.example/#romans", [1, 2])
            scene.control.webhooks.delete("acme", "a")
            await scene.deliveries.look()
            await _till(lambda: scene.engines.out == {"acme": 0})

    asyncio.run(scene())


def test_a_segment_that_is_deleted_is_told_of_no_more() -> None:
    async def scene() -> None:
        scene = Scene()
        scene.hook("a", "romans", "others")
        async with scene.running():
            await asyncio.to_thread(scene.move, "ann", "Rom")
            await scene.posts.wait("https://a.example/#romans", [1])
            await asyncio.to_thread(scene.engine.segments.delete, "romans")
            await scene.deliveries.look()
            await _till(lambda: len(scene.control.webhooks.cursors("a")) == 1)
            await asyncio.to_thread(scene.move, "ann", "Bern")
            await scene.posts.wait("https://a.example/#others", [1])

    asyncio.run(scene())


def test_a_store_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.webhooks.deliveries.AGAIN_S", 0.01)

    async def scene() -> None:
        scene = Scene()
        scene.hook("a", "romans")
        move, failures = scene.control.webhooks.move, [StoreError("no disk"), StoreError("none")]

        def failing(*given: Any) -> bool:
            if failures:
                raise failures.pop()
            return move(*given)

        monkeypatch.setattr(scene.control.webhooks, "move", failing)
        async with scene.running():
            await asyncio.to_thread(scene.move, "ann", "Rom")
            await scene.posts.wait("https://a.example/#romans", [1, 1, 1])
            await _till(lambda: scene.control.webhooks.cursors("a")[0].sent == 1)

    asyncio.run(scene())


def test_a_tenant_with_webhooks_is_opened_and_stays_and_one_without_is_put_away(
    tmp_path: Path,
) -> None:
    two = Two(tmp_path / "data")
    with two.client:
        two.ask("GET", "/api/tenant", two.key("zeta"))
        two.ask("GET", "/api/tenant", two.key("acme"))
    with asyncio.Runner() as runner:
        runner.run(_pinned(two, two.tenants))
    two.close()


async def _pinned(two: Two, tenants: Engines) -> None:
    with await tenants.lease("acme") as engine:
        engine.define_segment("romans", ROMANS)
    posts = Posts()
    hook = Webhook("a", "acme", "https://a.example/", "entered", "s", None, 1)
    two.control.webhooks.save(hook, {"romans": 0}, 1)
    deliveries = Deliveries(
        two.control, tenants, Hearing(), lambda: cast("Poster", posts), two.clock
    )
    async with deliveries(cast("Litestar", None)):
        with await tenants.lease("zeta"):
            pass
        with await tenants.lease("acme") as engine:
            await asyncio.to_thread(engine.load_contacts, [{"id": "ann", "city": "Rom"}])
        await posts.wait("https://a.example/#romans", [1])
        two.clock.at += 3_600_000
        await asyncio.to_thread(tenants.sweep)
        assert open_in(tenants) == ["acme"]
        two.control.delete_tenant("acme")
        await deliveries.look()
        await _till(lambda: _swept(tenants) == [])


def _swept(engines: Engines) -> list[str]:
    engines.sweep()
    return open_in(engines)
