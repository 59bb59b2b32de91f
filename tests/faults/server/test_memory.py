"""Memory that ends refuses a server's writes or ends the server; what it answered is there."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import httpx
import pytest

import bitseg
from bitseg import clock
from server.control import Control, KeyRequest
from server.tenants import path_of
from tests.faults.server.process import Process
from tests.oracle.profile import first_seed, profile

LONG: Final = profile().name == "long"
MIB: Final = 2**20
ANSWERS_WITHIN: Final = 60.0

MARGIN: Final = 96 * MIB
"""What a server takes beside the data: a body and its rows, a batch, SQLite's pages."""

ROWS: Final = 500
NOTE: Final = "x" * 8_000
"""What makes a row large; each has a number behind it, so that no two share it."""


class Filled(NamedTuple):
    """How far a server could be filled.

    Attributes:
        taken: contacts of writes that were answered with 200.
        status: of the first other answer; None = there was none, as the server was gone.
    """

    taken: int
    status: int | None


class Home:
    """A data directory of one tenant, and its key."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        (self.data / "tenants").mkdir(parents=True)
        with Control(self.data / "control.db", clock.system_now) as control:
            control.create_tenant("acme", "Acme")
            with bitseg.open(path_of(self.data, "acme")) as engine:
                engine.define_field("customField.note", "string")
            _, self.key = control.create_key("acme", KeyRequest("load", "admin", rate=10_000))

    def client(self, process: Process) -> httpx.Client:
        """Return what asks a server."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=process.url, headers=headers, timeout=ANSWERS_WITHIN)

    def contacts(self) -> int:
        """Return how many the file has, which is whole."""
        path = path_of(self.data, "acme")
        with bitseg.open(path) as engine:
            found = len(engine)
            assert {f"c{found - 1}", "c0"} <= {one["contact.id"] for one in _all(engine)}
        assert bitseg.verify(path).findings == ()
        return found


def _all(engine: bitseg.Engine) -> Iterator[dict[str, str]]:
    named = {"field": "contact.id", "operator": "is_not_empty"}
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [named]}]}
    engine.define_segment("all", rules)
    lines = b"".join(engine.segments.export("all", "ndjson", fields=["contact.id"]))
    return map(json.loads, lines.splitlines())


def _fill(client: httpx.Client) -> Filled:
    """Write contacts until that is refused, or nobody answers."""
    taken = 0
    while True:
        rows = [{"id": f"c{i}", "note": f"{NOTE}{i}"} for i in range(taken, taken + ROWS)]
        try:
            status = client.put("/api/contacts", json=rows).status_code
        except httpx.TransportError:
            return Filled(taken, None)
        if status != 200:
            return Filled(taken, status)
        taken += ROWS


def _warm(client: httpx.Client) -> None:
    """Let a server open the tenant and compile what it needs."""
    while client.get("/api/contacts").status_code != 200:
        pass
    assert client.put("/api/contacts", json=[{"id": "c0", "note": "x"}]).status_code == 200


def _memory(process: Process, name: str) -> int:
    """Return a figure of the system's of a process, bytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(found) * 1_024


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(20 if LONG else 2))
def test_a_server_with_a_budget_refuses_what_passes_it_and_stays_within(
    turn: int, tmp_path: Path
) -> None:
    budget = Random(first_seed() + turn).randint(24, 96)  # noqa: S311 - replayed
    home = Home(tmp_path)
    with Process(home.data, "--memory", str(budget)) as process:
        assert process.wait()
        with home.client(process) as client:
            _warm(client)
            idle = _memory(process, "VmRSS")
            filled = _fill(client)
            most = _memory(process, "VmHWM")

            assert filled.status == 507
            assert filled.taken > 0
            found = client.get("/api/contacts?limit=1").json()
            assert found["total"] == filled.taken
            assert client.get(f"/api/contacts/c{filled.taken - 1}").status_code == 200
        process.kill()

    assert most <= idle + budget * MIB + MARGIN, (most - idle) // MIB
    assert home.contacts() == filled.taken


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(50 if LONG else 5))
def test_a_server_that_the_system_gives_no_more_memory_loses_nothing_that_it_answered(
    turn: int, tmp_path: Path
) -> None:
    share = Random(first_seed() + turn).uniform(0.2, 0.5)  # noqa: S311 - replayed
    home = Home(tmp_path)
    with Process(home.data) as process:
        assert process.wait()
        with home.client(process) as client:
            _warm(client)
            room = _memory(process, "VmSize") + int(share * _memory(process, "VmRSS"))
            resource.prlimit(process.pid, resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
            filled = _fill(client)
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            if filled.status is not None:
                resource.prlimit(process.pid, resource.RLIMIT_AS, unlimited)
                assert filled.status in {503, 507}
                found = client.get("/api/contacts?limit=1")
                assert found.status_code == 503 or found.json()["total"] == max(filled.taken, 1)
        process.kill()

    assert home.contacts() in {max(filled.taken, 1), filled.taken + ROWS}
