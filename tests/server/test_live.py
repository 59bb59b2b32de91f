"""A segment's changes are told as they come, over a socket, each once and in order."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any

import pytest

from server import Settings, create_app
from server.streams import Streams
from tests.engine.making import Clock, all_of, engine_of, field, record
from tests.server.conftest import KEY
from tests.server.control import key_of
from tests.server.serving import LONG_S, Serving, serving, stream

RECENT = all_of({"event": "open", "within": "1d"})
BEAT_S = 0.02


class Scene:
    """A server with a segment that three contacts entered.

    Attributes:
        engine: the engine.
        clock: its clock.
        app: the app.
        served: where it listens.
    """

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock("2026-03-15T12:00:00Z")
        self.engine = engine_of("ann", "bob", "cid", clock=self.clock)
        self.engine.define_segment("recent", RECENT)
        for contact in ("ann", "bob", "cid"):
            record(self.engine, (contact, "open", "2026-03-15T11:00:00Z"))
        how = Settings(KEY, heartbeat_seconds=BEAT_S, rate=1_000_000, **settings)
        self.app = create_app(self.engine, how, now=self.clock)
        self.streams: Streams = self.app.state.streams
        self.served: Serving

    def follow(self, segment: str = "recent", key: str = KEY, **how: Any) -> Any:
        return stream(self.served.url, key, segment, **how)


@pytest.fixture
def make() -> Iterator[Callable[..., Scene]]:
    scenes = []

    def made(**settings: Any) -> Scene:
        scene = Scene(**settings)
        context = serving(scene.app, settings.get("client_seconds", LONG_S))
        scene.served = context.__enter__()
        scenes.append(context)
        return scene

    yield made
    for context in scenes:
        context.__exit__(None, None, None)


@pytest.fixture
def scene(make: Callable[..., Scene]) -> Scene:
    return make()


def _till(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, which nobody tells of."""
    ends_at = monotonic() + LONG_S
    while not is_so():
        assert monotonic() < ends_at
        sleep(0.005)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_it_tells_what_is_behind_a_number_and_goes_on(scene: Scene, after: int) -> None:
    with scene.follow(after=after) as told:
        assert told.response.headers["content-type"].startswith("text/event-stream")
        assert told.response.headers["cache-control"] == "no-store"
        assert told.seqs(3 - after) == list(range(after + 1, 4))
        record(scene.engine, ("ann", "click", "2026-03-15T11:30:00Z"))  # changes no membership
        scene.engine.delete_contacts(["bob"])
        event = told.next()

    assert (event["id"], event["event"], event["data"]["contact_id"]) == ("4", "left", None)


def test_an_event_says_who_and_when(scene: Scene) -> None:
    with scene.follow(after=0) as told:
        assert told.next() == {
            "id": "1",
            "event": "entered",
            "data": {"contact_id": "ann", "at": "2026-03-15T12:00:00.000Z", "seq": 1},
        }


def test_without_a_number_it_tells_what_is_new(scene: Scene) -> None:
    with scene.follow() as told:
        scene.clock.set("2026-03-16T11:00:00Z")
        gone = [told.next() for _ in range(3)]

    assert [(one["id"], one["event"], one["data"]["at"]) for one in gone] == [
        (str(seq), "left", "2026-03-16T11:00:00.000Z") for seq in (4, 5, 6)
    ]


def test_a_browser_that_comes_back_goes_on_behind_what_it_saw(scene: Scene) -> None:
    with scene.follow(last="2", after=0) as told:
        assert told.seqs(1) == [3]


@pytest.mark.parametrize(
    ("how", "path"),
    [({"after": 4}, "after"), ({"last": "4"}, "Last-Event-ID"), ({"after": -1}, "after"),
     ({"after": 2**63}, "after"), ({"last": "x"}, "last_event_id")],
)  # fmt: skip
def test_a_number_that_no_change_has_is_refused(
    scene: Scene, how: dict[str, Any], path: str
) -> None:
    with scene.follow(**how) as told:
        assert told.status == 422
        assert path in told.response.read().decode()
    assert scene.streams.open == 0


