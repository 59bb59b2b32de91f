"""The description at /schema."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

import bitseg
from server.schemas.body import read
from server.schemas.keys import NewKey
from server.schemas.tenant import TenantChange


@pytest.fixture(scope="module")
def description(client: TestClient[Litestar]) -> dict[str, Any]:
    response = client.get("/schema")
    assert response.headers["content-type"] == "application/vnd.oai.openapi+json"
    described: dict[str, Any] = response.json()
    return described


def test_it_is_openapi_3_1_and_lists_every_route(
    client: TestClient[Litestar], description: dict[str, Any]
) -> None:
    paths = (route.path for route in client.app.routes if not route.path.startswith("/schema"))
    served = {re.sub(r"\{(\w+):\w+\}", r"{\1}", path) for path in paths}

    assert description["openapi"].startswith("3.1.")
    assert set(description["paths"]) == served


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]

    references = list(_references(description))

    assert len(references) > 20
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= set(
        schemas
    )


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [found for value in part.values() for found in _references(value)]
    if isinstance(part, list):
        return [found for value in part for found in _references(value)]
    return []


def test_it_knows_every_operator(description: dict[str, Any]) -> None:
    rule = description["components"]["schemas"]["FieldRule"]

    assert rule["properties"]["operator"]["enum"] == list(bitseg.OPERATORS)


def test_the_preview_call_says_what_it_takes_and_what_it_needs(description: dict[str, Any]) -> None:
    call = description["paths"]["/api/segments/preview"]["post"]

    assert call["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/PreviewRequest"
    }
    assert call["summary"] == "Preview a segment"
    assert call["security"] == [{"key": []}]
    assert set(call["responses"]) == {"200", "400", "401", "403", "413", "422", "429", "503"}


def test_nothing_is_guessed_about_what_an_answer_is(client: TestClient[Litestar]) -> None:
    for path in ("/health/live", "/nowhere", "/schema"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "method", "form"),
    [("/api/keys", "post", NewKey), ("/api/tenant", "patch", TenantChange)],
)
def test_a_body_is_described_with_an_example_that_is_taken(
    description: dict[str, Any], path: str, method: str, form: type[msgspec.Struct]
) -> None:
    body = description["paths"][path][method]["requestBody"]["content"]["application/json"]

    values, faults = read(json.dumps(body["examples"]["body"]["value"]).encode(), form)

    assert faults == []
    assert set(values) <= set(body["schema"]["properties"])
    assert body["schema"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/api/keys", "get", "200"), ("/api/keys", "post", "201"), ("/api/tenant", "get", "200"),
        ("/api/tenant", "patch", "200"),
    ],
)  # fmt: skip
def test_an_answer_is_described_with_an_example(
    description: dict[str, Any], path: str, method: str, status: str
) -> None:
    answer = description["paths"][path][method]["responses"][status]["content"]["application/json"]
    name = answer["schema"]["$ref"].rpartition("/")[2]
    (example,) = answer["examples"].values()

    properties = set(description["components"]["schemas"][name]["properties"])
    nulls = {"last_used_at", "revoked_at"}  # which Litestar leaves out of examples
    assert properties - nulls <= set(example["value"]) <= properties


def test_every_call_under_api_says_who_is_refused(description: dict[str, Any]) -> None:
    for path, item in description["paths"].items():
        for call in item.values():
            assert not path.startswith("/api") or {"401", "403", "429"} <= set(call["responses"])
