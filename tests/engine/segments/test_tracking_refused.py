"""Where there is no room to follow members for a while, they are recorded when there is again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import BudgetError
from bitseg.tracking.watched import WatchedLeaf
from tests.engine.making import Clock, all_of, field

CITY = all_of(field("contact.city", "equals", "x"))


@pytest.mark.parametrize("in_file", [False, True], ids=["in memory", "in a file"])
def test_members_are_recorded_late_where_looking_was_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, in_file: bool
) -> None:
    clock = Clock()
    engine: Any = (
        bitseg.open(tmp_path / "a.db", clock=clock) if in_file else bitseg.Engine(clock=clock)
    )
    with engine:
        engine.load_contacts([{"id": f"c{i}", "city": "y"} for i in range(20)])
        engine.define_segment("s", CITY)
        engine.define_segment("t", all_of({"segment": "s"}))

        def refuse(*_: object) -> None:
            raise BudgetError("no room", writing=False)

        with monkeypatch.context() as patched:
            patched.setattr(engine.segments._tracker, "_find", refuse)  # noqa: SLF001 - nothing public fails so
            patched.setattr(engine.segments._tracker, "_affected", refuse)  # noqa: SLF001 - likewise
            assert engine.load_contacts([{"id": "c3", "city": "x"}]).updated == 1
            assert engine.count(CITY) == 1
            clock.ms += 5
        assert engine.load_contacts([{"id": "c4", "city": "x"}]).updated == 1
        for segment in "st":
            items = engine.segments.history(segment).items
            assert [(one.seq, one.contact_id) for one in items] == [(1, "c3"), (2, "c4")]
        assert engine.refresh_segments() == {}


def test_a_leaf_that_could_not_be_begun_is_begun_later(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = bitseg.Engine(clock=Clock())
    engine.load_contacts([{"id": f"c{i}", "city": "y"} for i in range(20)])

    def refuse(*_: object) -> None:
        raise BudgetError("no room", writing=False)

    with monkeypatch.context() as patched:
        patched.setattr(WatchedLeaf, "begin", refuse)
        assert engine.define_segment("s", CITY) == 0
        engine.load_contacts([{"id": "c3", "city": "x"}])
    engine.load_contacts([{"id": "c4", "city": "x"}])
    items = engine.segments.history("s").items
    assert [(one.seq, one.contact_id) for one in items] == [(1, "c3"), (2, "c4")]
    engine.load_contacts([{"id": "c3", "city": "y"}])
    assert engine.segments.history("s", after=2).items[0].change == "left"
    assert engine.refresh_segments() == {}
