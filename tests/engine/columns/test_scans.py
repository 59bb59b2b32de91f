"""Scans and interval tables, at the ends of words, blocks and dtypes."""

from __future__ import annotations

import numpy as np
import pytest

from bitseg.columns.intervals import IntervalTable
from bitseg.columns.scans import BLOCK, between, listed, unpacked, within

SIZES = [0, 1, 63, 64, 65, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 70]
DTYPES = ["uint8", "uint16", "uint32", "int16", "int32", "int64", "float64"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_scan_is_a_comparison_for_every_size(dtype: str, size: int) -> None:
    cells = (np.arange(size) * 37 % 101).astype(dtype)
    ends = np.array([3, 50], dtype), np.array([3, 60], dtype)

    one, two = between(cells, 20, 90), within(cells, *ends)

    assert one.size == two.size == -(-size // 64)
    assert unpacked(one, size).tolist() == [20 <= cell <= 90 for cell in cells]
    assert unpacked(two, size).tolist() == [cell == 3 or 50 <= cell <= 60 for cell in cells]
    assert int(np.bitwise_count(one).sum()) == np.count_nonzero((cells >= 20) & (cells <= 90))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES[:3])
def test_a_look_up_is_a_comparison_for_every_size(dtype: str, size: int) -> None:
    cells = (np.arange(size) * 37 % 101).astype(dtype)
    table = np.arange(101) % 3 == 0

    words = listed(cells, table)

    assert unpacked(words, size).tolist() == [cell % 3 == 0 for cell in cells]
    assert int(np.bitwise_count(words).sum()) == np.count_nonzero(cells % 3 == 0)


@pytest.mark.parametrize("size", [1, BLOCK + 70])
@pytest.mark.parametrize(
    "spans",
    [
        [(0, 1)],
        [(-(2**63) + 1, 2**63 - 1)],
        [(-(2**63) + 1, -(2**63) + 2), (2**63 - 2, 2**63 - 1)],
        [(k, k + 1) for k in range(0, 400, 2)],
        [(-(2**62), -5), *((k * k, k * k + 1) for k in range(2, 60)), (10**6, 2**62)],
    ],
)
def test_an_interval_table_is_a_comparison(spans: list[tuple[int, int]], size: int) -> None:
    edges = [-(2**63), -(2**63) + 1, 2**63 - 1, 2**63 - 2, 0, *sum(spans, ())]
    values = np.array([edges[i % len(edges)] + i // len(edges) % 2 * 0 for i in range(size)])
    starts, stops = (np.array(ends, np.int64) for ends in zip(*spans, strict=True))

    words = IntervalTable(starts, stops).test(values)

    expected = [any(low <= value < high for low, high in spans) for value in values.tolist()]
    assert unpacked(words, size).tolist() == expected
