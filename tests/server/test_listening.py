"""Listening: who connects waits, and is sent every part of an answer at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import uvicorn

from server.cli.serve import listen


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    async def nobody(*_: object) -> None: ...

    with listen(uvicorn.Config(nobody, port=0, log_config=None)) as listening:
        yield listening


def test_a_connection_is_taken_before_the_server_runs(listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname()) as client:
        assert client.getpeername() == listening.getsockname()


def test_no_part_of_an_answer_waits_for_the_client_to_acknowledge_another(
    listening: socket.socket,
) -> None:
    with socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
