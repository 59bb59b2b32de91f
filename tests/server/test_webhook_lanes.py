"""A webhook is told each change once or more, in order, whatever fails between."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bitseg
from bitseg import Engine, StoreError, UnknownSegmentError
from server.control import Control, Cursor, Webhook
from server.webhooks import Counts, Outcome
from server.webhooks.attempts import Remembered
from server.webhooks.lane import BATCH, GIVEN_UP_MS, RETRY_MOST_MS, Lane, Tools
from tests.engine.making import Clock, all_of, engine_of
from tests.server.control import with_tenants

OK = Outcome(204, 3, None)
BAD = Outcome(500, 3, "It was answered with 500.")
RECENT = all_of({"event": "open", "within": "1d"})
PEOPLE = ("ann", "bob", "cid", "dee")
HOUR = 3_600_000


class Scene:
    """One webhook of one segment, and a receiver that answers as it is told.

    Attributes:
        clock: of everything.
        control: the control store.
        engine: the engine.
        bodies: what the receiver was sent, and the headers.
        answers: what it answers next; then it takes all.
        meanwhile: what happens while a body is on its way.
        random: what a random number is.
    """

    def __init__(
        self, engine: Engine | None = None, path: Path | None = None, events: str = "entered left"
    ) -> None:
        self.clock = Clock("2026-03-15T12:00:00Z")
        self.path = path
        self.engine = engine or engine_of(*PEOPLE, clock=self.clock)
        self.control = Control(path, self.clock)
        self.bodies: list[tuple[bytes, dict[str, str]]] = []
        self.answers: list[Outcome] = []
        self.meanwhile: Callable[[], None] | None = None
        self.random = 0.5
        self.counts = Counts()
        self.remembered = Remembered()
        if self.control.tenant("acme") is None:
            with_tenants(self.control, "acme")
            self.engine.define_segment("recent", RECENT)
            hook = Webhook("w", "acme", "https://x.example/", events, "new", None, 1)
            self.control.webhooks.save(hook, {"recent": 0}, 1)

    async def post(self, _url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """Take a body, as a receiver does."""
        if self.meanwhile is not None:
            self.meanwhile()
        self.bodies.append((body, headers))
        return self.answers.pop(0) if self.answers else OK

    async def beside(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do at once what a server does on another thread."""
        return work(*given)

    def step(self) -> int | None:
        """Do one step, by a lane that knows nothing of earlier ones."""
        tools = Tools(
            self.control, self.post, self.beside, self.clock, lambda: self.random, self.counts,
            self.remembered,
        )  # fmt: skip
        return asyncio.run(Lane(tools, self.engine, ("acme", "w", "recent")).step())

    def drain(self) -> None:
        """Step until there is nothing more."""
        while (wait := self.step()) is not None:
            self.clock.ms += wait

    def cursor(self) -> Cursor:
        """Return how far the webhook is."""
        found = self.control.webhooks.cursor("w", "recent")
        assert found is not None
        return found

    def seqs(self) -> list[list[int]]:
        """Return the numbers in each body."""
        return [[one["seq"] for one in json.loads(body)["changes"]] for body, _ in self.bodies]

    def opened(self, *contacts: str) -> None:
        """Let contacts open something now."""
        at = self.clock.ms
        self.engine.load_events([{"contact_id": c, "kind": "open", "at": at} for c in contacts])


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_changes_are_sent_in_order_and_signed(scene: Scene) -> None:
    scene.opened("ann")
    scene.opened("bob")
    assert scene.step() is None
    scene.clock.set("2026-03-16T12:00:00Z")
    scene.drain()

    (first, headers), (second, _) = scene.bodies
    at = "2026-03-15T12:00:00.000Z"
    assert json.loads(first) == {
        "segment_id": "recent",
        "changes": [
            {"seq": 1, "contact_id": "ann", "change": "entered", "at": at},
            {"seq": 2, "contact_id": "bob", "change": "entered", "at": at},
        ],
    }
    assert [one["change"] for one in json.loads(second)["changes"]] == ["left", "left"]
    said = b"1773576000." + first  # 2026-03-15T12:00:00Z
    assert headers["Bitseg-Timestamp"] == "1773576000"
    expected = hmac.new(b"new", said, hashlib.sha256).hexdigest()
    assert headers["Bitseg-Signature"] == f"v1={expected}"
    assert headers["Content-Type"] == "application/json"
    assert scene.cursor().sent == 4
    assert (scene.counts.ok, scene.counts.changes, scene.counts.lag) == (2, 4, 0)


@pytest.mark.parametrize(("later_ms", "count"), [(0, 2), (999, 2), (1_000, 1), (1_001, 1)])
def test_the_secret_before_signs_as_well_until_it_ends(
    scene: Scene, later_ms: int, count: int
) -> None:
    (hook,) = scene.control.webhooks.of("acme")
    ends_at = scene.clock.ms + 1_000
    changed = msgspec.structs.replace(
        hook,
        old_secret="old",  # noqa: S106 - the test's own
        old_until=ends_at,
        revision=2,
    )
    scene.control.webhooks.save(changed, {"recent": 0}, 1)
    scene.opened("ann")
    scene.clock.ms += later_ms
    scene.step()

    body, headers = scene.bodies[0]
    said = headers["Bitseg-Timestamp"].encode() + b"." + body
    signed = [f"v1={hmac.new(key, said, hashlib.sha256).hexdigest()}" for key in (b"new", b"old")]
    assert headers["Bitseg-Signature"].split(",") == signed[:count]


