"""A contact index finds every position, whatever came late since it was made."""

from __future__ import annotations

import numpy as np
import pytest

from bitseg.events import index
from bitseg.events.log import KindLog
from tests.engine.events.logging import TYPES, Event, batch, log_of


def _positions(log: KindLog, *rows: int) -> list[int]:
    found: list[int] = log.positions_of(np.array(rows, np.uint32)).tolist()
    return found


def test_late_events_move_what_was_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "UNINDEXED_LEAST", 4)
    log = log_of([Event(row % 3, 10 * row) for row in range(12)])
    assert _positions(log, 0, 2) == [0, 3, 6, 9, 2, 5, 8, 11]
    log.append(batch([Event(1, 35)]), TYPES)
    assert _positions(log, 0) == [0, 3, 7, 10]
    assert _positions(log, 1) == [1, 4, 5, 8, 11]
    log.append(batch([Event(0, 5), Event(7, 999)]), TYPES)
    assert _positions(log, 0, 7) == [0, 1, 4, 8, 11, 14]
    log.remove(np.array([0, 8]))
    assert _positions(log, 0, 1, 7) == [0, 3, 9, 1, 4, 5, 7, 10, 12]
    assert _positions(log, 9) == []
    assert _positions(log) == []


def test_a_large_log_is_indexed_and_merged_with_what_came_since() -> None:
    many = index.UNINDEXED_LEAST + 10
    log = log_of([Event(i % 1_000, i) for i in range(many)])
    assert _positions(log, 5, 999) == [*range(5, many, 1_000), *range(999, many, 1_000)]
    log.append(batch([Event(5, 0), Event(5, many)]), TYPES)
    assert _positions(log, 5) == [1, *range(6, many + 1, 1_000), many + 1]
