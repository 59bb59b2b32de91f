"""Writes of the control store that are sent again: once done, and answered as before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from bitseg import FieldError, Once, RepeatError
from server.control import Control, KeyRequest
from server.control.migrations import FORMAT
from tests.server.conftest import Two
from tests.server.control import DAY, Clock, back_to_the_first_format, with_tenants

NEW = {"name": "import", "scope": "write"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["file", "memory"])
def control(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Control]:
    path = tmp_path / "control.db" if request.param == "file" else None
    with Control(path, clock) as control:
        yield with_tenants(control, "acme", "zeta")


def _names(control: Control, tenant: str = "acme") -> list[str]:
    return [key.name for key in control.keys(tenant)]


def _make(control: Control, name: str, once: Once | None, tenant: str = "acme") -> str:
    def write() -> str:
        return control.create_key(tenant, KeyRequest(name, "read"))[0].id

    return control.repeats.once(tenant, once, str, write)


def test_a_write_with_a_key_is_done_once(control: Control) -> None:
    once = Once("k", b"asked")

    first, again = _make(control, "one", once), _make(control, "two", once)

    assert first == again == control.keys("acme")[0].id
    assert _names(control) == ["one"]


def test_a_write_without_a_key_is_done_each_time(control: Control) -> None:
    assert _make(control, "one", None) != _make(control, "two", None)


def test_a_key_stands_for_one_request(control: Control) -> None:
    _make(control, "one", Once("k", b"asked"))

    with pytest.raises(RepeatError, match="a new key for a new request") as refused:
        _make(control, "two", Once("k", b"asked otherwise"))

    assert not refused.value.running
    assert _names(control) == ["one"]


def test_a_key_is_its_tenants(control: Control) -> None:
    once = Once("k", b"asked")

    assert _make(control, "one", once) != _make(control, "two", once, "zeta")
    assert (_names(control), _names(control, "zeta")) == (["one"], ["two"])


@pytest.mark.parametrize(("later", "names"), [(DAY - 1, ["one"]), (DAY, ["one", "two"])])
def test_an_answer_is_kept_for_a_day(
    control: Control, clock: Clock, later: int, names: list[str]
) -> None:
    once = Once("k", b"asked")
    _make(control, "one", once)
    clock.at += later

    _make(control, "two", once)

    assert _names(control) == names


def test_after_a_day_its_row_is_gone(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    with Control(path, clock) as control:
        with_tenants(control, "acme")
        _make(control, "one", Once("old", b""))
        clock.at += DAY
        _make(control, "two", Once("new", b""))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM repeats").fetchall() == [("acme/new",)]


def test_a_write_that_fails_leaves_nothing_and_may_be_sent_again(control: Control) -> None:
    once = Once("k", b"asked")

    def fails() -> str:
        control.create_key("acme", KeyRequest("half", "read"))
        control.create_key("acme", KeyRequest("", "read"))
        return "unreached"

    with pytest.raises(FieldError):
        control.repeats.once("acme", once, str, fails)

    assert _names(control) == []  # what it wrote before it failed is taken back as well
    _make(control, "one", once)
    assert _names(control) == ["one"]


def test_what_did_nothing_is_not_kept(control: Control) -> None:
    once = Once("k", b"asked")

    assert control.repeats.once("acme", once, str, lambda: None) is None
    assert control.repeats.once("acme", once, str, lambda: "said") == "said"


def test_while_the_first_runs_the_second_is_refused(control: Control) -> None:
    begun, go_on = Event(), Event()
    once = Once("k", b"asked")

    def slow() -> str:
        begun.set()
        assert go_on.wait(30)
        return "said"

    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(control.repeats.once, "acme", once, str, slow)
        assert begun.wait(30)
        with pytest.raises(RepeatError, match="still runs") as refused:
            control.repeats.once("acme", once, str, lambda: "other")
        go_on.set()

        assert refused.value.running
        assert first.result() == "said"
    assert control.repeats.once("acme", once, str, lambda: "other") == "said"


def test_it_is_remembered_when_the_store_is_opened_again(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    with Control(path, clock) as control:
        with_tenants(control, "acme")
        first = _make(control, "one", Once("k", b"asked"))

    with Control(path, clock) as control:
        assert _make(control, "two", Once("k", b"asked")) == first


def test_a_store_of_the_first_format_learns_to_remember(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    with Control(path, clock) as control:
        with_tenants(control, "acme")
    back_to_the_first_format(path)

    with Control(path, clock) as control:
        first = _make(control, "one", Once("k", b"asked"))
        assert _make(control, "two", Once("k", b"asked")) == first
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_a_tenant_that_is_deleted_leaves_no_answers(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    with Control(path, clock) as control:
        with_tenants(control, "acme")
        _make(control, "one", Once("k", b"asked"))
        control.delete_tenant("acme")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM repeats").fetchone() == (0,)


# Over HTTP


def _post(two: Two, admin: str, key: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"Idempotency-Key": key}
    return two.ask("POST", "/api/keys", admin, json=body or NEW, headers=headers)


def test_a_key_that_is_asked_for_again_is_the_same_and_not_shown_again(two: Two) -> None:
    admin = two.key("acme")

    first = _post(two, admin, "k")
    again = _post(two, admin, "k")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["key"].startswith(first.json()["prefix"])
    assert again.json() == {**first.json(), "key": None}
    assert two.ask("GET", "/api/keys", admin).json()["total"] == 2  # the admin's and this one
    assert two.ask("GET", "/api/tenant", first.json()["key"]).status_code == 200


def test_the_key_itself_stands_in_no_file(two: Two) -> None:
    made = _post(two, two.key("acme"), "k").json()["key"]

    for path in two.data.glob("control.db*"):
        assert made.encode() not in path.read_bytes()


def test_another_body_with_the_same_key_is_422_and_makes_none(two: Two) -> None:
    admin = two.key("acme")
    _post(two, admin, "k")

    other = _post(two, admin, "k", {**NEW, "name": "other"})

    assert other.status_code == 422
    assert "a new key for a new request" in other.text
    assert two.ask("GET", "/api/keys", admin).json()["total"] == 2


def test_a_refused_body_may_be_corrected_under_its_key(two: Two) -> None:
    admin = two.key("acme")

    assert _post(two, admin, "k", {"name": "", "scope": "read"}).status_code == 422
    assert _post(two, admin, "k").json()["key"] is not None


def test_a_replacement_that_is_sent_again_replaces_once(two: Two) -> None:
    admin = two.key("acme")
    old = _post(two, admin, "old").json()
    body = {**NEW, "replaces": old["id"]}

    first = _post(two, admin, "new", body)
    again = _post(two, admin, "new", body)  # without a key of its own: "no key that is good"

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert _post(two, admin, "newer", body).status_code == 422


@pytest.mark.parametrize(("length", "status"), [(0, 400), (1, 201), (255, 201), (256, 400)])
def test_a_key_of_a_write_has_1_to_255_characters(two: Two, length: int, status: int) -> None:
    assert _post(two, two.key("acme"), "k" * length).status_code == status


def test_the_tenants_do_not_see_each_others_keys(two: Two) -> None:
    mine, theirs = _post(two, two.key("acme"), "k").json(), _post(two, two.key("zeta"), "k").json()

    assert mine["id"] != theirs["id"]
    assert theirs["key"] is not None


def test_a_key_is_taken_back_once(two: Two) -> None:
    admin = two.key("acme")
    made, other = _post(two, admin, "a").json(), _post(two, admin, "b").json()
    headers = {"Idempotency-Key": "k"}

    def delete(key_id: str) -> int:
        return two.ask("DELETE", f"/api/keys/{key_id}", admin, headers=headers).status_code

    assert [delete("nobody"), delete(made["id"])] == [404, 204]  # a 404 did nothing
    two.clock.at += 1_000
    assert [delete(made["id"]), delete(other["id"])] == [204, 422]
    listed = {one["id"]: one for one in two.ask("GET", "/api/keys", admin).json()["items"]}
    assert listed[made["id"]]["revoked_at"] == "2026-03-01T09:30:00Z"
    assert listed[other["id"]]["revoked_at"] is None
