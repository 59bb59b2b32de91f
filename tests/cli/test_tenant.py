"""``bitseg tenant`` and ``bitseg key``: tenants and keys of a data directory."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import clock
from server.control import Control
from server.keys import is_key
from tests.cli.conftest import Run


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


@pytest.fixture
def acme(run: Run, data: str) -> str:
    """A directory with the tenant acme."""
    assert run("tenant", "create", "acme", "--data", data).exit_code == 0
    return data


def _json(run: Run, *arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_tenant_is_made_with_its_file(run: Run, data: str) -> None:
    result = run(
        "tenant", "create", "acme", "--data", data, "--name", "Acme", "--timezone", "Asia/Tokyo"
    )

    assert result.exit_code == 0, result.output
    assert "bitseg key create" in result.stdout
    with bitseg.open(Path(data) / "tenants" / "acme.db") as engine:
        assert engine.timezone == "Asia/Tokyo"
    (listed,) = _json(run, "tenant", "list", "--data", data)["items"]
    assert (listed["id"], listed["name"], listed["keys"]) == ("acme", "Acme", 0)
    assert "Acme" in run("tenant", "list", "--data", data).stdout


def test_a_file_that_is_there_becomes_the_tenants(run: Run, data: str) -> None:
    path = Path(data) / "tenants" / "acme.db"
    path.parent.mkdir(parents=True)
    with bitseg.open(path, timezone="Asia/Tokyo") as engine:
        engine.load_contacts([{"id": "ann"}])

    made = _json(run, "tenant", "create", "acme", "--data", data)

    assert made == {"id": "acme", "name": "acme", "file": str(path)}
    with bitseg.open(path) as engine:
        assert (len(engine), engine.timezone) == (1, "Asia/Tokyo")


@pytest.mark.parametrize("tenant_id", ["Acme", "../acme", "a.b", "a/b"])
def test_an_id_that_is_no_slug_is_refused_before_a_file_is_made(
    run: Run, data: str, tenant_id: str
) -> None:
    result = run("tenant", "create", tenant_id, "--data", data)

    assert result.exit_code == 1
    assert "Expected a tenant's id" in result.stderr
    assert [path for path in Path(data).rglob("*.db") if path.name != "control.db"] == []


def test_an_id_is_given_once(run: Run, acme: str) -> None:
    result = run("tenant", "create", "acme", "--data", acme)

    assert result.exit_code == 1
    assert "'acme' is taken" in result.stderr


def test_a_timezone_there_is_not_makes_no_tenant(run: Run, data: str) -> None:
    result = run("tenant", "create", "acme", "--data", data, "--timezone", "Nowhere")

    assert result.exit_code == 1
    assert _json(run, "tenant", "list", "--data", data)["total"] == 0


def test_deleting_asks_for_the_id_again(run: Run, acme: str) -> None:
    other = run("tenant", "delete", "acme", "--data", acme, stdin="acne\n")
    left = sorted(path.name for path in (Path(acme) / "tenants").iterdir())
    same = run("tenant", "delete", "acme", "--data", acme, stdin="acme\n")

    assert (other.exit_code, same.exit_code) == (2, 0), other.output + same.output
    assert "acme.db" in left
    assert list((Path(acme) / "tenants").iterdir()) == []
    assert _json(run, "tenant", "list", "--data", acme)["total"] == 0


def test_deleting_leaves_a_tenant_whose_id_begins_likewise(run: Run, acme: str) -> None:
    _json(run, "tenant", "create", "acme-2", "--data", acme)

    assert _json(run, "tenant", "delete", "acme", "--data", acme, "--yes") == {"deleted": "acme"}

    assert {path.name[:9] for path in (Path(acme) / "tenants").iterdir()} == {"acme-2.db"}


def test_files_that_are_open_stay_until_they_are_closed(run: Run, acme: str) -> None:
    key = _json(run, "key", "create", "acme", "--data", acme, "--scope", "read")
    with bitseg.open(Path(acme) / "tenants" / "acme.db"):
        first = run("tenant", "delete", "acme", "--data", acme, "--yes")
        keys = _keys(acme)
    second = run("tenant", "delete", "acme", "--data", acme, "--yes")
    third = run("tenant", "delete", "acme", "--data", acme, "--yes")

    assert first.exit_code == 1
    assert "The keys are void, and the files stay" in first.stderr
    assert keys[key["id"]] is not None
    assert second.exit_code == 0, second.output
    assert list((Path(acme) / "tenants").iterdir()) == []
    assert third.exit_code == 1
    assert "No tenant has the id 'acme'" in third.stderr


def _keys(data: str) -> dict[str, int | None]:
    with Control(Path(data) / "control.db", clock.system_now) as control:
        return {key.id: key.revoked_at for key in control.keys("acme")}


def test_a_key_is_made_and_printed_once(run: Run, acme: str) -> None:
    result = run("key", "create", "acme", "--data", acme, "--scope", "write", "--name", "import")

    key = re.search(r"bsg_live_\w+", result.stdout)
    assert result.exit_code == 0, result.output
    assert key is not None
    assert is_key(key[0])
    listed = run("key", "list", "acme", "--data", acme).stdout
    assert key[0] not in listed
    assert key[0][:12] in listed
    assert "import" in listed


def test_a_key_ends_is_replaced_and_is_taken_back(run: Run, acme: str) -> None:
    first = _json(
        run, "key", "create", "acme", "--data", acme, "--scope", "admin",
        "--expires", "2999-01-01T00:00:00Z",
    )  # fmt: skip
    _json(
        run, "key", "create", "acme", "--data", acme, "--scope", "admin",
        "--replaces", first["id"], "--for-days", "7",
    )  # fmt: skip
    revoked = _json(run, "key", "revoke", "acme", first["id"], "--data", acme)
    listed = _json(run, "key", "list", "acme", "--data", acme)

    assert first["expires_at"] == "2999-01-01T00:00:00Z"
    assert revoked["expires_at"] < "2998"
    assert revoked["revoked_at"] is not None
    assert listed["total"] == 2
    assert "key" not in listed["items"][0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["key", "create", "nobody", "--scope", "read"], "No tenant has the id 'nobody'"),
        (["key", "list", "nobody"], "No tenant has the id 'nobody'"),
        (["key", "revoke", "acme", "nothing"], "No key of acme has the id 'nothing'"),
        (["key", "create", "acme", "--scope", "read", "--expires", "2020-01-01T00:00:00Z"],
         "Expected an instant to come"),
        (["key", "create", "acme", "--scope", "read", "--replaces", "x"], "No key that is good"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(run: Run, acme: str, arguments: list[str], said: str) -> None:
    result = run(*arguments, "--data", acme)

    assert result.exit_code == 1
    assert said in result.stderr


def test_a_directory_that_is_not_there_is_told(run: Run, data: str) -> None:
    for arguments in (["tenant", "list"], ["tenant", "delete", "a"], ["key", "list", "a"],
                      ["serve"]):  # fmt: skip
        result = run(*arguments, "--data", data)
        assert result.exit_code == 2
        assert "`bitseg tenant create` makes it" in result.stderr
    assert not Path(data).exists()


def test_a_damaged_store_is_refused_by_name(run: Run, acme: str) -> None:
    path = Path(acme) / "control.db"
    damaged = bytearray(path.read_bytes())
    place = damaged.rindex(b"acme")
    damaged[place] ^= 1
    path.write_bytes(damaged)

    for arguments in (["tenant", "list"], ["key", "list", "acme"], ["serve", "--port", "0"]):
        result = run(*arguments, "--data", acme)
        assert result.exit_code == 1
        assert "control.db" in result.stderr
