"""The string column: widening codes, erasure, renumbering."""

from __future__ import annotations

import numpy as np
import pytest

from bitseg.columns import Present, StringColumn, StringIn, StringLike
from tests.engine.columns.model import Pair, rows_of


def held_bytes(column: StringColumn) -> bytes:
    """Return all text the column's pool holds in memory."""
    pool = column._dictionary.pool  # noqa: SLF001 - what stays in memory is the point
    return pool._arena.tobytes()  # noqa: SLF001


@pytest.mark.parametrize("distinct", [1, 254, 255, 256, 257, 65_535, 65_536, 65_537])
def test_codes_widen_with_the_number_of_distinct_strings(distinct: int) -> None:
    pair = Pair("string")
    pair.grow(distinct + 3)
    last = f"value {distinct - 1}"

    pair.write({row: f"value {row}" for row in range(distinct)})

    assert pair.column.held == distinct
    assert pair.column.matches(StringIn((last, "value 0"))).rows().tolist() == sorted(
        {0, distinct - 1}
    )
    assert pair.column.matches(Present()).count == distinct
    assert pair.column.matches(StringLike("ends_with", last[5:])).rows()[-1] == distinct - 1
    assert pair.column.value_at(distinct - 1) == last
    assert pair.column.value_at(distinct) is None


def test_a_column_of_few_values_takes_a_byte_a_row() -> None:
    pair = Pair("string")
    pair.grow(100_000)

    pair.write({row: "abc"[row % 3] for row in range(100_000)})

    assert pair.column.nbytes < 102_000


def test_an_erased_string_stays_while_another_row_has_it() -> None:
    pair = Pair("string")
    pair.grow(3)
    pair.write({0: "shared text", 1: "shared text", 2: "only here"})
    assert isinstance(pair.column, StringColumn)

    pair.erase([0, 2])

    assert b"shared text" in held_bytes(pair.column)
    assert b"only here" not in held_bytes(pair.column)
    pair.check(StringIn(("shared text",)), StringIn(("only here",)))
    pair.erase([1])
    assert b"shared text" not in held_bytes(pair.column)


def test_a_string_that_was_overwritten_is_forgotten_too() -> None:
    pair = Pair("string")
    pair.grow(2)
    pair.write({0: "old address", 1: "x"})
    assert isinstance(pair.column, StringColumn)

    pair.write({0: "new address"})
    pair.write({1: None})

    assert b"old address" not in held_bytes(pair.column)
    pair.check(StringIn(("old address", "new address", "x")))


def test_writing_what_is_there_forgets_nothing() -> None:
    pair = Pair("string")
    pair.grow(2)
    pair.write({0: "a", 1: "b"})

    pair.write({1: "a", 0: "b"})
    pair.write({0: "b", 1: "a"})

    pair.check(StringIn(("a",)), StringIn(("b",)))


def test_codes_out_of_use_do_not_pile_up() -> None:
    pair = Pair("string")
    pair.grow(10)
    pair.write({9: "stays"})

    for turn in range(2_000):
        pair.write({row: f"turn {turn} of {row}" for row in range(9)})

    assert pair.column.nbytes < 200_000
    pair.check(StringIn(("stays", "turn 1999 of 4")), StringLike("contains", "1999"))


def test_few_rows_are_tested_without_the_other_strings() -> None:
    pair = Pair("string")
    pair.grow(5_000)
    pair.write({row: f"Straße {row}" for row in range(0, 5_000, 2)})
    rows = rows_of([4_998, 1, 70, 7])

    found = pair.column.matches_at(StringLike("starts_with", "STRASSE 7"), rows)

    assert found.tolist() == [False, False, True, False]
    assert found.dtype == np.bool_
