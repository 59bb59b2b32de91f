"""Value suggestions over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import CANADIANS, KEY
from tests.server.test_segments import Api

CITIES = ["Toronto", "Toronto", "Victoria", "Ottawa", "Rimini", "torrance"]


@pytest.fixture
def api() -> Iterator[Api]:
    engine = Engine()
    engine.load_contacts(
        [
            {
                "id": f"c{i}",
                "city": city,
                "country": "Canada" if i < 4 else "Italy",
                "lead_score": i,
            }
            for i, city in enumerate(CITIES)
        ]
    )
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


def _pairs(answer: Any) -> list[tuple[Any, int]]:
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"items", "total"}
    return [(one["value"], one["count"]) for one in answer.json()["items"]]


def test_the_most_frequent_come_first_and_of_those_what_begins_with_the_text(api: Api) -> None:
    assert _pairs(api("GET", "/fields/contact.city/values")) == [
        ("Toronto", 2), ("Ottawa", 1), ("Rimini", 1), ("Victoria", 1), ("torrance", 1),
    ]  # fmt: skip
    assert _pairs(api("GET", "/fields/contact.city/values?q=TOR")) == [
        ("Toronto", 2), ("torrance", 1), ("Victoria", 1),
    ]  # fmt: skip


def test_a_list_is_cut_and_says_how_long_all_of_it_is(api: Api) -> None:
    answer = api("GET", "/fields/contact.city/values?q=tor&limit=1")

    assert answer.json() == {"items": [{"value": "Toronto", "count": 2}], "total": 3}


def test_it_may_be_asked_within_a_definition(api: Api) -> None:
    body = {"q": "t", "rules": CANADIANS, "limit": 2}

    answer = api("POST", "/fields/contact.city/values", body)

    assert answer.json() == {
        "items": [{"value": "Toronto", "count": 2}, {"value": "Ottawa", "count": 1}], "total": 3,
    }  # fmt: skip
    everybody = api("GET", "/fields/contact.city/values")
    for nothing in ({}, {"rules": None}, {"q": ""}):
        assert api("POST", "/fields/contact.city/values", nothing).json() == everybody.json()


@pytest.mark.parametrize(
    ("query", "path"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"),
     (f"q={'a' * 256}", "q")],
)  # fmt: skip
def test_a_parameter_out_of_range_is_422(query: str, path: str, api: Api) -> None:
    answer = api("GET", f"/fields/contact.city/values?{query}")

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert api("GET", f"/fields/contact.city/values?limit=1000&q={'a' * 255}").status_code == 200


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"limit": 0, "q": 5}, ["limit", "q"]),
        ({"limit": 1_001}, ["limit"]),
        ({"q": "a" * 256}, ["q"]),
        ({"find": "a"}, ["find"]),
        ({"rules": {"match": "all", "groups": [{"match": "some", "conditions": []}]}},
         ["groups[0].match"]),
    ],
)  # fmt: skip
def test_a_body_with_faults_is_422(body: Any, paths: list[str], api: Api) -> None:
    answer = api("POST", "/fields/contact.city/values", body)

    assert answer.status_code == 422
    assert sorted(error["path"] for error in answer.json()["errors"]) == paths


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_field_that_is_not_there_is_404_with_the_nearest(method: str, api: Api) -> None:
    body: dict[str, Any] | None = None if method == "GET" else {}

    near = api(method, "/fields/contact.citty/values", body)
    far = api(method, f"/fields/{quote('a/b é', safe='')}/values", body)

    assert (near.status_code, far.status_code) == (404, 404)
    assert near.json()["detail"] == "No field has this path. Did you mean 'contact.city'?"
    assert far.json()["detail"] == "No field has this path."
