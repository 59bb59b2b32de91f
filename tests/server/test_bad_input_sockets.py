"""What comes over a socket and is no proper call: refused, bounded, and the others are served."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.server.sockets import Answer, Server, said, serving

MIB = 2**20
PREVIEW = "/api/segments/preview"
EVERYBODY = b'{"rules": {"match": "all", "groups": []}}'
CONTACTS = 60_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits a second for its clients, and holds 16 MiB of bodies."""
    path = tmp_path_factory.mktemp("sockets") / "contacts.csv"
    lines = "".join(f"c{i},{'x' * 60}{i}\n" for i in range(CONTACTS))
    Path(path).write_text(f"id,city\n{lines}", encoding="ascii")
    limits = ("--client-seconds", "1", "--bodies-memory", "16", "--rate", "1000000")
    with serving("--contacts", str(path), *limits) as server:
        has_x = {"field": "contact.city", "operator": "contains", "value": "x"}
        rules = {"match": "all", "groups": [{"match": "all", "conditions": [has_x]}]}
        body = {"name": "all", "segment_type": "dynamic", "rules": rules}
        made = server.ask("POST", "/api/segments", json.dumps(body).encode())
        assert made.status == 201, made.body
        yield server


def _problem(answer: Answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.body
    problem = answer.json()
    assert problem["status"] == answer.status
    return answer.status, problem["detail"]


# Bodies


def _chunked(total: int, piece: int = MIB) -> Iterator[bytes]:
    for _ in range(total // piece):
        yield b"%x\r\n" % piece + b" " * piece + b"\r\n"
    yield b"0\r\n\r\n"


def test_a_body_of_100_mb_is_refused_unread_by_its_length(server: Server) -> None:
    before = server.resident()
    head = server.head("POST", PREVIEW, f"Content-Length: {100 * MIB}")
    answer = server.send(head, *[b" " * MIB] * 100)
    assert _problem(answer)[0] == 413
    assert server.resident() - before < 32 * MIB
    assert server.works()


def test_a_body_of_100_mb_in_pieces_is_refused_when_it_is_too_long(server: Server) -> None:
    before = server.resident()
    answer = server.send(
        server.head("POST", PREVIEW, "Transfer-Encoding: chunked"), *_chunked(100 * MIB)
    )
    assert _problem(answer)[0] == 413
    assert server.resident() - before < 64 * MIB
    assert server.works()


def test_20_bodies_of_100_mb_at_once_take_no_more_memory_than_the_limit(server: Server) -> None:
    before = server.resident()
    head = server.head("POST", PREVIEW, "Transfer-Encoding: chunked")
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(server.connect())) for _ in range(20)]
        for connection in connections:
            connection.sendall(head + b"%x\r\n" % MIB + b" " * 32_768)
        assert server.resident() - before < 128 * MIB
        statuses = [Answer(said(one)).status for one in connections]
    assert set(statuses) == {503, 408}  # two are waited for; the others have no room
    assert statuses.count(408) == 2
    assert server.works()


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_body_may_have_8_mib(server: Server, over: int) -> None:
    body = EVERYBODY + b" " * (8 * MIB + over - len(EVERYBODY))
    assert server.ask("PUT", "/api/contacts", body).status == (413 if over > 0 else 422)


@pytest.mark.parametrize("how", ["gzip", "deflate", "br", "gzip, identity", "zstd"])
def test_a_packed_body_is_refused_whatever_is_in_it(server: Server, how: str) -> None:
    packed = gzip.compress(b"0" * 10 * MIB)
    answer = server.ask("POST", PREVIEW, packed, f"Content-Encoding: {how}")
    assert _problem(answer) == (415, "Expected a body that is not packed.")


def test_a_body_that_says_it_is_not_packed_is_taken(server: Server) -> None:
    assert server.ask("POST", PREVIEW, EVERYBODY, "Content-Encoding: identity").status == 200


def test_a_body_shorter_than_said_is_waited_for_and_given_up(server: Server) -> None:
    head = server.head("POST", PREVIEW, f"Content-Length: {len(EVERYBODY) + 1}")
    with closing(server.connect()) as connection:
        connection.sendall(head + EVERYBODY)
        assert server.works()
        answer = Answer(said(connection))
    assert answer.status in {0, 408}  # 0: silent for as long, and hung up on


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: x"],
        ["Content-Length: -1"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Transfer-Encoding: gzip"],
        ["Content-Length: 99999999999999999999999"],
    ],
    ids=str,
)
def test_a_length_that_is_none_is_refused(server: Server, headers: list[str]) -> None:
    answer = server.send(server.head("POST", PREVIEW, *headers, "Connection: close") + b"{}   ")
    assert 400 <= _problem(answer)[0] < 502
    assert server.works()


# Heads


@pytest.mark.parametrize(("length", "status"), [(2_047, 200), (2_048, 200), (2_049, 431)])
def test_a_header_may_have_2_kb(server: Server, length: int, status: int) -> None:
    assert server.ask("GET", "/api/tenant", b"", f"X-Long: {'x' * length}").status == status


