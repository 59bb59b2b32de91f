"""Questions that something is built for take turns, and time; those that are kept do not wait."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import Any

import pytest
from litestar.testing import TestClient

from bitseg import DeadlineError, Engine
from bitseg.limits import check_building
from server import Settings, create_app
from server.errors import NotReadyError
from server.evaluations import Evaluations
from tests.server.conftest import CANADIANS, KEY
from tests.server.control import NOW

LONG_S = 60.0


class Building:
    """A question that has to be built, which takes until it is told to end."""

    def __init__(self) -> None:
        self.began = Event()
        self.end = Event()

    def __call__(self) -> str:
        check_building()
        self.began.set()
        assert self.end.wait(LONG_S)
        return "built"


async def _begun(building: Building) -> None:
    assert await asyncio.to_thread(building.began.wait, LONG_S)


def test_so_many_build_at_once_and_what_is_kept_goes_past_them() -> None:
    async def scene() -> None:
        evaluations = Evaluations(2, LONG_S)
        questions = [Building() for _ in range(3)]
        tasks = [asyncio.create_task(evaluations.run(one)) for one in questions[:2]]
        for one in questions[:2]:
            await _begun(one)
        tasks.append(asyncio.create_task(evaluations.run(questions[2])))

        assert [await evaluations.run(lambda: "kept") for _ in range(5)] == ["kept"] * 5
        assert not questions[2].began.is_set()
        questions[0].end.set()
        await _begun(questions[2])  # its turn has come
        questions[1].end.set()
        questions[2].end.set()
        assert await asyncio.gather(*tasks) == ["built"] * 3

    asyncio.run(scene())


def test_who_waits_for_a_turn_too_long_is_told_to_ask_again() -> None:
    async def scene() -> None:
        evaluations = Evaluations(1, 0.05)
        first, second, third = Building(), Building(), Building()
        task = asyncio.create_task(evaluations.run(first))
        await _begun(first)

        with pytest.raises(NotReadyError) as refused:
            await evaluations.run(second)

        assert (refused.value.problem.status, refused.value.retry_after) == (503, 1)
        assert not second.began.is_set()
        first.end.set()
        assert await task == "built"
        third.end.set()
        assert await evaluations.run(third) == "built"  # the turn was given back

    asyncio.run(scene())


def test_a_turn_is_given_back_whatever_a_question_ends_with() -> None:
    async def scene() -> None:
        evaluations = Evaluations(1, LONG_S)

        def fails() -> None:
            check_building()
            raise KeyError

        for _ in range(3):
            with pytest.raises(KeyError):
                await evaluations.run(fails)
        late = Evaluations(1, 0.0)
        for _ in range(3):
            with pytest.raises(DeadlineError):
                await late.run(check_building)

    asyncio.run(scene())


READS: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/api/segments/preview", {"rules": CANADIANS}),
    ("POST", "/api/segments/explain", {"rules": CANADIANS, "contact_id": "ann"}),
    ("POST", "/api/segments/overlap", {"segments": ["canadians", "others"]}),
    ("POST", "/api/segments/canadians/membership", {"contact_ids": ["ann"]}),
    ("GET", "/api/segments", None),
    ("GET", "/api/segments/canadians", None),
    ("GET", "/api/segments/canadians/contacts", None),
    ("GET", "/api/segments/canadians/export", None),
    ("GET", "/api/contacts?q=ann", None),
    ("GET", "/api/contacts/ann/segments", None),
)


@pytest.mark.parametrize(("method", "path", "body"), READS, ids=lambda one: str(one)[:40])
def test_every_call_that_evaluates_ends_in_time_and_says_so(
    method: str, path: str, body: Any
) -> None:
    engine = Engine(clock=lambda: NOW)
    engine.load_contacts([{"id": "ann", "country": "Canada"}])
    engine.define_segment("canadians", CANADIANS)
    engine.define_segment("others", CANADIANS | {"match": "any"})
    engine.drop_kept()
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        TestClient(create_app(engine, Settings(KEY, evaluation_seconds=0.0))) as hurried,
        TestClient(create_app(engine, Settings(KEY))) as client,
    ):
        late = hurried.request(method, path, headers=headers, json=body)
        answer = client.request(method, path, headers=headers, json=body)
        kept = hurried.request(method, path, headers=headers, json=body)

    assert (late.status_code, late.headers["retry-after"]) == (503, "1")
    assert late.headers["content-type"] == "application/problem+json"
    assert late.json()["errors"][0]["code"] == "deadline"
    assert (answer.status_code, kept.status_code) == (200, 200)
    if "preview" not in path:
        assert answer.content == kept.content
