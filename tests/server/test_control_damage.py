"""A damaged control store lets nobody in: it is refused, and what is wrong is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bitseg import DamagedError, Once, StoreError
from server.control import Control, JobRecord
from tests.server.control import NOW, Clock, key_of, with_tenants


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "control.db"
    with Control(path, Clock()) as control:
        with_tenants(control, "acme", "zeta")
        key, _ = key_of(control, "acme", "read")
        control.revoke_key("acme", key.id)
        control.claim_segment("s1", "acme")
        control.note_timezone("acme", "Europe/Berlin")
        control.repeats.once("acme", Once("k", b"asked"), str, lambda: "said")
        control.timetable.add(JobRecord("acme/x", "acme", "x", NOW, NOW, "0 2 * * *"))
        control.delete_tenant("zeta")
    return path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param("UPDATE keys SET revoked_at = NULL", "keys", id="a key is good again"),
        pytest.param("UPDATE keys SET expires_at = 1 << 60", "keys", id="a key lasts longer"),
        pytest.param("UPDATE keys SET scope = 'admin'", "keys", id="a key may do more"),
        pytest.param("UPDATE keys SET hash = zeroblob(32)", "keys", id="another key"),
        pytest.param("UPDATE keys SET tenant_id = 'zeta'", "keys", id="another's key"),
        pytest.param("UPDATE tenants SET deleted_at = NULL", "tenants", id="a tenant is back"),
        pytest.param("UPDATE tenants SET timezone = 'UTC'", "tenants", id="another timezone"),
        pytest.param("UPDATE jobs SET due_at = 1 << 60", "jobs", id="a job never runs"),
        pytest.param("UPDATE jobs SET cron = '0 0 1 1 *'", "jobs", id="a job runs once a year"),
        pytest.param("UPDATE repeats SET answer = x'a0'", "repeats", id="another answer"),
        pytest.param("UPDATE repeats SET id = 'acme/x'", "repeats", id="another write's answer"),
        pytest.param("UPDATE segments SET tenant_id = 'zeta'", "segments", id="a segment moved"),
        pytest.param("DROP INDEX idx_keys_hash", "schema", id="an index is gone"),
        pytest.param("DELETE FROM meta", "schema", id="the schema's digest is gone"),
        pytest.param("DROP TABLE segments", "schema", id="a table is gone"),
    ],
)
def test_a_change_that_nobody_made_is_named(path: Path, change: str, named: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(change)

    with pytest.raises(DamagedError, match=rf"control\.db: .*{named}.* is not what was written"):
        Control(path, Clock())


def test_a_row_is_looked_at_whenever_it_is_read(path: Path) -> None:
    with Control(path, Clock()) as control:
        _, text = key_of(control, "acme")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE keys SET scope = 'write' WHERE scope = 'admin'")

        with pytest.raises(DamagedError, match="keys is not what was written"):
            control.keys("acme")
    assert text


def test_when_a_key_was_last_used_is_covered_by_no_digest(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE keys SET last_used_at = ?", (NOW,))

    with Control(path, Clock()) as control:
        assert control.keys("acme")[0].last_used_at == NOW


def test_no_flipped_bit_goes_unseen_where_it_matters(path: Path) -> None:
    """Every 97th byte in turn: either it is refused, or all that was written is still read."""
    whole = path.read_bytes()
    with Control(path, Clock()) as control:
        expected = control.keys("acme"), control.tenants(), control.tenant_of_segment("s1")
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        try:
            with Control(path, Clock()) as control:
                found = control.keys("acme"), control.tenants(), control.tenant_of_segment("s1")
        except StoreError as error:
            assert "control" in str(error)  # noqa: PT017 - which of the two it is differs by place
        else:
            assert found == expected


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    path.write_bytes(b"not a database, and long enough to be looked at" * 100)

    with pytest.raises(DamagedError, match=r"control\.db"):
        Control(path, Clock())


def test_a_file_that_was_cut_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 3])

    with pytest.raises(DamagedError, match=r"control\.db"):
        Control(path, Clock())
