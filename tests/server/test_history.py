"""Who entered and left a segment, over HTTP, and who was in it at an earlier instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from bitseg import Engine
from server import Settings, create_app
from tests.engine.making import Clock, all_of, engine_of, record
from tests.server.conftest import KEY

Get = Callable[..., Response]
RECENT = all_of({"event": "open", "within": "1d"})


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-03-15T12:00:00Z")


@pytest.fixture
def engine(clock: Clock) -> Engine:
    """An engine in which ann, bob and cid entered one after the other, and ann left."""
    engine = engine_of("ann", "bob", "cid", "dée", clock=clock)
    engine.define_segment("recent", RECENT)
    for minute, contact in enumerate(("ann", "bob", "cid")):
        clock.set(f"2026-03-15T12:0{minute}:00Z")
        record(engine, (contact, "open", f"2026-03-15T1{minute}:00:00Z"))
    clock.set("2026-03-16T10:30:00Z")
    return engine


@pytest.fixture
def get(engine: Engine) -> Iterator[Get]:
    with TestClient(create_app(engine, Settings(KEY))) as client:

        def ask(path: str, **parameters: Any) -> Response:
            headers = {"Authorization": f"Bearer {KEY}"}
            return client.get(f"/api/segments/{path}", headers=headers, params=parameters)

        yield ask


CHANGES = [
    {"seq": 1, "contact_id": "ann", "change": "entered", "at": "2026-03-15T12:00:00.000Z"},
    {"seq": 2, "contact_id": "bob", "change": "entered", "at": "2026-03-15T12:01:00.000Z"},
    {"seq": 3, "contact_id": "cid", "change": "entered", "at": "2026-03-15T12:02:00.000Z"},
    {"seq": 4, "contact_id": "ann", "change": "left", "at": "2026-03-16T10:00:00.000Z"},
]


def test_who_entered_and_left_is_told_in_order_with_the_instants(get: Get) -> None:
    answer = get("recent/history").json()

    assert answer["items"] == CHANGES
    assert answer["last_seq"] == 4
    assert [one["count"] for one in answer["sizes"]] == [1, 2, 3, 2]


@pytest.mark.parametrize(
    ("after", "limit", "seqs"),
    [(0, 2, [1, 2]), (2, 50, [3, 4]), (3, 1, [4]), (4, 50, []), (5, 50, []), (2**63 - 1, 1, [])],
)
def test_it_goes_on_behind_any_number(get: Get, after: int, limit: int, seqs: list[int]) -> None:
    answer = get("recent/history", after=after, limit=limit).json()

    assert [one["seq"] for one in answer["items"]] == seqs
    assert answer["last_seq"] == 4


def test_who_was_erased_is_null_and_the_numbers_stay(get: Get, engine: Engine) -> None:
    engine.delete_contacts(["bob"])

    items = get("recent/history").json()["items"]

    assert [(one["seq"], one["contact_id"]) for one in items] == [
        (1, "ann"), (2, None), (3, "cid"), (4, "ann"), (5, None),
    ]  # fmt: skip
    assert items[-1]["change"] == "left"


@pytest.mark.parametrize(
    ("parameters", "path"),
    [({"after": -1}, "after"), ({"after": 2**63}, "after"), ({"limit": 0}, "limit"),
     ({"limit": 1_001}, "limit"), ({"after": "x"}, "after")],
)  # fmt: skip
def test_a_parameter_outside_its_range_is_named(
    get: Get, parameters: dict[str, Any], path: str
) -> None:
    answer = get("recent/history", **parameters)

    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["errors"]] == [path]


def test_a_segment_that_nobody_has_is_404(get: Get) -> None:
    assert get("nobodys/history").status_code == 404


@pytest.mark.parametrize(
    ("at", "members"),
    [
        ("2026-03-15T11:59:59.999Z", []),
        ("2026-03-15T12:00:00Z", ["ann"]),
        ("2026-03-15T13:01:30+01:00", ["ann", "bob"]),
        ("2026-03-16T09:59:59.999Z", ["ann", "bob", "cid"]),
        ("2026-03-16T10:00:00Z", ["bob", "cid"]),
        ("2027-01-01T00:00:00Z", ["bob", "cid"]),
    ],
)
def test_members_are_those_that_were_recorded_at_an_instant(
    get: Get, at: str, members: list[str]
) -> None:
    answer = get("recent/contacts", at=at).json()

    assert [one["contact.id"] for one in answer["contacts"]] == members
    assert answer["total"] == len(members)


@pytest.mark.parametrize("at", ["", "yesterday", "2026-03-15T12:00:00", "2026-03-15"])
def test_an_instant_needs_an_offset(get: Get, at: str) -> None:
    answer = get("recent/contacts", at=at)

    assert answer.status_code == 422
    assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [
        ("at", "invalid_date")
    ]
