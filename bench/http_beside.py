"""Beside others: a mix of calls held near the knee, and a tenant whose neighbour floods."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, cycle, islice
from typing import Final

from bench import http_bodies
from bench.data import Clock
from bench.durable_report import Figure, Setting, at_most, middle
from bench.durable_requests import Requests
from bench.http_client import Asked, Taken, asking, run
from bench.http_latency import NDJSON, asked_of, fresh
from bench.http_server import PREVIEW, Server, serving
from bench.http_throughput import warm

HELD: Final = "held"
NEIGHBOUR: Final = "neighbour"
CONNECTIONS: Final = 32
TIMES_MOST: Final = 3.0
LOADED: Final = 0.8
UNLOADED: Final = 0.05
B_CONNECTIONS: Final = 16
B_A_SECOND: Final = 200
B_MOST: Final = 100.0
FLOOD_CONNECTIONS: Final = 4
FLOOD_ROWS: Final = 1_000
CONTACTS: Final = "/api/contacts"


def held(setting: Setting, seconds: float) -> list[Figure]:
    """Measure a read-mostly mix at 80 % of its knee: row 5a of RELIABILITY, in small."""
    with serving(setting) as server:
        warm(server)
        mix = mixed(server, setting.contacts)
        target = server.target(PREVIEW)
        run(seconds, Asked(target, mix, CONNECTIONS))  # the first contact read takes a second
        (most,) = run(seconds, Asked(target, mix, CONNECTIONS))
        rounds: dict[str, list[dict[str, float]]] = {"unloaded": [], "80 % of the knee": []}
        for _ in range(setting.rounds):
            for name, share in zip(rounds, (UNLOADED, LOADED), strict=True):
                asked = Asked(target, mix, CONNECTIONS, a_second=share * most.rate)
                rounds[name].append(_round(server, seconds, asked))
    unloaded, loaded = (middle(found) for found in rounds.values())
    loaded["times"] = loaded["p99 ms"] / unloaded["p99 ms"]
    unloaded["times"] = 1.0
    return [
        Figure(HELD, f"knee, {CONNECTIONS} connections", {"a second": most.rate}),
        Figure(HELD, "unloaded", unloaded),
        at_most(HELD, "80 % of the knee", loaded, "times", TIMES_MOST),
    ]


def mixed(server: Server, contacts: int) -> Iterator[bytes]:
    """Yield requests: of 100, 70 repeated previews, 20 new ones, 8 contacts and 2 writes."""
    preview = server.target(PREVIEW)
    repeated, new = preview.requests(http_bodies.repeated()), preview.requests(fresh())
    reads = (
        server.target(f"{CONTACTS}/c{number * 7_919 % contacts:08}", method="GET").request(b"")
        for number in count()
    )
    requests = Requests(contacts, Clock())
    put = server.target(CONTACTS, method="PUT", media_type=NDJSON)
    writes = (put.request(body) for body in http_bodies.updates(requests, 1))
    kinds = (repeated,) * 7 + (new,) * 2
    for number in count():
        if number % 10 < len(kinds):
            yield next(kinds[number % 10])
        else:
            yield next(writes if number % 50 == 49 else reads)


def neighbour(setting: Setting, seconds: float) -> list[Figure]:
    """Measure a tenant beside one that floods: row 5b of RELIABILITY, in small."""
    with serving(setting, ("quiet", "flood")) as server:
        warm(server)
        requests = Requests(setting.contacts, Clock())
        target = server.target(PREVIEW, "quiet")
        rounds: dict[str, list[dict[str, float]]] = {"quiet": [], "neighbour floods": []}
        for _ in range(setting.rounds):
            for name, found in rounds.items():
                lanes = [asking(target, http_bodies.repeated(), B_CONNECTIONS, a_second=B_A_SECOND)]
                if name != "quiet":
                    lanes += flood(server, requests)
                found.append(_round(server, seconds, *lanes))
    quiet, busy = (middle(found) for found in rounds.values())
    busy["times"], quiet["times"] = busy["p99 ms"] / quiet["p99 ms"], 1.0
    most = max(B_MOST, 2 * quiet["p99 ms"])
    return [
        Figure(NEIGHBOUR, "quiet", quiet),
        at_most(NEIGHBOUR, "neighbour floods", busy, "p99 ms", most),
    ]


def flood(server: Server, requests: Requests) -> list[Asked]:
    """Return what floods: writes of many contacts, and the heaviest questions, each new."""
    put = server.target(CONTACTS, "flood", method="PUT", media_type=NDJSON)
    bodies = [*islice(http_bodies.updates(requests, FLOOD_ROWS), 20)]
    heavy = server.target(PREVIEW, "flood")
    return [
        asking(put, cycle(bodies), FLOOD_CONNECTIONS),
        asking(heavy, http_bodies.heaviest(), FLOOD_CONNECTIONS),
    ]


def _round(server: Server, seconds: float, *asked: Asked) -> dict[str, float]:
    values, others = asked_of(server, seconds, *asked)
    if not others:
        return values
    return {**values, "flood/s": sum(one.rate for one in others), "refused": _refused(others)}


def _refused(taken: list[Taken]) -> float:
    return float(sum(one.errors for one in taken))
