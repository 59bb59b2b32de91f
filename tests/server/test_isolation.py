"""Two tenants with the same ids, emails and names know nothing of each other.

Random calls of both are mixed in one server. Every answer that a tenant gets, and everything that
it can read afterwards, is byte for byte what it gets from a server that has no other tenant; what
only the other one wrote is in no answer, and what anybody wrote is in no line of the log.
Ids that are made at random are told apart by when they first come up.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

import bitseg
from bitseg import Engine
from bitseg.cli import Told
from server import Settings, create_app
from server.control import Control
from server.tenants import Tenants, path_of
from tests.oracle.profile import first_seed, profile
from tests.server.calling import Answer, Caller
from tests.server.control import NOW, Clock, key_of, with_tenants

CALLS: Final = 10_000 if profile().name == "long" else 2_000
"""Of both tenants together."""

TENANTS: Final = ("acme", "zeta")
PEOPLE: Final = tuple(f"c{number}" for number in range(40))
NAMES: Final = tuple(f"segment {number}" for number in range(8))
UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SECRET: Final = re.compile(r"bsg_live_\w*")
TOOK: Final = re.compile(r'"took_us":\d+')


def marker(tenant: str) -> str:
    """Return what a tenant writes wherever it can, and the other never does."""
    return f"only-{tenant}-knows"


class Life:
    """One tenant's calls to a server, drawn from a seed and from what was answered.

    Attributes:
        told: each answer, as it is compared.
        raw: all that was received.
    """

    def __init__(self, tenant: str, call: Caller, clocks: tuple[Clock, Clock], key: str) -> None:
        """Begin with an empty tenant; the clocks are the tenant's own and the server's."""
        self.told: list[tuple[str, str, int, str]] = []
        self.raw: list[Answer] = []
        self._tenant = tenant
        self._call = call
        self._clocks = clocks
        self._key = key
        self._draw = Random(f"{first_seed()}:{tenant}")  # noqa: S311 - a seed replays it
        self._segments: list[str] = []
        self._names: dict[str, str] = {}
        self._made_keys: list[str] = []

    def step(self) -> None:
        """Make a call, a little later than the last one."""
        self._draw.choice(_CALLS)(self)

    def read_all(self, document: Any) -> None:
        """Make every call that only reads, of every id that there is."""
        for path, methods in document["paths"].items():
            if not path.startswith("/api/") or not _reads(methods):
                continue
            for filled in self._filled(path):
                self.ask("GET", filled)

    def _filled(self, path: str) -> Iterator[str]:
        ids = {
            "{segment_id}": self._segments,
            "{contact_id}": PEOPLE[:10],
            "{field_path}": ["contact.city", "customField.note"],
            "{key_id}": self._made_keys,
        }
        found = re.findall(r"\{\w+\}", path)
        if not found:
            yield path
        elif len(found) == 1:
            yield from (path.replace(found[0], one) for one in ids.get(found[0], ()))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call; return the JSON that was answered."""
        for clock in self._clocks:
            clock.at = NOW + 1_000 * len(self.told)
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "X-Request-Id": "the-same-for-all",  # a problem says it
        }
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self._call(method, path, headers, raw)
        self.raw.append(answer)
        text = self._plain(answer.body.decode())
        self.told.append((method, self._plain(path), answer.status, text))
        is_json = answer.headers.get("content-type", [""])[0] == "application/json"
        return json.loads(answer.body) if is_json and answer.status < 300 else None

    def _plain(self, text: str) -> str:
        """Return a text without what is random in it."""
        text = TOOK.sub("", SECRET.sub("a key", text))
        return UUID.sub(
            lambda found: self._names.setdefault(found[0], f"id {len(self._names)}"), text
        )

    # Calls

    def write_contacts(self) -> None:
        """Write some contacts."""
        rows = [
            {
                "id": one,
                "email": f"{one}@example.com",
                "city": self._draw.choice(("Rome", "Oslo", "Bonn")),
                "lead_score": self._draw.randrange(10),
                "customField.note": f"{marker(self._tenant)} {self._draw.randrange(5)}",
            }
            for one in self._draw.sample(PEOPLE, self._draw.randint(1, 6))
        ]
        self.ask("PUT", "/api/contacts", rows)

    def record_events(self) -> None:
        """Record some events, some of them of nobody, some of a wrong kind."""
        rows = [
            {
                "contact_id": self._draw.choice((*PEOPLE, "nobody")),
                "kind": self._draw.choice(("open", "click", "Open")),
                "at": NOW - self._draw.randrange(10**9),
                "event_id": f"e{self._draw.randrange(500)}",
                "campaign": marker(self._tenant),
            }
            for _ in range(self._draw.randint(1, 6))
        ]
        self.ask("POST", "/api/events", rows)

    def withdraw(self) -> None:
        """Take events back."""
        self.ask("POST", "/api/events/delete", {"event_ids": [f"e{self._draw.randrange(500)}"]})

    def erase(self) -> None:
        """Erase a contact."""
        self.ask("DELETE", f"/api/contacts/{self._draw.choice(PEOPLE)}")

    def create(self) -> None:
        """Make a segment; its name may be taken."""
        body: Any = {"name": self._draw.choice(NAMES), "description": marker(self._tenant)}
        body |= (
            {"rules": self._rules()}
            if self._draw.random() < 0.7
            else {"contact_ids": self._draw.sample(PEOPLE, 5)}
        )
        made = self.ask("POST", "/api/segments", body)
        if made is not None:
            self._segments.append(made["id"])

    def change(self) -> None:
        """Change a segment."""
        self.ask("PATCH", self._segment(), {"rules": self._rules(), "tags": [marker(self._tenant)]})

    def remove(self) -> None:
        """Delete a segment."""
        if len(self._segments) > 3:
            path = self._segment()
            self.ask("DELETE", path)

    def move(self) -> None:
        """Put contacts into a segment, static or not, or take them out."""
        method = self._draw.choice(("POST", "DELETE"))
        body = {"contact_ids": self._draw.sample(PEOPLE, 3)}
        self.ask(method, f"{self._segment()}/contacts", body)

    def preview(self) -> None:
        """Ask for a preview."""
        body = {"rules": self._rules(), "sample": 3, "breakdown": True, "near_misses": True}
        self.ask("POST", "/api/segments/preview", body)

    def explain(self) -> None:
        """Ask why a contact is in a segment."""
        body = {"rules": self._rules(), "contact_id": self._draw.choice(PEOPLE)}
        self.ask("POST", "/api/segments/explain", body)

    def read(self) -> None:
        """Read something."""
        segment, contact = self._segment(), self._draw.choice(PEOPLE)
        self.ask("GET", self._draw.choice((
            segment, f"{segment}/contacts?limit=5", f"{segment}/export?format=csv",
            f"{segment}/revisions", f"{segment}/history", "/api/segments", "/api/tenant",
            f"/api/contacts/{contact}", f"/api/contacts/{contact}/segments",
            f"/api/contacts/{contact}/events", "/api/contacts?q=c1", "/api/fields",
            "/api/fields/customField.note/values",
        )))  # fmt: skip

    def make_key(self) -> None:
        """Make a key, or take one back."""
        if self._made_keys and self._draw.random() < 0.5:
            self.ask("DELETE", f"/api/keys/{self._draw.choice(self._made_keys)}")
            return
        made = self.ask("POST", "/api/keys", {"name": marker(self._tenant), "scope": "read"})
        self._made_keys.append(made["id"])

    def _segment(self) -> str:
        return f"/api/segments/{self._draw.choice(self._segments or ['none'])}"

    def _rules(self) -> Any:
        conditions: list[Any] = [
            {"field": "contact.city", "operator": "equals", "value": "Rome"},
            {"field": "contact.lead_score", "operator": "less_than", "value": 5},
            {"field": "customField.note", "operator": "ends_with", "value": "3"},
            {"event": "open", "within": "7d"},
            {"event": "click", "operator": "equals", "value": 0},
            {"segment": self._draw.choice(self._segments or ["none"])},
        ]
        return {
            "match": self._draw.choice(("all", "any")),
            "groups": [{"match": "any", "conditions": self._draw.sample(conditions, 2)}],
        }


