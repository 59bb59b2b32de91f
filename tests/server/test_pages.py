"""The page of the description, and the headers of every answer."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.headers import PAGE_POLICY, POLICY
from tests.server.conftest import KEY

PAGE = ("/schema/page", "/schema/page.js", "/schema/page.css")
ANYWHERE = (
    *PAGE, "/schema", "/schema/openapi.json", "/health/live", "/health/ready", "/nowhere",
    "/api/segments", "/api/nowhere", "/api/segments/nobodys",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGE)
def test_the_page_needs_nothing_from_elsewhere(client: TestClient[Litestar], path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert not re.search(r"(?:https?:)?//[a-z0-9]", re.sub(r"(?m)^\s*//.*$", "", answer.text))
    assert not re.search(r"@import|url\(|\beval\(|innerHTML|document\.write", answer.text)


def test_the_page_names_files_that_are_served(client: TestClient[Litestar]) -> None:
    named = re.findall(r'(?:src|href)="([^"]+)"', client.get("/schema/page").text)
    assert {"/schema", "/schema/page.js", "/schema/page.css"} == set(named)
    asked = re.findall(r'fetch\("([^"]+)"\)', client.get("/schema/page.js").text)
    for path in (*named, *asked):
        assert client.get(path).status_code == 200, path
    assert client.get(asked[0]).json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("key", [None, KEY], ids=["no key", "a key"])
@pytest.mark.parametrize("path", ANYWHERE)
def test_every_answer_says_what_a_browser_may_do_with_it(
    client: TestClient[Litestar], path: str, key: str | None
) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    answer = client.get(path, headers=headers | ({"Authorization": f"Bearer {key}"} if key else {}))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers
    if path not in PAGE:
        assert answer.headers["content-security-policy"] == POLICY
    if path.startswith("/api/"):
        assert answer.headers["cache-control"] == "no-store"
    for name, _ in answer.headers.multi_items():
        assert len(answer.headers.get_list(name)) == 1, name
