"""Members in the order of a field over HTTP; the order itself is tested with the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import KEY
from tests.server.test_segments import ALL, Api


@pytest.fixture
def api() -> Iterator[Api]:
    engine = Engine()
    engine.load_contacts(
        [
            {"id": "ann", "city": "Rome", "lead_score": 5},
            {"id": "bob", "lead_score": 70},
            {"id": "cid", "city": "Oslo"},
            {"id": "dee", "city": "Rome", "lead_score": 70},
        ]
    )
    engine.define_segment("all", ALL)
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("sort=contact.city", ["cid", "ann", "dee", "bob"]),
        ("sort=-contact.city", ["ann", "dee", "cid", "bob"]),
        ("sort=-contact.lead_score&offset=1&limit=2", ["dee", "ann"]),
        ("sort=-contact.lead_score&after=dee", ["ann", "cid"]),
        ("sort=contact.city&after=bob", []),
        ("sort=contact.id&after=ann&limit=1", ["bob"]),
        ("limit=2&after=ann", ["bob", "cid"]),
    ],
)
def test_a_page_is_in_the_order_asked_for(query: str, ids: list[str], api: Api) -> None:
    answer = api("GET", f"/segments/all/contacts?fields=contact.id&{query}")

    assert answer.status_code == 200, answer.text
    assert [one["contact.id"] for one in answer.json()["contacts"]] == ids
    assert answer.json()["total"] == 4


@pytest.mark.parametrize(
    ("query", "path"),
    [("sort=contact.citty", "sort"), ("sort=contact.id&after=nobody", "after"), ("sort=", "sort")],
)
def test_what_is_not_there_is_named(query: str, path: str, api: Api) -> None:
    answer = api("GET", f"/segments/all/contacts?{query}")

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]
