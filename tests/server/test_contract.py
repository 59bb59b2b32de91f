"""Every call of the description, made with what it allows and what it does not, by two tenants.

The cases come from the document at ``/schema``, so a new route is in it by itself: no answer is a
5xx of ours, each has a status, a content type, headers and a body that the document says, what the
document does not allow is refused, and a method that it does not have is 405.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final

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
from tests.oracle.profile import first_seed, profile
from tests.server.calling import Caller
from tests.server.conftest import CANADIANS, KEY, Two

EXAMPLES: Final = 5_000 if profile().name == "long" else 200
SECONDS: Final = 3_600.0 if profile().name == "long" else 90.0
"""For all operations together; one that has had its share makes no more calls."""

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
                ],
            }
        }
    }
)
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
        self.spent: Counter[str] = Counter()
        self.keys = {
            (tenant, scope): self.two.key(tenant, scope)  # type: ignore[arg-type] # a scope
            for tenant in ("acme", "zeta")
            for scope in ("read", "write", "admin")
        }
        self.ids: dict[str, dict[str, list[str]]] = {}

    def fill(self) -> None:
        """Write contacts, events, fields and segments to both tenants."""
        for tenant in ("acme", "zeta"):
            self.ask(tenant, "PUT", "/api/contacts", examples_of("PUT", "/api/contacts"))
            self.ask(tenant, "POST", "/api/events", examples_of("POST", "/api/events"))
            self.ask(tenant, "POST", "/api/fields", examples_of("POST", "/api/fields"))
            for name in ("one", "two"):
                self.ask(tenant, "POST", "/api/segments", {"name": name, "rules": CANADIANS})
            static = {"name": "three", "contact_ids": ["ann", "bob"]}
            self.ask(tenant, "POST", "/api/segments", static)
            self.learn(tenant)

    def learn(self, tenant: str) -> None:
        """List what there is, wherever a path with an id lies behind a list."""
        known: dict[str, list[str]] = {}
        for path in DOCUMENT["paths"]:
            head, _, rest = path.partition("/{")
            name = rest.partition("}")[0]
            if not name or "get" not in DOCUMENT["paths"].get(head, {}):
                continue
            found = self.ask(tenant, "GET", head, None)
            ids = [str(one[key]) for one in found.get("items", ()) for key in _IDS if key in one]
            known.setdefault(name, []).extend(ids)
        own = {one.id for t in ("acme", "zeta") for one in self.two.control.keys(t)}
        self.ids[tenant] = {
            name: [one for one in dict.fromkeys(ids) if one not in own]
            for name, ids in known.items()
        }

    def ask(self, tenant: str, method: str, path: str, body: Any) -> Any:
        """Make a call that is right, as the tenant's admin; return what was answered."""
        key = self.keys[tenant, "admin"]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self.call(method, path, headers, raw)
        assert answer.status < 300, (method, path, answer)
        return json.loads(answer.body)

    def make(self, case: Case) -> Response:
        """Make a case's call, with ids and a key of one of the tenants; note the answer."""
        tenant, scope = self.random.choice(list(self.keys))
        if self.random.random() < 0.5:
            scope = "admin"
        for name in case.path_parameters or {}:
            whose = tenant if self.random.random() < 0.9 else "acme"
            ids = self.ids[whose].get(name)
            if ids and self.random.random() < 0.7:
                case.path_parameters[name] = self.random.choice(ids)
        key = self.keys[tenant, scope] if self.random.random() < 0.97 else KEY
        kwargs = case.as_transport_kwargs(base_url="http://testserver")
        kwargs["headers"]["Authorization"] = f"Bearer {key}"
        prepared = requests.Request(**{k: v for k, v in kwargs.items() if k in _REQUEST}).prepare()
        body = prepared.body or b""
        raw = body.encode() if isinstance(body, str) else body
        headers = {name: _text(value) for name, value in prepared.headers.items()}
        began = monotonic()
        answer = self.call(str(prepared.method), str(prepared.url), headers, raw)
        self.spent[case.operation.label] += monotonic() - began
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


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_document_says(case: Case, world: World) -> None:
    if world.spent[case.operation.label] > SECONDS / OPERATIONS:
        return
    asked = list(CHECKS)
    if case.body is not None and case.media_type != "application/json":
        asked.remove(checks.negative_data_rejection)  # any text may be a file
    case.validate_response(world.make(case), checks=asked)
