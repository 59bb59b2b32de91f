"""The date column: intervals, the index of rows by time, and the extent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bitseg.columns import DateColumn, DateIn
from bitseg.columns.date_index import STALE
from tests.engine.columns.model import Pair, passes, rows_of

LOWEST, HIGHEST = -(2**63) + 2, 2**63 - 2
DAY = 86_400_000

far = st.sampled_from([LOWEST, -(10**15), 0, 10**15, HIGHEST - 1])
instants = st.integers(0, 60) | far | st.integers(LOWEST, HIGHEST - 1)


def date_pair(n: int) -> tuple[Pair, DateColumn]:
    pair = Pair("date")
    pair.grow(n)
    assert isinstance(pair.column, DateColumn)
    return pair, pair.column


def test_anniversaries_are_found_in_one_pass_over_many_intervals() -> None:
    pair, column = date_pair(1_000)
    pair.write({row: (row * 37 - 20_000) * DAY // 10 for row in range(0, 1_000, 3)})
    days = tuple((k * 11 * DAY, k * 11 * DAY + DAY) for k in range(-5_000, 5_000))

    expected = [row for row in range(1_000) if passes(DateIn(days), pair.model.get(row))]

    assert column.matches(DateIn(days)).rows().tolist() == expected
    assert len(expected) > 20


def test_crowded_intervals_beside_a_far_one_are_told_apart() -> None:
    pair, _ = date_pair(130)
    pair.write({row: row for row in range(100)} | {120: HIGHEST - 1, 121: LOWEST, 122: 1_000})
    crowded = tuple((2 * k, 2 * k + 1) for k in range(40))

    pair.check(
        DateIn((*crowded, (HIGHEST - 1, HIGHEST))),
        DateIn(((LOWEST, LOWEST + 1), *crowded, (HIGHEST - 1, HIGHEST))),
        DateIn(((LOWEST, -5), *crowded, (1_000, HIGHEST))),
        DateIn(()),
    )


@given(st.data())
def test_rows_between_holds_every_row_inside_whatever_was_written(data: st.DataObject) -> None:
    pair, column = date_pair(40)
    rows = st.integers(0, 39)
    pair.write(data.draw(st.dictionaries(rows, st.none() | instants, max_size=40)))
    for _ in range(data.draw(st.integers(1, 4))):
        ends = sorted(data.draw(st.lists(instants, min_size=2, max_size=6, unique=True)))
        spans = tuple(zip(ends[0::2], ends[1::2], strict=False))
        found = column.rows_between(spans).tolist()
        inside = {row for row, at in pair.model.items() if passes(DateIn(spans), at)}
        assert inside <= set(found)
        assert found == sorted(set(found))
        pair.write(data.draw(st.dictionaries(rows, st.none() | instants, max_size=2)))
        pair.erase(data.draw(st.lists(rows, max_size=1)))


def test_rows_between_returns_few_others() -> None:
    pair, column = date_pair(10_000)
    pair.write({row: row * DAY for row in range(10_000)})
    assert column.rows_between(((5 * DAY, 8 * DAY),)).tolist() == [5, 6, 7]

    pair.write({6: 9_000 * DAY, 7_000: 5 * DAY + 1})
    pair.erase([7])

    found = column.rows_between(((5 * DAY, 8 * DAY), (20 * DAY, 20 * DAY + 1))).tolist()
    assert {5, 20, 7_000} <= set(found)
    assert len(found) < 10
    assert set(column.rows_between(((9_000 * DAY, 9_000 * DAY + 1),)).tolist()) == {6, 9_000}


def test_the_index_is_built_anew_after_many_writes() -> None:
    pair, column = date_pair(320)
    pair.write(dict.fromkeys(range(320), 5))
    column.rows_between(((0, 10),))
    indexed = column.nbytes

    pair.write(dict.fromkeys(range(320 // STALE + 1), 7))

    assert column.nbytes < indexed
    assert column.rows_between(((7, 8),)).tolist() == list(range(320 // STALE + 1))


def test_an_erased_instant_leaves_the_index() -> None:
    pair, column = date_pair(100)
    pair.write({row: 1_000 + row for row in range(100)})
    column.rows_between(((0, 10),))

    pair.erase([0, 1, 50])

    index = column._index  # noqa: SLF001 - what stays in memory is the point
    assert index is not None
    assert not {0, 1, 50} & {row for row in column.rows_between(((0, 2_000),)).tolist() if row}
    pair.check(DateIn(((1_000, 1_002),)), DateIn(((1_050, 1_051),)))


def test_the_extent_follows_what_is_held() -> None:
    pair, column = date_pair(5)
    assert column.extent() is None

    pair.write({0: 10, 1: -5, 2: 30})
    assert column.extent() == (-5, 30)
    pair.write({3: 40})
    assert column.extent() == (-5, 40)
    pair.erase([1])
    assert column.extent() == (10, 40)
    pair.write({3: 20})
    assert column.extent() == (10, 30)
    pair.erase([0, 2, 3])
    assert column.extent() is None


def test_a_row_grown_after_the_index_is_found() -> None:
    pair, column = date_pair(3)
    pair.write({0: 1, 1: 2, 2: 3})
    column.rows_between(((0, 9),))

    pair.grow(1_000)
    pair.write({900: 2})

    assert column.rows_between(((2, 3),)).tolist() == [1, 900]
    assert column.matches_at(DateIn(((2, 3),)), rows_of([900, 0])).tolist() == [True, False]
