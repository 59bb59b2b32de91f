"""A server that is killed while a webhook is told sends it again, and misses nothing."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from bitseg import clock
from server.control import Control, KeyRequest
from tests.cli.conftest import Run
from tests.cli.test_serve import _serving, _url
from tests.server.conftest import CANADIANS
from tests.server.receiver import GOOD, Receiver, Sent

ALLOWED = ("--webhooks-http", "--webhooks-private")


def _seqs(sent: Sent) -> list[int]:
    return [one["seq"] for one in json.loads(sent.body)["changes"]]


def _call(said: str, key: str, method: str, path: str, body: Any) -> Any:
    url = _url(said).replace("/api/segments/preview", path)
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.request(method, url, json=body, headers=headers, timeout=60)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


@pytest.mark.slow
def test_a_server_that_is_killed_sends_again_what_was_not_answered(
    run: Run, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert run("tenant", "create", "acme", "--data", str(data)).exit_code == 0
    with Control(data / "control.db", clock.system_now) as control:
        key = control.create_key("acme", KeyRequest("test", "admin"))[1]
    answers: list[bytes | None] = [GOOD, None]  # the second waits until the server is gone

    with Receiver(lambda _: answers.pop(0) if answers else GOOD) as receiver:
        with _serving("--data", str(data), *ALLOWED, ended_by=signal.SIGKILL) as said:
            rules = {"name": "Canadians", "rules": CANADIANS}
            segment = _call(said, key, "POST", "/api/segments", rules)["id"]
            hook = {"url": receiver.url, "segments": [segment]}
            _call(said, key, "POST", "/api/webhooks", hook)
            for place, contact in enumerate(("ann", "bob"), 1):
                row = {"id": contact, "country": "Canada"}
                _call(said, key, "PUT", "/api/contacts", [row])
                receiver.wait(lambda sent, place=place: len(sent) == place)  # type: ignore[misc]
            _call(said, key, "PUT", "/api/contacts", [{"id": "cid", "country": "Canada"}])
        with _serving("--data", str(data), *ALLOWED):  # nobody asks for the tenant
            receiver.wait(lambda sent: len(sent) == 3)

    assert [_seqs(one) for one in receiver.sent] == [[1], [2], [2, 3]]
