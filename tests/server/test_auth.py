"""Keys: their form, and who gets in."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.auth import is_key, make_key
from tests.server.conftest import CANADIANS, KEY


def _status(client: TestClient[Litestar], headers: dict[str, str]) -> int:
    body = {"rules": CANADIANS}
    return client.post("/api/segments/preview", json=body, headers=headers).status_code


def test_a_key_has_its_form_and_is_new_each_time() -> None:
    keys = {make_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(re.fullmatch("bsg_live_[0-9A-Za-z]{36}", key) for key in keys)
    assert all(is_key(key) for key in keys)


def test_the_check_of_a_key_is_the_crc32_of_its_random_part_in_base_62() -> None:
    # 2,011,552,642, in digits from 0-9A-Za-z
    assert is_key("bsg_live_" + "0" * 30 + "2C8GjS")


def test_a_changed_key_is_no_key() -> None:
    key = make_key()
    for place in range(len("bsg_live_"), len(key)):
        other = "b" if key[place] == "a" else "a"
        assert not is_key(key[:place] + other + key[place + 1 :])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_key_opens(client: TestClient[Litestar], scheme: str) -> None:
    assert _status(client, {"Authorization": f"{scheme} {KEY}"}) == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no header"),
        pytest.param({"Authorization": ""}, id="empty"),
        pytest.param({"Authorization": KEY}, id="no scheme"),
        pytest.param({"Authorization": f"Basic {KEY}"}, id="another scheme"),
        pytest.param({"Authorization": "Bearer"}, id="no key"),
        pytest.param({"Authorization": f"Bearer {make_key()}"}, id="another key"),
        pytest.param({"Authorization": f"Bearer {KEY[:-1]}"}, id="cut off"),
        pytest.param({"Authorization": f"Bearer {KEY}x"}, id="longer"),
        pytest.param({"Authorization": f"Bearer {KEY.lower()}"}, id="another case"),
        pytest.param({"Authorization": "Bearer \xe9\xe8"}, id="not ASCII"),
        pytest.param({"X-API-Key": KEY}, id="another header"),
    ],
)
def test_anything_else_is_refused_with_the_same_words(
    client: TestClient[Litestar], headers: dict[str, str]
) -> None:
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}

    response = client.post("/api/segments/preview", json={"rules": CANADIANS}, headers=encoded)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "title": "Unauthorized",
        "status": 401,
        "detail": "Expected a valid key in the header 'Authorization: Bearer <key>'.",
        "errors": [],
        "type": "about:blank",
    }


def test_a_stranger_learns_nothing_of_the_body(client: TestClient[Litestar]) -> None:
    assert client.post("/api/segments/preview", content=b"{").status_code == 401


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/schema"])
def test_health_and_description_need_no_key(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 200