def test_a_segment_that_nobody_has_is_404(scene: Scene) -> None:
    with scene.follow("nobodys") as told:
        assert told.status == 404


def test_it_ends_when_its_key_is_taken_back(scene: Scene) -> None:
    control = scene.app.state.control
    key, text = key_of(control, "default", "read")
    with scene.follow(key=text, after=0) as told:
        assert told.seqs(3) == [1, 2, 3]
        control.revoke_key("default", key.id)
        assert told.next() == {"event": "end", "data": {"reason": "refused"}}
        assert told.next()["event"] == "closed"


def test_it_ends_when_its_segment_is_deleted(make: Callable[..., Scene]) -> None:
    scene = make()
    with scene.follow(after=0) as told:
        assert told.seqs(3) == [1, 2, 3]
        scene.engine.segments.delete("recent")
        assert told.next() == {"event": "end", "data": {"reason": "deleted"}}


def test_a_server_that_stops_ends_streams_and_does_not_wait_for_them(
    make: Callable[..., Scene],
) -> None:
    scene = make()
    with scene.follow(after=0) as told:
        assert told.seqs(3) == [1, 2, 3]
        scene.served.stop()
        assert told.next() == {"event": "end", "data": {"reason": "stopping"}}
        assert scene.served.ended()


def test_so_many_streams_of_a_key_and_of_all_and_no_more(make: Callable[..., Scene]) -> None:
    scene = make(streams=3, streams_a_key=2)
    _, other = key_of(scene.app.state.control, "default", "read")
    with scene.follow(), scene.follow():
        with scene.follow() as third:
            assert third.status == 429
            assert third.response.headers["retry-after"] == "5"
        with scene.follow(key=other) as theirs:
            assert theirs.status == 200
            with scene.follow(key=other) as beyond:
                assert beyond.status == 429
        assert scene.streams.open >= 2
    _till(lambda: scene.streams.open == 0)
    with scene.follow(after=2) as again:
        assert again.seqs(1) == [3]
    assert scene.streams.sent >= 1


def test_one_who_reads_slowly_misses_and_doubles_nothing(scene: Scene) -> None:
    many = [{"id": f"c{i}"} for i in range(5_000)]
    everybody = all_of(field("contact.id", "starts_with", "c"))
    scene.engine.define_segment("many", everybody)
    with scene.follow("many") as told:
        for start in range(0, 5_000, 1_000):
            scene.engine.load_contacts(many[start : start + 1_000])
        events = [told.next() for _ in range(5_000)]

    assert [int(one["id"]) for one in events] == list(range(2, 5_002))


def test_one_who_takes_nothing_is_left(make: Callable[..., Scene]) -> None:
    scene = make(client_seconds=0.2)
    scene.engine.load_contacts([{"id": f"{i:0200}"} for i in range(60_000)])
    scene.engine.define_segment("many", all_of(field("contact.id", "starts_with", "0")))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(scene.served.address)
        client.sendall(
            f"GET /api/segments/many/live?after=0 HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {KEY}\r\n\r\n".encode()
        )
        _till(lambda: scene.streams.sent > 0)
        _till(lambda: scene.streams.open == 0)
    assert scene.streams.sent < 60_000


def test_replaying_what_was_told_from_any_number_gives_the_members(scene: Scene) -> None:
    everybody = {"ann", "bob", "cid"}
    with scene.follow(after=0) as told:
        first = [told.next() for _ in range(3)]
        scene.clock.set("2026-03-16T12:00:00Z")
        rest = [told.next() for _ in range(3)]
        record(scene.engine, ("ann", "open", "2026-03-16T11:59:00Z"))
        rest.append(told.next())
    known: set[str] = set()
    for event in first:
        known.add(event["data"]["contact_id"])
    assert known == everybody
    for event in rest:
        change = known.add if event["event"] == "entered" else known.discard
        change(event["data"]["contact_id"])

    assert known == {"ann"}
    assert known == set(scene.engine.select(RECENT).ids())
