"""``bitseg serve``: a process that answers."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import bitseg
from bitseg import Engine, Preview
from bitseg.cli import Opened, Sources, Told, main
from server.cli import serve as serving
from server.keys import is_key, make_key
from tests.cli.conftest import Run

EVERYBODY = json.dumps({"rules": {"match": "all", "groups": []}})


@contextmanager
def _serving(
    *arguments: str, ended_by: signal.Signals = signal.SIGTERM, **environment: str
) -> Iterator[str]:
    """Start a server on a free port, yield all it says first, and end it."""
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
            process.send_signal(ended_by)
            ended = process.wait(timeout=30)
    assert ended == (-ended_by if ended_by is signal.SIGKILL else 0)


def _url(said: str) -> str:
    url = re.search(r"curl -s (\S+)", said)
    assert url is not None
    return url[1]


def _total(said: str, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    response = httpx.post(_url(said), content=EVERYBODY, headers=headers, timeout=30)
    total: int = response.json()["total"]
    return total


def test_the_demo_prints_a_key_and_a_call_that_answers() -> None:
    with _serving("--demo") as said:
        key = re.search(r"bsg_live_\w+", said)
        body = re.search(r"-d '(.*)'", said)
        assert key is not None
        assert body is not None
        assert is_key(key[0])
        assert f"Bearer {key[0]}" in said

        response = httpx.post(
            _url(said),
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
        assert key not in said
        assert "$BITSEG_KEY" in said
        assert _total(said, key) == 2


def test_metrics_are_for_this_machine_or_for_whoever_has_their_key(events: str) -> None:
    with _serving("--events", events) as said:
        metrics = _url(said).replace("/api/segments/preview", "/metrics")
        here = httpx.get(metrics, timeout=30)
        forwarded = httpx.get(metrics, headers={"X-Forwarded-For": "10.0.0.1"}, timeout=30)
    with _serving("--events", events, BITSEG_METRICS_KEY="k" * 16) as said:
        assert "k" * 16 not in said
        metrics = _url(said).replace("/api/segments/preview", "/metrics")
        without = httpx.get(metrics, timeout=30)
        key = {"Authorization": "Bearer " + "k" * 16}
        with_it = httpx.get(metrics, headers=key, timeout=30)

    statuses = [answer.status_code for answer in (here, forwarded, without, with_it)]
    assert statuses == [200, 403, 401, 200]
    assert "process_resident_memory_bytes" in here.text
    assert 'bitseg_contacts{tenant="default"} 2.0' in with_it.text


@pytest.mark.parametrize("key", ["", "k" * 15, "k" * 256, "k" * 15 + " ", "k" * 15 + "é"])
def test_a_key_of_metrics_that_can_be_guessed_or_not_be_sent_is_refused(run: Run, key: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITSEG_METRICS_KEY", key)
        ended = run("serve", "--demo")

    assert ended.exit_code == 2
    assert "BITSEG_METRICS_KEY" in ended.stderr
    assert "[!-~]{16,255}" in ended.stderr


def test_a_database_is_served_killed_and_served_again(db: str) -> None:
    key = make_key()
    with _serving("--db", db, ended_by=signal.SIGKILL, BITSEG_KEY=key) as said:
        assert _total(said, key) == 3

    with _serving("--db", db, BITSEG_KEY=key) as said:
        assert _total(said, key) == 3


def test_a_database_that_is_not_there_is_made_and_kept(tmp_path: Path) -> None:
    db = tmp_path / "new.db"
    with _serving("--db", str(db), "--timezone", "Asia/Tokyo") as said:
        key = re.search(r"bsg_live_\w+", said)
        assert key is not None
        headers = {"Authorization": f"Bearer {key[0]}"}
        url = _url(said).replace("/segments/preview", "/contacts")
        written = httpx.put(url, json=[{"id": "ann"}], headers=headers, timeout=30)

    assert written.status_code == 200, written.text
    with bitseg.open(db) as engine:
        assert (len(engine), engine.timezone) == (1, "Asia/Tokyo")


def test_a_database_that_is_served_is_backed_up_beside_it(
    run: Run, db: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with _serving("--db", db) as said:
        ready = _url(said).replace("/api/segments/preview", "/health/ready")
        before = httpx.get(ready, timeout=30).json()
        made = run("backup", db, str(copy))
        after = httpx.get(ready, timeout=30).json()

    assert made.exit_code == 0, made.stderr
    assert (before["backup_at"], before["backup_age_s"]) == (None, None)
    assert after["backup_at"] is not None
    assert after["backup_age_s"] >= 0
    with bitseg.open(copy) as engine:
        assert len(engine) == 3


def test_a_server_that_is_stopped_closes_its_file_in_order(db: str) -> None:
    with _serving("--db", db):
        assert Path(f"{db}-wal").exists()

    assert not Path(f"{db}-wal").exists()


class Stage:
    """A server in this process, whose loading is the test's own; it stops when it is ready.

    Attributes:
        url: where it listens.
        announce: what it would say when it is ready.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = ""
        self.announce = serving._announce  # noqa: SLF001 - it is put back by those who want it
        self._monkeypatch = monkeypatch
        found = serving._url  # noqa: SLF001 - the port is a free one, and known only there

        def url(listening: socket.socket) -> str:
            self.url = found(listening)
            return self.url

        monkeypatch.setattr(serving, "_url", url)
        monkeypatch.setattr(serving, "warm_up", lambda: None)
        self.when_ready(self.stop)

    def load(self, load: Callable[[Told], Engine]) -> None:
        """Load like this."""

        def opened(_sources: Sources, _sync: str, told: Told) -> Opened:
            return Opened(load(told))

        self._monkeypatch.setattr(serving, "open_engine", opened)

    def when_ready(self, then: Callable[[], None]) -> None:
        """Do this when the server would announce itself."""
        self._monkeypatch.setattr(serving, "_announce", lambda _url, _key: then())

    def get(self, path: str) -> httpx.Response:
        """Ask."""
        return httpx.get(self.url + path, timeout=30)

    @staticmethod
    def stop() -> None:
        """Send what an operator sends."""
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def test_it_is_live_at_once_and_ready_when_loaded(run: Run, stage: Stage) -> None:
    heard: list[httpx.Response] = []

    def load(told: Told) -> Engine:
        told(12, 90)
        heard.extend([stage.get("/health/live"), stage.get("/health/ready")])
        return Engine()

    def ready() -> None:
        heard.append(stage.get("/health/ready"))
        stage.stop()

    stage.load(load)
    stage.when_ready(ready)

    result = run("serve", "--demo", "--port", "0")

    live, loading, loaded = heard
    assert result.exit_code == 0, result.output
    assert f"Listening at {stage.url} and loading" in result.stderr
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert loading.status_code == 503
    assert (loading.json()["done"], loading.json()["total"]) == (12, 90)
    assert (loaded.status_code, loaded.json()["status"]) == (200, "ready")


