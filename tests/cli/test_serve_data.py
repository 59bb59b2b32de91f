"""``bitseg serve --data``: a process that answers for several tenants."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import jwt
import pytest

import bitseg
from bitseg import clock
from server.cli import serve as serving
from server.control import Control, KeyRequest
from server.control.holding import Hold
from tests.cli.conftest import Run
from tests.cli.test_serve import EVERYBODY, _serving, _url

SECRET = "a secret of the issuer's, of more than 32 bytes"  # noqa: S105 - of this test's issuer


@pytest.fixture
def data(tmp_path: Path, run: Run) -> Path:
    """A directory with acme, of one contact, and zeta, of two."""
    data = tmp_path / "data"
    for number, tenant in enumerate(("acme", "zeta"), 1):
        assert run("tenant", "create", tenant, "--data", str(data)).exit_code == 0
        with bitseg.open(data / "tenants" / f"{tenant}.db") as engine:
            engine.load_contacts([{"id": str(one)} for one in range(number)])
            engine.define_segment(f"all-of-{tenant}", ["0"])
    return data


def _key(data: Path, tenant: str) -> str:
    with Control(data / "control.db", clock.system_now) as control:
        return control.create_key(tenant, KeyRequest("test", "admin"))[1]


def _ask(said: str, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(_url(said), content=EVERYBODY, headers=headers, timeout=30)


def test_it_answers_each_tenant_and_commands_work_beside_it(run: Run, data: Path) -> None:
    with _serving("--data", str(data)) as said:
        assert "bsg_live_" not in said
        acme, zeta = _key(data, "acme"), _key(data, "zeta")  # while it runs
        totals = [_ask(said, key).json()["total"] for key in (acme, zeta)]
        listed = json.loads(run("key", "list", "acme", "--data", str(data), "--json").stdout)
        key_id = listed["items"][0]["id"]
        revoked = run("key", "revoke", "acme", key_id, "--data", str(data))
        statuses = [_ask(said, key).status_code for key in (acme, zeta)]

    assert totals == [1, 2]
    assert revoked.exit_code == 0
    assert statuses == [401, 200]
    assert not (data / "tenants" / "zeta.db-wal").exists()
    with Control(data / "control.db", clock.system_now) as control:
        assert control.keys("zeta")[0].last_used_at is not None
        assert control.tenant_of_segment("all-of-zeta") == "zeta"


def test_a_second_server_of_a_directory_is_refused(run: Run, data: Path) -> None:
    hold = Hold(data / "control.db")

    result = run("serve", "--data", str(data), "--port", "0")
    hold.release()

    assert result.exit_code == 1
    assert "is open in process" in result.stderr


def test_tokens_of_an_issuer_open_it_too(data: Path, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    text = jwt.utils.base64url_encode(SECRET.encode()).decode()
    jwks.write_text(json.dumps({"keys": [{"kty": "oct", "k": text}]}), encoding="utf-8")
    claims = {"tenant": "zeta", "scope": "read", "sub": "ann", "exp": 32_503_680_000, "iss": "idp"}
    arguments = ("--jwks", str(jwks), "--jwt-algorithms", "HS256", "--jwt-issuer", "idp")

    with _serving("--data", str(data), *arguments) as said:
        good = _ask(said, jwt.encode(claims, SECRET, "HS256"))
        bad = _ask(said, jwt.encode({**claims, "iss": "other"}, SECRET, "HS256"))

    assert (good.status_code, good.json()["total"]) == (200, 2)
    assert bad.status_code == 401


@pytest.mark.parametrize(
    ("arguments", "key", "said"),
    [
        (["--demo"], None, "Give --data or a source"),
        (["--timezone", "UTC"], None, "Give --data or a source"),
        ([], "bsg_live_x", "`bitseg key` makes keys"),
        (["--jwt-issuer", "x"], None, "go with --jwks"),
    ],
)
def test_what_does_not_go_together_is_told(  # noqa: PLR0913, PLR0917 - fixtures, and a row of the table
    run: Run,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    key: str | None,
    said: str,
) -> None:
    if key is not None:
        monkeypatch.setenv("BITSEG_KEY", key)

    result = run("serve", "--data", str(data), "--port", "0", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_mistake_of_ours_at_the_start_ends_it(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken() -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(serving, "warm_up", mistaken)

    with pytest.raises(RuntimeError, match="a mistake"):
        run("serve", "--data", str(data), "--port", "0")
    Hold(data / "control.db").release()


def test_keys_of_an_issuer_that_cannot_be_read_are_told_before_it_listens(
    run: Run, data: Path
) -> None:
    result = run("serve", "--data", str(data), "--jwks", "nowhere.json", "--port", "0")

    assert result.exit_code == 1
    assert "Expected a file of keys" in result.stderr
    assert "Listening" not in result.stderr
