"""The quick start of the feature document, over HTTP: from no segment to who gets the campaign.

A campaign has no call of its own yet: its audience is taken as the members whom a preview counts as
reachable, exported from a segment that leaves the suppressed out.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from litestar.testing import TestClient
from pyarrow import parquet

from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import KEY
from tests.server.test_segments import Api

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MS = timedelta(milliseconds=1)
WINDOW = timedelta(days=30)

OPENED = {
    "field": "engagement.last_opened_at", "operator": "within_last", "value": "30d",
}  # fmt: skip
ACTIVE = {"field": "contact.subscription_status", "operator": "equals", "value": "Active"}
SUBSCRIBED = {"field": "contact.unsubscribed", "operator": "not_equals", "value": True}
RULES = {
    "match": "all",
    "groups": [{"match": "all", "conditions": [OPENED, ACTIVE, SUBSCRIBED]}],
}

PEOPLE: list[dict[str, Any]] = [
    {"id": "now", "opened": timedelta(0)},
    {"id": "just-inside", "opened": WINDOW - MS, "unsubscribed": False},
    {"id": "just-outside", "opened": WINDOW},
    {"id": "later", "opened": -MS},
    {"id": "never"},
    {"id": "paused", "opened": MS, "subscription_status": "Paused"},
    {"id": "lower", "opened": MS, "subscription_status": "active"},
    {"id": "unsubscribed", "opened": MS, "unsubscribed": True},
    {"id": "bounced", "opened": MS, "bounced": True},
    {"id": "nobodys-mail", "opened": MS, "email": None},
    {"id": "complained", "opened": MS},
    {"id": "twice", "opened": 40 * timedelta(days=1), "again": timedelta(days=1)},
]
MEMBERS = ["now", "just-inside", "bounced", "nobodys-mail", "complained", "twice"]
"""By hand: opened within 30 days, Active, and not unsubscribed."""
REACHABLE = ["now", "just-inside", "twice"]
"""Of those, who has an e-mail, did not bounce and did not complain."""


@pytest.fixture
def api() -> Iterator[Api]:
    engine = Engine(clock=lambda: round(NOW.timestamp() * 1_000))
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


@pytest.fixture
def filled(api: Api) -> Api:
    """The same, with people and what they did, sent over HTTP."""
    plain = [
        {
            "email": f"{one['id']}@example.com",
            "subscription_status": "Active",
            **{key: value for key, value in one.items() if key not in {"opened", "again"}},
        }
        for one in PEOPLE
    ]
    events = [
        {"contact_id": one["id"], "kind": "open", "at": (NOW - one[when]).isoformat()}
        for one in PEOPLE
        for when in ("opened", "again")
        if when in one
    ]
    events.append({"contact_id": "complained", "kind": "complaint", "at": NOW.isoformat()})
    assert api("PUT", "/contacts", plain).json()["created"] == len(PEOPLE)
    assert api("POST", "/events", events).json()["accepted"] == len(events)
    return api


def test_from_no_segment_to_who_gets_the_campaign(filled: Api) -> None:
    api = filled

    # Step 2: define rules, and see how many match before anything is saved.
    preview = api("POST", "/segments/preview", {"rules": RULES, "sample": 50}).json()
    assert (preview["count"], preview["reachable"], preview["total"]) == (6, 3, 12)
    assert [one["contact.id"] for one in preview["sample"]] == MEMBERS
    assert preview["lint"] == []

    # Steps 1 and 3: a name and a description, and save.
    made = api(
        "POST",
        "/segments",
        {
            "name": "Active Subscribers",
            "description": "Contacts who opened emails in last 30 days",
            "segment_type": "dynamic",
            "rules": RULES,
        },
    )
    assert made.status_code == 201
    segment = made.json()
    assert (segment["name"], segment["segment_type"], segment["contact_count"]) == (
        "Active Subscribers", "dynamic", 6,
    )  # fmt: skip

    # View contacts, a page after another.
    pages, after = [], ""
    while True:
        path = f"/segments/{segment['id']}/contacts?limit=4&fields=contact.id{after}"
        page = api("GET", path).json()
        assert (page["segment"], page["total"]) == (segment["id"], 6)
        if not page["contacts"]:
            break
        pages.append([one["contact.id"] for one in page["contacts"]])
        after = f"&after={pages[-1][-1]}"
    assert pages == [MEMBERS[:4], MEMBERS[4:]]

    # Export list.
    assert _exported(api, segment["id"]) == MEMBERS

    # Create campaign: its audience is who can be reached.
    suppressed = {
        "match": "any",
        "conditions": [
            {"field": "contact.unsubscribed", "operator": "equals", "value": True},
            {"field": "contact.bounced", "operator": "equals", "value": True},
            {"event": "unsubscribe"},
            {"event": "complaint"},
            {"field": "contact.email", "operator": "is_empty"},
        ],
    }
    of_it = {"match": "all", "conditions": [{"segment": segment["id"]}]}
    audience = api(
        "POST",
        "/segments",
        {
            "name": "Audience",
            "rules": {"match": "all", "groups": [of_it], "exclusions": [suppressed]},
        },
    ).json()
    frozen = api("POST", f"/segments/{audience['id']}/freeze", {"name": "Audience, sent"}).json()
    assert frozen["contact_count"] == preview["reachable"]
    assert _exported(api, frozen["id"]) == REACHABLE

    # It stays as it was sent, and the segment stays true.
    api("PUT", "/contacts", [{"id": "now", "subscription_status": "Paused"}])
    assert _exported(api, segment["id"]) == MEMBERS[1:]
    assert _exported(api, audience["id"]) == REACHABLE[1:]
    assert _exported(api, frozen["id"]) == REACHABLE


def _exported(api: Api, segment: str) -> list[str]:
    """Return the ids in a segment's export, after the formats were seen to agree."""
    path = f"/segments/{segment}/export?fields=contact.id&format="
    files = [api("GET", f"{path}{form}").content for form in ("csv", "ndjson", "parquet")]
    header, *rows = csv.reader(StringIO(files[0].decode(), newline=""))
    assert header == ["contact.id"]
    ids = [one for (one,) in rows]
    assert [json.loads(line)["contact.id"] for line in files[1].splitlines()] == ids
    assert parquet.read_table(BytesIO(files[2]))["contact.id"].to_pylist() == ids
    return ids
