"""What a snapshot takes by reference stays as it was, whatever is written after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg.changes import ARROW_TYPES
from bitseg.columns import make_column
from bitseg.events.log import Events, KindLog
from bitseg.fields import DataType
from bitseg.growing import Growing
from bitseg.strings import StringPool, strings_used

ROWS = 40
MANY = 4_000
"""So many strings out of use that the others get new codes, and that an arena is packed."""

VALUES: dict[DataType, list[Any]] = {
    "string": ["a", "é", "ẞ" * 50, "x"],
    "number": [0.0, 1.0, -1.0, 300.0, 70_000.0, 0.5, 1e300],
    "boolean": [True, False],
    "date": [0, -1, 10**13, -(2**62)],
    "array": [["a"], ["é", "a"], ["x", "ẞ" * 50, "a"]],
}


def _numbers(*rows: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
    return np.array(rows, np.uint32)


def _strings(texts: list[str | None]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def _column(data_type: DataType, values: list[Any]) -> Any:
    column = make_column(data_type)
    column.grow(len(values))
    _write(column, list(range(len(values))), values)
    return column


def _write(column: Any, rows: list[int], values: list[Any]) -> None:
    column.write(_numbers(*rows), pa.array(values, ARROW_TYPES[column.data_type]))


def _other(data_type: DataType, number: int) -> Any:
    """Return a value that is used once."""
    return {
        "string": f"other {number}",
        "number": float(number),
        "boolean": number % 2 == 0,
        "date": number,
        "array": [f"other {number}", f"more {number}"],
    }[data_type]


@pytest.mark.parametrize("data_type", [*VALUES])
@given(data=st.data())
def test_a_frozen_column_is_as_it_was_after_any_writes(
    data_type: DataType, data: st.DataObject
) -> None:
    cell = st.sampled_from([None, *VALUES[data_type]])
    cells = data.draw(st.lists(cell, min_size=ROWS, max_size=ROWS))
    start, stop = sorted(data.draw(st.lists(st.integers(0, ROWS), min_size=2, max_size=2)))
    column = _column(data_type, [*cells, *VALUES[data_type]])  # whose last rows keep all in use
    frozen = column.freeze(start, stop)
    for _ in range(data.draw(st.integers(1, 3))):
        rows = data.draw(st.lists(st.integers(0, ROWS - 1), min_size=1, unique=True))
        if data.draw(st.booleans()):
            column.erase(_numbers(*rows))
        else:
            _write(column, rows, data.draw(st.lists(cell, min_size=len(rows), max_size=len(rows))))
    assert frozen().to_pylist() == cells[start:stop]


@pytest.mark.parametrize("data_type", [*VALUES])
def test_a_frozen_column_is_as_it_was_after_renumbering_and_widening(data_type: DataType) -> None:
    values = [None, *VALUES[data_type]]
    others = [_other(data_type, number) for number in range(MANY)]
    column = _column(data_type, [*others, *values])
    here = column.freeze(MANY, MANY + len(values))
    some = column.freeze(MANY - 2, MANY)
    first = some().to_pylist()
    column.grow(2 * MANY)
    column.erase(np.arange(MANY - 2, dtype=np.uint32))
    _write(column, list(range(MANY - 2)), [_other(data_type, 10**6 + i) for i in range(MANY - 2)])
    column.erase(np.arange(MANY - 2, dtype=np.uint32))
    assert here().to_pylist() == values
    assert some().to_pylist() == first == others[-2:]
    assert column.values_at(_numbers(MANY, MANY + 1)).to_pylist() == values[:2]


@pytest.mark.parametrize("data_type", ["string", "array"])
def test_what_nobody_has_any_more_is_not_in_a_frozen_column_either(data_type: DataType) -> None:
    secret, kept = (["secret"], ["kept"]) if data_type == "array" else ("secret", "kept")
    column = _column(data_type, [secret, kept])
    frozen = column.freeze(0, 2)
    column.erase(_numbers(0))
    first, second = frozen().to_pylist()
    assert first in (None, [])
    assert second == kept


@given(
    st.lists(st.integers(0, 300), max_size=20),
    st.lists(
        st.tuples(
            st.sampled_from(["extend", "splice", "widen", "keep", "resize"]), st.integers(0, 25)
        ),
        max_size=12,
    ),
)
def test_what_is_frozen_of_a_growing_array_never_changes(
    first: list[int], steps: list[tuple[str, int]]
) -> None:
    growing = Growing(np.uint8)
    growing.extend(np.array(first, np.uint16))
    model = [*first]
    taken = [(growing.freeze(), [*model])]
    for name, number in steps:
        more = np.arange(number, number * 70, 23, dtype=np.uint16)
        if name == "extend":
            growing.extend(more)
            model += more.tolist()
        elif name == "splice":
            start = min(number, len(model))
            growing.splice(start, more)
            model = model[:start] + more.tolist()
        elif name == "widen" and growing.values.dtype.itemsize < 8:
            growing.widen()
        elif name == "keep":
            kept = np.arange(len(model)) % 3 != number % 3
            growing.keep(kept)
            model = [one for one, stays in zip(model, kept, strict=True) if stays]
        elif name == "resize":
            growing.resize(number, 7)
            model += [7] * (number - len(model))
        assert growing.values.tolist() == model
        for values, then in taken:
            assert values.tolist() == then
        if number % 2:
            taken.append((growing.freeze(), [*model]))


texts = st.lists(st.text(max_size=6), max_size=30, unique=True)


@given(texts, st.integers(0, 30), texts)
def test_a_pool_read_back_is_the_pool(before: list[str], split: int, after: list[str]) -> None:
    pool = StringPool()
    pool.extend(_strings([*before[:split]]))
    pool.extend(_strings([*before[split:]]))
    assert pool.find(_strings([*before])).tolist() == list(range(len(before)))
    assert pool.stretch(0, len(before)).to_pylist() == before
    expected = StringPool()
    expected.intern(_strings([*before]))
    assert pool.intern(_strings([*after])).tolist() == expected.intern(_strings([*after])).tolist()
    assert len(pool) == len(expected)


def test_a_forgotten_string_that_is_read_back_is_found_under_no_name() -> None:
    pool = StringPool()
    pool.extend(_strings(["a", None, "b", None]))
    assert pool.known(_numbers(0, 1, 2, 3)).tolist() == [True, False, True, False]
    assert pool.find(_strings(["b", "", "\x00", "a"])).tolist() == [2, -1, -1, 0]
    assert pool.intern(_strings(["c", "b"])).tolist() == [4, 2]


def test_a_pool_may_be_read_back_from_a_slice_of_an_array() -> None:
    pool = StringPool()
    pool.extend(_strings(["no", "a", "b", "no"]).slice(1, 2))
    pool.extend(_strings(["no"]).slice(1))
    assert pool.stretch(0, 2).to_pylist() == ["a", "b"]


def test_a_view_of_a_pool_knows_what_was_there_and_forgets_what_is_forgotten() -> None:
    pool = StringPool()
    pool.intern(_strings(["a", "secret", "b"]))
    view, stretch = pool.view(), pool.stretch(0, 3)
    pool.intern(_strings([f"later {i}" for i in range(MANY)]))
    assert len(view) == 3
    assert view.take(_numbers(2, 1, 0)).to_pylist() == ["b", "secret", "a"]
    fresh = pool.view()
    pool.forget(_numbers(1))
    assert fresh.known(_numbers(0, 1, 2)).tolist() == [True, False, True]
    assert len(fresh) == MANY + 3
    assert stretch.to_pylist() == ["a", "secret", "b"]


def _batch(instants: list[int], mark: int, *, ids: bool) -> Events:
    n = len(instants)
    return Events(
        np.full(n, mark, np.uint32),
        np.array(instants, np.int64),
        np.full(n, mark + 1, np.uint32) if ids else None,
        {"amount": np.full(n, float(mark))},
    )


def _shown(events: Events) -> tuple[Any, ...]:
    codes = None if events.codes is None else events.codes.tolist()
    properties = {name: cells.tolist() for name, cells in events.properties().items()}
    return events.rows.tolist(), events.at.tolist(), codes, properties


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["late", "later", "remove"]),
            st.lists(st.integers(0, 60), min_size=1, max_size=8),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_a_frozen_log_is_as_it_was_under_late_events_and_removals(
    steps: list[tuple[str, list[int]]],
) -> None:
    log = KindLog()
    log.append(_batch([5, 9, 30], 1, ids=False), {"amount": "number"})
    taken = []
    for mark, (name, numbers) in enumerate(steps, 2):
        events, types = log.freeze()
        assert types == {"amount": "number"}
        taken.append((events, _shown(events)))
        if name == "remove":
            places = {one % len(log) for one in numbers} if len(log) else set()
            log.remove(np.array(sorted(places), np.int64))
        else:
            ahead = 1_000 * mark if name == "later" else 0
            batch = _batch([one + ahead for one in numbers], mark, ids=mark % 2 == 0)
            log.append(batch, {"amount": "number"})
        for events, then in taken:
            assert _shown(events) == then
    assert log.freeze()[0].at.tolist() == sorted(log.freeze()[0].at.tolist())


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 60), min_size=1, max_size=8),
        st.booleans(),
        st.sampled_from(["fork", "settle", "reader first"]),
    ),
    min_size=1,
    max_size=8,
)


@given(STEPS)
def test_a_log_that_took_a_fork_is_as_one_that_settled(
    steps: list[tuple[list[int], bool, str]],
) -> None:
    log, plain = KindLog(), KindLog()
    for mark, (numbers, ids, how) in enumerate(steps):
        for one in (log, plain):
            one.append(_batch(numbers, mark, ids=ids), {"amount": "number"})
        seen = log.stretch(0, len(log)) if how == "settle" else None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bitseg.events.log.FORK_LEAST", 0)
            fork = log.fork()
        assert (fork is None) == (seen is not None)
        if fork is not None:
            fork.settle()
            if how == "reader first":
                log.settle()
            log.take(fork)
        rows = np.arange(len(steps), dtype=np.uint32)
        assert _shown(log.freeze()[0]) == _shown(plain.freeze()[0])
        assert log.positions_of(rows).tolist() == plain.positions_of(rows).tolist()
        log.thaw()


def test_a_fork_that_is_given_up_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitseg.events.log.FORK_LEAST", 0)
    log = KindLog()
    log.append(_batch([5, 9, 30], 1, ids=False), {"amount": "number"})
    then = _shown(log.stretch(0, 3))
    before = log.stretch(0, 3)
    log.append(_batch([40, 7], 2, ids=True), {"amount": "number"})
    fork = log.fork()
    assert fork is not None
    fork.settle()
    assert _shown(before) == then
    assert log.freeze()[0].at.tolist() == [5, 7, 9, 30, 40]


def test_few_events_are_not_worth_a_fork() -> None:
    log = KindLog()
    log.append(_batch([5, 9, 30], 1, ids=False), {"amount": "number"})
    assert log.fork() is None


@pytest.mark.parametrize("many", [1, 100])
def test_strings_used_are_those_of_cells_that_nobody_forgot(many: int) -> None:
    pool = StringPool()
    pool.intern(_strings(["", "a", "secret", "b", *(f"other {i}" for i in range(many))]))
    pool.forget(_numbers(2))
    cells = np.array([4, 0, 3, 1, 4, 2], np.uint8)
    used, places = strings_used(cells, pool)
    assert [None if at < 0 else used[at].as_py() for at in places] == [
        "b",
        None,
        None,
        "",
        "b",
        "a",
    ]
    assert sorted(used.to_pylist()) == ["", "a", "b"]
