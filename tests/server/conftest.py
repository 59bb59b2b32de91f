"""A server over four contacts, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from server.auth import make_key

Ask = Callable[..., Response]

KEY = make_key()
CANADIANS = {
    "match": "all",
    "groups": [
        {
            "match": "all",
            "conditions": [{"field": "contact.country", "operator": "equals", "value": "Canada"}],
        }
    ],
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine()
    engine.load_contacts(
        [
            {"id": "ann", "country": "Canada", "email": "ann@example.com"},
            {"id": "bob", "country": "Canada", "email": "bob@example.com", "bounced": True},
            {"id": "cid", "country": "Chile", "email": "cid@example.com"},
            {"id": "dee"},
        ]
    )
    engine.load_events([{"contact_id": "ann", "kind": "open", "at": "2024-05-01T12:00:00Z"}])
    engine.define_segment("canadians", CANADIANS)
    return engine


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def preview(client: TestClient[Litestar]) -> Ask:
    def ask(**body: Any) -> Response:
        headers = {"Authorization": f"Bearer {KEY}"}
        return client.post("/api/segments/preview", json=body, headers=headers)

    return ask


@pytest.fixture(scope="module")
def send(client: TestClient[Litestar]) -> Ask:
    def ask(body: bytes) -> Response:
        headers = {"Authorization": f"Bearer {KEY}"}
        return client.post("/api/segments/preview", content=body, headers=headers)

    return ask
