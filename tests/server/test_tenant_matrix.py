"""Every call there is, made by everybody who may not: made from the routes, so none is left out."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

import bitseg
from server import Settings, create_app
from server.auth import OPEN
from server.control import SCOPES, Import, KeyRequest, Scope, Webhook
from tests.server.conftest import CANADIANS, KEY, Two
from tests.server.control import key_of


class Call(msgspec.Struct, frozen=True):
    """A call of the API.

    Attributes:
        method: the HTTP method.
        path: with parameters, as the route has it.
        scope: what it needs.
        parameters: their names.
    """

    method: str
    path: str
    scope: Scope
    parameters: tuple[str, ...]

    def url(self, ids: dict[str, str]) -> str:
        """Return the path with ids in it."""
        path = self.path
        for route_part in self.path.split("/"):
            name = route_part.strip("{}").partition(":")[0]
            if route_part.startswith("{"):
                path = path.replace(route_part, ids[name])
        return path


def _calls(app: Litestar) -> list[Call]:
    return [
        Call(method, route.path, handler.opt["scope"], tuple(route.path_parameters))
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/api")
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS"}
    ]


CALLS: Final = _calls(create_app(bitseg.Engine(), Settings(KEY)))
BODIES: Final[dict[str, Any]] = {
    "/api/segments/preview": {"rules": CANADIANS},
    "/api/segments/explain": {"rules": CANADIANS, "contact_id": "of-acme"},
    "/api/segments/overlap": {"segments": ["of-acme", "nobodys"]},
    "/api/segments": {"name": "new", "rules": CANADIANS},
    "/api/segments/{segment_id:str}": {"name": "changed"},
    "/api/segments/{segment_id:str}/contacts": {"contact_ids": ["of-acme"]},
    "/api/segments/{segment_id:str}/membership": {"contact_ids": ["of-acme"]},
    "/api/segments/{segment_id:str}/duplicate": {"name": "copy"},
    "/api/segments/{segment_id:str}/freeze": {"name": "copy"},
    "/api/segments/{segment_id:str}/recalculate": {},
    "/api/segments/{segment_id:str}/revisions/{number:int}/restore": {},
    "/api/contacts": [{"id": "new"}],
    "/api/contacts/delete": {"contact_ids": ["of-acme"]},
    "/api/events": [{"contact_id": "of-acme", "kind": "open", "at": 5}],
    "/api/events/delete": {"event_ids": ["of-acme"]},
    "/api/segments/{segment_id:str}/import": [],
    "/api/contacts/import": [],
    "/api/events/import": [],
    "/api/fields": {"path": "customField.new", "data_type": "string"},
    "/api/fields/{field_path:str}": {"label": "Changed"},
    "/api/fields/{field_path:str}/values": {"q": "a"},
    "/api/keys": {"name": "new", "scope": "read"},
    "/api/jobs/{job_name:str}/run": {},
    "/api/tenant": {"name": "New"},
    "/api/webhooks": {"url": "https://example.com/", "segments": ["of-acme"]},
    "/api/webhooks/{webhook_id:str}": {"is_active": False},
    "/api/webhooks/{webhook_id:str}/rotate": {},
    "/api/webhooks/{webhook_id:str}/replay": {},
    "/api/webhooks/{webhook_id:str}/test": {},
}
"""A body that each call takes, by path."""

NOBODYS: Final = {
    "key_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "segment_id": "nobodys",
    "contact_id": "nobodys",
    "field_path": "customField.nobodys",
    "number": "1",
    "import_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3302",
    "webhook_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3303",
}
"""An id of nobody's for every parameter that a path may have, as long as that of acme's."""

every_call = pytest.mark.parametrize("call", CALLS, ids=[f"{c.method} {c.path}" for c in CALLS])
with_an_id = [call for call in CALLS if call.parameters and "job_name" not in call.parameters]
"""A job is called the same for all tenants; test_jobs has that each runs its own."""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    two = Two(tmp_path_factory.mktemp("two") / "data")
    with two.client:
        yield two
    two.close()


@pytest.fixture(scope="module")
def ids_of_acme(two: Two) -> dict[str, str]:
    """An id of acme's for every parameter that a path may have."""
    with bitseg_engine(two) as engine:
        engine.define_segment("of-acme", CANADIANS)
        engine.define_field("customField.of_acme", "string")
    two.control.claim_segment("of-acme", "acme")
    import_id = str(uuid.uuid4())
    two.control.imports.add(
        Import(import_id, "acme", "contacts", "done", "csv", 1, 0, 0, None, 1, 1, 1)
    )
    webhook_id = str(uuid.uuid4())
    webhook = Webhook(webhook_id, "acme", "https://example.com/", "left", "s", None, 1, is_active=0)
    two.control.webhooks.save(webhook, {"of-acme": 0}, 1)
    return {
        "import_id": import_id,
        "webhook_id": webhook_id,
        "key_id": key_of(two.control, "acme", "read")[0].id,
        "segment_id": "of-acme",
        "contact_id": "of-acme",
        "field_path": "customField.of_acme",
        "number": "1",
        "job_name": "recalculation",
    }


def bitseg_engine(two: Two) -> Any:
    """Return a lease of acme's engine."""
    two.ask("GET", "/api/tenant", two.key("acme"))  # opens it
    return two.tenants.hold("acme")


def _ask(two: Two, call: Call, key: str | None, ids: dict[str, str]) -> Any:
    body = None if call.method == "GET" else BODIES.get(call.path)
    return two.ask(call.method, call.url(ids), key, json=body)


