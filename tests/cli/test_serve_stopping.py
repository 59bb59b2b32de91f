"""A server that is told to stop under load: it ends in order, and what it acknowledged is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import httpx

import bitseg
from server.keys import make_key
from tests.cli.test_serve import _url

WRITERS = 4
BEFORE = 60
"""So many writes are acknowledged before it is told to stop."""


class Writer:
    """Writes one contact after the other, until it is not answered.

    Attributes:
        acknowledged: the ids of those that were.
        refused: statuses and headers of answers that refused one.
    """

    def __init__(self, name: str, url: str, key: str, begun: Event) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[httpx.Response] = []
        self._name, self._url, self._begun = name, url, begun
        self._headers = {"Authorization": f"Bearer {key}"}
        self.thread = Thread(target=self._write)
        self.thread.start()

    def _write(self) -> None:
        with httpx.Client(timeout=30, headers=self._headers) as client:
            for number in range(100_000):
                contact = f"{self._name}-{number}"
                try:
                    answer = client.put(self._url, json=[{"id": contact}])
                except httpx.TransportError:
                    return
                if answer.status_code != 200:
                    self.refused.append(answer)
                    return
                self.acknowledged.append(contact)
                if len(self.acknowledged) == BEFORE // WRITERS:
                    self._begun.set()


def test_sigterm_under_writes_loses_nothing_and_ends_with_0(tmp_path: Path) -> None:
    db, key = tmp_path / "one.db", make_key()
    environment = {**os.environ, "BITSEG_KEY": key, "BITSEG_RATE": "1000000"}
    command = [sys.executable, "-m", "bitseg.cli", "serve", "--port", "0", "--db", str(db)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = ""
        while "curl" not in said:
            line = process.stdout.readline()
            assert line, "the server ended"
            said += line
        told: list[str] = []
        reading = Thread(target=lambda: told.extend(process.stderr or ()))
        reading.start()
        url = _url(said).replace("/segments/preview", "/contacts")
        begun = [Event() for _ in range(WRITERS)]
        writers = [Writer(f"w{n}", url, key, one) for n, one in enumerate(begun)]
        for one in begun:
            assert one.wait(60)
        process.send_signal(signal.SIGTERM)
        ended = process.wait(60)
        for writer in writers:
            writer.thread.join(60)
        reading.join(60)

    acknowledged = [contact for writer in writers for contact in writer.acknowledged]
    refused = [answer for writer in writers for answer in writer.refused]
    assert ended == 0
    assert len(acknowledged) >= BEFORE
    assert not Path(f"{db}-wal").exists()
    with bitseg.open(db) as engine:
        assert all(engine.contact(contact)["contact.id"] == contact for contact in acknowledged)
        assert len(engine) <= len(acknowledged) + WRITERS
    assert {answer.status_code for answer in refused} <= {503}
    assert all(answer.headers["retry-after"] == "2" for answer in refused)
    assert {answer.json()["state"] for answer in refused} <= {"stopping"}
    assert not any(contact in line for contact in acknowledged for line in told)
