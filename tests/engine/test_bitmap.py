"""A row set does what a plain set of numbers does, whatever form it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pyroaring import BitMap

from bitseg.bitmap import RowSet, among

SIZES = (0, 1, 63, 64, 65, 127, 128, 129, 4_097, 65_535, 65_536, 65_537, 200_003)
EDGES = (0, 1, 62, 63, 64, 65, 4_095, 4_096, 65_535, 65_536, 65_537, 131_071, 131_072)


def _rows(rows: Any) -> np.ndarray[Any, np.dtype[np.uint32]]:
    return np.array(sorted(rows), np.uint32)


def _filled(n: int, share: float, seed: int) -> set[int]:
    chosen = np.random.default_rng(seed).random(n) < share
    return {*np.flatnonzero(chosen).tolist(), *(edge for edge in EDGES if edge < n and seed % 2)}


def _check(got: RowSet, want: set[int], n: int) -> None:
    assert got.n == n
    assert got.count == len(want)
    assert got.rows().dtype == np.uint32
    assert got.rows().tolist() == sorted(want)
    assert got.bitmap() == BitMap(want)
    asked = _rows({edge for edge in (*EDGES, n - 1) if 0 <= edge < n})
    assert got.test(asked).tolist() == [row in want for row in asked.tolist()]


def _made(want: set[int], n: int, how: str) -> RowSet:
    if how == "mask":
        mask = np.zeros(n, np.bool_)
        mask[sorted(want)] = True
        return RowSet.from_mask(mask)
    if how == "bitmap":
        return RowSet.from_bitmap(BitMap(want), n)
    if how == "rows":
        return RowSet.from_rows(_rows(want), n)
    grown = RowSet.empty(0)
    grown.grow(n)
    grown.patch(_rows(want), np.ones(len(want), np.bool_))
    return grown


@st.composite
def _sets(draw: st.DrawFn) -> tuple[int, set[int], set[int], str, str]:
    n = draw(st.sampled_from(SIZES))
    shares = st.sampled_from((0.0, 0.001, 0.007, 0.009, 0.05, 0.5, 1.0))
    hows = st.sampled_from(("mask", "rows", "bitmap", "grown"))
    seeds = st.integers(0, 999)
    return (
        n,
        _filled(n, draw(shares), draw(seeds)),
        _filled(n, draw(shares), draw(seeds)),
        draw(hows),
        draw(hows),
    )


@given(_sets())
@settings(max_examples=150)
def test_every_operation_gives_what_plain_sets_give(
    drawn: tuple[int, set[int], set[int], str, str],
) -> None:
    n, left, right, how, other = drawn
    one, two = _made(left, n, how), _made(right, n, other)
    _check(one, left, n)
    _check(one.and_(two), left & right, n)
    _check(one.or_(two), left | right, n)
    _check(one.minus(two), left - right, n)
    _check(one.copy(), left, n)
    assert one.and_count(two) == len(left & right)
    _check(one, left, n)
    _check(two, right, n)


@given(
    _sets(),
    st.sampled_from((0, 1, 2, 63, 64, 65, 4_096, 65_536, 200_003, 300_000)),
    st.sampled_from((0, 1, 50, 64, 1_000, 300_000)),
    st.sampled_from((*EDGES, 200_002, 200_003, 200_064)),
)
@settings(max_examples=300)
def test_a_page_of_rows_is_a_slice_of_all(
    sets: tuple[int, set[int], set[int], str, str], skip: int, limit: int, first: int
) -> None:
    n, rows, _, how, _ = sets
    want = [row for row in sorted(rows) if row >= first][skip : skip + limit]

    assert _made(rows, n, how).some(skip, limit, first).tolist() == want


@pytest.mark.parametrize("n", [1, 64, 65, 128, 65_536, 65_537])
@pytest.mark.parametrize("how", ["mask", "rows", "bitmap", "grown"])
def test_a_set_of_everything_and_one_of_only_the_last_row_hold_them(n: int, how: str) -> None:
    _check(_made(set(range(n)), n, how), set(range(n)), n)
    _check(_made({n - 1}, n, how), {n - 1}, n)


@pytest.mark.parametrize("count", [4_095, 4_096, 4_097, 65_535, 65_536])
def test_containers_on_both_sides_of_roarings_array_limit_come_back_whole(count: int) -> None:
    rows = np.arange(count, dtype=np.uint32) + np.uint32(65_536)
    held = RowSet.from_rows(rows, 131_072)
    assert held.bitmap() == BitMap(range(65_536, 65_536 + count))
    assert held.rows().tolist() == rows.tolist()


def test_rows_may_be_given_in_any_order_and_twice() -> None:
    rows = np.array([7, 3, 7, 0, 3], np.uint32)
    assert RowSet.from_rows(rows, 10).rows().tolist() == [0, 3, 7]
    assert RowSet.from_rows(rows, 10_000).rows().tolist() == [0, 3, 7]


def test_what_is_handed_out_is_a_copy() -> None:
    for n in (10, 10_000):
        held = RowSet.from_rows(np.array([1, 2], np.uint32), n)
        held.bitmap().add(5)
        held.copy().patch(np.array([1], np.uint32), np.array([False]))
        assert held.rows().tolist() == [1, 2]


def test_among_finds_values_in_ascending_rows() -> None:
    values = np.array([5, 0, 9, 3, 10, 5], np.uint32)
    assert among(values, np.array([0, 5, 9], np.uint32)).tolist() == [1, 1, 1, 0, 0, 1]
    assert among(values, np.empty(0, np.uint32)).tolist() == [0] * 6


class PatchedSet(RuleBasedStateMachine):
    """A set that grows and is patched stays equal to a plain one, across both forms."""

    @initialize(n=st.sampled_from((0, 1, 64, 500, 70_000)))
    def begin(self, n: int) -> None:
        self.held = RowSet.empty(n)
        self.plain: set[int] = set()

    @rule(more=st.sampled_from((0, 1, 63, 64, 1_000, 66_000)))
    def grow(self, more: int) -> None:
        self.held.grow(self.held.n + more)

    @precondition(lambda self: self.held.n)
    @rule(seed=st.integers(0, 99), share=st.sampled_from((0.002, 0.02, 0.6)), truth=st.booleans())
    def patch(self, seed: int, share: float, truth: bool) -> None:  # noqa: FBT001 - drawn
        draw = np.random.default_rng(seed)
        rows = np.flatnonzero(draw.random(self.held.n) < share).astype(np.uint32)
        answers = np.full(rows.size, truth) if seed % 3 else draw.random(rows.size) < 0.5
        self.held.patch(rows, answers)
        self.plain |= set(rows[answers].tolist())
        self.plain -= set(rows[~answers].tolist())

    @rule()
    def meet_itself(self) -> None:
        assert self.held.and_count(self.held) == len(self.plain)
        assert self.held.minus(self.held).count == 0

    @invariant()
    def equal(self) -> None:
        assert self.held.count == len(self.plain)
        assert self.held.rows().tolist() == sorted(self.plain)
        assert self.held.bitmap() == BitMap(self.plain)
        assert self.held.nbytes >= 0


PatchedSet.TestCase.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
TestPatchedSet = PatchedSet.TestCase
