"""Webhooks over HTTP: made, changed, tried and looked after, and what a receiver is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response

from server import Settings
from tests.server.conftest import CANADIANS, Two
from tests.server.control import DAY
from tests.server.receiver import Receiver, Sent

BAD = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
GOOD = b"HTTP/1.1 204 No Content\r\n\r\n"
NOBODYS = "3f2504e0-4f89-41d3-9a0c-0305e82c3303"


class Scene(Two):
    """Two tenants, and acme's admin with a segment."""

    def begin(self) -> None:
        self.admin = self.key("acme")
        made = self.call("POST", "/api/segments", {"name": "Canadians", "rules": CANADIANS})
        self.segment = made.json()["id"]

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Response:
        return self.ask(method, path, self.admin, json=body, **more)

    def made(self, url: str, **more: Any) -> Any:
        answer = self.call(
            "POST", "/api/webhooks", {"url": url, "segments": [self.segment], **more}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def put(self, *contacts: str) -> None:
        rows = [{"id": one, "country": "Canada"} for one in contacts]
        assert self.call("PUT", "/api/contacts", rows).status_code == 200


def _scene(directory: Any, **settings: Any) -> Scene:
    how = Settings(refusals_a_minute=1_000, rate=1_000_000, **settings)
    return Scene(directory / "data", how)


@pytest.fixture
def scene(tmp_path: Any) -> Iterator[Scene]:
    scene = _scene(tmp_path, webhooks_http=True, webhooks_private=True)
    with scene.client:
        scene.begin()
        yield scene
    scene.close()


@pytest.fixture
def guarded(tmp_path: Any) -> Iterator[Scene]:
    scene = _scene(tmp_path)
    with scene.client:
        scene.begin()
        yield scene
    scene.close()


def _seqs(sent: list[Sent]) -> list[int]:
    return [one["seq"] for body in sent for one in json.loads(body.body)["changes"]]


def test_a_receiver_is_sent_what_changes_signed_by_the_secret_that_was_shown(scene: Scene) -> None:
    with Receiver() as receiver:
        made = scene.made(receiver.url)
        scene.put("ann", "bob")
        sent = receiver.wait(lambda sent: _seqs(sent) == [1, 2])
        listed = scene.call("GET", "/api/webhooks").text

    assert made["secret"].startswith("bsg_whsec_")
    assert made["secret"] not in listed
    one = sent[0]
    said = one.headers["bitseg-timestamp"].encode() + b"." + one.body
    signature = hmac.new(made["secret"].encode(), said, hashlib.sha256).hexdigest()
    assert one.headers["bitseg-signature"] == f"v1={signature}"
    assert one.headers["content-type"] == "application/json"
    assert one.headers["bitseg-webhook"] == made["id"]
    body = json.loads(one.body)
    assert body["segment_id"] == scene.segment
    assert body["changes"][0]["contact_id"] == "ann"
    assert set(body["changes"][0]) == {"seq", "contact_id", "change", "at"}


def test_what_failed_is_shown_and_sent_again(scene: Scene) -> None:
    answers = [BAD]
    with Receiver(lambda _: answers.pop() if answers else GOOD) as receiver:
        made = scene.made(receiver.url)
        scene.put("ann")
        receiver.wait(lambda sent: len(sent) == 1)
        path = f"/api/webhooks/{made['id']}/deliveries"
        shown = _until(scene, path, lambda one: one["items"])
        assert shown["items"][0]["status"] == 500
        assert shown["items"][0]["error"] == "It was answered with 500."
        assert shown["segments"][0] == {
            "segment_id": scene.segment,
            "sent": 0,
            "attempts": 1,
            "failing_since": "2026-03-01T09:30:00Z",
            "next_at": shown["items"][0]["next_at"],
            "error": "It was answered with 500.",
        }
        assert shown["segments"][0]["next_at"] is not None
        scene.clock.at += 60_000
        scene.put("bob")  # wakes what waits
        sent = receiver.wait(lambda sent: len(sent) == 2)
        shown = _until(scene, path, lambda one: one["segments"][0]["sent"] == 2)

    assert _seqs(sent[1:]) == [1, 2]
    assert shown["total"] == 2
    assert shown["items"][0]["error"] is None


def _until(scene: Scene, path: str, is_so: Any) -> Any:
    """Ask until something is so: it is noted right behind the answer of a receiver."""
    for _ in range(10_000):
        shown = scene.call("GET", path).json()
        if is_so(shown):
            return shown
    raise AssertionError(shown)


def test_it_is_sent_again_from_a_number_on(scene: Scene) -> None:
    with Receiver() as receiver:
        made = scene.made(receiver.url)
        scene.put("ann", "bob", "cid")
        receiver.wait(lambda sent: _seqs(sent) == [1, 2, 3])
        path = f"/api/webhooks/{made['id']}"
        _until(scene, f"{path}/deliveries", lambda one: one["segments"][0]["sent"] == 3)
        answer = scene.call("POST", f"{path}/replay?from=2&segment={scene.segment}")
        assert answer.json() == {"segments": {scene.segment: 2}}
        receiver.wait(lambda sent: _seqs(sent) == [1, 2, 3, 2, 3])
        assert scene.call("POST", f"{path}/replay?from=99").json() == {
            "segments": {scene.segment: 4}
        }

    assert scene.call("POST", f"{path}/replay?from=0").status_code == 422
    assert scene.call("POST", f"{path}/replay?segment=x").json()["errors"][0]["path"] == "segment"


def test_it_is_tried_without_changes(scene: Scene) -> None:
    with Receiver() as receiver:
        made = scene.made(receiver.url)
        tried = scene.call("POST", f"/api/webhooks/{made['id']}/test").json()
        body = receiver.wait(lambda sent: len(sent) == 1)[0].body

    assert (tried["status"], tried["error"]) == (204, None)
    assert json.loads(body) == {"segment_id": None, "changes": []}
    gone = scene.call("POST", f"/api/webhooks/{made['id']}/test").json()
    assert (gone["status"], gone["error"]) == (None, "It could not be connected to.")


def test_a_secret_is_changed_and_the_one_before_signs_for_a_day(scene: Scene) -> None:
    with Receiver() as receiver:
        made = scene.made(receiver.url)
        path = f"/api/webhooks/{made['id']}"
        new = scene.call("POST", f"{path}/rotate").json()
        assert new["secret"] != made["secret"]
        scene.call("POST", f"{path}/test")
        scene.clock.at += DAY
        scene.call("POST", f"{path}/test")
        sent = receiver.wait(lambda sent: len(sent) == 2)

    expected = []
    for one, secrets in zip(sent, ([new, made], [new]), strict=True):
        said = one.headers["bitseg-timestamp"].encode() + b"." + one.body
        signed = [
            "v1=" + hmac.new(key["secret"].encode(), said, hashlib.sha256).hexdigest()
            for key in secrets
        ]
        expected.append(",".join(signed))
    assert [one.headers["bitseg-signature"] for one in sent] == expected


def test_it_is_changed_by_revision_and_deleted(scene: Scene) -> None:
    made = scene.made("https://example.com/a", events=["left"])
    path = f"/api/webhooks/{made['id']}"
    assert (made["events"], made["revision"], made["created_by"]) == (["left"], 1, "admin of acme")
    other = scene.call("POST", "/api/segments", {"name": "other", "contact_ids": []}).json()["id"]

    changed = scene.call(
        "PATCH", path, {"segments": [other], "events": ["left", "entered"], "is_active": False},
        headers={"If-Match": '"1"'},
    )  # fmt: skip
    assert changed.json() == {
        **{key: value for key, value in made.items() if key != "secret"},
        "segments": [other], "events": ["entered", "left"], "is_active": False, "revision": 2,
    }  # fmt: skip
    assert changed.headers["etag"] == '"2"'
    for method, body in (("PATCH", {"is_active": True}), ("DELETE", None)):
        stale = scene.call(method, path, body, headers={"If-Match": '"1"'})
        assert stale.status_code == 412
    assert scene.call("POST", f"{path}/rotate", headers={"If-Match": '"1"'}).status_code == 412
    assert scene.call("GET", path).json() == changed.json()
    assert scene.call("DELETE", path, headers={"If-Match": '"2"'}).status_code == 204
    assert scene.call("GET", path).status_code == 404
    assert scene.call("GET", "/api/webhooks").json() == {"items": [], "total": 0}


def test_all_faults_of_a_body_are_named(guarded: Scene) -> None:
    answer = guarded.call(
        "POST",
        "/api/webhooks",
        {"url": "http://127.0.0.1/", "segments": ["nobodys", guarded.segment, "x"]},
    )

    assert answer.status_code == 422
    assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [
        ("url", "refused_url"), ("segments[0]", "unknown_segment"),
        ("segments[2]", "unknown_segment"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"segments": []}, "segments"), ({"segments": ["x"] * 101}, "segments"),
        ({"events": []}, "events"), ({"events": ["came"]}, "events"), ({"url": 5}, "url"),
        ({"secret": "mine"}, "secret"), ({"url": "https://localhost/"}, "url"),
        ({"is_active": "no"}, "is_active"),
    ],
)  # fmt: skip
def test_what_may_not_be_so_is_refused(guarded: Scene, body: dict[str, Any], path: str) -> None:
    made = guarded.made("https://example.com/")
    answer = guarded.call("PATCH", f"/api/webhooks/{made['id']}", body)

    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["errors"]] == [path]


