"""What the API refuses: as which problem, and with every fault."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import bitseg
from bitseg import DamagedError, Engine, InUseError, NoRoomError, Preview, StoreError
from server import Settings, create_app
from server.errors import STATUS
from tests.server.conftest import CANADIANS, KEY, Ask

MIB = 1024 * 1024


def test_every_fault_of_the_rules_is_named_with_its_path(preview: Ask) -> None:
    conditions = [
        {"field": "contact.contry", "operator": "equals", "value": "Canada"},
        {"field": "contact.bounced", "operator": "contains", "value": True},
    ]
    response = preview(
        rules={"match": "all", "groups": [{"match": "all", "conditions": conditions}]}
    )

    problem = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["type"]) == (422, "about:blank")
    unknown, operator = problem["errors"]
    assert unknown["path"] == "groups[0].conditions[0].field"
    assert "contact.country" in unknown["message"]
    assert operator["path"] == "groups[0].conditions[1].operator"
    assert operator["allowed"] == ["equals", "not_equals", "is_empty", "is_not_empty"]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        pytest.param({}, ["rules"], id="no rules"),
        pytest.param({"rules": CANADIANS, "breakdwon": True}, ["breakdwon"], id="unknown key"),
        pytest.param({"rules": CANADIANS, "tenant_id": "x"}, ["tenant_id"], id="not its to say"),
        pytest.param({"rules": CANADIANS, "breakdown": "yes"}, ["breakdown"], id="wrong type"),
        pytest.param({"rules": CANADIANS, "sample": 51}, ["sample"], id="sample too large"),
        pytest.param({"rules": CANADIANS, "sample": -1}, ["sample"], id="sample below 0"),
        pytest.param({"rules": CANADIANS, "sample": True}, ["sample"], id="sample no number"),
        pytest.param({"rules": CANADIANS, "now": 1}, ["now"], id="now a number"),
        pytest.param({"rules": CANADIANS, "now": "soon"}, ["now"], id="now no instant"),
        pytest.param({"rules": CANADIANS, "now": "2024-05-01"}, ["now"], id="now without offset"),
        pytest.param({"rules": CANADIANS, "against": "nobody"}, ["against"], id="unknown segment"),
        pytest.param({"sample": 99, "x": 1, "against": 2}, ["sample", "x", "against", "rules"],
                     id="several"),
        pytest.param({"rules": CANADIANS, "now": "soon", "sample": 99, "against": "nobody"},
                     ["now", "sample", "against"], id="now beside others"),
        pytest.param({"rules": "x"}, ["rules"], id="rules no object"),
        pytest.param({"rules": None, "now": "soon"}, ["rules", "now"], id="null rules and now"),
    ],
)  # fmt: skip
def test_every_fault_of_the_body_is_named_by_its_key(
    preview: Ask, body: dict[str, Any], paths: list[str]
) -> None:
    response = preview(**body)

    assert response.status_code == 422
    assert sorted(error["path"] for error in response.json()["errors"]) == sorted(paths)


def test_faults_of_the_rules_come_with_those_of_other_keys(preview: Ask) -> None:
    unknown = {"field": "contact.contry", "operator": "equals", "value": "Canada"}
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [unknown]}]}

    response = preview(rules=rules, against="nobody", breakdwon=True, now="soon")

    assert response.status_code == 422
    assert [error["path"] for error in response.json()["errors"]] == [
        "breakdwon", "now", "against", "groups[0].conditions[0].field",
    ]  # fmt: skip


def test_an_unknown_segment_comes_with_faults_of_the_rules(preview: Ask) -> None:
    errors = preview(rules={"match": "some", "groups": []}, against="nobody").json()["errors"]

    assert [error["path"] for error in errors] == ["against", "match"]


def test_a_key_that_stands_twice_is_named(send: Ask) -> None:
    rules = b'{"match": "all", "groups": []}'
    response = send(b'{"rules": ' + rules + b', "sample": 1, "sample": 2}')

    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"path": "sample", "message": "Expected each key once, got 'sample' twice.",
         "code": "repeated_key"}
    ]  # fmt: skip


def test_an_unknown_key_comes_with_the_known_ones(preview: Ask) -> None:
    error = preview(rules=CANADIANS, breakdwon=True).json()["errors"][0]

    assert error["allowed"] == ["rules", "breakdown", "sample", "near_misses", "against", "now"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{", 400, id="cut off"),
        pytest.param(b'{"rules": {"match": NaN}}', 400, id="NaN"),
        pytest.param(b'{"rules": "\xff"}', 400, id="not UTF-8"),
        pytest.param(b'{"rules": "\\ud800"}', 400, id="half a surrogate"),
        pytest.param(b'{"rules": {}} {}', 400, id="more than one"),
        pytest.param(b'{"rules": ' + b"[" * 50_000, 400, id="a depth bomb"),
        pytest.param(b'{"rules": ' + b"[" * 500 + b"]" * 500 + b"}", 422, id="too deep"),
        pytest.param(b"[]", 422, id="no object"),
        pytest.param(b'{"rules": null}', 422, id="null rules"),
        pytest.param(b'{"rules": {"match": 1e999}}', 422, id="a number too large"),
    ],
)
def test_a_body_that_is_no_json_is_400_and_one_of_the_wrong_form_422(
    send: Ask, body: bytes, status: int
) -> None:
    response = send(body)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status


@pytest.mark.parametrize(("size", "status"), [(8 * MIB, 400), (8 * MIB + 1, 413)])
def test_a_body_may_have_eight_mebibytes(send: Ask, size: int, status: int) -> None:
    assert send(b" " * size).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/api/segments/preview", 405)]
)
def test_a_call_there_is_not_is_a_problem_too(
    client: TestClient[Litestar], method: str, path: str, status: int
) -> None:
    response = client.request(method, path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_mistake_of_ours_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Engine):
        def preview(self, *_args: Any, **_named: Any) -> Preview:
            raise RuntimeError("a secret")

    with TestClient(create_app(Broken(), Settings(KEY)), raise_server_exceptions=False) as client:
        response = client.get("/health/ready")

    assert response.status_code == 500
    assert "secret" not in response.text
    assert "a secret" in caplog.text


def test_memory_that_the_system_does_not_give_is_503(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Engine):
        def contact(self, *_args: Any, **_named: Any) -> dict[str, Any]:
            raise MemoryError("Unable to allocate 60.2 MiB")

    headers = {"Authorization": f"Bearer {KEY}"}
    with TestClient(create_app(Broken(), Settings(KEY)), raise_server_exceptions=False) as client:
        response = client.get("/api/contacts/ann", headers=headers)

    assert (response.status_code, response.headers["retry-after"]) == (503, "60")
    assert response.headers["content-type"] == "application/problem+json"
    assert "60.2" not in response.text
    assert "60.2" in caplog.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreError("/a/path: disk I/O error"), 503),
        (DamagedError("/a/path is not what was written"), 503),
        (InUseError("/a/path is open in process 7"), 503),
        (NoRoomError("/a/path: no room"), 507),
    ],
)
def test_that_a_file_cannot_be_used_is_logged_and_not_shown_where_it_is(
    error: StoreError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Engine):
        def contact(self, *_args: Any, **_named: Any) -> dict[str, Any]:
            raise error

    with TestClient(create_app(Broken(), Settings(KEY)), raise_server_exceptions=False) as client:
        response = client.get("/api/contacts/ann", headers={"Authorization": f"Bearer {KEY}"})

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert "path" not in response.json()["detail"]
    assert response.json()["errors"] == []
    assert "/a/path" in caplog.text


def test_every_error_of_bitseg_has_a_status() -> None:
    errors = {
        value
        for value in vars(bitseg).values()
        if isinstance(value, type) and issubclass(value, bitseg.BitsegError)
    }

    assert set(STATUS) == errors - {bitseg.BitsegError}
