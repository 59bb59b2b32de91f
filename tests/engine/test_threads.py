"""Questions from several threads while another writes see one version each and never fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event, Thread

from tests.engine.making import Clock, all_of, any_of, engine_of, field

PEOPLE = 600
STEP = 20
ROUNDS = 40


def _run(write: Callable[[int], None], ask: Callable[[], None]) -> None:
    """Write in one thread while four ask; raise what any of them raised."""
    faults: list[BaseException] = []
    done = Event()

    def asking() -> None:
        try:
            while not done.is_set():
                ask()
        except BaseException as fault:  # noqa: BLE001 - carried to the test's own thread
            faults.append(fault)

    threads = [Thread(target=asking) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    for thread in threads:
        thread.start()
    try:
        for i in range(ROUNDS):
            write(i)
    finally:
        done.set()
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join()
    if faults:
        raise faults[0]


def test_every_count_is_that_of_some_moment_between_two_writes() -> None:
    engine = engine_of(*({"id": f"c{i}", "city": "Rome"} for i in range(PEOPLE)))
    romans, others = field("contact.city", "equals", "Rome"), field("contact.city", "equals", "x")
    both = any_of(romans, others)
    seen: set[int] = set()

    def write(i: int) -> None:
        city = "x" if (i // 30) % 2 == 0 else "Rome"
        start = (i % 30) * STEP
        rows = [{"id": f"c{j}", "city": city} for j in range(start, start + STEP)]
        engine.load_contacts(rows)

    def ask() -> None:
        preview = engine.preview(all_of(romans), breakdown=True, sample=3, near_misses=True)
        assert preview.count % STEP == 0
        assert preview.breakdown == {
            "groups[0]": preview.count,
            "groups[0].conditions[0]": preview.count,
        }
        assert preview.near_misses == {"groups[0].conditions[0]": PEOPLE - preview.count}
        assert engine.count(both) == PEOPLE
        seen.add(preview.count)

    _run(write, ask)
    assert all(count % STEP == 0 for count in seen)
    assert engine.count(all_of(romans)) == 200


def test_events_segments_and_erasures_are_seen_whole() -> None:
    clock = Clock()
    engine = engine_of(*(f"c{i}" for i in range(PEOPLE)), clock=clock)
    opened, twice = {"event": "open"}, {"event": "open", "value": 2, "within": "30d"}
    engine.define_segment("opened", all_of(opened))

    def write(i: int) -> None:
        pair = [
            {"contact_id": f"c{j}", "kind": kind, "at": "2026-03-10", "event_id": f"{i}.{j}.{n}"}
            for j in range(i * 5, i * 5 + 5)
            for n, kind in enumerate(("open", "open", f"kind{i}"))
        ]
        engine.load_events(pair)
        if i % 4 == 3:
            engine.withdraw_events(row["event_id"] for row in pair)
            engine.delete_contacts([f"c{i * 5}"])
            engine.define_segment("opened", all_of(opened) if i % 8 == 3 else any_of(opened))

    def ask() -> None:
        assert engine.count(all_of(opened, exclusions=(twice,))) == 0
        once = engine.select(all_of({"segment": "opened"}))
        assert len(once) % 5 == 0
        assert len(list(once.ids())) <= len(once)
        assert engine.event_count % 15 == 0
        engine.explain(any_of(opened, twice), "c599")
        engine.contact("c599")
        engine.memory()

    _run(write, ask)
    assert engine.count(all_of(opened)) == 150
    assert len(engine) == PEOPLE - 10
