"""Imports of a process that ends in the middle of one: in order, and by a kill."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bitseg import clock
from server.control import Control, KeyRequest
from tests.cli.conftest import Run
from tests.cli.test_serve import _serving, _url

BATCH = 65_536
ROWS = 40 * BATCH
PATIENCE_S = 60


def _ask(said: str, key: str, method: str, path: str, **more: Any) -> Any:
    url = _url(said).replace("/api/segments/preview", f"/api{path}")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}
    until = time.monotonic() + PATIENCE_S
    while True:  # 503 while the tenant is opened
        answer = httpx.request(method, url, headers=headers, timeout=PATIENCE_S, **more)
        if answer.status_code != 503:
            return answer.json()
        assert time.monotonic() < until


@pytest.mark.slow
@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_what_went_in_before_the_end_is_there_and_said_at_the_next_start(
    run: Run, tmp_path: Path, ended_by: signal.Signals
) -> None:
    data = str(tmp_path / "data")
    assert run("tenant", "create", "acme", "--data", data).exit_code == 0
    with Control(tmp_path / "data" / "control.db", clock.system_now) as control:
        key = control.create_key("acme", KeyRequest("test", "admin", rate=100_000))[1]
    body = b"id\n" + b"".join(b"c%d\n" % number for number in range(ROWS))

    with _serving("--data", data, ended_by=ended_by) as said:
        sent = _ask(said, key, "POST", "/contacts/import", content=body)
        until = time.monotonic() + PATIENCE_S
        while _ask(said, key, "GET", f"/imports/{sent['id']}")["rows"] == 0:
            assert time.monotonic() < until
    with _serving("--data", data) as said:
        shown = _ask(said, key, "GET", f"/imports/{sent['id']}")
        total = _ask(said, key, "GET", "/contacts?limit=1")["total"]

    assert shown["state"] == "interrupted", shown
    assert 0 < shown["rows"] < ROWS
    assert shown["rows"] == shown["created"]
    late = {0} if ended_by is signal.SIGTERM else {0, BATCH}
    assert total - shown["rows"] in late
    assert [path.name for path in (tmp_path / "data" / "imports").glob("*/*")] == []
    deleted = run("tenant", "delete", "acme", "--data", data, "--yes")
    assert deleted.exit_code == 0
    assert not (tmp_path / "data" / "imports" / "acme").exists()
