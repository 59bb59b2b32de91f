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
from server import Settings, create_app
from server.schemas.body import read
from server.schemas.fields import AskValues, DescribeField, NewField
from server.schemas.keys import NewKey
from server.schemas.preview import PreviewRequest
from server.schemas.rows import DeleteContacts, WithdrawEvents
from server.schemas.segments import (
    ChangeSegment,
    CopySegment,
    CreateSegment,
    ExplainContact,
    RestoreSegment,
    SomeContacts,
    SomeSegments,
)
from server.schemas.tenant import TenantChange
from server.schemas.webhooks import ChangeWebhook, NewWebhook
from tests.server.conftest import KEY


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


def _calls() -> list[Any]:
    """Return every call under /api as (path, method)."""
    app = create_app(bitseg.Engine(), Settings(KEY))
    paths = app.openapi_schema.to_schema()["paths"]
    return [
        pytest.param(path, method, id=f"{method} {path}")
        for path, item in paths.items()
        for method in item
        if path.startswith("/api")
    ]


NO_BODY = ("/run", "/recalculate", "/rotate", "/replay", "/test")
FORMS = {form.__name__: form for form in (
    PreviewRequest, CreateSegment, ChangeSegment, CopySegment, RestoreSegment, SomeContacts,
    SomeSegments, ExplainContact, DeleteContacts, WithdrawEvents, NewField, DescribeField,
    AskValues, NewKey, TenantChange, NewWebhook, ChangeWebhook,
)}  # fmt: skip


@pytest.mark.parametrize(("path", "method"), _calls())
def test_a_body_is_described_with_an_example_that_is_taken(
    description: dict[str, Any], path: str, method: str
) -> None:
    call = description["paths"][path][method]
    if "requestBody" not in call:
        assert method in {"get", "delete"} or path.endswith(NO_BODY)
        return
    content = call["requestBody"]["content"]
    if "text/csv" in content:
        for one in content.values():
            assert "examples" in one or one["schema"]["format"] == "binary"
        return
    body = content["application/json"]
    example = body["examples"]["body"]["value"]
    if "application/x-ndjson" in call["requestBody"]["content"]:
        lines = call["requestBody"]["content"]["application/x-ndjson"]["examples"]["body"]["value"]
        assert [json.loads(line) for line in lines.splitlines()] == example
        return
    name = body["schema"]["$ref"].rpartition("/")[2]
    described = description["components"]["schemas"][name]

    values, faults = read(json.dumps(example).encode(), FORMS[name])

    assert faults == []
    assert values
    assert set(described["properties"]) == {one.name for one in msgspec.structs.fields(FORMS[name])}
    assert described["additionalProperties"] is False


@pytest.mark.parametrize(("path", "method"), _calls())
def test_an_answer_is_described_with_an_example(
    description: dict[str, Any], path: str, method: str
) -> None:
    answers = description["paths"][path][method]["responses"]
    (status,) = (status for status in answers if status.startswith("2"))
    if status == "204":
        assert method == "delete"
        return
    content = answers[status]["content"]
    if "application/x-ndjson" in content:
        binary = content.pop("application/vnd.apache.parquet", None)
        assert binary is None or binary["schema"]["format"] == "binary"
        assert set(content) <= {"text/csv", "application/x-ndjson"}
        assert all(one["examples"]["body"]["value"].endswith("\n") for one in content.values())
        return
    if path.endswith("/live"):
        assert content["text/event-stream"]["examples"]["body"]["value"].endswith("\n\n")
        return
    answer = content["application/json"]
    (example,) = answer["examples"].values()
    if "$ref" not in answer["schema"]:
        assert example["value"]
        return
    name = answer["schema"]["$ref"].rpartition("/")[2]

    properties = set(description["components"]["schemas"][name]["properties"])
    # Litestar leaves nulls out of examples; the others of a preview come if they are asked for.
    absent = {"last_used_at", "revoked_at", "sample", "near_misses", "diff", "error"}
    absent |= {"finished_at"}
    assert properties - absent <= set(example["value"]) <= properties


def test_every_call_under_api_says_who_is_refused(description: dict[str, Any]) -> None:
    for path, item in description["paths"].items():
        for call in item.values():
            assert not path.startswith("/api") or {"401", "403", "429"} <= set(call["responses"])


def test_headers_that_a_call_takes_are_declared(description: dict[str, Any]) -> None:
    taken = {
        (method, path): {
            one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"
        }
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }

    assert taken["patch", "/api/segments/{segment_id}"] == {"If-Match", "Idempotency-Key"}
    assert taken["put", "/api/contacts"] == {"Idempotency-Key"}
    assert taken["delete", "/api/contacts/{contact_id}"] == {"Idempotency-Key"}
    assert not taken["post", "/api/segments/preview"]
    assert not taken["get", "/api/segments"]


def test_a_body_is_needed_where_a_key_of_it_is(description: dict[str, Any]) -> None:
    needed = {
        path: description["paths"][path]["post"]["requestBody"]["required"]
        for path in ("/api/segments", "/api/segments/{segment_id}/duplicate")
    }

    assert needed == {"/api/segments": True, "/api/segments/{segment_id}/duplicate": False}


def test_a_guard_takes_no_other_keys(client: TestClient[Litestar]) -> None:
    body = {"name": "guarded", "contact_ids": [], "guard": {"max_drop": 5, "max_rise": 5}}
    headers = {"Authorization": f"Bearer {KEY}"}

    refused = client.post("/api/segments", json=body, headers=headers)

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "guard"


def test_an_offset_beyond_all_rows_is_a_fault(client: TestClient[Litestar]) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    statuses = [
        client.get(f"/api/contacts?offset={offset}", headers=headers).status_code
        for offset in (2**32, 2**32 + 1, 2**70)
    ]

    assert statuses == [200, 422, 422]
