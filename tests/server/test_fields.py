"""Fields over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from bitseg import BUILT_IN, DATA_TYPES, OPERATORS, Engine
from server import Settings, create_app
from tests.server.conftest import KEY
from tests.server.test_segments import Api

PLAN = {"path": "customField.plan", "data_type": "string", "label": "Plan", "description": "Paid."}


@pytest.fixture
def engine() -> Engine:
    engine = Engine()
    engine.load_contacts([{"id": "ann", "seats": 5}])
    return engine


@pytest.fixture
def api(engine: Engine) -> Iterator[Api]:
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


def _listed(api: Api) -> dict[str, Any]:
    return {one["path"]: one for one in api("GET", "/fields?limit=1000").json()["items"]}


def test_what_a_rule_may_name_is_listed(api: Api) -> None:
    fields = _listed(api)

    assert set(fields) == {*BUILT_IN, "customField.seats"}
    assert fields["contact.bounced"] == {
        "path": "contact.bounced",
        "data_type": "boolean",
        "label": "Bounced",
        "description": "",
        "declared": True,
        "operators": ["equals", "not_equals", "is_empty", "is_not_empty"],
    }
    assert (fields["customField.seats"]["data_type"], fields["customField.seats"]["declared"]) == (
        "number", False,
    )  # fmt: skip


def test_a_field_of_every_type_is_declared(api: Api) -> None:
    made = [
        api("POST", "/fields", {"path": f"customField.{one}", "data_type": one})
        for one in DATA_TYPES
    ]

    assert [one.status_code for one in made] == [201] * 5
    assert [one.json()["data_type"] for one in made] == list(DATA_TYPES)


@pytest.mark.parametrize("key", OPERATORS)
def test_an_operator_is_with_the_fields_of_its_types(key: str, api: Api) -> None:
    types = {one["data_type"] for one in _listed(api).values() if key in one["operators"]}

    assert types == set(OPERATORS[key].types)


def test_they_are_cut_as_all_lists_are(api: Api) -> None:
    page = api("GET", "/fields?offset=1&limit=2").json()

    assert [one["path"] for one in page["items"]] == ["contact.email", "contact.first_name"]
    assert page["total"] == len(BUILT_IN) + 1


def test_a_field_is_declared(api: Api) -> None:
    answer = api("POST", "/fields", PLAN)

    assert answer.status_code == 201
    shown = answer.json()
    assert {key: shown[key] for key in PLAN} == PLAN
    assert shown["declared"]
    assert _listed(api)["customField.plan"] == shown


def test_words_may_be_left_out(api: Api) -> None:
    shown = api("POST", "/fields", {"path": "customField.due", "data_type": "date"}).json()

    assert (shown["label"], shown["description"]) == ("due", "")


def test_a_type_that_came_from_the_data_is_declared(api: Api) -> None:
    body = {"path": "customField.seats", "data_type": "number"}

    assert api("POST", "/fields", body).json()["declared"]
    assert _listed(api)["customField.seats"]["declared"]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["data_type", "path"]),
        ({**PLAN, "path": "contact.email"}, ["path"]),
        ({**PLAN, "path": "customField.email"}, ["path"]),
        ({**PLAN, "path": "customField.Plan"}, ["path"]),
        ({**PLAN, "path": "plan"}, ["path"]),
        ({**PLAN, "path": ""}, ["path"]),
        ({**PLAN, "path": 1}, ["path"]),
        ({**PLAN, "data_type": "text"}, ["data_type"]),
        ({**PLAN, "path": "customField.seats"}, ["data_type"]),
        ({**PLAN, "label": "x" * 256}, ["label"]),
        ({**PLAN, "description": "x" * 4_097}, ["description"]),
        ({**PLAN, "declared": False}, ["declared"]),
        ({**PLAN, "tenant_id": "zeta"}, ["tenant_id"]),
    ],
)
def test_every_fault_is_named_where_it_stands(
    body: dict[str, Any], paths: list[str], api: Api
) -> None:
    answer = api("POST", "/fields", body)

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == paths
    assert "customField.plan" not in _listed(api)


def test_sent_twice_it_is_declared_once(engine: Engine, api: Api) -> None:
    first = api("POST", "/fields", PLAN, Idempotency_Key="k")
    engine.define_field("customField.plan", "string", "Another")
    again = api("POST", "/fields", PLAN, Idempotency_Key="k")
    other = api("POST", "/fields", {**PLAN, "label": "x"}, Idempotency_Key="k")

    assert (again.status_code, again.json()) == (201, first.json())
    assert other.status_code == 422
    assert engine.fields["customField.plan"].label == "Another"


def test_words_are_changed_and_others_stay(api: Api) -> None:
    api("POST", "/fields", PLAN)

    labelled = api("PATCH", "/fields/customField.plan", {"label": "Tier"})
    described = api("PATCH", "/fields/customField%2Eplan", {"description": ""})
    unlabelled = api("PATCH", "/fields/customField.plan", {"label": ""}).json()

    assert labelled.status_code == described.status_code == 200
    assert (labelled.json()["label"], labelled.json()["description"]) == ("Tier", "Paid.")
    assert (described.json()["label"], described.json()["description"]) == ("Tier", "")
    assert unlabelled["label"] == "plan"
    assert _listed(api)["customField.plan"] == unlabelled


def test_words_declare_a_field(api: Api) -> None:
    shown = api("PATCH", "/fields/customField.seats", {"label": "Seats"}).json()

    assert (shown["data_type"], shown["declared"]) == ("number", True)


def test_words_sent_twice_are_changed_once(engine: Engine, api: Api) -> None:
    first = api("PATCH", "/fields/customField.seats", {"label": "Seats"}, Idempotency_Key="k")
    engine.define_field("customField.seats", "number", "Another")
    again = api("PATCH", "/fields/customField.seats", {"label": "Seats"}, Idempotency_Key="k")

    assert again.json() == first.json()
    assert engine.fields["customField.seats"].label == "Another"


def test_a_field_that_is_not_there_is_404(api: Api) -> None:
    assert api("PATCH", "/fields/customField.nothing", {"label": "x"}).status_code == 404
    assert api("PATCH", "/fields/nothing", {}).status_code == 404


@pytest.mark.parametrize("path", ["contact.email", "engagement.revenue"])
def test_a_built_in_field_keeps_its_words(path: str, api: Api) -> None:
    before = _listed(api)[path]

    answer = api("PATCH", f"/fields/{path}", {"label": "x"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"path": path, "message": f"The field {path} is built in, and its words are too",
         "code": "built_in"}
    ]  # fmt: skip
    assert _listed(api)[path] == before


@pytest.mark.parametrize(
    "body", [{"data_type": "number"}, {"path": "customField.other"}, {"label": 1}, {"label": None}]
)
def test_nothing_else_is_changed(body: dict[str, Any], api: Api) -> None:
    answer = api("PATCH", "/fields/customField.seats", body)

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [*body]