def test_another_tenants_segment_in_a_body_is_as_unknown_as_any(guarded: Scene) -> None:
    zeta = guarded.key("zeta")
    answers = [
        guarded.ask("POST", "/api/webhooks", zeta,
                    json={"url": "https://example.com/", "segments": [one]})
        for one in (guarded.segment, NOBODYS)
    ]  # fmt: skip

    assert [one.status_code for one in answers] == [422, 422]
    assert answers[0].text == answers[1].text.replace(NOBODYS, guarded.segment)


def test_a_tenant_has_so_many_and_no_more(guarded: Scene) -> None:
    for _ in range(20):
        guarded.made("https://example.com/", events=["left"])
    body = {"url": "https://example.com/", "segments": [guarded.segment]}
    answer = guarded.call("POST", "/api/webhooks", body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "too_many"
    assert len(guarded.call("GET", "/api/webhooks?limit=5&offset=18").json()["items"]) == 2


def test_deleting_a_segment_ends_what_is_told_of_it(scene: Scene) -> None:
    made = scene.made("https://example.com/")
    assert scene.call("DELETE", f"/api/segments/{scene.segment}").status_code == 204

    path = f"/api/webhooks/{made['id']}"
    assert _until(scene, path, lambda one: one["segments"] == [])["id"] == made["id"]