_CALLS: Final[tuple[Callable[[Life], None], ...]] = (
    *(Life.write_contacts,) * 4, *(Life.record_events,) * 3, Life.withdraw, Life.erase,
    *(Life.create,) * 2, Life.change, Life.remove, Life.move, *(Life.preview,) * 2, Life.explain,
    *(Life.read,) * 6, Life.make_key,
)  # fmt: skip


def _reads(methods: Any) -> bool:
    """Return whether a path is read, and not as a stream without end."""
    content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    return bool(content) and "text/event-stream" not in content


@contextmanager
def _server(data: Path, *names: str) -> Iterator[list[Life]]:
    """Serve tenants; yield the beginnings of their lives."""
    clock, own = Clock(), {tenant: Clock() for tenant in names}

    def opened(path: Path, told: Told | None = None) -> Engine:
        return bitseg.open(path, clock=own[path.stem], progress=told)

    (data / "tenants").mkdir(parents=True)
    with with_tenants(Control(data / "control.db", clock), *names) as control:
        for tenant in names:
            with opened(path_of(data, tenant)) as engine:
                engine.load_contacts([{"id": "c0", "customField.note": "none"}])
        tenants = Tenants(data, 2**30, 60_000, clock, opened)
        tenants.ready()
        app = create_app(tenants, Settings(rate=1_000_000), control, clock)
        with Caller(app) as call:
            yield [
                Life(one, call, (own[one], clock), key_of(control, one, "admin")[1])
                for one in names
            ]
        tenants.close()


def _document() -> Any:
    with Caller(create_app(Engine(), Settings())) as call:
        return json.loads(call("GET", "/schema", {}).body)


def _lived(data: Path, *tenants: str) -> list[Life]:
    """Let tenants live in one server, in turns that are drawn; return their lives."""
    document = _document()
    turns = Random(first_seed())  # noqa: S311 - a seed replays it
    left = dict.fromkeys(range(len(tenants)), CALLS // len(TENANTS))
    with _server(data, *tenants) as lives:
        while left:
            number = turns.choice(list(left))
            lives[number].step()
            left[number] -= 1
            if not left[number]:
                del left[number]
        for life in lives:
            life.read_all(document)
    return lives


@pytest.mark.slow
def test_each_tenant_sees_what_it_would_see_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    both = _lived(tmp_path / "both", *TENANTS)
    logged = caplog.text

    for tenant, life in zip(TENANTS, both, strict=True):
        (alone,) = _lived(tmp_path / tenant, tenant)
        for mixed, single in zip(life.told, alone.told, strict=True):
            assert mixed == single

    statuses = {status for life in both for _, _, status, _ in life.told}
    assert statuses >= {200, 201, 204, 404, 409, 422}
    assert max(statuses) < 500
    for tenant, other in (TENANTS, TENANTS[::-1]):
        life = both[TENANTS.index(tenant)]
        received = "".join(f"{one.headers} {one.body!r}" for one in life.raw)
        assert marker(tenant) in received
        assert marker(other) not in received
        assert marker(tenant) not in logged
