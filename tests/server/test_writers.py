"""Many writers change one segment at once, each at the revision it read: one wins each revision.

RELIABILITY 5d: 32 writers, no lost update. A change is told apart by what it says, so that the
revisions, read back, are the changes that won, in order, and the last of them is what there is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx
import pytest

from server import Settings
from tests.oracle.profile import profile
from tests.server.conftest import CANADIANS, Two

WRITERS: Final = 32
TRIES: Final = 200_000 if profile().name == "long" else 10_000
SECONDS: Final = 1_800.0 if profile().name == "long" else 20.0
"""After which writers try no more, however many tries there were."""

LEAST: Final = 200
"""Tries without which nothing is shown."""


class Writers:
    """So many clients of one segment.

    Attributes:
        won: what each change said that was taken, by the revision that it made.
        lost: changes that were refused, as somebody else had won the revision.
    """

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        """Take how to ask, and the segment's path."""
        self._client = client
        self._path = path
        self._ends_at = monotonic() + SECONDS
        self._tries = 0
        self.won: dict[int, str] = {}
        self.lost = 0

    @property
    def tries(self) -> int:
        """Changes that were sent."""
        return self._tries

    async def write(self, number: int) -> None:
        """Change the segment again and again, at the revision that the last answer told."""
        revision = 1
        while self._tries < TRIES and monotonic() < self._ends_at:
            self._tries += 1
            said = f"writer {number}, try {self._tries}"
            answer = await self._client.patch(
                self._path,
                content=json.dumps({"description": said}),
                headers={"If-Match": f'"{revision}"', "Content-Type": "application/json"},
            )
            if answer.status_code == httpx.codes.PRECONDITION_FAILED:
                self.lost += 1
                revision = await self._read()
                continue
            assert answer.status_code == httpx.codes.OK, answer.text
            made: int = answer.json()["revision"]
            assert made == revision + 1
            assert answer.headers["etag"] == f'"{made}"'
            assert made not in self.won, "two writers won one revision"
            self.won[made] = said
            revision = made

    async def _read(self) -> int:
        answer = await self._client.get(self._path)
        assert answer.headers["etag"] == f'"{answer.json()["revision"]}"'
        revision: int = answer.json()["revision"]
        return revision


@asynccontextmanager
async def _asking(two: Two) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        two.app.lifespan(),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(two.app),  # type: ignore[arg-type] # of ASGI, in other words
            base_url="http://testserver",
            headers={"Authorization": f"Bearer {two.key('acme')}"},
        ) as client,
    ):
        yield client


async def _compete(two: Two) -> tuple[Writers, Any, list[Any]]:
    """Let writers compete; return them, the segment as it is then, and its revisions."""
    async with _asking(two) as client:
        body = {"name": "one", "rules": CANADIANS, "description": "at first"}
        made = await client.post("/api/segments", json=body)
        path = f"/api/segments/{made.json()['id']}"
        writers = Writers(client, path)
        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(writers.write(number))
        last = (await client.get(path)).json()
        revisions: list[Any] = []
        while len(revisions) < last["revision"]:
            page = await client.get(f"{path}/revisions?limit=1000&offset={len(revisions)}")
            revisions += page.json()["items"]
        return writers, last, revisions


@pytest.mark.slow
def test_one_writer_wins_each_revision_and_no_change_is_lost(tmp_path: Path) -> None:
    two = Two(tmp_path / "data", Settings(rate=1_000_000))
    writers, last, revisions = asyncio.run(_compete(two))
    two.close()

    assert writers.tries >= LEAST
    assert writers.lost + len(writers.won) == writers.tries
    assert writers.lost > 0
    assert last["revision"] == len(writers.won) + 1
    assert last["description"] == writers.won[last["revision"]]
    told = {one["revision"]: one["description"] for one in revisions}
    assert told == {1: "at first", **writers.won}