def test_a_body_is_of_so_many_changes_and_no_more(scene: Scene) -> None:
    scene.engine.load_contacts([{"id": f"c{i}"} for i in range(2 * BATCH + 1)])
    scene.opened(*(f"c{i}" for i in range(2 * BATCH + 1)))
    scene.drain()

    assert [len(one) for one in scene.seqs()] == [BATCH, BATCH, 1]
    assert list(chain(*scene.seqs())) == list(range(1, 2 * BATCH + 2))


def test_only_what_is_asked_for_is_sent_and_the_rest_is_passed() -> None:
    scene = Scene(events="left")
    scene.opened("ann", "bob")
    assert scene.step() is None
    assert (scene.bodies, scene.cursor().sent) == ([], 2)
    scene.clock.set("2026-03-17T12:00:00Z")
    scene.drain()

    assert scene.seqs() == [[3, 4]]


def test_who_was_erased_is_sent_as_null(scene: Scene) -> None:
    scene.opened("ann", "bob")
    scene.engine.delete_contacts(["ann"])
    scene.drain()

    assert b"ann" not in scene.bodies[0][0]
    changes = json.loads(scene.bodies[0][0])["changes"]
    assert [(one["seq"], one["contact_id"]) for one in changes] == [
        (1, None),
        (2, "bob"),
        (3, None),
    ]


def test_what_failed_is_tried_again_later_and_later(scene: Scene) -> None:
    scene.opened("ann")
    scene.answers = [BAD] * 12
    waits = []
    for _ in range(12):
        wait = scene.step()
        assert wait is not None
        assert scene.step() == wait  # nothing is sent before
        waits.append(wait)
        scene.clock.ms += wait

    assert waits == [5_000 * 2**i for i in range(10)] + [RETRY_MOST_MS] * 2
    assert len(scene.bodies) == 12
    assert (scene.cursor().attempts, scene.cursor().sent) == (12, 0)
    assert scene.step() is None
    cursor = scene.cursor()
    assert (cursor.attempts, cursor.sent, cursor.failing_since, cursor.error) == (0, 1, None, None)


@pytest.mark.parametrize(("random", "wait"), [(0.0, 4_000), (0.5, 5_000), (1.0, 6_000)])
def test_waits_differ_so_that_not_all_come_at_once(scene: Scene, random: float, wait: int) -> None:
    scene.opened("ann")
    scene.answers = [BAD]
    scene.random = random

    assert scene.step() == wait


@pytest.mark.parametrize(("after_ms", "dead"), [(GIVEN_UP_MS - 1, 0), (GIVEN_UP_MS, 1)])
def test_after_a_day_it_is_given_up_and_the_next_is_sent(
    scene: Scene, after_ms: int, dead: int
) -> None:
    scene.opened("ann", "bob")
    began = scene.clock.ms
    scene.answers = [BAD]
    scene.step()
    scene.clock.ms = began + after_ms
    scene.answers = [BAD]
    scene.step()

    letters = scene.control.webhooks.dead("w")
    assert len(letters) == dead == scene.counts.dead
    last = 4 if after_ms == GIVEN_UP_MS else 2  # by then both have left as well
    assert scene.cursor().sent == (last if dead else 0)
    if dead:
        assert (letters[0].first, letters[0].last, letters[0].attempts) == (1, last, 2)
        assert scene.remembered.of("w")[0].is_dead
        scene.clock.ms += 1
        scene.opened("cid")
        scene.step()
        assert scene.seqs()[-1] == [5]


def test_what_was_given_up_is_sent_when_it_is_asked_for_again(scene: Scene) -> None:
    scene.opened("ann")
    scene.answers = [BAD]
    scene.step()
    scene.clock.ms += GIVEN_UP_MS
    scene.answers = [BAD]
    scene.step()
    assert len(scene.control.webhooks.dead("w")) == 1

    scene.control.webhooks.replay("w", {"recent": 0})
    scene.drain()

    assert scene.control.webhooks.dead("w") == []
    assert scene.seqs()[-1] == [1, 2]


def test_a_replay_that_is_asked_for_while_a_body_is_on_its_way_is_not_lost(scene: Scene) -> None:
    scene.opened("ann", "bob")
    scene.drain()
    scene.opened("cid")
    scene.meanwhile = lambda: scene.control.webhooks.replay("w", {"recent": 0})
    scene.step()
    scene.meanwhile = None
    assert scene.cursor().sent == 0
    scene.drain()

    assert scene.seqs() == [[1, 2], [3], [1, 2, 3]]


