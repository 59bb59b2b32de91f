"""A growing array keeps what it was given, in bytes as narrow as will do."""

from __future__ import annotations

import numpy as np
import pytest

from bitseg.growing import Growing


@pytest.mark.parametrize(
    ("top", "dtype"),
    [
        (255, "uint8"),
        (256, "uint16"),
        (65_535, "uint16"),
        (65_536, "uint32"),
        (2**32 - 1, "uint32"),
    ],
)
def test_integers_widen_when_a_larger_one_arrives(top: int, dtype: str) -> None:
    held = Growing(np.uint8)
    held.extend(np.array([1, 2], np.uint8))
    held.extend(np.array([3, top], np.uint32))
    held.extend(np.array([4], np.int64))
    assert held.values.tolist() == [1, 2, 3, top, 4]
    assert held.values.dtype == dtype


def test_a_splice_replaces_the_end() -> None:
    held = Growing(np.int64)
    held.extend(np.arange(10))
    held.splice(7, np.array([-1, -2]))
    assert held.values.tolist() == [0, 1, 2, 3, 4, 5, 6, -1, -2]
    held.splice(0, np.arange(100))
    assert held.values.tolist() == list(range(100))
    held.splice(50, np.empty(0, np.int64))
    assert held.size == 50


def test_a_resize_fills_and_never_shrinks() -> None:
    held = Growing(np.float64)
    held.resize(3, -1.5)
    held.resize(1, 9)
    held.resize(4, 2)
    assert held.values.tolist() == [-1.5, -1.5, -1.5, 2]


def test_what_is_kept_is_kept_and_may_grow_again() -> None:
    held = Growing(np.uint16)
    held.extend(np.arange(5, dtype=np.uint16))
    held.keep(np.array([True, False, True, False, True]))
    assert held.values.tolist() == [0, 2, 4]
    assert held.nbytes == 6
    held.extend(np.array([9], np.uint16))
    held.widen()
    assert held.values.tolist() == [0, 2, 4, 9]
    assert held.values.dtype == np.uint32


def test_what_was_frozen_moves_away_and_takes_no_more_room_for_it() -> None:
    growing = Growing(np.int64)
    growing.extend(np.arange(1_000))
    held = growing.nbytes
    for number in range(50):
        before = growing.freeze()
        growing.splice(990, np.full(10, -number))
        assert before[990:].tolist() != growing.values[990:].tolist() or number == 0
    assert growing.nbytes == held