def test_there_are_calls_and_each_says_its_scope() -> None:
    assert len(CALLS) >= 36
    assert {call.scope for call in CALLS} <= set(SCOPES)


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if call.method in {"POST", "PUT", "PATCH"}],
    ids=lambda call: f"{call.method} {call.path}",
)
def test_every_call_that_takes_a_body_has_one_here(call: Call) -> None:
    assert call.path in BODIES


def test_who_may_only_read_may_ask_whatever_the_method() -> None:
    asking = {call.path.rpartition("/")[2] for call in CALLS
              if call.scope == "read" and call.method != "GET"}  # fmt: skip

    assert asking == {"preview", "explain", "overlap", "membership", "values"}
    assert {call.scope for call in CALLS if call.method == "GET"} == {"read", "admin"}
    assert {call.path for call in CALLS if call.scope == "admin"} == {
        "/api/keys", "/api/keys/{key_id:str}", "/api/tenant", "/api/jobs/{job_name:str}/run",
        *(call.path for call in CALLS if call.path.startswith("/api/webhooks")),
    }  # fmt: skip


def test_what_is_open_is_outside_of_the_api() -> None:
    app = create_app(bitseg.Engine(), Settings(KEY))
    found = {
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.opt.get("scope") == OPEN
    }

    page = {"/schema/page", "/schema/page.css", "/schema/page.js"}
    assert found == {"/health/live", "/health/ready", "/metrics", "/schema",
                     "/schema/{path:str}", "/schema/openapi.json"} | page  # fmt: skip


@every_call
def test_without_a_key_it_is_401(two: Two, ids_of_acme: dict[str, str], call: Call) -> None:
    answer = _ask(two, call, None, ids_of_acme)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["x-content-type-options"] == "nosniff"


@every_call
def test_with_a_key_that_is_no_good_it_is_the_same_401(
    two: Two, ids_of_acme: dict[str, str], call: Call
) -> None:
    revoked, revoked_text = key_of(two.control, "acme")
    two.control.revoke_key("acme", revoked.id)
    _, expired = two.control.create_key("acme", KeyRequest("short", "admin", two.clock.at + 1))
    two.clock.at += 1

    answers = [_ask(two, call, key, ids_of_acme) for key in (None, revoked_text, expired, "x")]

    assert [answer.status_code for answer in answers] == [401] * 4
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("call", "scope"),
    [
        pytest.param(call, scope, id=f"{call.method} {call.path} with {scope}")
        for call, scope in itertools.product(CALLS, SCOPES)
        if SCOPES.index(scope) < SCOPES.index(call.scope)
    ],
)
def test_with_too_small_a_scope_it_is_403_and_nothing_changes(
    two: Two, ids_of_acme: dict[str, str], call: Call, scope: Scope
) -> None:
    key = two.key("acme", scope)
    before = two.control.version()

    answer = _ask(two, call, key, ids_of_acme)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert two.control.version() == before


@pytest.mark.parametrize(
    "call", with_an_id, ids=[f"{call.method} {call.path}" for call in with_an_id]
)
def test_another_tenants_id_is_as_unknown_as_any_and_its_segments_are_403(
    two: Two, ids_of_acme: dict[str, str], call: Call
) -> None:
    assert set(call.parameters) <= set(ids_of_acme), "say which id of acme's this parameter is"
    key = two.key("zeta")
    before = two.control.version()

    theirs, nobodys = _ask(two, call, key, ids_of_acme), _ask(two, call, key, NOBODYS)

    assert nobodys.status_code == 404
    if "segment_id" in call.parameters:
        assert theirs.status_code == 403
        assert theirs.json()["detail"] == "The segment is another tenant's."
        assert theirs.json()["errors"] == []
    else:
        assert theirs.status_code == 404
        assert theirs.text == nobodys.text.replace("nobodys", "of-acme")
        assert theirs.headers == nobodys.headers
    assert two.control.version() == before
    theirs_still = {one.id: one for one in two.control.keys("acme")}
    assert theirs_still[ids_of_acme["key_id"]].revoked_at is None
    acmes = two.control.imports.find("acme", ids_of_acme["import_id"])
    assert acmes is not None and acmes.state == "done"  # noqa: PT018 - one thing
    with bitseg_engine(two) as engine:
        assert list(engine.segments) == ["of-acme"]
        assert engine.segments.get("of-acme").revision == 1
        assert engine.contact("of-acme")["contact.id"] == "of-acme"
        assert engine.fields["customField.of_acme"].label == "of_acme"


def test_nobody_sees_another_tenants_keys_or_name(two: Two, ids_of_acme: dict[str, str]) -> None:
    key = two.key("zeta")

    said = "".join(two.ask("GET", path, key).text for path in ("/api/keys", "/api/tenant"))

    assert ids_of_acme["key_id"] not in said
    assert "cme" not in said


def test_a_preview_is_of_ones_own_contacts(two: Two) -> None:
    everybody = {"rules": {"match": "all", "groups": []}, "sample": 5}
    samples = [
        two.ask("POST", "/api/segments/preview", two.key(tenant), json=everybody).json()["sample"]
        for tenant in ("acme", "zeta")
    ]

    assert [[contact["contact.id"] for contact in sample] for sample in samples] == [
        ["of-acme"], ["of-zeta"],
    ]  # fmt: skip


def test_a_directory_has_a_file_for_each(two: Two) -> None:
    assert {path.name for path in Path(two.data / "tenants").glob("*.db")} == {"acme.db", "zeta.db"}
