"""Keys: their form, and who gets in."""

from __future__ import annotations

import hashlib
import re

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.keys import is_key, make_key
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


def _wrong() -> dict[str, list[tuple[str, str]]]:
    """Return what is sent instead of the key, by what is wrong with it."""
    expired = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9."
    values = {
        "empty": "",
        "blank": "   ",
        "no scheme": KEY,
        "another scheme": f"Basic {KEY}",
        "Basic": "Basic dXNlcjpwYXNzd29yZA==",
        "no key": "Bearer",
        "no key but a space": "Bearer ",
        "no space": f"Bearer{KEY}",
        "a tab": f"Bearer\t{KEY}",
        "a comma": f"Bearer, {KEY}",
        "twice in one": f"Bearer {KEY} {KEY}",
        "quoted": f'Bearer "{KEY}"',
        "another key": f"Bearer {make_key()}",
        "another environment's": f"Bearer {KEY.replace('live', 'test')}",
        "cut off": f"Bearer {KEY[:-1]}",
        "longer": f"Bearer {KEY}x",
        "another case": f"Bearer {KEY.lower()}",
        "its prefix": f"Bearer {KEY[:12]}",
        "its hash": f"Bearer {hashlib.sha256(KEY.encode()).hexdigest()}",
        "not ASCII": "Bearer \xe9\xe8",
        "percent-encoded": f"Bearer {KEY.replace('_', '%5F')}",
        "a token that nobody signed": f"Bearer {expired}",
        "very long": f"Bearer {'a' * 9_000}",
        "SQL": "Bearer ' OR 1=1 --",
        "null": "Bearer null",
    }
    return {
        "no header": [],
        "another header": [("X-API-Key", KEY)],
        "a cookie": [("Cookie", f"key={KEY}")],
        "two headers": [("Authorization", f"Bearer {KEY}"), ("Authorization", f"Bearer {KEY}")],
        **{name: [("Authorization", value)] for name, value in values.items()},
    }


REFUSAL = (
    b'{"title":"Unauthorized","status":401,"detail":"Expected a valid key in the header '
    b'\'Authorization: Bearer <key>\'.","errors":[],"type":"about:blank","request_id":"of-a-test"}'
)


@pytest.mark.parametrize("headers", _wrong().values(), ids=_wrong())
def test_anything_else_is_refused_with_the_same_bytes(
    client: TestClient[Litestar], headers: list[tuple[str, str]]
) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    encoded.append((b"x-request-id", b"of-a-test"))

    response = client.post("/api/segments/preview", json={"rules": CANADIANS}, headers=encoded)

    assert response.status_code == 401
    assert response.content == REFUSAL
    assert sorted(response.headers.items()) == [
        ("cache-control", "no-store"),
        ("content-length", str(len(REFUSAL))),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("content-type", "application/problem+json"),
        ("referrer-policy", "no-referrer"),
        ("www-authenticate", "Bearer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-request-id", "of-a-test"),
    ]


def test_a_key_in_the_query_opens_nothing(client: TestClient[Litestar]) -> None:
    assert client.get(f"/api/keys?key={KEY}&access_token={KEY}").status_code == 401


def test_a_stranger_learns_nothing_of_the_body(client: TestClient[Litestar]) -> None:
    assert client.post("/api/segments/preview", content=b"{").status_code == 401


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/schema"])
def test_health_and_description_need_no_key(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 200
