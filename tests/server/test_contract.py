"""Every call of the description, made with what it allows and what it does not, by two tenants.

The cases come from the document at ``/schema``, so a new route is in it by itself: no answer is a
5xx of ours, each has a status, a content type, headers and a body that the document says, what the
document does not allow is refused, and a method that it does not have is 405.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from litestar.testing import TestClient
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

import bitseg
from server import Settings, create_app
from server.control import SCOPES
from server.schemas.examples import OTHER_ID, SEGMENT_ID
from tests.oracle.profile import first_seed, profile
from tests.server.calling import Caller
from tests.server.conftest import CANADIANS, KEY, Two

EXAMPLES: Final = 5_000 if profile().name == "long" else 100
"""Cases that are drawn of each operation."""

SECONDS: Final = 3_600.0 if profile().name == "long" else 60.0
"""For all operations together; one that has had its share makes no more calls."""

LEAST: Final = 20
"""Calls of each operation, however long they take."""

CHECKS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
]


def _document() -> dict[str, Any]:
    with TestClient(create_app(bitseg.Engine(), Settings(KEY))) as client:
        described: dict[str, Any] = client.get("/schema").json()
    return described


def _unguarded(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document that says nothing of keys: the cases are given theirs here."""
    paths = {
        path: {
            method: {key: value for key, value in one.items() if key != "security"}
            for method, one in methods.items()
        }
        for path, methods in document["paths"].items()
    }
    return {**document, "paths": paths, "security": []}


CONFIG: Final = schemathesis.Config.from_dict(
    {
        "checks": {
            "negative_data_rejection": {
                "expected-statuses": [
                    "400",
                    "401",
                    "403",
                    "404",
                    "409",
                    "412",
                    "413",
                    "415",
                    "422",
                    "429",
                ],
            }
        }
    }
)


