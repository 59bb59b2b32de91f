"""``bitseg serve``: a process that answers."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from click.testing import CliRunner

from bitseg import Engine, Preview
from bitseg.cli import main
from server.auth import is_key, make_key
from tests.cli.conftest import Run


@contextmanager
def _serving(*arguments: str, **environment: str) -> Iterator[str]:
    """Start a server on a free port, yield all it says first, and stop it."""
    command = [sys.executable, "-m", "bitseg.cli", "serve", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    ) as process:
        assert process.stdout is not None
        said = ""
        while "curl" not in said:
            line = process.stdout.readline()
            assert line, f"the server stopped with {process.wait()}"
            said += line
        try:
            yield said
        finally:
            process.terminate()
            assert process.wait(timeout=10) in {0, -15}


def test_the_demo_prints_a_key_and_a_call_that_answers() -> None:
    with _serving("--demo") as said:
        key = re.search(r"bsg_live_\w+", said)
        url = re.search(r"curl -s (\S+)", said)
        body = re.search(r"-d '(.*)'", said)
        assert key is not None
        assert url is not None
        assert body is not None
        assert is_key(key[0])
        assert f"Bearer {key[0]}" in said

        response = httpx.post(
            url[1],
            content=body[1],
            headers={"Authorization": f"Bearer {key[0]}"},
            timeout=30,
        )

    answer = response.json()
    assert response.status_code == 200
    assert answer["total"] == 20_000
    assert answer["count"] > 0
    assert answer["breakdown"]["groups[0]"] == answer["count"]


def test_a_given_key_is_not_printed(events: str) -> None:
    key = make_key()
    with _serving("--events", events, BITSEG_KEY=key) as said:
        url = re.search(r"curl -s (\S+)", said)
        assert url
        assert key not in said
        assert "$BITSEG_KEY" in said
        rules = json.dumps({"rules": {"match": "all", "groups": []}})
        response = httpx.post(
            url[1], content=rules, headers={"Authorization": f"Bearer {key}"}, timeout=30
        )

    assert response.json()["count"] == 2


def test_it_has_asked_what_it_announces(
    run: Run, events: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    preview = Engine.preview

    def noted(engine: Engine, rules: object, **options: Any) -> Preview:
        asked.append({"rules": rules, **options})
        return preview(engine, rules, **options)

    def run_no_longer(_server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        for listening in sockets:
            listening.close()

    monkeypatch.setattr(Engine, "preview", noted)
    monkeypatch.setattr(uvicorn.Server, "run", run_no_longer)
    monkeypatch.setattr("server.cli.warm_up", lambda: None)

    result = run("serve", "--events", events, "--port", "0")

    body = re.search(r"-d '(.*)'", result.stdout)
    assert body is not None
    assert asked == [json.loads(body[1])]


def test_a_key_of_another_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITSEG_KEY", "secret")

    result = CliRunner().invoke(main, ["serve", "--demo"])

    assert result.exit_code == 2
    assert "Expected BITSEG_KEY to be a key" in result.stderr
    assert "secret" not in result.output


def test_it_joins_the_command_line_by_its_entry_point(run: Run) -> None:
    listed = run("--help").stdout

    for verb in ("generate", "import", "preview", "serve"):
        assert re.search(rf"^  {verb} ", listed, re.MULTILINE)
