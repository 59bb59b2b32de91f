"""The gate over time: keys end, are taken back and are replaced, and who guesses has to wait."""

from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from litestar import Litestar, get
from litestar.exceptions import ImproperlyConfiguredException

from server import Settings
from server.auth import EveryRouteSaysItsScope, anybody, needs
from server.control import KeyRequest
from server.keys import make_key
from server.refusals import ADDRESSES_MOST, Refusals
from server.upkeep import Upkeep
from tests.server.conftest import Two
from tests.server.control import NOW, key_of


def _status(two: Two, key: str | None) -> int:
    return two.ask("GET", "/api/tenant", key).status_code


def test_a_key_opens_its_own_tenant(two: Two) -> None:
    for tenant in ("acme", "zeta"):
        assert two.ask("GET", "/api/tenant", two.key(tenant, "read")).json()["id"] == tenant


def test_a_key_that_is_taken_back_opens_nothing_from_the_next_request_on(two: Two) -> None:
    key, text = key_of(two.control, "acme")
    before = [_status(two, text) for _ in range(3)]

    gone = two.ask("DELETE", f"/api/keys/{key.id}", text)

    assert before == [200, 200, 200]
    assert (gone.status_code, gone.content) == (204, b"")
    assert _status(two, text) == 401


def test_it_does_not_matter_which_process_takes_a_key_back(two: Two) -> None:
    key, text = key_of(two.control, "acme")
    assert _status(two, text) == 200
    said = f"""
        from pathlib import Path
        from server.control import Control
        with Control(Path({str(two.data / "control.db")!r}), lambda: {NOW}) as control:
            print(control.revoke_key("acme", {key.id!r}) is not None)
    """

    taken = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(said)], capture_output=True, text=True, check=True
    )

    assert taken.stdout == "True\n"
    assert _status(two, text) == 401


