"""A path to another tenant's segment is 403, and one to nobody's 404, whichever route it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

import bitseg
from server.auth import let_in, needs
from server.leases import Leases, provide_caller, provide_engine
from tests.server.conftest import CANADIANS, Two

THEIRS = (
    b'{"title":"Forbidden","status":403,"detail":"The segment is another tenant\'s.","errors":[],'
    b'"type":"about:blank"}'
)


@get("/probe/{segment_id:str}", opt=needs("read"))
async def probe(segment_id: FromPath[str], engine: NamedDependency[bitseg.Engine]) -> int:
    """Use a segment, as any route that is given its id."""
    return engine.preview(CANADIANS, against=segment_id).count


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    two = Two(tmp_path / "data")
    two.app.register(
        Router(
            "/api",
            route_handlers=[probe],
            guards=[let_in],
            middleware=[Leases()],
            dependencies={"engine": Provide(provide_engine), "caller": Provide(provide_caller)},
        )
    )
    with two.client:
        for tenant in ("acme", "zeta"):
            two.ask("GET", "/api/tenant", two.key(tenant))
            with two.tenants.hold(tenant) as engine:
                engine.define_segment(f"of-{tenant}", CANADIANS)
            two.control.claim_segment(f"of-{tenant}", tenant)
        yield two
    two.close()


def _ask(two: Two, tenant: str, segment_id: str) -> tuple[int, bytes]:
    answer = two.ask("GET", f"/api/probe/{segment_id}", two.key(tenant, "read"))
    return answer.status_code, answer.content


def test_ones_own_is_there(two: Two) -> None:
    assert _ask(two, "acme", "of-acme") == (200, b"0")
    assert _ask(two, "zeta", "of-zeta") == (200, b"0")


def test_anothers_is_403_with_a_constant_body(two: Two) -> None:
    with two.tenants.hold("zeta") as engine:
        engine.define_segment("second", CANADIANS)
    two.control.claim_segment("second", "zeta")

    answers = {_ask(two, "acme", "of-zeta"), _ask(two, "acme", "second")}

    assert answers == {(403, THEIRS)}


def test_nobodys_is_404(two: Two) -> None:
    assert _ask(two, "acme", "nobodys")[0] == 404


def test_one_that_is_no_more_is_404_for_all(two: Two) -> None:
    with two.tenants.hold("zeta") as engine:
        engine.remove_segment("of-zeta")
    two.control.release_segment("of-zeta", "zeta")

    assert _ask(two, "zeta", "of-zeta")[0] == 404
    assert _ask(two, "acme", "of-zeta")[0] == 404


def _speaking_of(segment_id: str) -> dict[str, Any]:
    condition = {"segment": segment_id}
    return {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}


@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("POST", "/segments/preview", {"rules": CANADIANS, "against": "of-zeta"}, "against"),
        ("POST", "/segments/preview", {"rules": _speaking_of("of-zeta")},
         "groups[0].conditions[0].segment"),
        ("POST", "/segments", {"name": "x", "rules": _speaking_of("of-zeta")},
         "groups[0].conditions[0].segment"),
        ("PATCH", "/segments/of-acme", {"rules": _speaking_of("of-zeta")},
         "groups[0].conditions[0].segment"),
        ("POST", "/segments/explain", {"segment": "of-zeta", "contact_id": "of-acme"}, "segment"),
        ("POST", "/segments/explain", {"segment": "of-acme", "contact_id": "of-zeta"},
         "contact_id"),
        ("POST", "/segments/explain",
         {"rules": _speaking_of("of-zeta"), "contact_id": "of-acme"},
         "groups[0].conditions[0].segment"),
        ("POST", "/segments/overlap", {"segments": ["of-acme", "of-zeta"]}, "segments[1]"),
        ("GET", "/segments/of-acme/contacts?after=of-zeta", None, "after"),
    ],
)  # fmt: skip
def test_an_id_in_a_body_is_as_unknown_as_any(
    two: Two, method: str, path: str, body: dict[str, Any] | None, fault: str
) -> None:
    theirs, nobodys = _both(two, method, path, body)

    assert [answer.status_code for answer in (theirs, nobodys)] == [422, 422]
    assert [error["path"] for error in theirs.json()["errors"]] == [fault]
    assert theirs.text == nobodys.text.replace("nobodys", "of-zeta")
    assert theirs.headers == nobodys.headers


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/segments/of-acme/membership", {"contact_ids": ["of-acme", "of-zeta"]}),
        ("POST", "/segments/static/contacts", {"contact_ids": ["of-acme", "of-zeta"]}),
        ("DELETE", "/segments/static/contacts", {"contact_ids": ["of-zeta"]}),
        ("POST", "/contacts/delete", {"contact_ids": ["of-zeta"]}),
        ("POST", "/events", [{"contact_id": "of-zeta", "kind": "open", "at": 5}]),
        ("POST", "/events/delete", {"event_ids": ["of-zeta"]}),
    ],
)
def test_an_id_of_a_contact_or_event_is_left_out_as_any(
    two: Two, method: str, path: str, body: Any
) -> None:
    two.ask("GET", "/api/tenant", two.key("zeta"))
    with two.tenants.hold("zeta") as engine:
        engine.load_events(
            [{"contact_id": "of-zeta", "kind": "open", "at": 5, "event_id": "of-zeta"}]
        )
    with two.tenants.hold("acme") as engine:
        engine.define_segment("static", ["of-acme"])

    theirs, nobodys = _both(two, method, path, body)

    assert [answer.status_code for answer in (theirs, nobodys)] == [200, 200]
    assert theirs.text == nobodys.text.replace("nobodys", "of-zeta")
    with two.tenants.hold("zeta") as engine:
        assert engine.events_of("of-zeta").total == 1


def test_a_new_static_segment_leaves_out_anothers_contacts_as_nobodys(two: Two) -> None:
    answers = [
        two.ask("POST", "/api/segments", two.key("acme"),
                json={"name": one, "contact_ids": ["of-acme", one]}).json()
        for one in ("of-zeta", "nobodys")
    ]  # fmt: skip

    assert [answer["contact_count"] for answer in answers] == [1, 1]
    assert [answer["not_found"] for answer in answers] == [["of-zeta"], ["nobodys"]]


def _both(two: Two, method: str, path: str, body: Any) -> list[Response]:
    """Ask as acme with an id of zeta's, and with one of nobody's."""
    key = two.key("acme")
    return [
        two.ask(
            method,
            f"/api{path}".replace("of-zeta", one),
            key,
            json=json.loads(json.dumps(body).replace("of-zeta", one)),
        )
        for one in ("of-zeta", "nobodys")
    ]
