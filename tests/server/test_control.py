"""The control store: the same in a file and in memory."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitseg import FieldError, InUseError, StoreError
from server.control import SLUG, Control, Key, KeyRequest, StaleError
from server.control.holding import Hold
from server.control.migrations import FORMAT
from server.keys import is_key
from tests.server.control import DAY, NOW, Clock, key_of, with_tenants


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["file", "memory"])
def control(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Control]:
    path = tmp_path / "data" / "control.db" if request.param == "file" else None
    with Control(path, clock) as control:
        yield with_tenants(control, "acme", "zeta")


def _find(control: Control, text: str) -> Key | None:
    return control.find_key(hashlib.sha256(text.encode()).digest())


def _opens(control: Control, text: str, now: int) -> bool:
    key = _find(control, text)
    return key is not None and key.opens_at(now)


def test_a_tenant_has_an_id_and_a_name(control: Control) -> None:
    tenants = [(tenant.id, tenant.name, tenant.created_at) for tenant in control.tenants()]

    assert tenants == [("acme", "Acme", NOW), ("zeta", "Zeta", NOW)]
    assert control.tenant("nobody") is None


@pytest.mark.parametrize(
    "tenant_id",
    [
        "",
        "-a",
        "A",
        "a_b",
        "a.b",
        "a/b",
        "../a",
        "a\n",
        "ä",
        "٣",
        "a" * 64,
        "a b",
        "a\x00",
        "con.db",
    ],
)
def test_an_id_is_a_slug(control: Control, tenant_id: str) -> None:
    with pytest.raises(FieldError, match="Expected a tenant's id"):
        control.create_tenant(tenant_id, "A name")

    assert SLUG == "[a-z0-9][a-z0-9-]{0,62}"
    assert control.create_tenant("a" * 63, "A name").id == "a" * 63


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x7f", "a" * 101])
def test_a_name_has_characters_but_none_of_control(control: Control, name: str) -> None:
    with pytest.raises(FieldError, match="1 to 100 characters"):
        control.create_tenant("new", name)
    with pytest.raises(FieldError, match="1 to 100 characters"):
        control.create_key("acme", KeyRequest(name, "read"))


def test_an_id_is_given_once_even_when_its_tenant_is_gone(control: Control) -> None:
    with pytest.raises(FieldError, match="'acme' is taken"):
        control.create_tenant("acme", "Other")
    control.delete_tenant("acme")

    with pytest.raises(FieldError, match="'acme' was one that is deleted"):
        control.create_tenant("acme", "Other")
    assert [tenant.id for tenant in control.tenants()] == ["zeta"]


def test_deleting_a_tenant_voids_its_keys_and_no_others(control: Control) -> None:
    (_, ours), (_, others) = key_of(control, "acme"), key_of(control, "zeta")

    control.delete_tenant("acme")

    assert _find(control, ours) is None
    assert _opens(control, others, NOW)
    with pytest.raises(FieldError, match="No tenant has the id 'acme'"):
        control.create_key("acme", KeyRequest("late", "read"))


def test_a_name_is_changed_only_from_the_revision_that_was_read(control: Control) -> None:
    renamed = control.change_tenant("acme", "Acme Inc.", 1)

    assert (renamed.name, renamed.revision) == ("Acme Inc.", 2)
    with pytest.raises(StaleError):
        control.change_tenant("acme", "Other", 1)
    assert control.tenant("acme") == renamed
    assert control.change_tenant("acme", "Other").revision == 3


def test_of_a_key_its_hash_and_first_characters_are_kept(control: Control) -> None:
    key, text = control.create_key("acme", KeyRequest("import", "write", NOW + DAY))

    assert is_key(text)
    assert key.hash == hashlib.sha256(text.encode()).digest()
    assert key.prefix == text[:12]
    assert (key.tenant_id, key.name, key.scope) == ("acme", "import", "write")
    assert (key.created_at, key.expires_at) == (NOW, NOW + DAY)
    assert _find(control, text) == key
    assert control.keys("acme") == [key]


def test_every_fault_of_a_key_is_named(control: Control) -> None:
    wanted = KeyRequest("", "root", NOW, "unknown", 8)  # type: ignore[arg-type] # no such scope

    with pytest.raises(FieldError) as caught:
        control.create_key("acme", wanted)

    paths = [fault.path for fault in caught.value.faults]
    assert paths == ["name", "scope", "expires_at", "replaced_for_days", "replaces"]
    assert control.keys("acme") == []


def test_a_key_opens_until_it_expires(control: Control) -> None:
    _, text = control.create_key("acme", KeyRequest("short", "read", NOW + 1_000))

    assert _opens(control, text, NOW + 999)
    assert not _opens(control, text, NOW + 1_000)


def test_a_key_that_is_taken_back_opens_nothing(control: Control, clock: Clock) -> None:
    key, text = key_of(control, "acme")
    clock.at += 5

    revoked = control.revoke_key("acme", key.id)
    again = control.revoke_key("acme", key.id)

    assert revoked is not None
    assert revoked.revoked_at == NOW + 5
    assert again == revoked
    assert not _opens(control, text, NOW + 5)


def test_a_key_of_another_tenant_is_as_unknown_as_any(control: Control) -> None:
    key, text = key_of(control, "acme")

    assert control.revoke_key("zeta", key.id) is None
    assert control.revoke_key("zeta", "unknown") is None
    assert _opens(control, text, NOW)
    for replaced in (key.id, "unknown"):
        with pytest.raises(FieldError, match="No key that is good"):
            control.create_key("zeta", KeyRequest("thief", "admin", replaces=replaced))


@pytest.mark.parametrize("days", [0, 1, 7])
def test_a_key_that_is_replaced_goes_on_for_some_days(control: Control, days: int) -> None:
    key, before = key_of(control, "acme")
    wanted = KeyRequest("next", "admin", replaces=key.id, replaced_for_days=days)

    _, after = control.create_key("acme", wanted)

    ends_at = NOW + days * DAY
    assert _opens(control, before, ends_at - 1) or days == 0
    assert not _opens(control, before, ends_at)
    assert _opens(control, after, NOW)
    assert _opens(control, after, ends_at)


def test_replacing_a_key_never_makes_it_last_longer(control: Control) -> None:
    key, before = control.create_key("acme", KeyRequest("short", "admin", NOW + DAY))

    control.create_key("acme", KeyRequest("next", "admin", replaces=key.id, replaced_for_days=7))

    assert not _opens(control, before, NOW + DAY)


def test_when_a_key_was_used_only_moves_on(control: Control) -> None:
    key, _ = key_of(control, "acme")

    control.note_used({key.id: NOW + 60_000, "unknown": NOW})
    control.note_used({key.id: NOW})

    assert control.keys("acme")[0].last_used_at == NOW + 60_000


def test_a_segment_is_one_tenants(control: Control) -> None:
    control.claim_segment("s1", "acme")
    control.claim_segment("s1", "acme")

    with pytest.raises(FieldError, match="taken"):
        control.claim_segment("s1", "zeta")
    control.release_segment("s1", "zeta")
    assert control.tenant_of_segment("s1") == "acme"
    assert control.tenant_of_segment("s2") is None
    control.release_segment("s1", "acme")
    assert control.tenant_of_segment("s1") is None


def test_segments_that_a_file_has_are_its_tenants_where_they_are_nobodys(control: Control) -> None:
    control.claim_segment("s1", "zeta")
    control.adopt_segments(["s1", "s2"], "acme")
    version = control.version()
    control.adopt_segments(["s2"], "acme")

    owners = [control.tenant_of_segment(one) for one in ("s1", "s2")]
    assert owners == ["zeta", "acme"]
    assert control.version() == version
    control.check()


def test_every_write_is_a_version_of_its_own(control: Control) -> None:
    versions = [control.version()]
    key, _ = key_of(control, "acme")
    versions.append(control.version())
    control.revoke_key("acme", key.id)
    versions.append(control.version())

    assert len(set(versions)) == 3
    assert control.version() == versions[-1]


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    with Control(path, clock) as control:
        with_tenants(control, "acme")
        key, text = key_of(control, "acme")
        control.claim_segment("s1", "acme")

    with Control(path, clock) as control:
        assert _find(control, text) == key
        assert control.tenant_of_segment("s1") == "acme"


def test_a_key_stands_in_none_of_its_files(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    with Control(path, clock) as control:
        with_tenants(control, "acme")
        _, text = key_of(control, "acme")
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert text[:12].encode() in written
    assert text[:13].encode() not in written
    assert text[12:].encode() not in written
    assert text[:13].encode() not in path.read_bytes()


def test_its_file_is_for_its_owner_only(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "data" / "control.db"
    Control(path, clock).close()

    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_every_commit_is_on_the_disk(tmp_path: Path, clock: Clock) -> None:
    with Control(tmp_path / "control.db", clock) as control:
        connections = control._connections  # noqa: SLF001 - what it is set to shows nowhere else
        for connection in (connections._writes, connections._reads):  # noqa: SLF001 - likewise
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_of_a_later_version_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    Control(path, clock).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={FORMAT + 1}")
    connection.close()

    with pytest.raises(StoreError, match=f"has format {FORMAT + 1}"):
        Control(path, clock)


def test_another_programs_file_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "control.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()

    with pytest.raises(StoreError, match=r"got another file: .*control\.db"):
        Control(path, clock)


def test_a_directory_is_held_by_one(tmp_path: Path) -> None:
    hold = Hold(tmp_path / "control.db")

    with pytest.raises(InUseError, match="is open in process"):
        Hold(tmp_path / "control.db")
    hold.release()
    Hold(tmp_path / "control.db").release()
