"""A history is one data directory's life through many servers, with clients that load each."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any, Final

import httpx

import bitseg
from bitseg import clock
from server.control import Control, KeyRequest
from server.tenants import path_of
from tests.faults.server.lanes import Lane, Request, State, members_of
from tests.faults.server.process import Process, log_of

TENANTS: Final = ("acme", "zeta")
LANES: Final = 2
ANSWERS_WITHIN: Final = 20.0
"""Seconds after which a request that has no answer hangs."""

SOONEST: Final = 0.02
LATEST: Final = 1.5
"""Seconds behind ready between which servers are killed."""


class History:
    """One data directory and its clients.

    Attributes:
        kills: servers that were killed.
        done: requests that took effect.
        refused: requests that were refused.
        unknown: requests without an answer.
    """

    def __init__(self, directory: Path, seed: int) -> None:
        """Make a directory with two tenants."""
        self.data = directory / f"data-{seed}"
        self._draw = Random(f"{seed}:server")  # noqa: S311 - a seed replays it
        self._seed = seed
        self.lanes = [Lane(tenant, n, seed) for tenant in TENANTS for n in range(LANES)]
        self.kills = self.done = self.refused = self.unknown = 0
        self._keys: dict[str, str] = {}
        self._good: list[tuple[str, str]] = []
        self._revoked: list[str] = []
        self._imports = 0
        self._sent: dict[str, list[list[str]]] = {one: [] for one in TENANTS}
        self._brought: dict[str, list[list[str]]] = {one: [] for one in TENANTS}
        self._begin()

    def _begin(self) -> None:
        (self.data / "tenants").mkdir(parents=True)
        with Control(self.data / "control.db", clock.system_now) as control:
            for tenant in TENANTS:
                control.create_tenant(tenant, tenant)
                with bitseg.open(path_of(self.data, tenant)) as engine:
                    engine.define_field("customField.owner", "string")
                    engine.define_field("customField.age", "number")
                self._keys[tenant] = control.create_key(
                    tenant, KeyRequest("load", "admin", rate=10_000)
                )[1]

    def options(self) -> list[str]:
        """Draw the options of a start."""
        return [
            "--sync", self._draw.choice(("full", "normal")),
            "--tenants-memory", self._draw.choice(("1", "4096")),
            "--tenants-idle", self._draw.choice(("1", "30")),
        ]  # fmt: skip

    def kill_while_starting(self) -> None:
        """Start a server and kill it before it is ready, or about then."""
        with Process(self.data, *self.options()) as process:
            timer = Timer(self._draw.uniform(0.3, 3.0), process.kill)
            timer.start()
            process.wait()
            timer.cancel()
            timer.join()
        self.kills += 1

    def kill_under_load(self) -> None:
        """Start a server, check what is there, load it and kill it."""
        with Process(self.data, *self.options()) as process:
            assert process.wait(), self._said("it did not start")
            self.check(process.url)
            ends_in = SOONEST + (LATEST - SOONEST) * self._draw.random() ** 2
            timer = Timer(ends_in, process.kill)
            timer.start()
            self._load(process.url)
            timer.join()
        self.kills += 1
        self._verify()

    def log(self) -> str:
        """Return what the servers said."""
        return log_of(self.data).read_text(encoding="utf-8")

    def end_under_load(self) -> tuple[int, float]:
        """Start a server, check it, load it and tell it to end; return its status, and seconds."""
        ended: list[tuple[int, float]] = []

        def end() -> None:
            began = time.monotonic()
            ended.append((process.terminate(), time.monotonic() - began))

        with Process(self.data, *self.options()) as process:
            assert process.wait(), self._said("it did not start")
            self.check(process.url)
            timer = Timer(0.5, end)
            timer.start()
            self._load(process.url)
            timer.join()
        self._verify()
        return ended[0]

    def last_check(self) -> None:
        """Start a server once more and check what is there."""
        with Process(self.data) as process:
            assert process.wait(), self._said("it did not start")
            self.check(process.url)
            assert process.terminate() == 0
        self._verify()
        for tenant in TENANTS:
            self._replay(tenant)

    # Load

    def _load(self, url: str) -> None:
        with ThreadPoolExecutor(len(self.lanes) + 1) as pool:
            running = [pool.submit(self._lane, url, lane) for lane in self.lanes]
            running.append(pool.submit(self._beside, url))
            for one in running:
                one.result()

    def _beside(self, url: str) -> None:
        """Make keys, take them back and bring files in, a tenant after the other."""
        for turn in itertools.count():
            tenant = TENANTS[turn % len(TENANTS)]
            try:
                with self._client(url, tenant) as client:
                    self._turn_keys(client, tenant)
                    self._bring_in(client, tenant)
            except httpx.TransportError:
                return
            except _EndingError:
                return

    def _turn_keys(self, client: httpx.Client, tenant: str) -> None:
        made = _taken(client.post("/api/keys", json={"name": "turned", "scope": "read"}))
        key = made["key"]
        self._good.append((tenant, key))
        if self._draw.random() < 0.5:
            self._good.pop()  # until it is answered, nobody knows
            _taken(client.delete(f"/api/keys/{made['id']}"))
            self._revoked.append(key)

    def _bring_in(self, client: httpx.Client, tenant: str) -> None:
        """Bring a file of a few contacts in, and note it once it is said to be done."""
        number = self._imports = self._imports + 1
        names = [f"i{number}-{row}" for row in range(20)]
        rows = "".join(f"{one},{tenant}\n" for one in names)
        self._sent[tenant].append(names)
        headers = {"Content-Type": "text/csv"}
        path, body = "/api/contacts/import", f"id,customField.owner\n{rows}"
        shown = _taken(client.post(path, content=body.encode(), headers=headers))
        while shown["state"] in {"queued", "running"}:
            time.sleep(0.02)
            shown = _taken(client.get(f"/api/imports/{shown['id']}"))
        assert shown["state"] == "done", self._said(f"{shown}")
        self._brought[tenant].append(names)

    def _client(self, url: str, tenant: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self._keys[tenant]}"}
        return httpx.Client(base_url=url, headers=headers, timeout=ANSWERS_WITHIN)

    def _lane(self, url: str, lane: Lane) -> None:
        with self._client(url, lane.tenant) as client:
            while lane.unknown is None:
                request = lane.next()
                lane.unknown = request  # until there is an answer
                try:
                    answer = self._send(client, request)
                except httpx.TransportError:
                    return
                if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    return  # it ends
                self._take(lane, request, answer)

    @staticmethod
    def _send(client: httpx.Client, request: Request) -> httpx.Response:
        headers = {"Idempotency-Key": request.key, **request.headers}
        content = None if request.body is None else json.dumps(request.body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        return client.request(request.method, request.path, content=content, headers=headers)

    def _take(self, lane: Lane, request: Request, answer: httpx.Response) -> None:
        said = f"{request.method} {request.path} {request.body}: {answer.status_code} {answer.text}"
        if request.refused is not None:
            assert answer.status_code == request.refused, self._said(said)
            self.refused += 1
        else:
            assert answer.is_success, self._said(said)
            lane.done(request, answer.json() if answer.content else None)
            self.done += 1
        lane.unknown = None

    # Checks

    def check(self, url: str) -> None:
        """See that what must be there is, and nothing else; send what had no answer again."""
        for tenant in TENANTS:
            with self._client(url, tenant) as client:
                mine = [lane for lane in self.lanes if lane.tenant == tenant]
                for lane in mine:
                    self._settle(client, lane)
                found = {one["contact.id"]: one for one in self._everybody(client)}
                must = {one for lane in mine for one in lane.state.people}
                self._check_files(tenant, found)
                sent = {one for names in self._sent[tenant] for one in names}
                assert found.keys() - sent == must, self._said(tenant)
                owners = {one.get("customField.owner") for one in found.values()}
                assert owners <= {tenant}, self._said(f"{tenant}: {owners}")
                saved = self._items(client, "/api/segments")
                names = {lane.prefix + name for lane in mine for name in lane.state.segments}
                assert {one["name"] for one in saved} == names, self._said(tenant)
                assert len(saved) == len(names), self._said(f"{tenant}: a segment is there twice")

        self._check_keys(url)

    def _check_files(self, tenant: str, found: dict[str, Any]) -> None:
        """See that a file that was done is whole, and that each row of others is whole."""
        for names in self._brought[tenant]:
            assert found.keys() >= set(names), self._said(f"{tenant}: rows of {names[0]} are lost")

    def _check_keys(self, url: str) -> None:
        """See that keys that were made open their tenant, and that those taken back do not."""
        for tenant, key in self._good[-5:]:
            answer = self._read_tenant(url, key)
            assert answer.status_code == httpx.codes.OK, self._said("a key is lost")
            assert answer.json()["id"] == tenant
        for key in self._revoked[-5:]:
            refused = self._read_tenant(url, key).status_code
            assert refused == httpx.codes.UNAUTHORIZED, self._said("a key opens again")

    @staticmethod
    def _read_tenant(url: str, key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.get(f"{url}/api/tenant", headers=headers, timeout=ANSWERS_WITHIN)

    def _everybody(self, client: httpx.Client) -> list[Any]:
        found: list[Any] = []
        while True:
            page = client.get("/api/contacts", params={"limit": 1000, "offset": len(found)})
            answer = page.raise_for_status().json()
            found += answer["items"]
            if len(found) >= answer["total"]:
                return found

    def _settle(self, client: httpx.Client, lane: Lane) -> None:
        """Check a lane; what had no answer is whole or absent, and sent again, there once."""
        request, seen = lane.unknown, self._seen(client, lane)
        if request is None:
            assert seen == _shown(lane.state), self._said(_differ(lane, seen, lane.state))
            return
        self.unknown += 1
        after = request.after if request.refused is None else lane.state
        assert seen in (_shown(lane.state), _shown(after)), self._said(
            f"neither before nor after {request.method} {request.path} {request.body}:\n"
            f"{_differ(lane, seen, lane.state)}\n{_differ(lane, seen, after)}"
        )
        self._take(lane, request, self._send(client, request))
        seen = self._seen(client, lane)
        assert seen == _shown(lane.state), self._said(
            f"sent again: {request}\n{_differ(lane, seen, lane.state)}"
        )

    def _seen(self, client: httpx.Client, lane: Lane) -> Any:
        """Return what there is of a lane."""
        people = {
            one["contact.id"]: (
                {key: one[key] for key in ("contact.id", "contact.email", *_OWN) if key in one},
                int(one["engagement.total_opens"]),
            )
            for one in self._items(client, f"/api/contacts?q={lane.prefix}")
        }
        segments = {}
        for one in self._items(client, f"/api/segments?search={lane.prefix}"):
            path = f"/api/segments/{one['id']}/contacts?limit=1000&fields=contact.id"
            answer = client.get(path).raise_for_status().json()
            ids = frozenset(row["contact.id"] for row in answer["contacts"])
            assert one["tenant_id"] == lane.tenant
            assert one["contact_count"] == answer["total"] == len(ids)
            name = one["name"].removeprefix(lane.prefix)
            segments[name] = (one["revision"], json.dumps(one["rules"], sort_keys=True), ids)
        return people, segments

    @staticmethod
    def _items(client: httpx.Client, path: str) -> list[Any]:
        joined = "&" if "?" in path else "?"
        found = client.get(f"{path}{joined}limit=1000").raise_for_status().json()
        assert len(found["items"]) == found["total"]
        items: list[Any] = found["items"]
        return items

    def _verify(self) -> None:
        for tenant in TENANTS:
            verified = bitseg.verify(path_of(self.data, tenant))
            assert not verified.findings, self._said(f"{tenant}: {verified.findings}")

    def _replay(self, tenant: str) -> None:
        """See that the record of each segment, from its first change on, leads to its members."""
        with bitseg.open(path_of(self.data, tenant)) as engine:
            assert engine.refresh_segments() == {}
            for segment in engine.segments:
                said = engine.segments.history(segment, limit=10**9)
                assert [one.seq for one in said.items] == list(range(1, said.last_seq + 1))
                members: set[str] = set()
                for one in said.items:
                    if one.contact_id is not None:
                        (members.add if one.change == "entered" else members.discard)(
                            one.contact_id
                        )
                assert members == set(engine.segments.members(segment).ids())

    def _said(self, what: str) -> str:
        kept = self.data.with_name(f"{self.data.name}-failed")
        shutil.copytree(self.data, kept, dirs_exist_ok=True)
        return f"seed {self._seed}, after {self.kills} kills: {what}\nthe directory is at {kept}"


class _EndingError(Exception):
    """The server takes nothing any more."""


def _taken(answer: httpx.Response) -> Any:
    """Return what was answered to a call that has to be taken, unless the server ends."""
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise _EndingError
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


_OWN: Final = ("customField.owner", "customField.age")


def _shown(state: State) -> Any:
    """Return a state as ``_seen`` returns what there is."""
    people = {one: (person.values, person.opens) for one, person in state.people.items()}
    segments = {
        name: (
            saved.revision,
            json.dumps(saved.rules, sort_keys=True),
            frozenset(members_of(state, name)),
        )
        for name, saved in state.segments.items()
    }
    return people, segments


def _differ(lane: Lane, seen: Any, state: State) -> str:
    must = _shown(state)
    found = [
        f"{lane.tenant} {lane.prefix} {key}: is {seen[part].get(key)}, "
        f"must be {must[part].get(key)}"
        for part in (0, 1)
        for key in seen[part].keys() | must[part].keys()
        if seen[part].get(key) != must[part].get(key)
    ]
    return "\n".join(found)
