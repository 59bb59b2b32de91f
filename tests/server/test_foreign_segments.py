"""A path to another tenant's segment is 403, and one to nobody's 404, whichever route it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
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


def test_an_id_in_a_body_is_as_unknown_as_any(two: Two) -> None:
    key = two.key("acme")

    answers = [
        two.ask("POST", "/api/segments/preview", key, json={"rules": CANADIANS, "against": one})
        for one in ("of-zeta", "nobodys")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].text == answers[1].text.replace("nobodys", "of-zeta")
