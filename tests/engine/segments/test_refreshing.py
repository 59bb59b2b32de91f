"""The check of recorded members finds what did not stay true, and corrects it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bitseg
from bitseg.bitmap import RowSet
from tests.engine.making import Clock, all_of, field

CITY = all_of(field("contact.city", "equals", "x"))
OPENED = all_of({"event": "open", "within": "30d"})


def _filled() -> bitseg.Engine:
    engine = bitseg.Engine(clock=Clock())
    engine.load_contacts([{"id": f"c{i}", "city": "xy"[i % 2]} for i in range(100)])
    now = Clock().ms
    engine.load_events([{"contact_id": f"c{i}", "kind": "open", "at": now - i} for i in range(40)])
    engine.define_segment("city", CITY)
    engine.define_segment("opened", OPENED)
    engine.define_segment("list", ["c1", "c2"])
    return engine


def test_nothing_is_found_where_all_is_so() -> None:
    engine = _filled()
    assert engine.refresh_segments() == {}
    assert engine.segments.corrections == 0


def test_a_member_that_is_not_so_recorded_is_corrected_numbered_and_counted() -> None:
    engine = _filled()
    inside: Any = engine
    history = inside._segments.history  # noqa: SLF001 - nothing public can spoil it
    history._recorded["city"].members.patch(  # noqa: SLF001 - likewise
        np.array([1, 2], np.uint32), np.array([True, False])
    )
    last = engine.segments.last_seq("city")
    assert engine.refresh_segments(["opened"]) == {}
    assert engine.refresh_segments() == {"city": (1, 1)}
    assert engine.segments.corrections == 2
    found = [(one.seq, one.contact_id, one.change) for one in _after(engine, "city", last)]
    assert found == [(last + 1, "c2", "entered"), (last + 2, "c1", "left")]
    assert engine.refresh_segments() == {}


def test_counts_that_did_not_stay_true_are_found() -> None:
    engine = _filled()
    inside: Any = engine
    ((_, tally),) = inside._tenant.events._tallies.values()  # noqa: SLF001 - nothing public can
    tally._counts.values[:40] = 0  # noqa: SLF001 - likewise
    engine.load_events([{"contact_id": "c99", "kind": "open", "at": Clock().ms}])
    watched = inside.segments._tracker._watched  # noqa: SLF001 - likewise
    for leaf in watched.values():
        if leaf.timed:
            leaf._members = RowSet.empty(100)  # noqa: SLF001 - likewise
    inside._segments.history._recorded["opened"].members = RowSet.empty(100)  # noqa: SLF001
    assert engine.refresh_segments() == {"opened": (41, 0)}


def test_an_unknown_segment_is_refused_and_nothing_checked() -> None:
    engine = _filled()
    with pytest.raises(bitseg.UnknownSegmentError, match="nobody"):
        engine.refresh_segments(["city", "nobody"])


def _after(engine: bitseg.Engine, segment: str, seq: int) -> tuple[bitseg.MemberChange, ...]:
    return engine.segments.history(segment, after=seq).items
