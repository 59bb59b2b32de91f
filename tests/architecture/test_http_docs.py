"""Calls in the docs are made, one after the other, and answered as it says there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

import bitseg
from server import Settings, create_app
from server import app as app_module
from server.evaluations import Evaluations
from server.keys import make_key

PAGE = Path(__file__).parents[2] / "docs" / "http.md"
KEY = make_key()


def _calls() -> list[tuple[str, str]]:
    """Return what is sent and what is answered, of each call that is shown."""
    blocks = re.findall(r"^```http\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks
    return [(sent, answered) for sent, _, answered in (one.partition("\n\n") for one in blocks)]


def _has(answer: Any, shown: Any) -> bool:
    """Whether an answer has what is shown of it: lists as long, objects with those keys."""
    if isinstance(shown, dict):
        return isinstance(answer, dict) and all(
            key in answer and _has(answer[key], value) for key, value in shown.items()
        )
    if isinstance(shown, list):
        return (
            isinstance(answer, list) and len(answer) == len(shown) and all(map(_has, answer, shown))
        )
    return bool(answer == shown)


def test_every_call_is_answered_as_the_docs_say(monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Evaluations(4, 60.0)  # the page is of what is answered, and not of a slow machine
    monkeypatch.setattr(app_module, "Evaluations", lambda *_: patient)
    app = create_app(bitseg.Engine(), Settings(KEY, rate=1_000_000))
    segment_id = ""
    with TestClient(app, raise_server_exceptions=False) as client:
        for sent, answered in _calls():
            first, *lines = sent.replace("{segment_id}", segment_id).splitlines()
            method, path = first.split(" ")
            headers = {"Authorization": f"Bearer {KEY}"}
            while lines and re.match(r"[\w-]+: ", lines[0]):
                name, value = lines.pop(0).split(": ")
                headers[name] = value
            status, *shown = answered.splitlines()

            answer = client.request(method, path, headers=headers, content="\n".join(lines) or None)

            assert answer.status_code == int(status), (first, answer.text)
            said = "\n".join(shown).replace("{segment_id}", segment_id)
            assert _has(answer.json(), json.loads(said)), (first, answer.text)
            if first == "POST /api/segments":
                segment_id = answer.json()["id"]
