"""Paths are matched as they were sent, and none of them leads around the gate."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import CANADIANS, KEY, Two


def _status(app: Litestar, path: str, raw_path: bytes | None, key: str | None = None) -> int:
    """Return the status of a GET whose two forms of a path are as given."""
    sent: list[Any] = []
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": raw_path,
        "query_string": b"",
        "root_path": "",
        "headers": [] if key is None else [(b"authorization", f"Bearer {key}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    if raw_path is None:
        del scope["raw_path"]

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    status: int = sent[0]["status"]
    return status


@pytest.fixture(scope="module")
def app() -> Litestar:
    return create_app(Engine(), Settings(KEY, refusals_a_minute=1_000))


@pytest.mark.parametrize(
    "raw_path",
    [
        b"/api/segments", b"/api/segments/", b"//api/segments", b"/api//segments",
        b"/api/./segments", b"/api/../api/segments", b"/schema/../api/segments",
        b"/health/live/../../api/segments", b"/%61pi/segments", b"/api/%73egments",
        b"/api%2Fsegments", b"/api/segments%00", b"/api/segments%3F", b"/api/segments?x=/health",
        b"/api/segments;x", b"/API/segments", b"/api/segments/%2E%2E/%2E%2E/health/live",
        b"/api/contacts/%2Fhealth%2Flive", b"/api/contacts/..%2f..%2fhealth", b"/api/contacts/%FF",
        b"/api/contacts/\xff", b"http://x/api/segments",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/health/live", "/schema", "/api/segments", "/nowhere"])
def test_no_form_of_a_path_is_answered_without_a_key(
    app: Litestar, path: str, raw_path: bytes
) -> None:
    assert _status(app, path, raw_path) in {401, 404}


def test_what_counts_is_the_path_as_it_was_sent(app: Litestar) -> None:
    assert _status(app, "/health/live", b"/api/segments") == 401
    assert _status(app, "/health/live", b"/api/segments", KEY) == 200
    assert _status(app, "/api/segments", b"/health/live") == 200
    assert _status(app, "/api/segments", None) == 401
    assert _status(app, "/api/segments", b"") in {401, 404}


@pytest.mark.parametrize("path", ["/api/contacts/%FF", "/api/segments/%FF", "/api/keys/%FF"])
def test_an_id_that_is_no_text_is_refused_and_only_with_a_key(app: Litestar, path: str) -> None:
    method = "DELETE" if "keys" in path else "GET"
    with TestClient(app) as client:
        with_key = client.request(method, path, headers={"Authorization": f"Bearer {KEY}"})

        assert with_key.status_code == 400
        assert with_key.headers["content-type"] == "application/problem+json"
        assert client.request(method, path).status_code == 401


def test_another_tenants_segment_is_403_however_its_id_is_spelled(two: Two) -> None:
    for tenant in ("acme", "zeta"):
        two.ask("GET", "/api/tenant", two.key(tenant))
        with two.tenants.hold(tenant) as engine:
            engine.define_segment(f"of/{tenant} é", CANADIANS)
        two.control.claim_segment(f"of/{tenant} é", tenant)

    answers = [
        two.ask("GET", f"/api/segments/{spelled}", two.key("acme"))
        for spelled in ("of%2Facme%20%C3%A9", "%6Ff%2facme %C3%A9", "of%2Fzeta%20%C3%A9",
                        "%6Ff%2fzeta %C3%A9", "of%2Fnobody")
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [200, 200, 403, 403, 404]
    assert answers[0].json()["id"] == "of/acme é"