@pytest.mark.parametrize(("extra", "status"), [(96, 200), (97, 200), (98, 431)])
def test_there_may_be_100_headers(server: Server, extra: int, status: int) -> None:
    # beside these: host, connection and content-length; a credential does not count
    headers = [f"X-{i}: y" for i in range(extra)]
    assert server.ask("GET", "/api/tenant", b"", *headers).status == status


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: y\r\n" * 50_000 + b"\r\n",
        "GET /\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS
    ],
    ids=lambda sent: repr(sent[:24]),
)
def test_what_is_no_http_is_400_and_the_end(server: Server, sent: bytes) -> None:
    answer = server.send(sent)
    assert _problem(answer) == (400, "Invalid HTTP request received.")
    assert server.works()


# Slow clients


def test_a_head_that_does_not_end_is_given_up_and_others_are_served(server: Server) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(server.connect())) for _ in range(50)]
        for connection in slow:
            connection.sendall(b"GET /api/tenant HTTP/1.1\r\nHost: x\r\nX-A: ")
        assert server.works()
        assert [said(connection) for connection in slow] == [b""] * 50
    assert server.works()


def test_who_connects_and_says_nothing_is_given_up(server: Server) -> None:
    with closing(server.connect()) as connection:
        assert said(connection) == b""


def test_a_second_call_that_does_not_end_is_given_up_too(server: Server) -> None:
    head = server.head("GET", "/api/tenant")
    with closing(server.connect()) as connection:
        connection.sendall(head)
        assert connection.recv(1_024).startswith(b"HTTP/1.1 200")
        connection.sendall(head[:-4])
        assert b"HTTP/1.1" not in said(connection)


def test_a_head_that_comes_letter_by_letter_gets_no_more_time(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.settimeout(0.1)
        connection.sendall(b"GET / HTTP/1.1\r\nX-A: ")
        received: bytes | None = None
        letters = 0
        while received is None:
            try:
                connection.sendall(b"G")
                letters += 1
                received = connection.recv(10)
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                received = b""
        assert received == b""
        assert letters < 600


def test_a_body_that_stops_is_408_or_hung_up_on_and_others_are_served(server: Server) -> None:
    head = server.head("POST", PREVIEW, "Content-Length: 1000")
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(server.connect())) for _ in range(20)]
        for connection in slow:
            connection.sendall(head + b'{"rules"')
        assert server.works()
        for connection in slow:
            assert Answer(said(connection)).status in {0, 408}
    assert server.works()


def test_who_does_not_read_an_export_is_given_up_and_others_are_served(server: Server) -> None:
    listed = json.loads(server.ask("GET", "/api/segments").body)["items"]
    path = f"/api/segments/{listed[0]['id']}/export"
    before = server.resident()
    with ExitStack() as stack:
        for _ in range(2):
            connection = stack.enter_context(closing(server.connect(receive_buffer=4_096)))
            connection.sendall(server.head("GET", path))
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        third = server.ask("GET", path)
        assert third.status == 429
        assert server.works()
        assert server.resident() - before < 64 * MIB
        while server.ask("GET", path).status == 429:  # until they are given up, after a second
            assert server.works()
    whole = server.ask("GET", path)
    assert whole.status == 200
    assert whole.body.count(b"\n") > CONTACTS


# Methods and paths


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PATCH", "DELETE", "PROPFIND", "get"])
def test_a_method_that_is_none_of_the_route_is_405_or_400(server: Server, method: str) -> None:
    answer = server.ask(method, "/api/contacts")
    assert answer.status in {400, 404, 405}
    assert server.key not in repr(answer.body)


def test_head_and_options_tell_nothing_of_data(server: Server) -> None:
    for method in ("HEAD", "OPTIONS"):
        answer = server.ask(method, "/api/contacts")
        assert answer.status == (204 if method == "OPTIONS" else 405)
        assert b"c1" not in answer.body


IDS: dict[str, Any] = {
    "slashes": "a%2Fb%2F..%2F..",
    "nul": "%00",
    "nul inside": "a%00b",
    "no utf-8": "%FF%FE",
    "half a percent": "%",
    "percent": "%25",
    "dots": "%2e%2e",
    "long": "x" * 5_000,
    "unicode": "%E2%82%AC",
    "newline": "a%0D%0AX-Injected:%20y",
}


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("path", ["/api/contacts/{}", "/api/segments/{}", "/api/keys/{}"])
def test_an_id_of_any_kind_is_one_that_nobody_has(server: Server, path: str, name: str) -> None:
    method = "DELETE" if "keys" in path else "GET"
    answer = server.ask(method, path.format(IDS[name]))
    assert _problem(answer)[0] in {400, 404}
    assert "x-injected" not in answer.headers
    assert server.works()


def test_the_socket_of_who_hangs_up_in_the_middle_is_forgotten(server: Server) -> None:
    for _ in range(30):
        with closing(server.connect()) as connection:
            connection.sendall(server.head("POST", PREVIEW, "Content-Length: 900000") + b"{")
            connection.shutdown(socket.SHUT_RDWR)
    assert server.works()
