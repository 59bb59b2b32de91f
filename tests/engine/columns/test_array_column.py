"""The array column: any and all, order, the arena's packing, erasure."""

from __future__ import annotations

import pytest

from bitseg.columns import ArrayColumn, ArrayHas, Present
from tests.engine.columns.model import Pair


def test_elements_compare_exactly_and_keep_their_order() -> None:
    pair = Pair("array")
    pair.grow(5)

    pair.write({0: ["vip", "VIP"], 1: ["Vip"], 2: ["b", "a", "c"], 4: ["vip "]})

    assert pair.column.matches(ArrayHas(("vip",), "any")).rows().tolist() == [0]
    assert pair.column.value_at(2) == ["b", "a", "c"]
    pair.check(ArrayHas(("a", "c"), "all"), ArrayHas(("a", "VIP"), "any"))


@pytest.mark.parametrize(
    ("values", "mode", "rows"),
    [
        (("a",), "all", [0, 1, 3]),
        (("a", "b"), "all", [0, 3]),
        (("a", "b"), "any", [0, 1, 2, 3]),
        (("a", "nowhere"), "all", []),
        (("a", "nowhere"), "any", [0, 1, 3]),
        (("a", "a"), "all", [0, 1, 3]),
        (("nowhere",), "any", []),
        (tuple("abcdefghijklmnopqrstuvwxyz"), "any", [0, 1, 2, 3, 4]),
        (tuple("abcdefghijklmnopqrstuvwxyz"), "all", [3]),
    ],
)
def test_any_and_all(values: tuple[str, ...], mode: str, rows: list[int]) -> None:
    pair = Pair("array")
    pair.grow(6)
    pair.write({0: ["b", "a"], 1: ["a"], 2: ["b"], 3: list("zyxwvutsrqponmlkjihgfedcba"), 4: ["q"]})
    test = ArrayHas(values, mode)  # type: ignore[arg-type]

    assert pair.column.matches(test).rows().tolist() == rows
    pair.check(test)


@pytest.mark.parametrize("distinct", [255, 256, 257, 65_536, 65_537])
def test_codes_widen_with_the_number_of_distinct_elements(distinct: int) -> None:
    pair = Pair("array")
    pair.grow(distinct)
    last = f"tag {distinct - 1}"

    pair.write({row: [f"tag {row}", "tag 0"][: 1 + (row > 0)] for row in range(distinct)})

    assert pair.column.matches(ArrayHas((last, "tag 0"), "all")).rows().tolist() == [distinct - 1]
    assert pair.column.matches(ArrayHas(("tag 0",), "any")).count == distinct


def test_dead_elements_do_not_pile_up() -> None:
    pair = Pair("array")
    pair.grow(50)
    pair.write({49: ["stays", "put"]})

    for turn in range(300):
        pair.write({row: [f"tag {k}" for k in range(turn % 5, 9)] for row in range(40)})
        pair.write(dict.fromkeys(range(turn % 7)))

    assert pair.column.nbytes < 40_000
    pair.check(ArrayHas(("tag 4", "tag 5"), "all"), ArrayHas(("put",), "any"))


def test_an_erased_element_is_forgotten_unless_another_row_has_it() -> None:
    pair = Pair("array")
    pair.grow(3)
    pair.write({0: ["shared tag", "private tag"], 1: ["shared tag"]})
    assert isinstance(pair.column, ArrayColumn)

    pair.erase([0])

    held = pair.column._dictionary.pool._arena.tobytes()  # noqa: SLF001 - memory is the point
    assert b"shared tag" in held
    assert b"private tag" not in held
    pair.check(ArrayHas(("private tag", "shared tag"), "any"), Present())