def test_two_processes_that_write_at_once_lose_nothing(two: Two) -> None:
    path = str(two.data / "control.db")
    said = f"""
        from pathlib import Path
        from server.control import Control, KeyRequest
        with Control(Path({path!r}), lambda: {NOW}) as control:
            print("there", flush=True)
            for _ in range(40):
                control.create_key("acme", KeyRequest("theirs", "read"))
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(said)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        for _ in range(40):
            two.control.create_key("acme", KeyRequest("ours", "read"))
        assert process.wait(60) == 0

    names = [key.name for key in two.control.keys("acme")]
    assert (names.count("ours"), names.count("theirs")) == (40, 40)


def test_a_key_that_is_remembered_ends_when_it_expires(two: Two) -> None:
    _, text = two.control.create_key("acme", KeyRequest("short", "read", NOW + 1_000))

    assert _status(two, text) == 200
    two.clock.at = NOW + 999
    assert _status(two, text) == 200
    two.clock.at = NOW + 1_000
    assert _status(two, text) == 401


def test_the_keys_of_a_deleted_tenant_open_nothing(two: Two) -> None:
    acme, zeta = two.key("acme"), two.key("zeta")
    assert (_status(two, acme), _status(two, zeta)) == (200, 200)

    two.control.delete_tenant("acme")

    assert (_status(two, acme), _status(two, zeta)) == (401, 200)


def test_a_key_that_was_good_is_refused_as_one_that_never_was(two: Two) -> None:
    revoked, text = key_of(two.control, "acme")
    two.control.revoke_key("acme", revoked.id)
    _, expired = two.control.create_key("acme", KeyRequest("short", "read", NOW + 1))
    orphan = two.key("zeta")
    two.control.delete_tenant("zeta")
    two.clock.at = NOW + 1

    answers = [two.ask("GET", "/api/tenant", key)
               for key in (text, expired, orphan, make_key(), None)]  # fmt: skip

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [("read", [200, 403, 403]), ("write", [200, 403, 403]), ("admin", [200, 200, 200])],
)
def test_a_scope_includes_those_before_it(two: Two, scope: Any, statuses: list[int]) -> None:
    key = two.key("acme", scope)

    calls = [
        two.ask("GET", "/api/tenant", key),
        two.ask("PATCH", "/api/tenant", key, json={"name": "New"}),
        two.ask("GET", "/api/keys", key),
    ]

    assert [call.status_code for call in calls] == statuses
    for call in calls:
        assert call.headers["x-content-type-options"] == "nosniff"
    if scope == "read":
        assert calls[1].json()["detail"] == (
            "Expected a key of scope 'admin', got one of scope 'read'."
        )


def test_which_methods_there_are_is_told_to_whoever_may_ask_anything(two: Two) -> None:
    told = two.ask("OPTIONS", "/api/segments", two.key("acme", "read"))

    assert told.status_code == 204
    assert "OPTIONS" in told.headers["allow"]
    assert two.ask("OPTIONS", "/api/segments").status_code == 401


def test_an_app_with_a_route_that_says_no_scope_is_not_made() -> None:
    @get("/api/forgotten")
    async def forgotten() -> None:
        """Say nothing."""

    @get("/api/open", opt=anybody())
    async def not_open() -> None:
        """Say nothing."""

    @get("/api/odd", opt={"scope": "root"})
    async def odd() -> None:
        """Say nothing."""

    @get("/api/fine", opt=needs("read"))
    async def fine() -> None:
        """Say nothing."""

    for handler in (forgotten, not_open, odd):
        with pytest.raises(ImproperlyConfiguredException, match="Expected a scope"):
            Litestar([handler], plugins=[EveryRouteSaysItsScope()])
    Litestar([fine], plugins=[EveryRouteSaysItsScope()], openapi_config=None)


def test_when_a_key_was_used_is_noted_beside_requests(two: Two) -> None:
    key, text = key_of(two.control, "acme")
    two.ask("GET", "/api/tenant", text)
    unnoted = two.control.keys("acme")[0].last_used_at

    gate = two.app.state.gate
    used = gate.take_used()
    two.control.note_used(used)

    assert unnoted is None
    assert used == {key.id: NOW}
    assert two.control.keys("acme")[0].last_used_at == NOW
    assert gate.take_used() == {}


def test_what_was_used_last_is_noted_when_the_server_ends(tmp_path: Path) -> None:
    two = Two(tmp_path / "data")
    with two.client:
        two.ask("GET", "/api/tenant", two.key("acme"))

    assert two.control.keys("acme")[0].last_used_at == NOW
    two.close()


def test_that_it_cannot_be_noted_is_logged(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    two.ask("GET", "/api/tenant", two.key("acme"))
    upkeep = Upkeep(two.control, two.app.state.gate, two.tenants)
    with closing(sqlite3.connect(two.data / "control.db")) as connection:
        connection.execute("DROP TABLE keys")

    upkeep._note({"unknown": NOW})  # noqa: SLF001 - it runs once a minute

    assert "could not be noted" in caplog.text


class TestWhoGuesses:
    """Ten refusals a minute are told; then it is 429, and those with a good key go on."""

    @pytest.fixture
    def two(self, tmp_path: Path) -> Iterator[Two]:
        two = Two(tmp_path / "data", Settings())
        with two.client:
            yield two
        two.close()

    def test_after_ten_refusals_in_a_minute_it_is_429(self, two: Two) -> None:
        key = two.key("acme")
        statuses = [_status(two, "guess") for _ in range(10)]
        two.clock.at += 20_500

        told = two.ask("GET", "/api/tenant", "guess")

        assert statuses == [401] * 10
        assert told.status_code == 429
        assert told.headers["retry-after"] == "40"
        assert told.headers["content-type"] == "application/problem+json"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert _status(two, key) == 200

    def test_the_wait_ends_however_often_one_asks(self, two: Two) -> None:
        for _ in range(30):
            _status(two, None)
        two.clock.at += 59_999
        assert _status(two, None) == 429
        two.clock.at += 1
        assert _status(two, None) == 401

    def test_what_is_not_allowed_is_no_guess(self, two: Two) -> None:
        key = two.key("acme", "read")

        assert {two.ask("GET", "/api/keys", key).status_code for _ in range(12)} == {403}


def test_refusals_are_counted_by_address_and_forgotten() -> None:
    refusals = Refusals(1)

    assert [refusals.wait("a", 0), refusals.wait("b", 0), refusals.wait("a", 500)] == [0, 0, 60]
    for number in range(ADDRESSES_MOST):
        refusals.wait(str(number), 500)
    assert refusals.wait("a", 500) == 0


def test_a_key_stands_in_no_log_and_in_no_file(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = two.ask("POST", "/api/keys", two.key("acme"), json={"name": "n", "scope": "read"})
    key = made.json()["key"]
    two.ask("GET", "/api/tenant", key)
    two.ask("GET", "/api/keys", key)
    two.ask("GET", "/api/tenant", key + "x")
    shown = two.ask("GET", "/api/keys", two.key("acme")).text

    assert key[:13] not in caplog.text
    assert key[:13] not in shown
    for file in two.data.rglob("*"):
        assert not file.is_file() or key[:13].encode() not in file.read_bytes(), file


def test_a_store_that_cannot_be_read_lets_nobody_in_and_names_no_file(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    text = two.key("acme", "read")
    with closing(sqlite3.connect(two.data / "control.db")) as connection, connection:
        connection.execute("UPDATE keys SET scope = 'admin'")

    response = two.ask("GET", "/api/tenant", text)

    assert response.status_code == 503
    assert "control.db" not in response.text
    assert "control.db" in caplog.text


PRIVATE = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


class TestTokens:
    """A token of the operator's issuer opens what a key opens."""

    @pytest.fixture
    def two(self, tmp_path: Path) -> Iterator[Two]:
        jwks = tmp_path / "jwks.json"
        public = {**json.loads(RSAAlgorithm.to_jwk(PRIVATE.public_key())), "kid": "one"}
        jwks.write_text(json.dumps({"keys": [public]}), encoding="utf-8")
        settings = Settings(jwks=str(jwks), jwt_algorithms=("RS256",), refusals_a_minute=1_000)
        two = Two(tmp_path / "data", settings)
        with two.client:
            yield two
        two.close()

    @pytest.fixture
    def token(self) -> Callable[..., str]:
        def make(**claims: Any) -> str:
            good = {"tenant": "acme", "scope": "read", "sub": "ann", "exp": NOW // 1_000 + 300}
            return jwt.encode({**good, **claims}, PRIVATE, "RS256", {"kid": "one"})

        return make

    def test_it_opens_the_tenant_it_names(self, two: Two, token: Callable[..., str]) -> None:
        assert two.ask("GET", "/api/tenant", token()).json()["id"] == "acme"
        assert two.ask("GET", "/api/tenant", token(tenant="zeta")).json()["id"] == "zeta"
        assert two.ask("GET", "/api/keys", token()).status_code == 403
        assert two.ask("GET", "/api/keys", token(scope="admin")).status_code == 200

    def test_it_opens_no_tenant_there_is_not(self, two: Two, token: Callable[..., str]) -> None:
        assert _status(two, token(tenant="nobody")) == 401
        assert _status(two, token()) == 200
        two.control.delete_tenant("acme")
        assert _status(two, token()) == 401

    def test_one_that_is_remembered_ends_when_it_expires(
        self, two: Two, token: Callable[..., str]
    ) -> None:
        text = token(exp=NOW // 1_000 + 5)
        assert _status(two, text) == 200
        two.clock.at = NOW + 34_999
        assert _status(two, text) == 200
        two.clock.at = NOW + 35_000
        assert _status(two, text) == 401

    def test_one_whose_key_was_withdrawn_ends_within_minutes(
        self, two: Two, token: Callable[..., str], tmp_path: Path
    ) -> None:
        text = token(exp=NOW // 1_000 + 3_600)
        assert _status(two, text) == 200
        (tmp_path / "jwks.json").write_text('{"keys": []}', encoding="utf-8")

        two.clock.at = NOW + 600_000

        assert _status(two, text) == 401

    def test_a_refused_one_reads_as_a_refused_key(
        self, two: Two, token: Callable[..., str]
    ) -> None:
        forged = jwt.encode({"tenant": "acme"}, "x" * 32, "HS256")
        answers = [two.ask("GET", "/api/tenant", one) for one in (None, forged, token(exp=1))]

        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.content for answer in answers}) == 1
