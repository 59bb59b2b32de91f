"""Throughput: previews a second over 1, 16 and 64 connections, in turn with an echo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

import msgspec

from bench import durable_file, http_bodies
from bench.data import FOUR_LEAVES, Clock
from bench.durable_report import Figure, Setting, at_least, middle, spread
from bench.http_client import Taken, asking, run
from bench.http_server import ECHO, PREVIEW, Server, serving

PART: Final = "throughput"
CONNECTIONS: Final = (1, 16, 64)
REPEATED_LEAST: Final = 0.70
NEW_LEAST: Final = 0.35
_SIZE_OFF: Final = 24
"""Bytes by which the echo's answer may differ from a preview's."""
_CHECKED: Final = 20

Bodies = Callable[[], Iterator[bytes]]


class Case(msgspec.Struct, frozen=True):
    """What is asked.

    Attributes:
        name: says so.
        path: of the call.
        bodies: makes what is sent.
        least: the share of the echo's throughput that is wanted; 0 = it is the echo.
    """

    name: str
    path: str
    bodies: Bodies
    least: float = 0.0


def cases() -> tuple[Case, ...]:
    """Return what is asked in turn; definitions that are new go on from round to round."""
    fresh, other = count(1_000), count(1_000)
    return (
        Case("echo", ECHO, http_bodies.repeated),
        Case("repeated", PREVIEW, http_bodies.repeated, REPEATED_LEAST),
        Case("echo again", ECHO, http_bodies.repeated),
        Case("new combination", PREVIEW, lambda: http_bodies.combinations(fresh), NEW_LEAST),
        Case("echo once more", ECHO, http_bodies.repeated),
        Case("new threshold", PREVIEW, lambda: http_bodies.thresholds(other), NEW_LEAST),
    )


def measure(setting: Setting, seconds: float) -> list[Figure]:
    """Measure all cases over each number of connections."""
    with serving(setting) as server:
        warm(server)
        check(setting, server)
        found = [
            figure
            for connections in CONNECTIONS
            for figure in _measured(setting, server, connections, seconds)
        ]
        rss = server.resident_mb()
    return [*found, Figure(PART, "server after all", {"RSS MB": rss})]


def warm(server: Server) -> None:
    """Ask everything once that is to be kept."""
    target = server.target(PREVIEW)
    for body in http_bodies.leaves():
        server.call(target, body)
    run(1.0, asking(target, http_bodies.repeated(), 16))
    run(1.0, asking(server.target(ECHO), http_bodies.repeated(), 16))


def check(setting: Setting, server: Server) -> None:
    """See that answers are right, and that the echo's are as long."""
    target = server.target(PREVIEW)
    rules: list[dict[str, Any]] = [FOUR_LEAVES]
    rules += [http_bodies.combination(number) for number in range(_CHECKED)]
    rules += [http_bodies.threshold(number) for number in range(_CHECKED)]
    with (
        durable_file.working_copy(durable_file.closed(setting)) as path,
        durable_file.opened(path, Clock()) as engine,
    ):
        for one in rules:
            http_bodies.check(engine, one, server.call(target, http_bodies.preview(one)))
    sizes = [
        server.call(server.target(path), http_bodies.preview(FOUR_LEAVES))
        for path in (ECHO, PREVIEW)
    ]
    echoed, previewed = (len(msgspec.json.encode(answer)) for answer in sizes)
    assert abs(echoed - previewed) <= _SIZE_OFF, (echoed, previewed)


def _measured(
    setting: Setting, server: Server, connections: int, seconds: float
) -> Iterator[Figure]:
    turns = cases()
    rounds: dict[str, list[dict[str, float]]] = {case.name: [] for case in turns}
    for _ in range(setting.rounds):
        echo: dict[str, float] = {}
        for case in turns:
            numbers = _round(server, case, connections, seconds)
            echo = echo if case.least else numbers
            rounds[case.name].append({**numbers, **beside(numbers, echo)})
    for case in turns:
        values = middle(rounds[case.name])
        name = f"{case.name}, {connections} connections"
        if case.least:
            yield at_least(PART, name, values, "of echo", case.least)
        else:
            yield Figure(PART, name, values)


def _round(server: Server, case: Case, connections: int, seconds: float) -> dict[str, float]:
    asked = asking(server.target(case.path), case.bodies(), connections)
    before = server.used()
    (taken,) = run(seconds, asked)
    after = server.used()
    return {
        "a second": taken.rate,
        **spread(taken.seconds),
        **before.until(after),
        **traffic(taken),
        "server us": (after.server - before.server) / taken.seconds.size * 1e6,
    }


def beside(numbers: dict[str, float], echo: dict[str, float]) -> dict[str, float]:
    """Return the share of the echo's throughput, and of its answers a second of processor time.

    They differ where others use the machine, or where the server waits for its client.
    """
    return {
        "of echo": numbers["a second"] / echo["a second"],
        "by cpu": echo["server us"] / numbers["server us"],
    }


def traffic(taken: Taken) -> dict[str, float]:
    """Return the bytes of an answer, headers and all, and how many were not 200."""
    return {"bytes": taken.received / taken.seconds.size, "errors": float(taken.errors)}
