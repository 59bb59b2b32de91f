"""Templates over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from bitseg import Engine, examples
from server import Settings, create_app
from tests.server.conftest import KEY
from tests.server.test_segments import Api

NAMES = [one.id for one in examples.segments()]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def api(engine: Engine) -> Iterator[Api]:
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


def test_each_says_whom_it_finds(api: Api) -> None:
    first = api("GET", "/templates").json()["items"][0]

    assert set(first) == {"id", "name", "description", "rules", "fields"}
    assert first["name"] == "Active Subscribers"
    assert first["description"].splitlines()[-1] == "Unsubscribed: No"
    assert first["rules"]["groups"][0]["conditions"][-1] == {
        "field": "contact.unsubscribed", "operator": "not_equals", "value": True,
    }  # fmt: skip


def test_they_are_cut_as_all_lists_are(api: Api) -> None:
    page = api("GET", "/templates?offset=2&limit=3").json()

    assert [one["id"] for one in page["items"]] == NAMES[2:5]
    assert page["total"] == len(NAMES)
    assert api("GET", "/templates?limit=0").status_code == 422


def test_every_one_can_be_saved(engine: Engine, api: Api) -> None:
    """With the ids of those that were saved before in the place of their templates'."""
    saved: dict[str, str] = {}
    for one in api("GET", "/templates").json()["items"]:
        for path, data_type in one["fields"].items():
            engine.define_field(path, data_type)
        rules = _renamed(one["rules"], saved)
        made = api("POST", "/segments", {"name": one["name"], "rules": rules})
        assert made.status_code == 201, made.text
        saved[one["id"]] = made.json()["id"]
    assert list(saved) == NAMES


def _renamed(part: Any, saved: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_renamed(one, saved) for one in part]
    if isinstance(part, dict):
        return {
            key: saved[value] if key == "segment" else _renamed(value, saved)
            for key, value in part.items()
        }
    return part
