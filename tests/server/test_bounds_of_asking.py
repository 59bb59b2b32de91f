"""How much may be asked at once: at the limit, just under and just over it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import CANADIANS, KEY
from tests.server.test_segments import Api

PEOPLE = 30
MEMBERS = {f"s{number}": {f"c{i}" for i in range(PEOPLE) if i % (number + 1) == 0}
           for number in range(21)}  # fmt: skip
"""Who is in each segment."""


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    engine = Engine()
    engine.load_contacts([{"id": f"c{i}", "country": "Canada"} for i in range(PEOPLE)])
    for segment, members in MEMBERS.items():
        engine.define_segment(segment, sorted(members))
    engine.define_segment("nobody", [])
    engine.define_segment("nobody-else", [])
    engine.define_segment("dynamic", CANADIANS)
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


@pytest.mark.parametrize("count", [2, 19, 20])
def test_up_to_twenty_segments_are_compared(count: int, api: Api) -> None:
    asked = [f"s{number}" for number in range(count)]

    answer = api("POST", "/segments/overlap", {"segments": asked}).json()

    assert answer["sizes"] == [len(MEMBERS[one]) for one in asked]
    assert answer["pairs"] == [
        {
            "a": a,
            "b": b,
            "both": len(MEMBERS[a] & MEMBERS[b]),
            "jaccard": len(MEMBERS[a] & MEMBERS[b]) / len(MEMBERS[a] | MEMBERS[b]),
        }
        for a, b in combinations(asked, 2)
    ]


@pytest.mark.parametrize(
    "asked",
    [[], ["s0"], ["s0", "s0"], [*MEMBERS], [*(f"s{number}" for number in range(20)), "s0"]],
    ids=len,
)
def test_fewer_more_or_the_same_twice_are_not(asked: list[str], api: Api) -> None:
    answer = api("POST", "/segments/overlap", {"segments": asked})

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["segments"]


def test_two_empty_segments_have_nothing_in_common_and_no_jaccard(api: Api) -> None:
    answer = api("POST", "/segments/overlap", {"segments": ["nobody", "nobody-else", "dynamic"]})

    assert answer.json() == {
        "sizes": [0, 0, PEOPLE],
        "pairs": [
            {"a": "nobody", "b": "nobody-else", "both": 0, "jaccard": None},
            {"a": "nobody", "b": "dynamic", "both": 0, "jaccard": 0.0},
            {"a": "nobody-else", "b": "dynamic", "both": 0, "jaccard": 0.0},
        ],
    }


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000])
def test_up_to_ten_thousand_contacts_are_asked_for(count: int, api: Api) -> None:
    asked = [f"c{i}" for i in range(count)]

    answer = api("POST", "/segments/s1/membership", {"contact_ids": asked})

    assert answer.status_code == 200
    assert answer.json() == {one: one in MEMBERS["s1"] for one in asked}


def test_one_more_is_a_fault(api: Api) -> None:
    asked = [f"c{i}" for i in range(10_001)]

    answer = api("POST", "/segments/s1/membership", {"contact_ids": asked})

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["contact_ids"]


def test_an_id_may_be_asked_for_twice_and_may_be_nobodys(api: Api) -> None:
    asked = ["c2", "c2", "c1", "", "C2", "c2 ", "é😀", "x" * 4_096, "a\0b"]

    answer = api("POST", "/segments/s1/membership", {"contact_ids": asked})

    assert answer.json() == {one: one == "c2" for one in asked}


@pytest.mark.parametrize("kind", ["dynamic", "s1", "nobody"])
def test_a_saved_segment_of_either_type_is_explained(kind: str, api: Api) -> None:
    members = {"dynamic": {f"c{i}" for i in range(PEOPLE)}, "nobody": set()} | MEMBERS

    for contact in ("c0", "c1", "c29"):
        answer = api("POST", "/segments/explain", {"segment": kind, "contact_id": contact}).json()
        assert answer["member"] == (contact in members[kind])
        assert [one["matched"] for one in answer["conditions"]] == [answer["member"]] * 2


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"contact_id": "c1"}, ""),
        ({"contact_id": "c1", "segment": "s1", "rules": CANADIANS}, ""),
        ({"contact_id": "c1", "segment": "nobodys"}, "segment"),
        ({"contact_id": "nobody", "segment": "s1"}, "contact_id"),
        ({"segment": "s1"}, "contact_id"),
    ],
)
def test_what_cannot_be_explained_is_a_fault(body: dict[str, object], path: str, api: Api) -> None:
    answer = api("POST", "/segments/explain", body)

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]
