"""Settings: each can be given each way, is in help and docs, and its faults are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bitseg import FieldError
from bitseg.cli import main
from server.cli.configuration import TABLE, Setting, resolve
from server.keys import make_key
from server.settings import Settings
from tests.cli.conftest import Run

KEY = make_key()
EXAMPLES: dict[str, tuple[str, str, Any]] = {
    "key": (KEY, json.dumps(KEY), KEY),
    "host": ("::1", '"::1"', "::1"),
    "port": ("65535", "65535", 65_535),
    "db": ("a b.db", '"a b.db"', Path("a b.db")),
    "data": ("dir", '"dir"', Path("dir")),
    "timezone": ("Asia/Tokyo", '"Asia/Tokyo"', "Asia/Tokyo"),
    "sync": ("normal", '"normal"', "normal"),
    "tenants_memory": ("1", "1", 1),
    "tenants_idle": ("1", "1", 1),
    "imports": ("in", '"in"', Path("in")),
    "body_limit": ("1", "1", 1),
    "file_limit": ("7", "7", 7),
    "rate": ("5", "5", 5),
    "refusals_a_minute": ("1", "1", 1),
    "evaluation_seconds": ("0.5", "0.5", 0.5),
    "evaluations_at_once": ("1", "1", 1),
    "client_seconds": ("1", "1", 1.0),
    "bodies_memory": ("1", "1", 1),
    "memory": ("100", "100", 100),
    "tenant_memory": ("10", "10", 10),
    "heartbeat_seconds": ("0.5", "0.5", 0.5),
    "streams": ("1", "1", 1),
    "streams_a_key": ("1", "1", 1),
    "metrics_key": ("sixteen-letters!", '"sixteen-letters!"', "sixteen-letters!"),
    "webhooks_http": ("true", "true", True),
    "webhooks_private": ("1", "true", True),
    "log_format": ("json", '"json"', "json"),
    "log_level": ("error", '"error"', "error"),
    "log_requests": ("false", "false", False),
    "jwks": ("keys.json", '"keys.json"', "keys.json"),
    "jwt_algorithms": ("ES256, RS256", '["ES256", "RS256"]', ("ES256", "RS256")),
    "jwt_issuer": ("idp-é", '"idp-é"', "idp-é"),
    "jwt_audience": ("bitseg", '"bitseg"', "bitseg"),
}
"""Of each setting a value as text, as TOML, and as it is meant; none is the default."""

every_setting = pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bitseg.toml"


def test_every_setting_has_an_example_here() -> None:
    assert set(EXAMPLES) == set(Settings.__struct_fields__)


@every_setting
def test_it_can_be_given_each_way(one: Setting, file: Path) -> None:
    text, toml, meant = EXAMPLES[one.name]
    file.write_text(f"{one.name} = {toml}\n", encoding="utf-8")

    given = [
        resolve({one.name: text}, {}),
        resolve({}, {f"BITSEG_{one.name.upper()}": text}),
        resolve({}, {}, file),
    ]

    assert [getattr(settings, one.name) for settings in given] == [meant] * 3
    assert getattr(resolve({}, {}), one.name) == getattr(Settings(), one.name) != meant


def test_a_flag_wins_over_the_environment_and_that_over_the_file(file: Path) -> None:
    file.write_text("port = 1\nrate = 1\nhost = 'a'\n", encoding="utf-8")
    environment = {"BITSEG_PORT": "2", "BITSEG_RATE": "2", "BITSEG_HOST": ""}

    settings = resolve({"port": "3"}, environment, file)

    assert (settings.port, settings.rate, settings.host) == (3, 2, "a")
    assert settings.body_limit == 8 * 1024 * 1024


@every_setting
def test_it_is_in_the_help_with_all_there_is_to_know(run: Run, one: Setting) -> None:
    said = " ".join(run("serve", "--help").stdout.split())

    assert one.about in said
    assert (
        f"default: {one.shown_default}; env: BITSEG_{one.name.upper()}; file: {one.name}]" in said
    )
    assert (f"--{one.name.replace('_', '-')} " in said) is (one.name not in {"key", "metrics_key"})
    if one.unit:
        assert f"[unit: {one.unit}; default: {one.shown_default}; env: {one.variable}" in said


@every_setting
def test_it_has_a_row_in_the_docs(one: Setting) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    flag = "" if one.secret else f"`{one.flag}` "
    default = one.default if one.default is None else f"`{one.shown_default}`"
    unit = one.unit and (f" {one.unit}" if default else f" ({one.unit})")

    row = f"| {flag}| `{one.variable}` | `{one.name}` | {default or 'none'}{unit} | {one.about} |\n"

    assert row in docs


def test_every_number_says_its_unit_or_counts_things() -> None:
    without = {one.name for one in TABLE if one.kind in {int, float} and not one.unit}

    assert without == {"port", "evaluations_at_once", "streams", "streams_a_key"}


def test_every_fault_is_named_at_once(file: Path) -> None:
    text = "colour = 1\nport = 65536\nrate = '5'\nbody_limit = true\ndb = 5\n"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(FieldError) as caught:
        resolve(
            {"sync": "half", "port": "-1"},
            {"BITSEG_RATE": "0", "BITSEG_JWT_ALGORITHMS": "none", "BITSEG_SERVICE_HOST": "x"},
            file,
        )

    assert {fault.path for fault in caught.value.faults} == {
        f"colour in {file}", f"port in {file}", f"body_limit in {file}", f"db in {file}",
        "--sync", "--port", "BITSEG_RATE", "BITSEG_JWT_ALGORITHMS",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["", "fifteen-letter!", "sixteen letters!", "x" * 256, "é" * 16])
def test_a_key_of_metrics_that_could_be_guessed_or_sent_by_nobody_is_refused(key: str) -> None:
    with pytest.raises(FieldError, match="BITSEG_METRICS_KEY") as caught:
        resolve({}, {"BITSEG_METRICS_KEY": key})

    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(("text", "port"), [("0", 0), ("65535", 65_535)])
def test_the_ends_of_a_range_are_in_it(text: str, port: int) -> None:
    assert resolve({"port": text}, {}).port == port


@pytest.mark.parametrize("text", [None, "port = ", "\x00"])
def test_a_file_that_cannot_be_read_is_a_fault(file: Path, text: str | None) -> None:
    if text is not None:
        file.write_text(text, encoding="utf-8")

    with pytest.raises(FieldError, match="cannot be read"):
        resolve({}, {}, file)


def test_the_command_names_them_and_ends_with_2(file: Path, monkeypatch: Any) -> None:
    file.write_text("colour = 1\n", encoding="utf-8")
    monkeypatch.setenv("BITSEG_CONFIG", str(file))
    monkeypatch.setenv("BITSEG_PORT", "http")

    result = CliRunner().invoke(main, ["serve", "--demo", "--rate", "0"])

    assert result.exit_code == 2
    for place in (f"colour in {file}", "BITSEG_PORT", "--rate"):
        assert place in result.stderr
    assert "Listening" not in result.stderr


def test_a_key_that_is_wrong_is_not_shown(file: Path) -> None:
    file.write_text("key = ['bsg_live_hidden']\n", encoding="utf-8")

    with pytest.raises(FieldError) as caught:
        resolve({}, {}, file)

    assert "hidden" not in str(caught.value)