@schemathesis.serializer("application/x-ndjson", "application/vnd.apache.parquet")
def _lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Return a body as it is sent: what was drawn."""
    return value if isinstance(value, bytes) else str(value).encode()


DOCUMENT: Final = _document()
SCHEMA: Final = schemathesis.openapi.from_dict(_unguarded(DOCUMENT), config=CONFIG)
OPERATIONS: Final = sum(1 for _ in SCHEMA.get_all_operations())


class World:
    """A server of two tenants with data in both, whose ids the cases are given.

    Attributes:
        seen: how often each operation was answered with each status.
    """

    def __init__(self, data: Path) -> None:
        """Fill both tenants with the same calls."""
        self.two = Two(data, Settings(refusals_a_minute=10**9, rate=1_000_000))
        self.call = Caller(self.two.app)
        self.random = Random(first_seed())  # noqa: S311 - a seed replays it
        self.seen: dict[str, Counter[int]] = {}
        self.begun: dict[str, float] = {}
        self.keys = {
            (tenant, scope): self.two.key(tenant, scope)
            for tenant in ("acme", "zeta")
            for scope in SCOPES
        }
        self.own = {one.id for t in ("acme", "zeta") for one in self.two.control.keys(t)}
        self.ids: dict[str, dict[str, list[str]]] = {}

    def fill(self) -> None:
        """Write contacts, events, fields and segments to both tenants, and learn their ids."""
        for tenant in ("acme", "zeta"):
            for method, path in _FIRST:
                self.ask(tenant, method, path, examples_of(method, path))
            taken = {one["name"] for one in self.ask(tenant, "GET", "/api/segments")["items"]}
            for name, what in _SEGMENTS.items():
                if name not in taken:
                    self.ask(tenant, "POST", "/api/segments", {"name": name, **what})
            if not self.ask(tenant, "GET", "/api/webhooks")["total"]:
                segment = self.ask(tenant, "GET", "/api/segments")["items"][0]["id"]
                hook = {"url": "https://example.com/", "segments": [segment]}
                self.ask(tenant, "POST", "/api/webhooks", hook)
            self.learn(tenant)

    def learn(self, tenant: str) -> None:
        """List what there is, wherever a path with an id lies behind a list."""
        known: dict[str, list[str]] = {}
        for path in DOCUMENT["paths"]:
            head, _, rest = path.partition("/{")
            name = rest.partition("}")[0]
            if not name or "get" not in DOCUMENT["paths"].get(head, {}):
                continue
            found = self.ask(tenant, "GET", f"{head}?limit=1000")
            ids = [
                str(next(one[key] for key in _IDS if key in one)) for one in found.get("items", ())
            ]
            known.setdefault(name, []).extend(ids)
        self.ids[tenant] = {
            name: [one for one in dict.fromkeys(ids) if one not in self.own]
            for name, ids in known.items()
        }

    def ask(self, tenant: str, method: str, path: str, body: Any = None) -> Any:
        """Make a call that is right, as the tenant's admin; return what was answered."""
        key = self.keys[tenant, "admin"]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self.call(method, path, headers, raw)
        assert answer.status < 300, (method, path, answer)
        return json.loads(answer.body)

    def is_over(self, label: str) -> bool:
        """Return whether an operation has had its share."""
        began = self.begun.setdefault(label, monotonic())
        calls = sum(self.seen.get(label, Counter()).values())
        return calls >= LEAST and monotonic() - began > SECONDS / OPERATIONS

    def make(self, case: Case[Any]) -> Response:
        """Make a case's call, with ids and a key of one of the tenants."""
        tenant, scope = self.random.choice(list(self.keys))
        if self.random.random() < 0.5:
            scope = "admin"
        for name in case.path_parameters or {}:
            whose = tenant if self.random.random() < 0.9 else "acme"
            ids = self.ids[whose].get(name)
            if ids and self.random.random() < 0.7:
                case.path_parameters[name] = quote(self.random.choice(ids), safe="")
        key = self.keys[tenant, scope] if self.random.random() < 0.97 else KEY
        return self.send(case, key)

    def right(self, operation: Any) -> Iterator[Case[Any]]:
        """Yield the call that the document shows of an operation, for some ids there are."""
        shown = DOCUMENT["paths"][operation.path][operation.method]
        content = shown.get("requestBody", {}).get("content", {})
        names = [one["name"] for one in shown.get("parameters", ()) if one["in"] == "path"]
        for _ in range(LEAST):
            ids = {
                name: quote(self.random.choice(self.ids["acme"].get(name) or ["1"]), safe="")
                for name in names
            }
            if not content:
                yield operation.Case(path_parameters=ids)
                continue
            media_type = next(iter(content))
            body = self._with_ids(next(iter(content[media_type]["examples"].values()))["value"])
            yield operation.Case(path_parameters=ids, body=body, media_type=media_type)

    def _with_ids(self, body: Any) -> Any:
        """Return a body that is shown, with ids of segments there are where it has some."""
        segments = self.random.sample(self.ids["acme"]["segment_id"], 2)
        for shown, known in zip((SEGMENT_ID, OTHER_ID), segments, strict=True):
            body = json.loads(json.dumps(body).replace(shown, known))
        return body

    def send(self, case: Case[Any], key: str) -> Response:
        """Make a case's call with a key, and note the answer."""
        kwargs = case.as_transport_kwargs(base_url="http://testserver")
        prepared = requests.Request(**{k: v for k, v in kwargs.items() if k in _REQUEST}).prepare()
        body = prepared.body or b""
        raw = body if isinstance(body, bytes) else str(body).encode()
        headers = {name: _text(value) for name, value in prepared.headers.items()}
        headers["Authorization"] = f"Bearer {key}"
        if self.random.random() < 0.8:
            headers.pop("If-Match", None)  # hardly any is right
        answer = self.call(str(prepared.method), str(prepared.url), headers, raw)
        if prepared.method == case.operation.method.upper():
            self.seen.setdefault(case.operation.label, Counter())[answer.status] += 1
        return Response(
            answer.status,
            answer.headers,
            answer.body,
            prepared,
            elapsed=0.0,
            verify=False,
            encoding="utf-8",
        )


_FIRST: Final = (
    ("PUT", "/api/contacts"),
    ("POST", "/api/events"),
    ("POST", "/api/fields"),
    ("POST", "/api/keys"),
)
_SEGMENTS: Final[dict[str, Any]] = {
    "one": {"rules": CANADIANS},
    "two": {"rules": CANADIANS},
    "three": {"contact_ids": ["ann", "bob"]},
}
_IDS: Final = ("id", "path", "name", "contact.id")
_REQUEST: Final = ("method", "url", "headers", "params", "data", "json", "files", "cookies")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def examples_of(method: str, path: str) -> Any:
    """Return the body that the document shows for a call."""
    content = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]
    return next(iter(content["application/json"]["examples"].values()))["value"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world") / "data")
    with world.call:
        world.fill()
        yield world
    world.two.close()
    for label, statuses in sorted(world.seen.items()):
        sys.stdout.write(f"{label}: {dict(sorted(statuses.items()))}\n")
    never = [label for label, found in world.seen.items() if not _is_done(found)]
    assert not never, f"these were never answered 2xx: {never}"


def _is_done(statuses: Counter[int]) -> bool:
    return any(status < 300 for status in statuses)


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_document_says(case: Case[Any], world: World) -> None:
    operation, label = case.operation, case.operation.label
    if label not in world.begun:
        world.fill()  # other operations erase and remove
        for right in world.right(operation):
            answer = world.send(right, world.keys["acme", "admin"])
            right.validate_response(answer, checks=CHECKS)
    if world.is_over(label):
        return
    asked = list(CHECKS)
    if case.media_type not in {None, "application/json"}:
        asked.remove(checks.negative_data_rejection)  # any text may be a file
    case.validate_response(world.make(case), checks=asked)