def test_one_that_is_not_active_waits_and_goes_on(scene: Scene) -> None:
    (hook,) = scene.control.webhooks.of("acme")
    paused = msgspec.structs.replace(hook, is_active=0, revision=2)
    scene.control.webhooks.save(paused, {"recent": 0}, 1)
    scene.opened("ann")
    assert scene.step() is None
    assert scene.bodies == []
    scene.control.webhooks.save(
        msgspec.structs.replace(paused, is_active=1, revision=3), {"recent": 0}, 1
    )
    scene.drain()

    assert scene.seqs() == [[1]]


def test_a_segment_that_is_gone_ends_its_lane(scene: Scene) -> None:
    scene.opened("ann")
    scene.engine.segments.delete("recent")

    with pytest.raises(UnknownSegmentError):
        scene.step()
    assert scene.bodies == []


def test_a_file_that_was_put_back_goes_on_from_its_last_number(scene: Scene) -> None:
    scene.opened("ann")
    before = scene.cursor()
    scene.control.webhooks.move(before, msgspec.structs.replace(before, sent=9))
    assert scene.step() is None
    assert scene.cursor().sent == 1
    scene.opened("bob")
    scene.drain()

    assert scene.seqs() == [[2]]


def test_a_process_that_ends_before_it_notes_what_was_taken_sends_it_again(tmp_path: Path) -> None:
    clock = Clock("2026-03-15T12:00:00Z")
    with bitseg.open(tmp_path / "acme.db", clock=clock) as engine:
        engine.load_contacts([{"id": one} for one in PEOPLE])
        scene = Scene(engine, tmp_path / "control.db")
        scene.opened("ann", "bob")

        def fail(*_: object) -> bool:
            raise StoreError("killed")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scene.control.webhooks, "move", fail)
            with pytest.raises(StoreError):
                scene.step()
        assert scene.seqs() == [[1, 2]]
    scene.control.close()

    with bitseg.open(tmp_path / "acme.db", clock=clock) as engine:
        again = Scene(engine, tmp_path / "control.db")
        again.opened("cid")
        again.drain()
        assert again.seqs() == [[1, 2, 3]]
        assert again.cursor().sent == 3
        again.control.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("erase"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("pass"), st.sampled_from((1, HOUR, 5 * HOUR, 24 * HOUR - 1, 24 * HOUR))),
        st.tuples(st.just("refuse"), st.integers(1, 3)),
        st.tuples(st.just("lose"), st.just(0)),
        st.tuples(st.just("send"), st.just(0)),
    ),
    max_size=30,
)


class Program:
    """A receiver's program: keeps the members by numbered changes, and drops what it has had."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.last = 0

    def take(self, body: bytes) -> None:
        for one in json.loads(body)["changes"]:
            if one["seq"] <= self.last:
                continue
            assert one["seq"] == self.last + 1, "a number is missing"
            self.last = one["seq"]
            if one["change"] == "entered":
                self.members.add(one["contact_id"])
            else:
                self.members.discard(one["contact_id"])


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_fails_a_receiver_ends_with_the_members(steps: list[tuple[str, Any]]) -> None:
    scene, program = Scene(), Program()
    opened: dict[str, int] = {}
    taken = 0

    def read() -> None:
        nonlocal taken
        for body, _ in scene.bodies[taken:]:
            program.take(body)  # it took also what it then said it did not
        taken = len(scene.bodies)

    for what, how in steps:
        if what == "open" and how in _there(scene.engine):
            scene.opened(how)
            opened[how] = scene.clock.ms
        elif what == "erase":
            read()
            scene.drain()  # or the program could not tell of whom it was told
            read()
            program.members.discard(how)
            scene.engine.delete_contacts([how])
            opened.pop(how, None)
        elif what == "pass":
            scene.clock.ms += how
        elif what == "refuse":
            scene.answers += [BAD] * how
        elif what == "lose":
            scene.answers += [Outcome(None, 1, "There was no answer in time.")]
        else:
            scene.step()
        read()
    scene.answers = []
    scene.drain()
    read()

    now = scene.clock.ms
    expected = {one for one, at in opened.items() if now - 24 * HOUR < at <= now}
    assert program.members - {None} == expected
    if scene.control.webhooks.dead("w") == []:
        assert program.last == scene.engine.segments.last_seq("recent")


def _there(engine: Engine) -> set[str]:
    return {one for one in PEOPLE if engine.find_contacts(one).total}


@settings(max_examples=30, deadline=None)
@given(STEPS, st.data())
def test_replaying_from_any_number_gives_the_members(
    steps: list[tuple[str, Any]], data: st.DataObject
) -> None:
    scene = Scene()
    for what, how in steps:
        if what == "open":
            scene.opened(how)
        elif what == "pass":
            scene.clock.ms += how
    scene.drain()
    last = scene.engine.segments.last_seq("recent")
    begin = data.draw(st.integers(0, last))
    program = Program()
    for body, _ in scene.bodies:
        cut = [one for one in json.loads(body)["changes"] if one["seq"] <= begin]
        program.take(json.dumps({"changes": cut}).encode())
    scene.bodies.clear()

    scene.control.webhooks.replay("w", {"recent": begin})
    scene.drain()
    for body, _ in scene.bodies:
        program.take(body)

    assert program.members == set(scene.engine.select(RECENT).ids())
    assert program.last == last