def test_it_has_asked_what_it_announces(
    run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    preview = Engine.preview
    announce = stage.announce

    def noted(engine: Engine, rules: object, **options: Any) -> Preview:
        asked.append({"rules": rules, **options})
        return preview(engine, rules, **options)

    def ready() -> None:
        announce(stage.url, None)
        stage.stop()

    monkeypatch.setattr(Engine, "preview", noted)
    stage.load(lambda _told: Engine())
    stage.when_ready(ready)

    result = run("serve", "--demo", "--port", "0")

    body = re.search(r"-d '(.*)'", result.stdout)
    assert body is not None
    assert asked == [json.loads(body[1])]


def test_stopping_ends_loading(run: Run, stage: Stage) -> None:
    told_of = 0

    def load(told: Told) -> Engine:
        nonlocal told_of
        stage.stop()
        while True:
            told(told_of, None)
            told_of += 1

    stage.load(load)

    result = run("serve", "--demo", "--port", "0")

    assert result.exit_code == 0, result.output
    assert told_of > 0


def test_stopping_closes_what_was_loaded(run: Run, stage: Stage, db: str) -> None:
    stage.load(lambda _told: bitseg.open(db))

    result = run("serve", "--demo", "--port", "0")

    assert result.exit_code == 0, result.output
    with bitseg.open(db) as engine:
        assert len(engine) == 3


def test_data_that_cannot_be_loaded_are_a_fault_and_exit_status_1(run: Run, damaged: str) -> None:
    result = run("serve", "--db", damaged, "--port", "0")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error: " in result.stderr
    assert "not what was written" in result.stderr


def test_a_file_that_another_has_open_is_a_fault_and_exit_status_1(run: Run, db: str) -> None:
    with bitseg.open(db):
        result = run("serve", "--db", db, "--port", "0")

    assert result.exit_code == 1
    assert f"error: {db} is open in this process already" in result.stderr


def test_a_mistake_of_ours_while_loading_ends_it_as_well(run: Run, stage: Stage) -> None:
    def load(_told: Told) -> Engine:
        raise RuntimeError("a mistake")

    stage.load(load)

    with pytest.raises(RuntimeError, match="a mistake"):
        run("serve", "--demo", "--port", "0")


@pytest.mark.parametrize("arguments", [[], ["--demo", "--map-events", "a=b"]])
def test_what_does_not_go_together_is_told_before_it_listens(
    run: Run, arguments: list[str]
) -> None:
    result = run("serve", "--port", "0", *arguments)

    assert result.exit_code == 2
    assert "Listening" not in result.stderr


def test_a_key_of_another_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITSEG_KEY", "secret")

    result = CliRunner().invoke(main, ["serve", "--demo"])

    assert result.exit_code == 2
    assert "Expected BITSEG_KEY to be a key" in result.stderr
    assert "secret" not in result.output


def test_it_joins_the_command_line_by_its_entry_point(run: Run) -> None:
    listed = run("--help").stdout

    for verb in (
        "backup", "generate", "import", "key", "preview", "restore", "serve", "snapshot",
        "tenant", "verify",
    ):  # fmt: skip
        assert re.search(rf"^  {verb} ", listed, re.MULTILINE)
