"""The description at /schema."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import bitseg


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
