"""Latency at a rate that does not wait for answers, quiet and while events arrive."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from statistics import median
from typing import Final

import msgspec

from bench import http_bodies
from bench.data import Clock
from bench.durable_report import Figure, Setting, at_most, middle, spread
from bench.durable_requests import Requests
from bench.http_answers import Answer
from bench.http_client import Asked, Taken, asking, run
from bench.http_server import PREVIEW, Server, serving
from bench.http_throughput import traffic, warm

PART: Final = "latency"
CONNECTIONS: Final = 16
QUIET_MOST: Final = 5.0
EVENTS_MOST: Final = 15.0
BATCH: Final = 500
BATCHES_A_SECOND: Final = 20
SAVED: Final = 200
EVENTS: Final = "/api/events"
NDJSON: Final = "application/x-ndjson"


class Accepted:
    """How many events went in, as the answers say."""

    def __init__(self) -> None:
        self.events = 0

    def __call__(self, answer: Answer) -> None:
        """Count an answer's."""
        said = msgspec.json.decode(answer.body)
        assert said.get("rejected_count") == 0, said
        self.events += said["accepted"]


def measure(setting: Setting, seconds: float) -> list[Figure]:
    """Measure at half the knee, without saved segments and with some."""
    return [figure for saved in (0, SAVED) for figure in _measured(setting, saved, seconds)]


def _measured(setting: Setting, saved: int, seconds: float) -> Iterator[Figure]:
    with serving(setting, saved=saved) as server:
        warm(server)
        knee = knee_of(server, setting.rounds, seconds)
        named = f"{saved} saved, " if saved else ""
        yield Figure(PART, f"{named}knee, {CONNECTIONS} connections", {"a second": knee})
        quiet, busy = [], []
        requests = Requests(setting.contacts, Clock())
        for _ in range(setting.rounds):  # in turn
            quiet.append(_round(server, knee / 2, seconds))
            busy.append(_round(server, knee / 2, seconds, requests))
        yield at_most(PART, f"{named}half of it", middle(quiet), "p99 ms", QUIET_MOST)
        name = f"{named}and {BATCH * BATCHES_A_SECOND:,} events/s"
        yield at_most(PART, name, middle(busy), "p99 ms", EVENTS_MOST)


def knee_of(server: Server, rounds: int, seconds: float) -> float:
    """Return how many repeated previews a second 16 connections get that ask again at once."""
    target = server.target(PREVIEW)
    rates = []
    for _ in range(rounds):
        (taken,) = run(seconds, asking(target, http_bodies.repeated(), CONNECTIONS))
        rates.append(taken.rate)
    return median(rates)


def _round(
    server: Server, a_second: float, seconds: float, requests: Requests | None = None
) -> dict[str, float]:
    previews = asking(
        server.target(PREVIEW), http_bodies.repeated(), CONNECTIONS, a_second=a_second
    )
    accepted = Accepted()
    lanes = [previews]
    if requests is not None:
        lanes.append(writing(server, requests, seconds, accepted))
    values, _ = asked_of(server, seconds, *lanes)
    return {**values, "events/s": accepted.events / seconds}


def asked_of(server: Server, seconds: float, *lanes: Asked) -> tuple[dict[str, float], list[Taken]]:
    """Ask in lanes at once; return the numbers of the first, and what the others took."""
    before = server.used()
    taken, *others = run(seconds, *lanes)
    shares = before.until(server.used())
    values = {"a second": taken.rate, **spread(taken.seconds), **shares, **traffic(taken)}
    return values, others


def writing(server: Server, requests: Requests, seconds: float, accepted: Accepted) -> Asked:
    """Return a lane of events that are made before it is run."""
    clock = Clock()
    clock.at = server.now()
    requests.move_to(clock)
    made = http_bodies.events(requests, BATCH)
    bodies = [next(made) for _ in range(int(seconds * BATCHES_A_SECOND) + 1)]
    target = server.target(EVENTS, media_type=NDJSON)
    return asking(target, bodies, 2, a_second=BATCHES_A_SECOND, note=accepted)


def fresh() -> Iterator[bytes]:
    """Yield previews of definitions that were not seen before."""
    return http_bodies.combinations(count(50_000))
