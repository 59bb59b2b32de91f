"""The load bench's parts: its client's reader, its schedule, its bodies and its loop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from itertools import count, islice, repeat

import msgspec
import pytest

from bench import http_bodies
from bench.http_answers import answer_in
from bench.http_client import Due, Target, asking, run
from bench.http_server import Used
from bench.http_throughput import beside

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx: y\r\n\r\nhello"


@pytest.mark.parametrize("cut", range(len(ANSWER)))
def test_an_answer_that_is_cut_anywhere_is_waited_for(cut: int) -> None:
    assert answer_in(ANSWER[:cut]) is None


def test_an_answer_ends_where_it_says_and_the_next_begins_there() -> None:
    refused = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"

    first = answer_in(ANSWER + refused)
    assert first is not None
    assert (first.status, first.body, first.size) == (200, b"hello", len(ANSWER))

    second = answer_in((ANSWER + refused)[first.size :])
    assert second is not None
    assert (second.status, second.body, second.size) == (429, b"", len(refused))


def test_a_length_in_the_body_is_not_taken_for_the_answers() -> None:
    body = b"\r\ncontent-length: 9999\r\n"
    answer = answer_in(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    assert answer is not None
    assert answer.body == body


def test_an_answer_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        answer_in(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_requests_are_due_at_their_moments_however_late_one_looks() -> None:
    due = Due(10.0, 4)

    assert list(due.take(9.9, 20.0)) == []
    assert list(due.take(10.0, 20.0)) == [10.0]
    assert list(due.take(10.9, 20.0)) == [10.25, 10.5, 10.75]
    assert due.at == 11.0


def test_nothing_is_due_from_the_end_on() -> None:
    due = Due(10.0, 2)

    assert list(due.take(30.0, 11.0)) == [10.0, 10.5]


def test_no_combination_comes_twice_before_all_have_come() -> None:
    seen = {msgspec.json.encode(http_bodies.combination(n)) for n in range(20_000)}

    assert len(seen) == 20_000
    last = http_bodies.combination(http_bodies.COMBINATIONS)
    assert last == http_bodies.combination(0)


def test_every_threshold_is_another() -> None:
    values = {
        http_bodies.threshold(n)["groups"][0]["conditions"][1]["value"] for n in range(10_000)
    }

    assert len(values) == 10_000


def test_every_condition_of_combinations_is_asked_beforehand() -> None:
    asked = set()
    for body in http_bodies.leaves():
        for condition in msgspec.json.decode(body)["rules"]["groups"][0]["conditions"]:
            asked.add(msgspec.json.encode(condition))

    for number in range(0, http_bodies.COMBINATIONS, 101):
        conditions = http_bodies.combination(number)["groups"][0]["conditions"]
        assert {msgspec.json.encode(one) for one in conditions} <= asked


def test_shares_of_a_processor_are_of_the_time_between() -> None:
    shares = Used(10.0, 1.0, 5.0).until(Used(14.0, 3.0, 6.0))

    assert shares == {"server %": 50.0, "client %": 25.0}


def test_a_case_is_set_beside_the_echo_by_rate_and_by_processor_time() -> None:
    echo = {"a second": 1_000.0, "server us": 100.0}

    assert beside({"a second": 700.0, "server us": 125.0}, echo) == {"of echo": 0.7, "by cpu": 0.8}


class Listening:
    """A server of one connection after another, each request answered by its number."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.target = Target("127.0.0.1", self._socket.getsockname()[1], "key", "/path")
        self.bodies: list[bytes] = []
        self.answers: Iterator[bytes] = repeat(ANSWER)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines: object) -> None:
        while head := lines.readline():  # type: ignore[attr-defined]
            length = 0
            while head.strip():
                name, _, value = head.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                head = lines.readline()  # type: ignore[attr-defined]
            self.bodies.append(lines.read(length))  # type: ignore[attr-defined]
            answer = next(self.answers, None)
            if answer is None:
                return
            connection.sendall(answer)

    def close(self) -> None:
        """Take no more connections."""
        self._socket.shutdown(socket.SHUT_RDWR)  # closed alone, it is still waited on
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def listening() -> Iterator[Listening]:
    listening = Listening()
    yield listening
    listening.close()


def test_requests_at_a_rate_are_all_sent_in_order_and_answered(listening: Listening) -> None:
    bodies = (b"%d" % number for number in count())

    (taken,) = run(0.1, asking(listening.target, bodies, 1, a_second=100))

    assert listening.bodies == [b"%d" % number for number in range(10)]
    assert taken.statuses == {200: 10}
    assert (taken.errors, taken.received) == (0, 10 * len(ANSWER))


def test_what_is_not_200_is_an_error(listening: Listening) -> None:
    refused = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    listening.answers = iter([*islice(repeat(ANSWER), 3), refused, ANSWER])

    (taken,) = run(0.05, asking(listening.target, repeat(b"x"), 1, a_second=100))

    assert taken.statuses == {200: 4, 503: 1}
    assert taken.errors == 1


def test_a_body_larger_than_a_socket_takes_at_once_is_sent_whole(listening: Listening) -> None:
    body = b"x" * 20_000_000

    run(0.01, asking(listening.target, repeat(body), 1, a_second=100))

    assert [len(one) for one in listening.bodies] == [len(body)]


def test_a_connection_that_the_server_closes_is_an_error(listening: Listening) -> None:
    listening.answers = iter([ANSWER])

    with pytest.raises(ConnectionError):
        run(0.2, asking(listening.target, repeat(b"x"), 1, a_second=100))
