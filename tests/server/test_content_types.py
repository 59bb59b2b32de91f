"""A body of whatever type is read or refused, and is never a mistake of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.conftest import Two
from tests.server.importing import opened
from tests.server.test_tenant_matrix import CALLS, Call

TYPES = {
    "text": "text/plain",
    "XML": "application/xml",
    "form": "application/x-www-form-urlencoded",
    "parts": "multipart/form-data; boundary=x",
    "parts without a boundary": "multipart/form-data",
    "picture": "image/png",
    "no type": "nonsense",
    "empty": "",
    "UTF-16": "application/json; charset=utf-16",
    "unknown charset": "application/json; charset=nonsense",
}
WRITES = [call for call in CALLS if call.method not in {"GET", "DELETE"}]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    two = Two(tmp_path_factory.mktemp("types") / "data")
    with two.client:
        opened(two)
        yield two
    two.close()


def test_there_are_calls_that_take_a_body() -> None:
    assert len(WRITES) >= 20


@pytest.mark.parametrize("media_type", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("call", WRITES, ids=str)
def test_a_body_of_another_type_is_a_clear_answer(two: Two, call: Call, media_type: str) -> None:
    url = call.url(dict.fromkeys(call.parameters, "nothing"))

    answer = two.ask(
        call.method, url, two.key("acme"), content=b"<x>1</x>", headers={"Content-Type": media_type}
    )

    assert 200 <= answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
