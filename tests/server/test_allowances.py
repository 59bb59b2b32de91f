"""Calls are counted by who makes them: so many a second, a burst more, and then one is to wait."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import Settings
from server.allowances import BURST_S, CALLERS_MOST, SECOND_NS, Allowance, Allowances
from server.control import RATE_MOST, Control, KeyRequest
from server.control.migrations import FORMAT
from tests.server.conftest import Two
from tests.server.control import NOW, back_to_the_first_format, key_of


class Monotonic:
    """A clock of ns that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 7 * SECOND_NS

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def ticks() -> Monotonic:
    return Monotonic()


@pytest.fixture
def counted(tmp_path: Path, ticks: Monotonic) -> Iterator[Two]:
    """Two tenants, with 5 calls a second for each key and thus bursts of 10."""
    two = Two(tmp_path / "data", Settings(rate=5, refusals_a_minute=1_000), ticks)
    with two.client:
        yield two
    two.close()


def _told(answer: Any) -> tuple[int, int, int]:
    limit, remaining, reset = (
        int(answer.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset")
    )
    return limit, remaining, reset


def test_a_burst_passes_and_the_next_call_is_told_when_to_come(
    counted: Two, ticks: Monotonic
) -> None:
    key = counted.key("acme", "read")

    calls = [counted.ask("GET", "/api/tenant", key) for _ in range(11)]

    assert [call.status_code for call in calls] == [200] * 10 + [429]
    assert [_told(call)[1] for call in calls] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert _told(calls[0]) == (10, 9, 1)
    assert _told(calls[9]) == (10, 0, 2)
    refused = calls[10]
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == "More than 5 calls a second; wait, and call again."

    ticks.at += SECOND_NS // 5 - 1
    assert counted.ask("GET", "/api/tenant", key).status_code == 429
    ticks.at += 1
    assert counted.ask("GET", "/api/tenant", key).status_code == 200
    assert counted.ask("GET", "/api/tenant", key).status_code == 429


def test_every_answer_to_a_known_caller_tells_what_is_left(counted: Two) -> None:
    key = counted.key("acme", "read")

    answers = [
        counted.ask("GET", "/api/contacts", key),
        counted.ask("GET", "/api/contacts/nobody", key),
        counted.ask("GET", "/api/contacts?limit=x", key),
        counted.ask("DELETE", "/api/contacts/of-acme", key),
        counted.ask("POST", "/api/segments/preview", key, content=b"{"),
        counted.ask("POST", "/api/segments/preview", key, json={}),
    ]

    assert [one.status_code for one in answers] == [200, 404, 422, 403, 400, 422]
    assert [_told(one)[1] for one in answers] == [9, 8, 7, 6, 5, 4]


def test_who_is_not_known_is_told_nothing(counted: Two) -> None:
    for path, key in (("/api/tenant", None), ("/api/tenant", "nonsense"), ("/health/live", None)):
        assert not [one for one in counted.ask("GET", path, key).headers if "ratelimit" in one]


def test_callers_are_counted_apart_and_a_new_key_does_not_fill_an_old_one(counted: Two) -> None:
    first, second, third = (counted.key("acme"), counted.key("acme"), counted.key("zeta"))
    for _ in range(10):
        counted.ask("GET", "/api/tenant", first)

    assert counted.ask("GET", "/api/tenant", first).status_code == 429
    assert _told(counted.ask("GET", "/api/tenant", second))[1] == 9
    assert _told(counted.ask("GET", "/api/tenant", third))[1] == 9
    counted.key("acme")  # whoever was let in is judged anew
    assert counted.ask("GET", "/api/tenant", first).status_code == 429


def test_a_rate_is_a_setting_of_the_key_and_no_higher_than_that_of_who_makes_it(
    counted: Two,
) -> None:
    admin = counted.key("acme")
    body = {"name": "slow", "scope": "read"}

    made = {
        rate: counted.ask("POST", "/api/keys", admin, json={**body, "rate": rate})
        for rate in (0, 1, 5, 6, None)
    }

    assert {rate: one.status_code for rate, one in made.items()} == {
        0: 422, 1: 201, 5: 201, 6: 422, None: 201,
    }  # fmt: skip
    assert made[6].json()["errors"] == [
        {"path": "rate", "message": "Expected 1 to 5 calls a second, got 6.",
         "code": "out_of_range"},
    ]  # fmt: skip
    assert [made[rate].json()["rate"] for rate in (1, 5, None)] == [1, 5, None]
    slow = made[1].json()["key"]
    calls = [counted.ask("GET", "/api/tenant", slow) for _ in range(3)]
    assert [one.status_code for one in calls] == [200, 200, 429]
    assert _told(calls[2])[0] == 2


def test_the_operator_gives_a_key_any_rate(counted: Two) -> None:
    for rate in (1, RATE_MOST):
        key, text = counted.control.create_key("acme", KeyRequest("r", "read", rate=rate))
        assert (key.rate, _told(counted.ask("GET", "/api/tenant", text))[0]) == (rate, 2 * rate)


def test_a_rate_that_was_changed_behind_our_back_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with Control(path, lambda: NOW) as control:
        control.create_tenant("acme", "Acme")
        control.create_key("acme", KeyRequest("r", "read", rate=7))
    for wrong in (None, 8, 700):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE keys SET rate = ?", (wrong,))
        with pytest.raises(OSError, match="is not what was written"):
            Control(path, lambda: NOW)


def test_a_store_of_the_first_format_keeps_its_keys_and_they_get_rates(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with Control(path, lambda: NOW) as control:
        control.create_tenant("acme", "Acme")
        before, text = key_of(control, "acme")
    back_to_the_first_format(path)

    with Control(path, lambda: NOW) as control:
        assert control.keys("acme") == [before]
        after, _ = control.create_key("acme", KeyRequest("new", "read", rate=3, replaces=before.id))
        assert {key.id: key.rate for key in control.keys("acme")} == {before.id: None, after.id: 3}
    assert text.startswith(before.prefix)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)


@given(
    rate=st.sampled_from([1, 3, 100, 999_983, 1_000_000]),
    steps=st.lists(st.integers(0, 3 * SECOND_NS), min_size=1, max_size=60),
)
def test_no_more_passes_than_a_burst_and_the_rate_allow(rate: int, steps: list[int]) -> None:
    allowance, at, passed = Allowance(rate), 0, []

    for step in steps:
        at += step
        wait = allowance.take(at)
        assert wait >= 0
        assert 0 <= allowance.left(at) <= BURST_S * rate
        if wait == 0:
            passed.append(at)
        else:  # the wait that is told is enough
            assert Allowance.take(allowance, at + wait * SECOND_NS) == 0
            passed.append(at + wait * SECOND_NS)
            at += wait * SECOND_NS

    tick = SECOND_NS // rate
    for first in range(len(passed)):
        stretch = passed[-1] - passed[first]
        assert len(passed) - first <= BURST_S * rate + stretch // tick + 1


def test_callers_that_are_gone_are_forgotten_and_those_that_call_are_not() -> None:
    ticks = Monotonic()
    allowances = Allowances(1, ticks)
    busy = allowances.of("busy", None)
    exporting = allowances.of("exporting", None)
    exporting.exports = 1
    busy.take(ticks.at)
    for number in range(CALLERS_MOST):
        allowances.of(number, None)

    assert allowances.of("busy", None) is busy
    assert allowances.of("exporting", None) is exporting


def test_so_many_callers_at_once_cost_the_first_of_them_its_count_and_no_memory() -> None:
    ticks = Monotonic()
    allowances = Allowances(1, ticks)
    first = allowances.of(0, None)
    for number in range(CALLERS_MOST + 5):
        allowances.of(number, None).take(ticks.at)

    assert allowances.of(0, None) is not first
    assert allowances.of(CALLERS_MOST, None).left(ticks.at) == 1


class Export:
    """An export on its way to somebody who takes no part of it before ``going_on``."""

    def __init__(self, two: Two, key: str) -> None:
        self.status = asyncio.get_running_loop().create_future()
        self.headers: dict[bytes, bytes] = {}
        self.going_on = asyncio.Event()
        self._sent = asyncio.Event()
        self.task = asyncio.create_task(two.app(_scope(key), self._receive, self._send))

    async def _receive(self) -> Any:
        await self._sent.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = dict(message["headers"])
            self.status.set_result(message["status"])
        await self.going_on.wait()
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._sent.set()

    async def end(self) -> None:
        """Take all of it."""
        self.going_on.set()
        await asyncio.wait_for(self.task, 60)


def _scope(key: str) -> Any:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": "/api/segments/all/export", "query_string": b"",
        "raw_path": b"/api/segments/all/export", "root_path": "", "server": ("testserver", 80),
        "headers": [(b"authorization", f"Bearer {key}".encode()), (b"host", b"testserver")],
        "client": ("testclient", 5), "state": {},
    }  # fmt: skip


def test_two_exports_of_a_key_run_at_once_and_a_third_is_told_to_wait(counted: Two) -> None:
    key, other = counted.key("acme", "read"), counted.key("acme", "read")
    assert counted.ask("GET", "/api/tenant", other).status_code == 200  # acme is open now
    with counted.tenants.hold("acme") as engine:
        engine.define_segment("all", ["of-acme"])
    counted.control.claim_segment("all", "acme")

    async def scene() -> list[int]:
        exports = []
        for who in (key, key, key, other):
            exports.append(Export(counted, who))
            await asyncio.wait_for(exports[-1].status, 60)
        for one in exports:
            await one.end()
        exports.append(Export(counted, key))
        await exports[-1].end()
        assert exports[2].headers[b"retry-after"] == b"5"
        return [await one.status for one in exports]

    assert asyncio.run(scene()) == [200, 200, 429, 200, 200]
